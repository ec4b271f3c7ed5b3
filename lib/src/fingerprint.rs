//! The name of a user: the SHA-256 of the identity key's SubjectPublicKeyInfo, in lower-case base32 without padding
//! (RFC 4648 section 6), 52 characters.

use crate::{Error, Result};
use data_encoding::{Encoding, Specification};
use std::{fmt, str::FromStr, sync::LazyLock};

// The last of 52 characters carries 256 - 51 * 5 = 1 bit; data-encoding refuses any other bits set there, so a
// fingerprint has exactly one spelling.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    #[allow(clippy::expect_used)] // a constant alphabet, tried by every test
    spec.encoding().expect("base32 alphabet")
});

/// A user's fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Characters in the text form.
    pub const TEXT_LENGTH: usize = 52;
    /// Characters of the [short](Self::short) form.
    pub const SHORT_LENGTH: usize = 8;

    /// From the SHA-256 of a SubjectPublicKeyInfo.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From a database column or the like; must be 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| Error::malformed("a fingerprint is 32 bytes"))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// In 13 groups of four, to be compared aloud.
    pub fn spoken(&self) -> String {
        let text = self.to_string();
        let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..at + 4]).collect();
        groups.join(" ")
    }

    /// The first eight characters: enough to tell people apart in a list, never enough to trust.
    pub fn short(&self) -> String {
        self.to_string()[..Self::SHORT_LENGTH].to_owned()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&BASE32.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = BASE32.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Error::malformed("not a fingerprint (52 characters, a-z and 2-7)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let alice = Fingerprint::from_bytes([0xa5; 32]);
        assert_eq!(alice.to_string().len(), Fingerprint::TEXT_LENGTH);
        assert_eq!(alice.to_string().parse(), Ok(alice));
        assert_eq!(alice.spoken().split(' ').count(), 13);
    }

    #[test]
    fn one_spelling_only() {
        let text = Fingerprint::from_bytes([0; 32]).to_string();
        for wrong in
            [text.to_uppercase(), format!("{text}="), format!("{}b", &text[..51]), text[..51].to_owned()]
        {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
