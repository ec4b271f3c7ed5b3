//! The files in `identity/`: names, and PEM in and out.
//!
//! A pair is four files, written in the order `.p256.key`, `.mlkem768.key`, `.p256.crt`, `.mlkem768.crt`. It counts when
//! all four are there: what a crash leaves is never seen as a pair, and may be deleted by hand. Likewise `identity.crt` is
//! written last of all.

use super::{
    Identity, KeyPair, Purpose,
    certificate::{self, Algorithm, Encryption},
};
use crate::{
    Context, Error, Kind, Result, file,
    profile::KeyOffer,
    seal::{
        OpensslResult,
        der::{BIT_STRING, INTEGER, OCTET_STRING, Reader, SEQUENCE, context},
    },
    stream::{Pem, PemItems},
};
use jiff::{Timestamp, tz::TimeZone};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    error::ErrorStack,
    nid::Nid,
    pkey::{KeyType, PKey, PKeyRef, Private},
    rand,
    symm::Cipher,
    x509::X509,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Bytes of a key or certificate file, at most; the longest of ours has 3.5 KiB.
const MAX: usize = 16 << 10;
/// How a pair's files are named by when it was made.
const MADE: &str = "%Y%m%dT%H%M%SZ";
/// The ends of the names of a pair's files, in the order in which they are written.
const ENDS: [&str; 4] = [".p256.key", ".mlkem768.key", ".p256.crt", ".mlkem768.crt"];

/// Before the name of a pair that was set aside.
const AHEAD: &str = "ahead-";

/// Makes a pair, writes it, and reads it back.
pub fn create_pair(dir: &Path, identity: &Identity, purpose: Purpose, now: Timestamp) -> Result<KeyPair> {
    let made = Timestamp::from_second(now.as_second())
        .map_err(|_| Error::new(Kind::Unavailable, "the clock is out of range"))?;
    let stem = dir.join(format!("{}-{}", purpose.name(), made.strftime(MADE)));
    for (end, pem) in ENDS.iter().zip(make_pair(identity, purpose, made).map_err(no_key)?) {
        file::create(&with_end(&stem, end), &pem, 0o600)?;
    }
    load_pair(&stem, &PairName { purpose, made, set_aside: false })
}

/// A new pair as the contents of its files.
fn make_pair(identity: &Identity, purpose: Purpose, made: Timestamp) -> OpensslResult<[Vec<u8>; 4]> {
    let p256 = new_p256()?;
    let mut seed = [0; 64];
    rand::rand_priv_bytes(&mut seed)?;
    let ml_kem_768 = PKey::private_key_from_seed(None, KeyType::ML_KEM_768, None, &seed)?;
    let issue =
        |key: &PKeyRef<Private>, algorithm| certificate::issue(&identity.key, key, algorithm, purpose, made);
    Ok([
        p256.private_key_to_pem_pkcs8()?,
        ml_kem_768.private_key_to_pem_pkcs8()?,
        issue(&p256, Algorithm::P256)?.to_pem()?,
        issue(&ml_kem_768, Algorithm::MlKem768)?.to_pem()?,
    ])
}

/// The name of a pair's file.
fn with_end(stem: &Path, end: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(end);
    path.into()
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
        if let Some(name) = name_of_pair(stem).filter(|_| whole) {
            match load_pair(&dir.join(stem), &name) {
                // Destroyed since the folder was listed.
                Err(_) if !dir.join(format!("{stem}{}", ENDS[3])).exists() => {}
                pair => pairs.push(pair?),
            }
        }
    }
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.made));
    Ok(pairs)
}

/// Deletes the files of pairs that were made up to `until`, whole or not: what a crash left of making or of destroying
/// them holds secrets too. The certificate without which a pair does not count goes first. Nothing is written over: on
/// flash and on journalled file systems the old blocks stay all the same.
pub fn destroy_pairs(dir: &Path, purpose: Purpose, until: Timestamp) -> Result<()> {
    let doomed = files_of(dir, purpose, |pair| pair.made <= until)?;
    if doomed.is_empty() {
        return Ok(());
    }
    for path in doomed {
        fs::remove_file(&path).map_err(|error| Error::io("delete", &path, error))?;
    }
    file::sync_folder(dir)
}

/// Renames the files of pairs that were made after `after`, in the same order: a pair counts under one name, the other, or
/// for the moment under none. Gives whether there were any.
pub fn set_aside(dir: &Path, purpose: Purpose, after: Timestamp) -> Result<bool> {
    let files = files_of(dir, purpose, |pair| pair.made > after && !pair.set_aside)?;
    for path in &files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        fs::rename(path, dir.join(format!("{AHEAD}{name}")))
            .map_err(|error| Error::io("rename", path, error))?;
    }
    if files.is_empty() {
        return Ok(false);
    }
    file::sync_folder(dir).map(|()| true)
}

/// The files of pairs, whole or not, beginning with those without which they don't count.
fn files_of(dir: &Path, purpose: Purpose, wanted: impl Fn(&PairName) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| Error::io("read", dir, error))? {
        let entry = entry.map_err(|error| Error::io("read", dir, error))?;
        let name = entry.file_name();
        let end = |name: &str| ENDS.iter().rposition(|end| name.ends_with(end));
        if let Some(name) = name.to_str()
            && let Some(at) = end(name)
            && let Some(pair) = name_of_pair(&name[..name.len() - ENDS[at].len()])
            && pair.purpose == purpose
            && wanted(&pair)
        {
            found.push((std::cmp::Reverse(at), entry.path()));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// What the name of a pair's files says.
struct PairName {
    purpose: Purpose,
    made: Timestamp,
    set_aside: bool,
}

/// `None`: not a name of a pair.
fn name_of_pair(stem: &str) -> Option<PairName> {
    let plain = stem.strip_prefix(AHEAD);
    let set_aside = plain.is_some();
    let stem = plain.unwrap_or(stem);
    let (purpose, made) = stem.split_once('-')?;
    let made = jiff::civil::DateTime::strptime(MADE, made).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let purpose = [Purpose::Sealing, Purpose::Meeting].into_iter().find(|known| known.name() == purpose)?;
    Some(PairName { purpose, made, set_aside })
}

fn load_pair(stem: &Path, name: &PairName) -> Result<KeyPair> {
    let half = |key: &str, certificate: &str, algorithm| -> Result<_> {
        let path = with_end(stem, certificate);
        let der = load_certificate(&path)?;
        let form = Encryption::read(&der).context(|| format!("cannot use '{}'", path.display()))?;
        if (form.algorithm, form.purpose) != (algorithm, name.purpose) {
            return Err(unreadable(&path, "certificate of such a key"));
        }
        let key = SecretKey::read(with_end(stem, key), form.key)?;
        Ok((form.made, key, der))
    };
    let (made, p256, p256_certificate) = half(ENDS[0], ENDS[2], Algorithm::P256)?;
    let (_, ml_kem_768, ml_kem_768_certificate) = half(ENDS[1], ENDS[3], Algorithm::MlKem768)?;
    let offer = KeyOffer { p256: p256_certificate, ml_kem_768: Some(ml_kem_768_certificate) };
    let (purpose, set_aside) = (name.purpose, name.set_aside);
    Ok(KeyPair { purpose, made, set_aside, p256, ml_kem_768, offer })
}

/// A private key. OpenSSL parses it when it is first used, which takes longer than to open an envelope with it: most
/// commands use one of several, or none.
pub struct SecretKey {
    path: PathBuf,
    pem: Vec<u8>,
    /// SubjectPublicKeyInfo in the certificate beside it.
    public: Vec<u8>,
    parsed: OnceLock<PKey<Private>>,
}

impl SecretKey {
    fn read(path: PathBuf, public: &[u8]) -> Result<Self> {
        let pem = file::read(&path, MAX)?;
        Ok(Self { path, pem, public: public.to_vec(), parsed: OnceLock::new() })
    }

    /// The key, which is that of the certificate beside it.
    pub fn get(&self) -> Result<&PKey<Private>> {
        if let Some(key) = self.parsed.get() {
            return Ok(key);
        }
        let (key, public) = match p256(&self.pem) {
            Some(key) => key,
            None => any_key(&self.pem)
                .map_err(|_| unreadable(&self.path, "private key in PEM without a passphrase"))?,
        };
        if !self.public.ends_with(&public) {
            return Err(unreadable(&self.path, "key to the certificate beside it"));
        }
        Ok(self.parsed.get_or_init(|| key))
    }
}

/// A private key in any form, and its SubjectPublicKeyInfo.
fn any_key(pem: &[u8]) -> OpensslResult<(PKey<Private>, Vec<u8>)> {
    let key = PKey::private_key_from_pem(pem)?;
    let public = key.public_key_to_der()?;
    Ok((key, public))
}

/// A P-256 key in the one form that OpenSSL writes (RFC 5958, RFC 5915), and its public point. OpenSSL's own reader,
/// which tries every form there is, takes longer than everything else that sealing a status does.
fn p256(pem: &[u8]) -> Option<(PKey<Private>, Vec<u8>)> {
    let pem = PemItems::new(pem, MAX).next()?.ok()?;
    let mut outer = Reader::new(&pem.der).inside(SEQUENCE, "key").ok()?;
    outer.exactly(&[INTEGER, 1, 0], "version").ok()?;
    outer.exactly(certificate::P256_ALGORITHM, "algorithm").ok()?;
    let mut key = outer.inside(OCTET_STRING, "key").ok()?.inside(SEQUENCE, "key").ok()?;
    key.exactly(&[INTEGER, 1, 1], "version").ok()?;
    let scalar = key.fixed(OCTET_STRING, 32, "private key").ok()?;
    let bits = key.inside(context(1), "public key").ok()?.fixed(BIT_STRING, 66, "public key").ok()?;
    let public = bits.strip_prefix(&[0])?;
    let build = || -> OpensslResult<PKey<Private>> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let point = EcPoint::from_bytes(&group, public, &mut *BigNumContext::new()?)?;
        let scalar = BigNum::from_slice(scalar)?;
        PKey::from_ec_key(EcKey::from_private_components(&group, &scalar, &point)?)
    };
    Some((build().ok()?, public.to_vec()))
}

/// Makes an identity; [`write_identity`] writes it.
pub fn new_identity() -> Result<Identity> {
    identity_of(new_p256().map_err(no_key)?)
}

/// Writes the key of an identity alone, encrypted if there is a passphrase; never over anything.
pub fn write_recovery(path: &Path, identity: &Identity, passphrase: Option<&str>) -> Result<()> {
    let pem = match passphrase {
        None => identity.key.private_key_to_pem_pkcs8(),
        Some(passphrase) => {
            identity.key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), passphrase.as_bytes())
        }
    };
    file::create(path, &pem.map_err(no_key)?, 0o600)
}

/// Reads a key that [`write_recovery`] wrote; `passphrase` is asked for if it is encrypted.
pub fn read_recovery(path: &Path, passphrase: impl FnOnce() -> Result<String>) -> Result<Identity> {
    let pem = file::read(path, MAX)?;
    let encrypted = PemItems::new(pem.as_slice(), MAX).next();
    let key = match encrypted {
        Some(Ok(Pem { label, .. })) if label == "ENCRYPTED PRIVATE KEY" => {
            let passphrase = passphrase()?;
            PKey::private_key_from_pem_passphrase(&pem, passphrase.as_bytes()).map_err(|_| {
                let message = format!("the passphrase does not open '{}'", path.display());
                Error::new(Kind::NotAllowed, message)
            })?
        }
        _ => any_key(&pem).map_err(|_| unreadable(path, "private key in PEM"))?.0,
    };
    identity_of(key).map_err(|_| unreadable(path, "key on P-256"))
}

fn identity_of(key: PKey<Private>) -> Result<Identity> {
    let certificate = certificate::issue_identity(&key).map_err(no_key)?;
    let der = certificate.to_der().map_err(no_key)?;
    let fingerprint = certificate::Identity::read(&der)?.fingerprint();
    Ok(Identity { fingerprint, key, certificate })
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
    let der = load_identity_certificate(dir)?;
    let form = certificate::Identity::read(&der).context(|| format!("cannot use '{}'", path.display()))?;
    let key = SecretKey::read(dir.join("identity.key"), form.key)?.get()?.clone();
    let certificate = X509::from_der(&der).map_err(|_| unreadable(&path, "certificate"))?;
    Ok(Identity { fingerprint: form.fingerprint(), key, certificate })
}

/// Reads the identity certificate in DER, touching no key.
pub fn load_identity_certificate(dir: &Path) -> Result<Vec<u8>> {
    load_certificate(&dir.join("identity.crt"))
}

/// Reads a certificate's DER; OpenSSL does not see it before its form was checked.
fn load_certificate(path: &Path) -> Result<Vec<u8>> {
    let pem = file::read(path, MAX)?;
    match PemItems::new(pem.as_slice(), MAX).next() {
        Some(Ok(Pem { label, der, .. })) if label == "CERTIFICATE" => Ok(der),
        _ => Err(unreadable(path, "certificate in PEM")),
    }
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
