//! DER changed at one place, with all lengths around it made right.

use super::super::der::Reader;
use data_encoding::HEXLOWER;

/// Changes the element at `path`, the numbers of children from the outermost in, and all lengths around it.
pub fn change(der: &[u8], path: &[usize], by: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some((&child, path)) = path.split_first() else { return by(der) };
    let mut children = children(contents(der));
    children[child] = change(&children[child], path, by);
    element(der[0], &children.concat())
}

pub fn contents(der: &[u8]) -> &[u8] {
    Reader::new(der).contents(der[0], "vector").unwrap()
}

pub fn children(mut contents: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(&tag) = contents.first() {
        let mut reader = Reader::new(contents);
        reader.contents(tag, "vector").unwrap();
        let (child, rest) = contents.split_at(contents.len() - reader.rest().len());
        found.push(child.to_vec());
        contents = rest;
    }
    found
}

pub fn at(der: &[u8], path: &[usize]) -> Vec<u8> {
    path.iter().fold(der.to_vec(), |der, &child| children(contents(&der))[child].clone())
}

pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let length = &length[length.iter().take_while(|&&byte| byte == 0).count()..];
    let length = match contents.len() {
        short @ 0..0x80 => vec![short as u8],
        _ => [&[0x80 | length.len() as u8], length].concat(),
    };
    [&[tag], &length[..], contents].concat()
}

pub fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.replace(' ', "").as_bytes()).unwrap()
}

/// The element's bytes with `more` behind, inside of it.
pub fn append(more: &[u8]) -> impl FnOnce(&[u8]) -> Vec<u8> {
    |der| element(der[0], &[contents(der), more].concat())
}

pub fn swap(new: Vec<u8>) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |_| new
}

/// The element twice.
pub fn twice(der: &[u8]) -> Vec<u8> {
    [der, der].concat()
}

/// The same tag around its first `length` bytes.
pub fn cut(length: usize) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |der| element(der[0], &contents(der)[..length])
}

pub fn flip(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    *der.last_mut().unwrap() ^= 1;
    der
}
