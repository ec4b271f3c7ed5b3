//! Signatures and seals in CMS, from bytes to bytes. socialnet-seal(5) is the authority.

use crate::{
    Fingerprint, Result,
    identity::{Identity, Keyring, Purpose, ReaderKeys},
};

/// SignedData that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose key signed.
    pub signer: Fingerprint,
    /// The identity certificate embedded in it, DER.
    pub certificate: Vec<u8>,
    /// The exact bytes that were signed.
    pub content: Vec<u8>,
}

/// A seal that was opened with one of our keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The sender's SignedData, DER; not yet verified.
    pub signed: Vec<u8>,
    /// Under which kind of key it came.
    pub under: Purpose,
    /// Whether the ML-KEM layer was there.
    pub hybrid: bool,
}

/// Signs `content`: SignedData, DER, with the identity certificate embedded.
pub fn sign(_identity: &Identity, _content: &[u8]) -> Result<Vec<u8>> {
    todo!()
}

/// Verifies SignedData of exactly our form against the certificate embedded in it.
pub fn verify(_der: &[u8]) -> Result<Signed> {
    todo!()
}

/// Pads and seals SignedData for one reader; DER.
pub fn seal(_signed: &[u8], _reader: &ReaderKeys) -> Result<Vec<u8>> {
    todo!()
}

/// Opens a seal with whichever live key fits. [`crate::Kind::NotAllowed`]: no live key opens it.
pub fn open(_der: &[u8], _keyring: &Keyring) -> Result<Opened> {
    todo!()
}
