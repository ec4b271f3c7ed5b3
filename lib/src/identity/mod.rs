//! The keys of an account and the certificates of others: files in `identity/` as PKCS#8 and certificates in PEM, so
//! that openssl(1) can be used on them.
//!
//! | file | knows |
//! |---|---|
//! | `keys.rs` | the files of keys and certificates, and how keys are made |
//! | `point.rs` | a meeting key as the short form of an invitation has it |
//! | `certificate.rs` | the one form of each certificate: issued here, checked when it is another's |

pub(crate) mod certificate;
mod keys;
pub mod point;

use crate::{Error, Fingerprint, Kind, Result, profile::KeyOffer, seal};
use certificate::{Algorithm, Encryption};
use jiff::{SignedDuration, Timestamp};
use keys::SecretKey;
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

    /// How old the newest such pair may become before there is a newer one.
    pub fn renew_after(self) -> SignedDuration {
        match self {
            Self::Sealing => DAY * 20,
            Self::Meeting => DAY * 300,
        }
    }

    /// How long after their making such keys are kept: what was sealed to them on the last day may travel for long.
    pub fn keep_for(self) -> SignedDuration {
        match self {
            Self::Sealing => DAY * 60,
            Self::Meeting => DAY * (365 + 60),
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
    /// It was made by a clock that was ahead, and is offered to nobody.
    pub set_aside: bool,
    pub(crate) p256: SecretKey,
    pub(crate) ml_kem_768: SecretKey,
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

    /// Takes pairs that were made later than `after` from their place as the newest: they open what was sealed to them,
    /// and are offered to nobody.
    pub fn set_aside(&mut self, dir: &Path, purpose: Purpose, after: Timestamp) -> Result<()> {
        if keys::set_aside(dir, purpose, after)? {
            self.pairs = keys::load_pairs(dir)?;
        }
        Ok(())
    }

    /// Destroys the pairs that were made up to `until`, but never the newest one. What was sealed to them can't be
    /// opened any more.
    pub fn destroy(&mut self, dir: &Path, purpose: Purpose, until: Timestamp) -> Result<()> {
        let newest = self.newest(purpose)?.made;
        let until = until.min(newest - SignedDuration::from_secs(1));
        keys::destroy_pairs(dir, purpose, until)?;
        self.pairs.retain(|pair| pair.purpose != purpose || pair.made > until);
        Ok(())
    }

    /// The newest pair for a purpose.
    pub fn newest(&self, purpose: Purpose) -> Result<&KeyPair> {
        let offered = |pair: &&KeyPair| pair.purpose == purpose && !pair.set_aside;
        self.pairs.iter().find(offered).ok_or_else(|| {
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

    /// Makes a recovery key in a new file: PKCS#8 in PEM, encrypted if there is a passphrase.
    pub fn create_recovery(path: &Path, passphrase: Option<&str>) -> Result<Fingerprint> {
        seal::check_openssl()?;
        let identity = keys::new_identity()?;
        keys::write_recovery(path, &identity, passphrase)?;
        Ok(identity.fingerprint)
    }

    /// Reads a recovery key. `passphrase` is called if it is encrypted; [`Kind::NotAllowed`]: it is another one.
    pub fn read_recovery(path: &Path, passphrase: impl FnOnce() -> Result<String>) -> Result<Self> {
        seal::check_openssl()?;
        keys::read_recovery(path, passphrase)
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
    /// key in `identity_certificate` (DER). [`Kind::NotAllowed`]: all of that holds, but `now` is after their validity, or
    /// more than a day before it.
    pub fn check(
        offer: &KeyOffer,
        purpose: Purpose,
        identity_certificate: &[u8],
        now: Timestamp,
    ) -> Result<Self> {
        let (p256, ml_kem_768) = formed(offer, purpose)?;
        let keys = Self::decode(&p256, ml_kem_768.as_ref())?;
        let not_theirs = || Error::malformed("key certificate: not issued by this identity");
        let identity = certificate::Identity::read(identity_certificate)?.public_key()?;
        for certificate in std::iter::once(&keys.p256).chain(&keys.ml_kem_768) {
            if !certificate.verify(&identity).is_ok_and(|holds| holds) {
                return Err(not_theirs());
            }
        }
        // Last: keys whose time is to come may be stored, and are not checked again.
        in_time(&p256, now)?;
        Ok(keys)
    }

    /// As [`ReaderKeys::check`] for an offer that was checked before it was stored: signatures, which cost most of it, are
    /// not checked again.
    pub fn stored(offer: &KeyOffer, purpose: Purpose, now: Timestamp) -> Result<Self> {
        let (p256, ml_kem_768) = usable(offer, purpose, now)?;
        Self::decode(&p256, ml_kem_768.as_ref())
    }

    fn decode(p256: &Encryption, ml_kem_768: Option<&Encryption>) -> Result<Self> {
        Ok(Self {
            p256: p256.parse()?,
            ml_kem_768: ml_kem_768.map(Encryption::parse).transpose()?,
            purpose: p256.purpose,
            made: p256.made,
        })
    }

    /// Whether [`ReaderKeys::stored`] would take an offer, in a hundredth of the time: the keys are not decoded.
    pub fn usable(offer: &KeyOffer, purpose: Purpose, now: Timestamp) -> bool {
        usable(offer, purpose, now).is_ok()
    }

    /// Whether the reader offers ML-KEM.
    pub fn hybrid(&self) -> bool {
        self.ml_kem_768.is_some()
    }
}

/// The two certificates of an offer, if their forms, purposes and times are right.
fn usable(
    offer: &KeyOffer,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(Encryption<'_>, Option<Encryption<'_>>)> {
    let keys = formed(offer, purpose)?;
    in_time(&keys.0, now)?;
    Ok(keys)
}

/// The two certificates of an offer, if their forms and purposes are right.
fn formed(offer: &KeyOffer, purpose: Purpose) -> Result<(Encryption<'_>, Option<Encryption<'_>>)> {
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
    Ok((p256, ml_kem_768))
}

fn in_time(key: &Encryption, now: Timestamp) -> Result<()> {
    // Clocks differ; a key that was made "tomorrow" is of a friend whose clock is fast.
    if now > key.until || now.duration_until(key.made) > DAY {
        let message = format!("the reader's {} keys are not valid now", key.purpose.name());
        return Err(Error::new(Kind::NotAllowed, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tempfile::TempDir;

    fn account(made: &str) -> (TempDir, Keyring) {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::create(folder.path(), at(made)).unwrap();
        (folder, keyring)
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn certificate(keyring: &Keyring) -> Vec<u8> {
        keyring.identity.certificate.to_der().unwrap()
    }

    fn offer(keyring: &Keyring, purpose: Purpose) -> KeyOffer {
        keyring.newest(purpose).unwrap().offer().clone()
    }

    const NOON: &str = "2026-11-22T12:00:00Z";

    #[test]
    fn keys_are_found_again() {
        let (folder, alice) = account("2026-11-22T12:00:00.5Z");
        let again = Keyring::load(folder.path()).unwrap();
        assert_eq!(again.identity.fingerprint, alice.identity.fingerprint);
        assert_eq!(Identity::fingerprint(folder.path()).unwrap(), alice.identity.fingerprint);
        for purpose in [Purpose::Sealing, Purpose::Meeting] {
            let pair = again.newest(purpose).unwrap();
            assert_eq!((pair.made, pair.offer()), (at(NOON), &offer(&alice, purpose)));
        }
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
                entry.file_name().into_string().unwrap()
            })
            .collect();
        names.sort();
        assert_eq!(names.len(), 10);
        assert_eq!(names[..3], ["identity.crt", "identity.key", "meeting-20261122T120000Z.mlkem768.crt"]);
    }

    #[test]
    fn keys_are_never_overwritten() {
        let (folder, alice) = account(NOON);
        let refused = Keyring::create(folder.path(), at(NOON)).err().unwrap();
        assert_eq!(refused.kind(), Kind::CantCreate);
        assert!(
            Keyring::load(folder.path())
                .unwrap()
                .add_pair(folder.path(), Purpose::Sealing, at(NOON))
                .is_err()
        );
        assert_eq!(Identity::load(folder.path()).unwrap().fingerprint, alice.identity.fingerprint);
    }

    #[test]
    fn a_renewed_pair_is_the_newest_and_half_a_pair_is_none() {
        let (folder, mut alice) = account(NOON);
        let later = at("2026-12-20T12:00:00Z");
        alice.add_pair(folder.path(), Purpose::Sealing, later).unwrap();
        let newest = |purpose| Keyring::load(folder.path()).unwrap().newest(purpose).unwrap().made;
        assert_eq!((newest(Purpose::Sealing), newest(Purpose::Meeting)), (later, at(NOON)));
        fs::remove_file(folder.path().join("sealing-20261220T120000Z.mlkem768.crt")).unwrap();
        assert_eq!(newest(Purpose::Sealing), at(NOON));
    }

    #[test]
    fn a_certificate_of_another_key_is_refused() {
        let ((alices, _), (bobs, _)) = (account(NOON), account(NOON));
        fs::copy(bobs.path().join("identity.crt"), alices.path().join("identity.crt")).unwrap();
        let refused = Identity::load(alices.path()).err().unwrap();
        assert!(
            refused.message().ends_with("identity.key': not a key to the certificate beside it"),
            "{refused}"
        );
    }

    #[test]
    fn an_offer_is_taken_for_its_purpose_and_time_only() {
        let (_folder, bob) = account(NOON);
        let check = |purpose, now| {
            ReaderKeys::check(&offer(&bob, purpose), purpose, &certificate(&bob), at(now))
                .map(|keys| keys.hybrid())
                .map_err(|error| error.kind())
        };
        assert_eq!(check(Purpose::Sealing, NOON), Ok(true));
        assert_eq!(check(Purpose::Sealing, "2026-11-21T12:00:00Z"), Ok(true));
        assert_eq!(check(Purpose::Sealing, "2026-11-21T11:59:59Z"), Err(Kind::NotAllowed));
        assert_eq!(check(Purpose::Sealing, "2026-12-22T12:00:00Z"), Ok(true));
        assert_eq!(check(Purpose::Sealing, "2026-12-22T12:00:01Z"), Err(Kind::NotAllowed));
        assert_eq!(check(Purpose::Meeting, "2027-11-22T12:00:00Z"), Ok(true));
        let meeting = offer(&bob, Purpose::Meeting);
        for purpose in [Purpose::Sealing, Purpose::Meeting] {
            let taken = ReaderKeys::stored(&meeting, purpose, at(NOON));
            assert_eq!(taken.is_ok(), purpose == Purpose::Meeting);
        }
    }

    #[test]
    fn keys_are_not_mixed() {
        let (folder, mut bob) = account(NOON);
        let old = offer(&bob, Purpose::Sealing);
        bob.add_pair(folder.path(), Purpose::Sealing, at("2026-11-23T12:00:00Z")).unwrap();
        let new = offer(&bob, Purpose::Sealing);
        let mixed = KeyOffer { p256: new.p256.clone(), ml_kem_768: old.ml_kem_768.clone() };
        let swapped = KeyOffer { p256: new.ml_kem_768.clone().unwrap(), ml_kem_768: Some(new.p256.clone()) };
        let twice = KeyOffer { p256: new.p256.clone(), ml_kem_768: Some(new.p256) };
        for offer in [mixed, swapped, twice] {
            let refused =
                ReaderKeys::stored(&offer, Purpose::Sealing, at("2026-11-23T12:00:00Z")).err().unwrap();
            assert_eq!(refused.kind(), Kind::Malformed);
        }
    }

    #[test]
    fn what_another_identity_issued_is_refused() {
        let ((_a, alice), (_b, bob)) = (account(NOON), account(NOON));
        let check = |offer: &KeyOffer| {
            ReaderKeys::check(offer, Purpose::Sealing, &certificate(&bob), at(NOON)).map(drop)
        };
        let (alices, bobs) = (offer(&alice, Purpose::Sealing), offer(&bob, Purpose::Sealing));
        assert_eq!(check(&bobs), Ok(()));
        let mixed = KeyOffer { p256: bobs.p256, ml_kem_768: alices.ml_kem_768.clone() };
        for offer in [alices, mixed] {
            let refused = check(&offer).unwrap_err();
            assert_eq!(refused.message(), "key certificate: not issued by this identity");
        }
    }

    #[test]
    fn any_byte_changed_in_a_certificate_is_refused() {
        let (_folder, bob) = account(NOON);
        let (certificate, good) = (certificate(&bob), offer(&bob, Purpose::Sealing));
        let check =
            |offer: &KeyOffer| ReaderKeys::check(offer, Purpose::Sealing, &certificate, at(NOON)).map(drop);
        for at in 0..good.p256.len() {
            let mut changed = good.clone();
            changed.p256[at] ^= 1 << (at % 8);
            assert!(check(&changed).is_err(), "P-256, changed at {at}");
        }
        let length = good.ml_kem_768.as_ref().unwrap().len();
        for at in 0..length {
            let mut changed = good.clone();
            changed.ml_kem_768.as_mut().unwrap()[at] ^= 1 << (at % 8);
            assert!(check(&changed).is_err(), "ML-KEM-768, changed at {at}");
        }
        check(&good).unwrap();
    }
}
