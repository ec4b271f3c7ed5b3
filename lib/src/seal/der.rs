//! A reader of DER (X.690) that knows exactly what it expects: each step names one element, and anything else is
//! refused with that name. Lengths must be in their shortest form (X.690 section 10.1); nothing may be left over.

use crate::{Error, Result};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

pub const BIT_STRING: u8 = 0x03;
pub const INTEGER: u8 = 0x02;
pub const OCTET_STRING: u8 = 0x04;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The tag `[n]` of constructed form.
pub const fn context(n: u8) -> u8 {
    0xa0 | n
}

/// The tag `[n]` of primitive form.
pub const fn primitive(n: u8) -> u8 {
    0x80 | n
}

/// What is left to be read of one element's contents.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Over `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The contents of the next element, which must have `tag`.
    pub fn contents(&mut self, tag: u8, what: &str) -> Result<&'a [u8]> {
        let short = || Error::malformed(format!("{what}: cut short"));
        let (&found, rest) = self.rest.split_first().ok_or_else(short)?;
        if found != tag {
            return Err(Error::malformed(format!("{what}: tag {found:02x} where {tag:02x} belongs")));
        }
        let (&first, mut rest) = rest.split_first().ok_or_else(short)?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            // Two to four octets of length are more than any packet needs; 0x80 alone is BER's indefinite form.
            let octets = usize::from(first & 0x7f);
            if !(1..=4).contains(&octets) {
                return Err(Error::malformed(format!("{what}: a length that DER does not have")));
            }
            let (bytes, after) = rest.split_at_checked(octets).ok_or_else(short)?;
            length = bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
            let shortest = if length < 0x80 { 0 } else { (usize::BITS - length.leading_zeros()).div_ceil(8) };
            if octets != shortest as usize {
                return Err(Error::malformed(format!("{what}: length not in its shortest form")));
            }
            rest = after;
        }
        let (contents, after) = rest.split_at_checked(length).ok_or_else(short)?;
        self.rest = after;
        Ok(contents)
    }

    /// The next element, which must have `tag`, to be read on.
    pub fn inside(&mut self, tag: u8, what: &str) -> Result<Self> {
        self.contents(tag, what).map(Self::new)
    }

    /// The contents of the next element, which must have `tag` and `length` octets.
    pub fn fixed(&mut self, tag: u8, length: usize, what: &str) -> Result<&'a [u8]> {
        let contents = self.contents(tag, what)?;
        if contents.len() != length {
            let found = contents.len();
            return Err(Error::malformed(format!("{what}: {found} bytes where {length} belong")));
        }
        Ok(contents)
    }

    /// Exactly these bytes: one element or several with all they hold.
    pub fn exactly(&mut self, bytes: &[u8], what: &str) -> Result<()> {
        self.rest = self
            .rest
            .strip_prefix(bytes)
            .ok_or_else(|| Error::malformed(format!("{what}: not the one that belongs here")))?;
        Ok(())
    }

    /// The next `length` bytes, whatever they are.
    pub fn bytes(&mut self, length: usize, what: &str) -> Result<&'a [u8]> {
        let short = || Error::malformed(format!("{what}: cut short"));
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Runs `read` and gives the bytes that it read.
    pub fn span(&mut self, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<&'a [u8]> {
        let before = self.rest;
        read(self)?;
        Ok(&before[..before.len() - self.rest.len()])
    }

    /// A time as RFC 5280 section 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime from 2050, in seconds and `Z`.
    pub fn time(&mut self, what: &str) -> Result<Timestamp> {
        let wrong = || Error::malformed(format!("{what}: not a time"));
        let (digits, century) = match self.rest.first() {
            Some(&UTC_TIME) => (self.fixed(UTC_TIME, 13, what)?, 0),
            _ => (self.fixed(GENERALIZED_TIME, 15, what)?, 2),
        };
        let (b'Z', digits) = digits.split_last().ok_or_else(wrong)? else { return Err(wrong()) };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(wrong());
        }
        let number =
            |digits: &[u8]| digits.iter().fold(0i16, |number, digit| number * 10 + i16::from(digit - b'0'));
        let (year, rest) = digits.split_at(century + 2);
        let year = match (century, number(year)) {
            (0, year @ 0..50) => 2000 + year,
            (0, year) => 1900 + year,
            (_, year @ 2050..) => year,
            _ => return Err(wrong()),
        };
        let part = |n: usize| number(&rest[2 * n..2 * n + 2]) as i8;
        DateTime::new(year, part(0), part(1), part(2), part(3), part(4), 0)
            .and_then(|time| TimeZone::UTC.to_timestamp(time))
            .map_err(|_| wrong())
    }

    /// An Ecdsa-Sig-Value (RFC 3279 section 2.2.3) for P-256: two positive integers of at most 256 bits.
    pub fn ecdsa_signature(&mut self, what: &str) -> Result<()> {
        let mut both = self.inside(SEQUENCE, what)?;
        for _ in 0..2 {
            let integer = both.contents(INTEGER, what)?;
            let minimal = match integer {
                [0, next, ..] => next & 0x80 != 0,
                [first, ..] => first & 0x80 == 0,
                [] => false,
            };
            let octets = integer.strip_prefix(&[0]).unwrap_or(integer).len();
            if !minimal || !(1..=32).contains(&octets) {
                return Err(Error::malformed(format!("{what}: not a pair of positive numbers of 256 bits")));
            }
        }
        both.end(what)
    }

    /// Nothing may follow.
    pub fn end(&self, what: &str) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            1 => Err(Error::malformed(format!("{what}: a byte too many"))),
            left => Err(Error::malformed(format!("{what}: {left} bytes too many"))),
        }
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_length_is_read() {
        let of = |bytes: &[u8]| Reader::new(bytes).contents(OCTET_STRING, "x").map(<[u8]>::len);
        assert_eq!(of(&[4, 1, 7]), Ok(1));
        assert_eq!(of(&[[4, 0x81, 128].as_slice(), &[0; 128]].concat()), Ok(128));
        assert_eq!(of(&[[4, 0x82, 1, 0].as_slice(), &[0; 256]].concat()), Ok(256));
        for wrong in
            [&[4, 0x81, 1, 7][..], &[4, 0x82, 0, 1, 7], &[4, 0x80, 0, 0], &[4, 2, 7], &[4], &[], &[5, 0]]
        {
            assert!(of(wrong).is_err(), "{wrong:02x?}");
        }
        let padded = [[4, 0x82, 0, 128].as_slice(), &[0; 128]].concat();
        assert_eq!(of(&padded).unwrap_err().message(), "x: length not in its shortest form");
    }

    #[test]
    fn times_as_certificates_have_them() {
        let read = |tag: u8, text: &str| {
            let der = [&[tag, text.len() as u8], text.as_bytes()].concat();
            Reader::new(&der).time("t").map(|time| time.to_string())
        };
        assert_eq!(read(UTC_TIME, "261122101500Z"), Ok("2026-11-22T10:15:00Z".into()));
        assert_eq!(read(GENERALIZED_TIME, "20500101000000Z"), Ok("2050-01-01T00:00:00Z".into()));
        for (tag, wrong) in [
            (UTC_TIME, "261122101500+"),
            (UTC_TIME, "261322101500Z"),
            (UTC_TIME, "26 122101500Z"),
            (GENERALIZED_TIME, "20491231235959Z"),
            (UTC_TIME, "2611221015Z"),
        ] {
            assert!(read(tag, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn signatures_are_two_positive_numbers() {
        let read = |der: &[u8]| {
            let mut reader = Reader::new(der);
            reader.ecdsa_signature("s").and_then(|()| reader.end("s"))
        };
        assert!(read(&[0x30, 6, 2, 1, 1, 2, 1, 0x7f]).is_ok());
        assert!(read(&[0x30, 7, 2, 2, 0, 0x80, 2, 1, 1]).is_ok());
        assert!(read(&[0x30, 6, 2, 1, 0x80, 2, 1, 1]).is_err(), "negative");
        assert!(read(&[0x30, 7, 2, 2, 0, 1, 2, 1, 1]).is_err(), "not minimal");
        assert!(read(&[0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]).is_err(), "three");
    }
}
