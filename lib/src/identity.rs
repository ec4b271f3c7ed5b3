//! The keys of an account and the certificates of others: files in `identity/` as PKCS#8 and certificates in PEM, so
//! that openssl(1) can be used on them.

use crate::{Fingerprint, Result, profile::KeyOffer};
use jiff::Timestamp;
use openssl::{
    pkey::{PKey, Private},
    x509::X509,
};
use std::path::Path;

/// What a pair of encryption keys is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// From contacts; senders use it 30 days, it is destroyed 60 days after its making.
    Sealing,
    /// From strangers and the long absent; a year.
    Meeting,
}

/// The identity key: signs certificates and XML, nothing else.
pub struct Identity {
    /// The user's name.
    pub fingerprint: Fingerprint,
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

/// One pair of encryption keys of the account.
pub struct KeyPair {
    /// What for.
    pub purpose: Purpose,
    /// When made.
    pub made: Timestamp,
    pub(crate) p256: PKey<Private>,
    pub(crate) ml_kem_768: PKey<Private>,
    offer: KeyOffer,
}

impl KeyPair {
    /// The public half.
    pub fn offer(&self) -> &KeyOffer {
        &self.offer
    }
}

/// All secret keys of an account.
pub struct Keyring {
    /// The identity.
    pub identity: Identity,
    /// Live encryption keys, newest first.
    pub pairs: Vec<KeyPair>,
}

impl Keyring {
    /// Makes an identity, a sealing and a meeting pair in the empty folder `dir` (0700, files 0600, each synced). Never
    /// overwrites.
    pub fn create(_dir: &Path, _now: Timestamp) -> Result<Self> {
        todo!()
    }

    /// Reads all keys.
    pub fn load(_dir: &Path) -> Result<Self> {
        todo!()
    }

    /// The newest pair for a purpose.
    pub fn newest(&self, _purpose: Purpose) -> Result<&KeyPair> {
        todo!()
    }
}

impl Identity {
    /// Reads the identity alone: enough to sign.
    pub fn load(_dir: &Path) -> Result<Self> {
        todo!()
    }

    /// Reads the owner's fingerprint from the certificate, touching no key.
    pub fn fingerprint(_dir: &Path) -> Result<Fingerprint> {
        todo!()
    }
}

/// A reader's public keys, checked.
#[derive(Clone)]
pub struct ReaderKeys {
    pub(crate) p256: X509,
    pub(crate) ml_kem_768: Option<X509>,
}

impl ReaderKeys {
    /// Checks that both certificates have our exact form and are signed by the key in `identity_certificate` (DER),
    /// and that `now` is within their validity.
    pub fn check(_offer: &KeyOffer, _identity_certificate: &[u8], _now: Timestamp) -> Result<Self> {
        todo!()
    }

    /// Whether the reader offers ML-KEM.
    pub fn hybrid(&self) -> bool {
        self.ml_kem_768.is_some()
    }
}
