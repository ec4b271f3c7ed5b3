//! The files in `identity/`: names, and PEM in and out.
//!
//! A pair is four files, written in the order `.p256.key`, `.mlkem768.key`, `.p256.crt`, `.mlkem768.crt`. It counts when
//! all four are there: what a crash leaves is never seen as a pair, and may be deleted by hand. Likewise `identity.crt` is
//! written last of all.

use super::{
    Identity, KeyPair, Purpose,
    certificate::{self, Algorithm, Encryption},
};
use crate::{Context, Error, Kind, Result, file, profile::KeyOffer, seal::OpensslResult};
use jiff::Timestamp;
use openssl::{
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    nid::Nid,
    pkey::{KeyType, PKey, PKeyRef, Private},
    rand,
    x509::{X509, X509Ref},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Bytes of a key or certificate file, at most; the longest of ours has 3.5 KiB.
const MAX: usize = 16 << 10;
/// How a pair's files are named by when it was made.
const MADE: &str = "%Y%m%dT%H%M%SZ";
/// The ends of the names of a pair's files, in the order in which they are written.
const ENDS: [&str; 4] = [".p256.key", ".mlkem768.key", ".p256.crt", ".mlkem768.crt"];

/// Makes a pair, writes it, and gives it.
pub fn create_pair(dir: &Path, identity: &Identity, purpose: Purpose, now: Timestamp) -> Result<KeyPair> {
    let made = Timestamp::from_second(now.as_second())
        .map_err(|_| Error::new(Kind::Unavailable, "the clock is out of range"))?;
    let (pair, pem) = make_pair(identity, purpose, made).map_err(no_key)?;
    let stem = format!("{}-{}", purpose.name(), made.strftime(MADE));
    for (end, pem) in ENDS.iter().zip(&pem) {
        file::create(&dir.join(format!("{stem}{end}")), pem, 0o600)?;
    }
    Ok(pair)
}

fn make_pair(
    identity: &Identity,
    purpose: Purpose,
    made: Timestamp,
) -> OpensslResult<(KeyPair, [Vec<u8>; 4])> {
    let p256 = new_p256()?;
    let mut seed = [0; 64];
    rand::rand_priv_bytes(&mut seed)?;
    let ml_kem_768 = PKey::private_key_from_seed(None, KeyType::ML_KEM_768, None, &seed)?;
    let issue =
        |key: &PKeyRef<Private>, algorithm| certificate::issue(&identity.key, key, algorithm, purpose, made);
    let p256_certificate = issue(&p256, Algorithm::P256)?;
    let ml_kem_768_certificate = issue(&ml_kem_768, Algorithm::MlKem768)?;
    let pem = [
        p256.private_key_to_pem_pkcs8()?,
        ml_kem_768.private_key_to_pem_pkcs8()?,
        p256_certificate.to_pem()?,
        ml_kem_768_certificate.to_pem()?,
    ];
    let offer =
        KeyOffer { p256: p256_certificate.to_der()?, ml_kem_768: Some(ml_kem_768_certificate.to_der()?) };
    Ok((KeyPair { purpose, made, p256, ml_kem_768, offer }, pem))
}

/// Reads all pairs that are whole, newest first.
pub fn load_pairs(dir: &Path) -> Result<Vec<KeyPair>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(|error| Error::io("read", dir, error))? {
        let entry = entry.map_err(|error| Error::io("read", dir, error))?;
        // Names of ours are ASCII; any other is somebody else's.
        names.extend(entry.file_name().into_string());
    }
    let mut pairs = Vec::new();
    for stem in names.iter().filter_map(|name| name.strip_suffix(ENDS[3])) {
        let whole = ENDS.iter().all(|end| names.contains(&format!("{stem}{end}")));
        if let Some(purpose) = purpose_of(stem).filter(|_| whole) {
            pairs.push(load_pair(&dir.join(stem), purpose)?);
        }
    }
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.made));
    Ok(pairs)
}

/// What a pair of this name is for; `None`: not a name of a pair.
fn purpose_of(stem: &str) -> Option<Purpose> {
    let (purpose, made) = stem.split_once('-')?;
    jiff::civil::DateTime::strptime(MADE, made).ok()?;
    [Purpose::Sealing, Purpose::Meeting].into_iter().find(|known| known.name() == purpose)
}

fn load_pair(stem: &Path, purpose: Purpose) -> Result<KeyPair> {
    let path = |end: &str| {
        let mut path = stem.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    };
    let [p256, ml_kem_768, p256_certificate, ml_kem_768_certificate] = ENDS.map(path);
    let (p256, p256_der, made) = load_half(&p256, &p256_certificate, Algorithm::P256, purpose)?;
    let (ml_kem_768, ml_kem_768_der, _) =
        load_half(&ml_kem_768, &ml_kem_768_certificate, Algorithm::MlKem768, purpose)?;
    let offer = KeyOffer { p256: p256_der, ml_kem_768: Some(ml_kem_768_der) };
    Ok(KeyPair { purpose, made, p256, ml_kem_768, offer })
}

/// A key, its certificate in DER, and when it was made.
fn load_half(
    key: &Path,
    certificate: &Path,
    algorithm: Algorithm,
    purpose: Purpose,
) -> Result<(PKey<Private>, Vec<u8>, Timestamp)> {
    let private = load_key(key)?;
    let x509 = load_certificate(certificate, &private)?;
    let der = x509.to_der().map_err(|_| unreadable(certificate, "certificate"))?;
    let form = Encryption::read(&der).context(|| format!("cannot use '{}'", certificate.display()))?;
    if (form.algorithm, form.purpose) != (algorithm, purpose) {
        return Err(unreadable(certificate, "certificate of such a key"));
    }
    let made = form.made;
    Ok((private, der, made))
}

/// Makes an identity; [`write_identity`] makes it last.
pub fn new_identity() -> Result<Identity> {
    let key = new_p256().map_err(no_key)?;
    let certificate = certificate::issue_identity(&key).map_err(no_key)?;
    identity(key, certificate)
}

/// Writes the identity: from then on the account has one.
pub fn write_identity(dir: &Path, identity: &Identity) -> Result<()> {
    let key = identity.key.private_key_to_pem_pkcs8().map_err(no_key)?;
    file::create(&dir.join("identity.key"), &key, 0o600)?;
    let certificate = identity.certificate.to_pem().map_err(no_key)?;
    file::create(&dir.join("identity.crt"), &certificate, 0o600)
}

/// Reads the identity.
pub fn load_identity(dir: &Path) -> Result<Identity> {
    let path = dir.join("identity.crt");
    let key = load_key(&dir.join("identity.key"))?;
    let certificate = load_certificate(&path, &key)?;
    identity(key, certificate).context(|| format!("cannot use '{}'", path.display()))
}

fn identity(key: PKey<Private>, certificate: X509) -> Result<Identity> {
    let der = certificate.to_der().map_err(no_key)?;
    let fingerprint = certificate::Identity::read(&der)?.fingerprint();
    Ok(Identity { fingerprint, key, certificate })
}

/// Reads the identity certificate in DER, touching no key.
pub fn load_identity_certificate(dir: &Path) -> Result<Vec<u8>> {
    let path = dir.join("identity.crt");
    let certificate =
        X509::from_pem(&file::read(&path, MAX)?).map_err(|_| unreadable(&path, "certificate in PEM"))?;
    certificate.to_der().map_err(|_| unreadable(&path, "certificate in PEM"))
}

fn load_key(path: &Path) -> Result<PKey<Private>> {
    PKey::private_key_from_pem(&file::read(path, MAX)?)
        .map_err(|_| unreadable(path, "private key in PEM without a passphrase"))
}

fn load_certificate(path: &Path, key: &PKeyRef<Private>) -> Result<X509> {
    let certificate =
        X509::from_pem(&file::read(path, MAX)?).map_err(|_| unreadable(path, "certificate in PEM"))?;
    if belongs(&certificate, key) {
        Ok(certificate)
    } else {
        Err(unreadable(path, "certificate of the key beside it"))
    }
}

fn belongs(certificate: &X509Ref, key: &PKeyRef<Private>) -> bool {
    certificate.public_key().is_ok_and(|public| public.public_eq(key))
}

fn new_p256() -> OpensslResult<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

fn no_key(reason: ErrorStack) -> Error {
    Error::new(Kind::Unavailable, format!("cannot make a key: {reason}"))
}

fn unreadable(path: &Path, what: &str) -> Error {
    Error::malformed(format!("cannot use '{}': not a {what}", path.display()))
}
