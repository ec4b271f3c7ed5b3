//! Bottles: what a search brings to the person sought, which only somebody who knows their details can open.
//! socialnet-search(7), BOTTLES.
//!
//! ```text
//!   4  scheme                      8 slots: 32  commitment   ┐ HKDF(B, nonce)
//!  32  nonce                                40  wrapped key  ┘
//!  32  commitment to the key       body: 7532  what the searcher signed, its length before it, zeros after it
//!                                          16  tag
//! ```
//!
//! A slot opens under one `B`, and the bottle holds one key and one body: both are committed to, which AES-GCM by
//! itself does not do. Everything before the body has a digest, which is in what the searcher signs: so a slot for
//! somebody else is another bottle, and the signature does not go with it.

#[cfg(test)]
mod make_vectors;

use super::{Key, MAX_HANDLES, SCHEME, failed};
use crate::{Error, Fingerprint, Kind, Result, seal};
use openssl::{
    aes::{AesKey, unwrap_key, wrap_key},
    kdf::{self, HkdfMode},
    md::Md,
    sha::sha256,
    symm::{Cipher, decrypt_aead, encrypt_aead},
};

/// Bytes of a bottle.
pub const SIZE: usize = 8192;
/// Bytes of what is in it, at most.
pub const MAX_CONTENT: usize = BODY - 2;

const NONCE: usize = 32;
const WRAPPED: usize = 40;
const SLOT: usize = 32 + WRAPPED;
const START: usize = 4 + NONCE;
const SLOTS: usize = START + 32;
const HEADER: usize = SLOTS + MAX_HANDLES * SLOT;
const TAG: usize = 16;
const BODY: usize = SIZE - HEADER - TAG;
/// The key is used once, so that its nonce need not differ from anything.
const GCM_NONCE: [u8; 12] = [0; 12];

/// A bottle that was opened.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedBottle {
    /// Which of the own `B` it is for, by their place; at least one.
    pub handles: Vec<usize>,
    /// What the searcher must have signed, together with all else, for the content to belong to this bottle.
    pub digest: Key,
    /// What the searcher signed; not verified yet.
    pub content: Vec<u8>,
    /// Shows the searcher that it was opened: see [`proof`].
    pub proof: Key,
}

/// What HKDF makes of `B` for one bottle.
struct Slot {
    commitment: Key,
    wrapping: Key,
    proof: Key,
}

impl Slot {
    fn of(b: &Key, nonce: &[u8]) -> Result<Self> {
        let [commitment, wrapping, proof] = expand(b, nonce, b"socialnet-bottle-1 slot")?;
        Ok(Self { commitment, wrapping, proof })
    }
}

/// What HKDF makes of the key in the slots: a commitment to it, and the key of the body.
fn of_key(key: &Key, nonce: &[u8]) -> Result<[Key; 2]> {
    expand(key, nonce, b"socialnet-bottle-1 body")
}

/// HKDF-SHA-256 (RFC 5869), as many keys as wanted.
fn expand<const N: usize>(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<[Key; N]> {
    let mut keys = [[0; 32]; N];
    let all = keys.as_flattened_mut();
    kdf::hkdf(Md::sha256(), secret, Some(salt), Some(info), HkdfMode::ExtractAndExpand, None, all)
        .map_err(|reason| failed("derive the keys of a bottle", reason))?;
    Ok(keys)
}

/// Fills a bottle for whoever knows one of `bs`, 1 to [`MAX_HANDLES`]. `sign` gets the digest and gives what is put in,
/// with that digest signed in it. Every byte but the scheme is another one each time, whatever is put in.
pub fn fill(bs: &[Key], sign: impl FnOnce(&Key) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    if !(1..=MAX_HANDLES).contains(&bs.len()) {
        return Err(Error::new(Kind::Usage, format!("a bottle is for 1 to {MAX_HANDLES} handles")));
    }
    let (key, nonce) = (seal::random::<32>()?, seal::random::<NONCE>()?);
    let [commitment, body_key] = of_key(&key, &nonce)?;
    let mut bottle = Vec::with_capacity(SIZE);
    bottle.extend_from_slice(&SCHEME.to_be_bytes());
    bottle.extend_from_slice(&nonce);
    bottle.extend_from_slice(&commitment);
    for b in bs {
        let slot = Slot::of(b, &nonce)?;
        let mut wrapped = [0; WRAPPED];
        AesKey::new_encrypt(&slot.wrapping)
            .and_then(|wrapping| wrap_key(&wrapping, None, &mut wrapped, &key))
            .map_err(|_| Error::new(Kind::Unavailable, "cannot wrap a key"))?;
        bottle.extend_from_slice(&slot.commitment);
        bottle.extend_from_slice(&wrapped);
    }
    let spare = seal::random::<{ MAX_HANDLES * SLOT }>()?;
    bottle.extend_from_slice(&spare[bs.len() * SLOT..]);
    let content = sign(&sha256(&bottle))?;
    let length = u16::try_from(content.len()).ok().filter(|_| content.len() <= MAX_CONTENT);
    let length = length.ok_or_else(|| {
        Error::new(Kind::Usage, "your name, addresses and note are too long for a search")
            .hint("a shorter note, or fewer addresses, will do")
    })?;
    let mut body = [length.to_be_bytes().as_slice(), &content].concat();
    body.resize(BODY, 0);
    let mut tag = [0; TAG];
    let body = encrypt_aead(Cipher::aes_256_gcm(), &body_key, Some(&GCM_NONCE), &bottle, &body, &mut tag)
        .map_err(|reason| failed("encrypt a bottle", reason))?;
    bottle.extend_from_slice(&body);
    bottle.extend_from_slice(&tag);
    Ok(bottle)
}

/// Opens a bottle with any of the own `B`. `None`: it is for somebody else, or of a scheme not known here.
/// [`Kind::Malformed`]: it can't be one, or it was made by somebody who knows a `B` and kept to nothing else.
pub fn open(bottle: &[u8], own: &[Key]) -> Result<Option<OpenedBottle>> {
    let Some(nonce) = nonce(bottle)? else { return Ok(None) };
    let header = &bottle[..HEADER];
    let (slots, _) = header[SLOTS..].as_chunks::<SLOT>();
    let mut opened: Option<(Key, OpenedBottle)> = None;
    for (at, b) in own.iter().enumerate() {
        let mine = Slot::of(b, nonce)?;
        let Some(slot) = slots.iter().find(|slot| slot.starts_with(&mine.commitment)) else { continue };
        let key = unwrap(&mine, &slot[32..]).ok_or_else(|| crafted("a slot with no key in it"))?;
        match &mut opened {
            Some((first, opened)) if *first == key => opened.handles.push(at),
            Some(_) => return Err(crafted("two keys")),
            None => {
                let content = open_body(bottle, &key, nonce)?;
                let digest = sha256(header);
                opened = Some((key, OpenedBottle { handles: vec![at], digest, content, proof: mine.proof }));
            }
        }
    }
    Ok(opened.map(|(_, opened)| opened))
}

/// The nonce of a bottle, if its scheme is known.
fn nonce(bottle: &[u8]) -> Result<Option<&[u8]>> {
    let Some((scheme, rest)) = bottle.split_first_chunk() else { return Err(malformed()) };
    match u32::from_be_bytes(*scheme) {
        0 => Err(malformed()),
        SCHEME if bottle.len() != SIZE => Err(malformed()),
        SCHEME => Ok(Some(&rest[..NONCE])),
        _ => Ok(None),
    }
}

fn unwrap(mine: &Slot, wrapped: &[u8]) -> Option<Key> {
    let mut key = [0; 32];
    let wrapping = AesKey::new_decrypt(&mine.wrapping).ok()?;
    unwrap_key(&wrapping, None, &mut key, wrapped).ok().map(|_| key)
}

fn open_body(bottle: &[u8], key: &Key, nonce: &[u8]) -> Result<Vec<u8>> {
    let [commitment, body_key] = of_key(key, nonce)?;
    let (header, rest) = bottle.split_at(HEADER);
    if !header[..SLOTS].ends_with(&commitment) {
        return Err(crafted("another key than it commits to"));
    }
    let (body, tag) = rest.split_at(BODY);
    let mut content = decrypt_aead(Cipher::aes_256_gcm(), &body_key, Some(&GCM_NONCE), header, body, tag)
        .map_err(|_| crafted("a body that was changed"))?;
    let length = usize::from(u16::from_be_bytes([content[0], content[1]]));
    content.drain(..2);
    if length > MAX_CONTENT || content[length..].iter().any(|byte| *byte != 0) {
        return Err(crafted("padding that is none"));
    }
    content.truncate(length);
    Ok(content)
}

/// What the person sought, or whoever knows their `B`, answers with: it holds for this bottle and this answerer.
pub fn proof(opened: &Key, answerer: Fingerprint) -> Result<Key> {
    let [proof] = expand(opened, answerer.as_bytes(), b"socialnet-bottle-1 answer")?;
    Ok(proof)
}

/// What the searcher keeps of a bottle that they filled: its digest, and its first bytes, with which [`proven`] checks
/// answers.
pub fn to_check_by(bottle: &[u8]) -> Result<(Key, &[u8])> {
    let header = bottle.get(..HEADER).ok_or_else(malformed)?;
    Ok((sha256(header), &header[..START]))
}

/// The searcher's check of a [`proof`]: by which of `bs`, which the bottle that begins so was filled for, it was opened.
pub fn proven(start: &[u8], bs: &[Key], answerer: Fingerprint, shown: &Key) -> Result<Option<usize>> {
    let nonce = start.get(START - NONCE..START).ok_or_else(malformed)?;
    for (at, b) in bs.iter().enumerate() {
        if openssl::memcmp::eq(&proof(&Slot::of(b, nonce)?.proof, answerer)?, shown) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn malformed() -> Error {
    Error::malformed("not a bottle")
}

fn crafted(what: &str) -> Error {
    Error::malformed(format!("a bottle with {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    pub const ADA: Key = [1; 32];
    pub const BOB: Key = [2; 32];
    pub const CAROL: Key = [3; 32];

    pub fn filled(bs: &[Key]) -> Vec<u8> {
        fill(bs, |digest| Ok([b"signed ".as_slice(), digest].concat())).unwrap()
    }

    /// How opening fails; `None`: it is for nobody of these.
    fn refused(bottle: &[u8], own: &[Key]) -> Option<String> {
        match open(bottle, own) {
            Ok(None) => None,
            Ok(Some(_)) => panic!("it was opened"),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Malformed);
                Some(error.message().to_owned())
            }
        }
    }

    /// A bottle written by somebody who knows `bs` and keeps to nothing else.
    pub fn crafted(bs: &[(Key, Key)], committed: &Key, sealed_with: &Key, content: &[u8]) -> Vec<u8> {
        let nonce = [7; NONCE];
        let mut bottle = SCHEME.to_be_bytes().to_vec();
        bottle.extend_from_slice(&nonce);
        bottle.extend_from_slice(&of_key(committed, &nonce).unwrap()[0]);
        for (b, key) in bs {
            let slot = Slot::of(b, &nonce).unwrap();
            let mut wrapped = [0; WRAPPED];
            wrap_key(&AesKey::new_encrypt(&slot.wrapping).unwrap(), None, &mut wrapped, key).unwrap();
            bottle.extend_from_slice(&slot.commitment);
            bottle.extend_from_slice(&wrapped);
        }
        bottle.resize(HEADER, 0);
        let [_, key] = of_key(sealed_with, &nonce).unwrap();
        let (mut body, mut tag) = (content.to_vec(), [0; TAG]);
        body.resize(BODY, 0);
        let cipher = Cipher::aes_256_gcm();
        let body = encrypt_aead(cipher, &key, Some(&GCM_NONCE), &bottle, &body, &mut tag).unwrap();
        [bottle, body, tag.to_vec()].concat()
    }

    #[test]
    fn whoever_is_sought_opens_it_and_learns_by_which_handle() {
        let bottle = filled(&[ADA, BOB]);
        assert_eq!(bottle.len(), SIZE);
        for (own, handles) in [(&[BOB][..], &[0][..]), (&[CAROL, ADA], &[1]), (&[BOB, CAROL, ADA], &[0, 2])] {
            let opened = open(&bottle, own).unwrap().unwrap();
            assert_eq!(opened.handles, handles);
            assert_eq!(opened.content, [b"signed ".as_slice(), &opened.digest].concat());
        }
        assert_eq!(refused(&bottle, &[CAROL]), None);
        assert_eq!(refused(&bottle, &[]), None);
    }

    #[test]
    fn no_two_have_anything_in_common() {
        let (one, other) = (filled(&[ADA, BOB]), filled(&[ADA, BOB]));
        // Eight bytes that are alike, anywhere in both, and it was no chance.
        let mut pieces: Vec<&[u8]> = one[4..].windows(8).chain(other[4..].windows(8)).collect();
        let all = pieces.len();
        pieces.sort_unstable();
        pieces.dedup();
        assert_eq!(pieces.len(), all);
    }

    #[test]
    fn an_answer_shows_that_it_was_opened_and_by_whom() {
        let [me, other] = [8, 9].map(|byte| Fingerprint::from_bytes([byte; 32]));
        let bottle = filled(&[ADA, BOB]);
        let opened = open(&bottle, &[BOB]).unwrap().unwrap();
        let shown = proof(&opened.proof, me).unwrap();
        assert_eq!(proven(&bottle, &[ADA, BOB], me, &shown), Ok(Some(1)));
        assert_eq!(proven(&bottle, &[ADA, BOB], other, &shown), Ok(None), "somebody else shows it");
        assert_eq!(proven(&filled(&[ADA, BOB]), &[ADA, BOB], me, &shown), Ok(None), "of another bottle");
        assert_eq!(proven(&bottle, &[ADA], me, &shown), Ok(None));
    }

    #[test]
    fn any_byte_changed_is_refused_or_not_for_anybody() {
        let bottle = filled(&[ADA]);
        for at in 0..SIZE {
            let mut changed = bottle.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(!matches!(open(&changed, &[ADA, BOB]), Ok(Some(_))), "changed at {at}");
        }
    }

    #[test]
    fn what_has_another_length_is_none() {
        let bottle = filled(&[ADA]);
        for length in (0..SIZE).step_by(97).chain([1, 2, 3, 4, 5, HEADER, SIZE - 1]) {
            assert_eq!(refused(&bottle[..length], &[ADA]).as_deref(), Some("not a bottle"), "{length}");
        }
        assert!(refused(&[bottle.as_slice(), &[0]].concat(), &[ADA]).is_some());
        assert!(refused(&[0; SIZE], &[ADA]).is_some());
    }

    #[test]
    fn another_scheme_is_for_nobody_here() {
        let mut bottle = filled(&[ADA]);
        bottle[3] = 2;
        assert_eq!(refused(&bottle, &[ADA]), None);
        assert_eq!(refused(&[0, 0, 0, 2], &[ADA]), None, "of whatever length");
    }

    #[test]
    fn slots_of_zeros_open_nothing_and_the_same_twice_opens_once() {
        let mut bottle = filled(&[ADA]);
        let (first, second) = (SLOTS..SLOTS + SLOT, SLOTS + SLOT..SLOTS + 2 * SLOT);
        let slot = bottle[first.clone()].to_vec();
        bottle[first].fill(0);
        assert_eq!(refused(&bottle, &[ADA, [0; 32]]), None);
        // Moved, the slot is not where the body was sealed to have it.
        bottle[second].copy_from_slice(&slot);
        assert_eq!(refused(&bottle, &[ADA]).unwrap(), "a bottle with a body that was changed");

        let twice = crafted(&[(ADA, BOB), (ADA, BOB)], &BOB, &BOB, &[0, 1, b'x']);
        let opened = open(&twice, &[ADA]).unwrap().unwrap();
        assert_eq!((opened.handles, opened.content), (vec![0], b"x".to_vec()));
    }

    #[test]
    fn what_was_crafted_holds_one_key_and_one_body() {
        let content = [0, 1, b'x'];
        let good = crafted(&[(ADA, BOB), (CAROL, BOB)], &BOB, &BOB, &content);
        assert_eq!(open(&good, &[CAROL]).unwrap().unwrap().content, b"x");
        for (bottle, why) in [
            (crafted(&[(ADA, CAROL)], &BOB, &BOB, &content), "another key than it commits to"),
            (crafted(&[(ADA, BOB)], &BOB, &CAROL, &content), "a body that was changed"),
            (crafted(&[(ADA, BOB), (CAROL, ADA)], &BOB, &BOB, &content), "two keys"),
            (crafted(&[(ADA, BOB)], &BOB, &BOB, &[0xff, 0xff]), "padding that is none"),
            (crafted(&[(ADA, BOB)], &BOB, &BOB, &[0, 1, b'x', b'y']), "padding that is none"),
        ] {
            assert_eq!(refused(&bottle, &[ADA, CAROL]).unwrap(), format!("a bottle with {why}"));
        }
        let mut torn = good;
        torn[SLOTS + 40] ^= 1;
        assert_eq!(refused(&torn, &[ADA]).unwrap(), "a bottle with a slot with no key in it");
    }

    #[test]
    fn one_bottle_opens_under_no_more_guesses_than_it_has_slots() {
        let guesses: Vec<(Key, Key)> = (10..30).map(|byte| ([byte; 32], BOB)).collect();
        let bottle = crafted(&guesses[..MAX_HANDLES], &BOB, &BOB, &[0, 1, b'x']);
        let opening = guesses.iter().filter(|(b, _)| matches!(open(&bottle, &[*b]), Ok(Some(_)))).count();
        assert_eq!(opening, MAX_HANDLES);
    }

    #[test]
    fn what_can_not_be_filled_is_said() {
        for bs in [&[][..], &[ADA; MAX_HANDLES + 1]] {
            assert_eq!(fill(bs, |_| Ok(Vec::new())).unwrap_err().kind(), Kind::Usage);
        }
        let full = |length| fill(&[ADA], |_| Ok(vec![b'x'; length])).map(|bottle| bottle.len());
        assert_eq!(full(MAX_CONTENT), Ok(SIZE));
        assert_eq!(full(MAX_CONTENT + 1).unwrap_err().kind(), Kind::Usage);
        assert_eq!(full(1 << 16).unwrap_err().kind(), Kind::Usage);
        let asked = Cell::new(false);
        let failed = fill(&[ADA], |_| {
            asked.set(true);
            Err(Error::malformed("no"))
        });
        assert!(asked.get() && failed.is_err());
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(mut bytes in proptest::collection::vec(any::<u8>(), SIZE), scheme in 0u8..3) {
            bytes[..4].copy_from_slice(&[0, 0, 0, scheme]);
            prop_assert!(!matches!(open(&bytes, &[ADA, BOB]), Ok(Some(_))));
        }

        #[test]
        fn what_was_put_in_comes_out(
            bs in proptest::collection::vec(any::<Key>(), 1..=MAX_HANDLES),
            content in proptest::collection::vec(any::<u8>(), 0..MAX_CONTENT),
        ) {
            let bottle = fill(&bs, |_| Ok(content.clone())).unwrap();
            let opened = open(&bottle, &bs).unwrap().unwrap();
            prop_assert_eq!(opened.handles.len(), bs.len());
            prop_assert_eq!(opened.content, content);
        }
    }
}
