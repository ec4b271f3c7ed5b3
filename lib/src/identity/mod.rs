//! The keys of an account and the certificates of others: files in `identity/` as PKCS#8 and certificates in PEM, so
//! that openssl(1) can be used on them.
//!
//! | file | knows |
//! |---|---|
//! | `keys.rs` | the files of keys and certificates, and how keys are made |
//! | `certificate.rs` | the one form of each certificate: issued here, checked when it is another's |

pub(crate) mod certificate;
mod keys;

use crate::{Error, Fingerprint, Kind, Result, profile::KeyOffer, seal};
use certificate::{Algorithm, Encryption};
use jiff::{SignedDuration, Timestamp};
use openssl::{
    pkey::{PKey, Private},
    x509::X509,
};
use std::{fs, path::Path};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What a pair of encryption keys is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// From contacts; senders use it 30 days, it is destroyed 60 days after its making.
    Sealing,
    /// From strangers and the long absent; a year.
    Meeting,
}

impl Purpose {
    /// `sealing` or `meeting`: in file names and certificates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sealing => "sealing",
            Self::Meeting => "meeting",
        }
    }

    /// How long after their making senders use such keys.
    pub fn use_for(self) -> SignedDuration {
        match self {
            Self::Sealing => DAY * 30,
            Self::Meeting => DAY * 365,
        }
    }
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
    /// When made; whole seconds.
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
    /// overwrites: a folder that is not empty is [`Kind::CantCreate`].
    pub fn create(dir: &Path, now: Timestamp) -> Result<Self> {
        seal::check_openssl()?;
        let mut entries = fs::read_dir(dir).map_err(|error| Error::io("read", dir, error))?;
        if entries.next().is_some() {
            let message = format!("cannot make keys in '{}': the folder is not empty", dir.display());
            return Err(Error::new(Kind::CantCreate, message));
        }
        let identity = keys::new_identity()?;
        let meeting = keys::create_pair(dir, &identity, Purpose::Meeting, now)?;
        let sealing = keys::create_pair(dir, &identity, Purpose::Sealing, now)?;
        keys::write_identity(dir, &identity)?;
        Ok(Self { identity, pairs: vec![sealing, meeting] })
    }

    /// Reads all keys.
    pub fn load(dir: &Path) -> Result<Self> {
        Ok(Self { identity: Identity::load(dir)?, pairs: keys::load_pairs(dir)? })
    }

    /// Makes another pair, from then on the newest of its purpose.
    pub fn add_pair(&mut self, dir: &Path, purpose: Purpose, now: Timestamp) -> Result<&KeyPair> {
        let pair = keys::create_pair(dir, &self.identity, purpose, now)?;
        self.pairs.insert(0, pair);
        Ok(&self.pairs[0])
    }

    /// The newest pair for a purpose.
    pub fn newest(&self, purpose: Purpose) -> Result<&KeyPair> {
        self.pairs.iter().find(|pair| pair.purpose == purpose).ok_or_else(|| {
            Error::new(Kind::Unavailable, format!("there is no {} key in identity/", purpose.name()))
        })
    }
}

impl Identity {
    /// Reads the identity alone: enough to sign.
    pub fn load(dir: &Path) -> Result<Self> {
        seal::check_openssl()?;
        keys::load_identity(dir)
    }

    /// Reads the owner's fingerprint from the certificate, touching no key.
    pub fn fingerprint(dir: &Path) -> Result<Fingerprint> {
        let der = keys::load_identity_certificate(dir)?;
        certificate::Identity::read(&der).map(|identity| identity.fingerprint())
    }
}

/// A reader's public keys, checked.
#[derive(Clone)]
pub struct ReaderKeys {
    pub(crate) p256: X509,
    pub(crate) ml_kem_768: Option<X509>,
    /// What for.
    pub purpose: Purpose,
    /// When made; whole seconds.
    pub made: Timestamp,
}

impl ReaderKeys {
    /// Takes an offer from outside. Both certificates must have our exact form, be for `purpose`, and be signed by the
    /// key in `identity_certificate` (DER). [`Kind::NotAllowed`]: `now` is after their validity, or more than a day
    /// before it.
    pub fn check(
        offer: &KeyOffer,
        purpose: Purpose,
        identity_certificate: &[u8],
        now: Timestamp,
    ) -> Result<Self> {
        let keys = Self::stored(offer, purpose, now)?;
        let not_theirs = || Error::malformed("key certificate: not issued by this identity");
        let identity = certificate::Identity::read(identity_certificate)?.public_key()?;
        for certificate in std::iter::once(&keys.p256).chain(&keys.ml_kem_768) {
            if !certificate.verify(&identity).is_ok_and(|holds| holds) {
                return Err(not_theirs());
            }
        }
        Ok(keys)
    }

    /// As [`ReaderKeys::check`] for an offer that was checked before it was stored: signatures, which cost most of it, are
    /// not checked again.
    pub fn stored(offer: &KeyOffer, purpose: Purpose, now: Timestamp) -> Result<Self> {
        let p256 = Encryption::read(&offer.p256)?;
        let ml_kem_768 = offer.ml_kem_768.as_deref().map(Encryption::read).transpose()?;
        let algorithms = (p256.algorithm, ml_kem_768.as_ref().map(|other| other.algorithm));
        if !matches!(algorithms, (Algorithm::P256, None | Some(Algorithm::MlKem768))) {
            return Err(Error::malformed("key offer: a key in another's place"));
        }
        for key in std::iter::once(&p256).chain(&ml_kem_768) {
            if key.purpose != purpose {
                return Err(Error::malformed(format!("key offer: not {} keys", purpose.name())));
            }
            if key.made != p256.made {
                return Err(Error::malformed("key offer: keys of two pairs"));
            }
        }
        // Clocks differ; a key that was made "tomorrow" is of a friend whose clock is fast.
        if now > p256.until || now.duration_until(p256.made) > DAY {
            let message = format!("the reader's {} keys are not valid now", purpose.name());
            return Err(Error::new(Kind::NotAllowed, message));
        }
        Ok(Self {
            p256: p256.parse()?,
            ml_kem_768: ml_kem_768.map(|key| key.parse()).transpose()?,
            purpose,
            made: p256.made,
        })
    }

    /// Whether the reader offers ML-KEM.
    pub fn hybrid(&self) -> bool {
        self.ml_kem_768.is_some()
    }
}
