//! Whole mails, past the imap crate: that parses a response anew with each line of a literal that comes, a hundred times
//! for a small mail. So it is given, instead of each literal, a mark that says where the literal was put.

use crate::bounds::Bounds;
use std::io::{self, BufRead, Read};

/// How a mark begins: no literal has this byte in it (RFC 3501 section 9, CHAR8).
const MARK: u8 = 0;

/// Literals of one response, in the order they came.
#[derive(Debug, Default)]
pub struct Aside(Vec<Option<Vec<u8>>>);

impl Aside {
    /// The next line of the response, measured; if it announces a literal, then with a mark instead of that. Of both
    /// together there may be at most `allowance` bytes, which are counted down.
    pub fn line(
        &mut self,
        stream: &mut impl BufRead,
        bounds: &mut Bounds,
        allowance: &mut u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        stream.by_ref().take(*allowance).read_until(b'\n', &mut line)?;
        *allowance -= line.len() as u64;
        if !bounds.hear(&line) {
            return Ok(None);
        }
        let literal = bounds.skip_literal();
        let announced = line.iter().rposition(|byte| *byte == b'{');
        if let Some(announced) = announced.filter(|_| literal > 0) {
            let mut mail = Vec::new();
            if literal <= *allowance {
                stream.by_ref().take(literal).read_to_end(&mut mail)?;
            }
            let whole = mail.len() as u64 == literal;
            *allowance = if whole { *allowance - literal } else { 0 };
            let mark = format!("{}{}", char::from(MARK), self.0.len());
            line.truncate(announced);
            line.extend_from_slice(format!("{{{}}}\r\n{mark}", mark.len()).as_bytes());
            self.0.push(whole.then_some(mail));
        }
        Ok(Some(line))
    }

    /// The literal that a mark stands for, once; what is no mark came without one, and is it itself.
    pub fn take(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        match body.strip_prefix(&[MARK]) {
            Some(mark) => self.0.get_mut(std::str::from_utf8(mark).ok()?.parse::<usize>().ok()?)?.take(),
            None => Some(body.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response without its literals, and how many bytes are left of a hundred.
    fn hear(aside: &mut Aside, mut response: &[u8]) -> (String, u64) {
        let (mut bounds, mut left, mut heard) = (Bounds::default(), 100, Vec::new());
        bounds.begin(left);
        while let Some(line) = aside.line(&mut response, &mut bounds, &mut left).unwrap()
            && !line.is_empty()
        {
            heard.extend(line);
        }
        (String::from_utf8(heard).unwrap(), left)
    }

    #[test]
    fn a_mark_stands_for_a_literal_once() {
        let mut aside = Aside::default();
        let response = b"* 1 FETCH (UID 7 BODY[] {7}\r\na {9}\r\n)\r\n* 2 FETCH (BODY[] {1}\r\nb UID 8)\r\n";
        let (heard, left) = hear(&mut aside, response);
        assert_eq!(
            heard,
            "* 1 FETCH (UID 7 BODY[] {2}\r\n\x000)\r\n* 2 FETCH (BODY[] {2}\r\n\x001 UID 8)\r\n"
        );
        assert_eq!(left, 100 - response.len() as u64);
        assert_eq!(aside.take(b"\x000").unwrap(), b"a {9}\r\n");
        assert_eq!(aside.take(b"\x001").unwrap(), b"b");
        assert_eq!(aside.take(b"quoted").unwrap(), b"quoted");
        for nothing in [b"\x000".as_slice(), b"\x002", b"\x00", b"\x00x"] {
            assert_eq!(aside.take(nothing), None);
        }
    }

    #[test]
    fn what_is_longer_than_asked_for_is_not_read() {
        let mut aside = Aside::default();
        let (_, left) = hear(&mut aside, b"* 1 FETCH (BODY[] {10000000000}\r\nx");
        assert_eq!(left, 0);
        assert_eq!(aside.take(b"\x000"), None);
    }
}
