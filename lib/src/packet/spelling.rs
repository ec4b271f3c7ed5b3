//! Values with exactly one spelling: what is read is what would be written.

use super::Digest;
use crate::{Error, Result};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use std::{fmt::Display, str::FromStr};
use uuid::{Uuid, Variant};

/// The largest number anywhere: what SQLite holds.
pub(crate) const MAX_NUMBER: u64 = i64::MAX as u64;

/// A packet's id: UUIDv7 (RFC 9562 section 5.7) in lower case with hyphens.
pub(crate) fn id(text: &str) -> Result<Uuid> {
    same(text)
        .filter(|id: &Uuid| id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122)
        .ok_or_else(|| Error::malformed(format!("'{text}' is not an id (UUID version 7 in lower case)")))
}

/// A time in whole seconds: `2026-11-22T10:15:00Z`.
pub(crate) fn time(text: &str) -> Result<Timestamp> {
    let shape = text.len() == "2026-11-22T10:15:00Z".len();
    same(text)
        .filter(|_| shape)
        .ok_or_else(|| Error::malformed(format!("'{text}' is not a time (2026-11-22T10:15:00Z)")))
}

/// A decimal number without sign or leading zeros, at most 2^63 - 1.
pub(crate) fn number(text: &str) -> Result<u64> {
    same(text)
        .filter(|number| *number <= MAX_NUMBER)
        .ok_or_else(|| Error::malformed(format!("'{text}' is not a number")))
}

/// A SHA-256, or any 32 bytes, as 64 lower-case hexadecimal digits.
pub(crate) fn digest(text: &str) -> Result<Digest> {
    hex(text)
}

/// Exactly `N` bytes as lower-case hexadecimal digits. The text may be a secret: it is not quoted.
pub(crate) fn hex<const N: usize>(text: &str) -> Result<[u8; N]> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Error::malformed(format!("not {} lower-case hexadecimal digits", 2 * N)))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A value whose parser takes more than one spelling, if the text is the one it would write.
fn same<T: FromStr + Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|value: &T| value.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(id("0199f0a2-0000-7000-8000-000000000001").is_ok());
        for wrong in [
            "0199F0A2-0000-7000-8000-000000000001",
            "0199f0a2-0000-4000-8000-000000000001",
            "0199f0a2-0000-7000-c000-000000000001",
            "0199f0a2000070008000000000000001",
            "{0199f0a2-0000-7000-8000-000000000001}",
            "",
        ] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(time("1970-01-01T00:01:00Z").unwrap().as_second(), 60);
        for wrong in [
            "2026-11-22T10:15:00.5Z",
            "2026-11-22T10:15:00+00:00",
            "2026-11-22 10:15:00Z",
            "2026-11-22T10:15:60Z",
            "2026-02-30T10:15:00Z",
            "2026-11-22T10:15Z",
            "-00001-11-22T10:15:00Z",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number("9223372036854775807").unwrap(), MAX_NUMBER);
        for wrong in ["9223372036854775808", "01", "+1", "-1", "", " 1", "1.0"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hexadecimal_digits() {
        assert_eq!(hex::<2>("00ff").unwrap(), [0, 255]);
        assert!(hex::<2>("00FF").is_err() && hex::<2>("00f").is_err() && hex::<2>("00ff00").is_err());
    }
}
