//! Signatures and seals in CMS, from bytes to bytes. socialnet-seal(5) is the authority.
//!
//! | file | knows |
//! |---|---|
//! | `guard.rs` | the exact form of each layer, checked before OpenSSL parses it |
//! | `explain.rs` | a seal taken apart for a person |
//! | `der.rs` | DER, one expected element after another |
//! | `kdf.rs` | the outer layer's encryption, through OpenSSL's C interface |
//! | `padding.rs` | sizes |

pub(crate) mod der;
mod explain;
mod guard;
mod kdf;
#[cfg(test)]
mod make_vectors;
mod padding;

pub use explain::{Explanation, Layer, explain};

use crate::{
    Error, Fingerprint, Kind, Result,
    identity::{Identity, KeyPair, Keyring, Purpose, ReaderKeys, certificate},
};
use openssl::{
    cms::{CMSOptions, CmsContentInfo},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, PKeyRef, Private},
    sign::Signer,
    stack::Stack,
    symm::Cipher,
    x509::X509,
};
use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

/// What the `openssl` crate's calls return.
pub(crate) type OpensslResult<T> = std::result::Result<T, ErrorStack>;

/// Bytes of a sealed envelope, at most: the longest envelope's XML, its signature, padding and two layers.
pub const MAX_BYTES: usize = 5 << 20;

/// The PEM label of everything in CMS (RFC 7468 section 9).
pub const LABEL: &str = "CMS";

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
pub struct Unsealed {
    /// The sender's SignedData, DER; not yet verified.
    pub signed: Vec<u8>,
    /// Under which kind of key it came.
    pub under: Purpose,
    /// Whether the ML-KEM layer was there.
    pub hybrid: bool,
}

/// Signs `content`: SignedData, DER, with the identity certificate embedded.
pub fn sign(identity: &Identity, content: &[u8]) -> Result<Vec<u8>> {
    // Without NOSMIMECAP the signature would list algorithms that S/MIME programs like.
    let options = CMSOptions::BINARY | CMSOptions::NOSMIMECAP;
    CmsContentInfo::sign(Some(&identity.certificate), Some(&identity.key), None, Some(content), options)
        .and_then(|cms| cms.to_der())
        .map_err(|reason| failed("sign", reason))
}

/// Verifies SignedData of exactly our form against the certificate embedded in it.
pub fn verify(der: &[u8]) -> Result<Signed> {
    let form = guard::signed(der)?;
    let does_not_hold = |_: ErrorStack| Error::malformed("the signature does not hold");
    let mut signers = Stack::new().map_err(does_not_hold)?;
    signers.push(genuine(&form.certificate)?).map_err(does_not_hold)?;
    let mut content = Vec::with_capacity(form.content.len());
    // The one certificate is given here, none is taken from the message (NOINTERN), and no chain is built above it: an
    // identity is trusted by its fingerprint or not at all.
    let options = CMSOptions::BINARY | CMSOptions::NOINTERN | CMSOptions::NO_SIGNER_CERT_VERIFY;
    CmsContentInfo::from_der(der)
        .and_then(|mut cms| cms.verify(Some(&signers), None, None, Some(&mut content), options))
        .map_err(does_not_hold)?;
    Ok(Signed { signer: form.certificate.fingerprint(), certificate: form.certificate.der.to_vec(), content })
}

/// The identity certificate as OpenSSL has it, its own signature checked. The same few friends sign everything that a
/// node reads, so what was checked is remembered: it saves a third of the time of [`verify`].
fn genuine(certificate: &certificate::Identity) -> Result<X509> {
    static KNOWN: LazyLock<RwLock<HashMap<Vec<u8>, X509>>> = LazyLock::new(RwLock::default);
    /// Certificates, at most: a stranger who sends many must not fill the memory.
    const MOST: usize = 1024;
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(certificate.der) {
        return Ok(known.clone());
    }
    let genuine = certificate.genuine()?;
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(certificate.der.to_vec(), genuine.clone());
    Ok(genuine)
}

/// Pads and seals SignedData for one reader; DER.
pub fn seal(signed: &[u8], reader: &ReaderKeys) -> Result<Vec<u8>> {
    let mut inside = signed.to_vec();
    inside.resize(padding::padded(signed.len()), 0);
    seal_layers(inside, reader).map_err(|reason| failed("seal", reason))
}

fn seal_layers(mut inside: Vec<u8>, reader: &ReaderKeys) -> OpensslResult<Vec<u8>> {
    if let Some(certificate) = &reader.ml_kem_768 {
        let mut recipients = Stack::new()?;
        recipients.push(certificate.clone())?;
        let options = CMSOptions::BINARY | CMSOptions::USE_KEYID;
        inside = CmsContentInfo::encrypt(&recipients, &inside, Cipher::aes_256_gcm(), options)?.to_der()?;
    }
    kdf::encrypt(&reader.p256, &inside)?.to_der()
}

/// Opens a seal with whichever live key fits. [`Kind::NotAllowed`]: no live key opens it.
pub fn open(der: &[u8], keyring: &Keyring) -> Result<Unsealed> {
    guard::outer(der)?;
    let (pair, inside) = find_key(der, keyring)?.ok_or_else(no_key)?;
    let hybrid = guard::claim(&inside)? == guard::Claim::Encrypted;
    let padded = if hybrid { open_inner(&inside, pair)? } else { inside };
    let signed = without_padding(padded)?;
    guard::signed(&signed)?;
    Ok(Unsealed { signed, under: pair.purpose, hybrid })
}

fn no_key() -> Error {
    Error::new(Kind::NotAllowed, "no live key opens it")
}

/// The pair whose P-256 key opens the outer layer, and what is inside. The recipient identifier names nobody, so each key
/// is tried; the wrong ones fail at the key wrap's check (RFC 3394 section 2.2.3).
fn find_key<'k>(outer: &[u8], keyring: &'k Keyring) -> Result<Option<(&'k KeyPair, Vec<u8>)>> {
    for pair in &keyring.pairs {
        if let Ok(inside) = decrypt(outer, pair.p256.get()?) {
            return Ok(Some((pair, inside)));
        }
    }
    Ok(None)
}

fn open_inner(inner: &[u8], pair: &KeyPair) -> Result<Vec<u8>> {
    guard::inner(inner)?;
    decrypt(inner, pair.ml_kem_768.get()?)
        .map_err(|_| Error::malformed("inner layer: not sealed to the same pair as the outer layer"))
}

/// Decrypts one layer that the guard let through. All of it or, when the tag does not match, nothing.
fn decrypt(der: &[u8], key: &PKeyRef<Private>) -> OpensslResult<Vec<u8>> {
    CmsContentInfo::from_der(der)?.decrypt_without_cert_check(key)
}

/// Cuts the padding, which must be zero and of the right length, or one envelope would have many forms.
fn without_padding(mut padded: Vec<u8>) -> Result<Vec<u8>> {
    let (signed, padding) = guard::split_padding(&padded)?;
    if padding.iter().any(|&byte| byte != 0) {
        return Err(Error::malformed("padding: not zero"));
    }
    let length = signed.len();
    if padded.len() != padding::padded(length) {
        return Err(Error::malformed("padding: not of the right length"));
    }
    padded.truncate(length);
    Ok(padded)
}

/// Whether bytes begin as a sealed envelope does, by the content type in front; all else about them may be wrong.
pub fn looks_sealed(bytes: &[u8]) -> bool {
    guard::begins_encrypted(bytes)
}

/// Random bytes that nobody can guess.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes).map_err(|reason| failed("draw random bytes", reason))?;
    Ok(bytes)
}

/// Signs nothing with a key that is forgotten at once, so that OpenSSL has looked up what signing takes: the first signature
/// of a process takes several times as long as any other. For a thread beside the one that will sign.
pub(crate) fn wake() {
    let sign = || -> OpensslResult<Vec<u8>> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
        Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&[])
    };
    // What fails here fails again where somebody needs it.
    let _ = sign();
}

/// The OpenSSL in use, as it names itself.
pub fn openssl_version() -> String {
    openssl::version::version().to_owned()
}

/// Versions of OpenSSL that are not used: the first one, the first after them (both as `OPENSSL_VERSION_NUMBER`, MNN00PP0),
/// and why. What `guard.rs` keeps from the parser in all versions need not stand here; what could undo its work must.
const BROKEN: [(i64, i64, &str); 2] = [
    (0, 0x3060_0000, "its CMS has no ML-KEM recipients (RFC 9629)"),
    (0x3060_0000, 0x3060_0010, "a long nonce in AuthEnvelopedData overflows its stack (CVE-2025-15467)"),
];

/// [`Kind::Unavailable`] when OpenSSL is one of [`BROKEN`].
pub fn check_openssl() -> Result<()> {
    match broken(openssl::version::number()) {
        None => Ok(()),
        Some(why) => Err(Error::new(Kind::Unavailable, format!("{} is not used: {why}", openssl_version()))
            .hint("3.6.1 or newer is needed")),
    }
}

fn broken(number: i64) -> Option<&'static str> {
    BROKEN.iter().find(|(first, after, _)| (*first..*after).contains(&number)).map(|(.., why)| *why)
}

/// A failure of OpenSSL on data of our own: memory or randomness is lacking, or it is not the OpenSSL we know.
fn failed(verb: &str, reason: ErrorStack) -> Error {
    Error::new(Kind::Unavailable, format!("cannot {verb}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    /// `make test` runs this one by itself, so that its output says which OpenSSL was tested.
    #[test]
    fn openssl_in_use() {
        println!("{}", openssl_version());
        check_openssl().unwrap();
    }

    #[test]
    fn each_version_that_is_not_used_has_its_reason() {
        // 3.5.7, 3.6.0, 3.6.1, 3.6.3, 4.0.1
        let versions = [0x3050_0070, 0x3060_0000, 0x3060_0010, 0x3060_0030, 0x4000_0010];
        let why = versions.map(|number| broken(number).unwrap_or_default());
        assert!(why[0].contains("RFC 9629") && why[1].contains("CVE"), "{why:?}");
        assert_eq!(why[2..], [""; 3]);
    }

    /// The keys of somebody, made on the evening of a day in November.
    pub fn keyring() -> Keyring {
        let folder = tempfile::tempdir().unwrap();
        Keyring::create(folder.path(), evening()).unwrap()
    }

    pub fn evening() -> Timestamp {
        "2026-11-22T18:00:00Z".parse().unwrap()
    }

    /// What `reader` gave to others, as they hold it.
    pub fn reader(reader: &Keyring, purpose: Purpose, hybrid: bool) -> ReaderKeys {
        let mut offer = reader.newest(purpose).unwrap().offer().clone();
        if !hybrid {
            offer.ml_kem_768 = None;
        }
        let certificate = reader.identity.certificate.to_der().unwrap();
        ReaderKeys::check(&offer, purpose, &certificate, evening()).unwrap()
    }

    #[test]
    fn bob_reads_what_alice_sealed_for_him() {
        let (alice, bob) = (keyring(), keyring());
        let signed = sign(&alice.identity, b"<envelope/>").unwrap();
        for (purpose, hybrid) in [
            (Purpose::Sealing, true),
            (Purpose::Sealing, false),
            (Purpose::Meeting, true),
            (Purpose::Meeting, false),
        ] {
            let sealed = seal(&signed, &reader(&bob, purpose, hybrid)).unwrap();
            let opened = open(&sealed, &bob).unwrap();
            assert_eq!(opened, Unsealed { signed: signed.clone(), under: purpose, hybrid });
            let verified = verify(&opened.signed).unwrap();
            assert_eq!(verified.signer, alice.identity.fingerprint);
            assert_eq!(verified.content, b"<envelope/>");
            assert_eq!(verified.certificate, alice.identity.certificate.to_der().unwrap());
        }
        assert!(ErrorStack::get().errors().is_empty(), "keys that did not fit left their errors behind");
    }

    #[test]
    fn carol_does_not() {
        let (alice, bob, carol) = (keyring(), keyring(), keyring());
        let signed = sign(&alice.identity, b"<envelope/>").unwrap();
        let sealed = seal(&signed, &reader(&bob, Purpose::Sealing, true)).unwrap();
        let refused = open(&sealed, &carol).unwrap_err();
        assert_eq!((refused.kind(), refused.message()), (Kind::NotAllowed, "no live key opens it"));
        assert!(ErrorStack::get().errors().is_empty());
    }

    #[test]
    fn any_byte_changed_and_any_cut_is_refused() {
        let (alice, bob) = (keyring(), keyring());
        let signed = sign(&alice.identity, b"<envelope/>").unwrap();
        let sealed = seal(&signed, &reader(&bob, Purpose::Sealing, true)).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(open(&changed, &bob).is_err(), "changed at {at}");
            assert!(open(&sealed[..at], &bob).is_err(), "cut at {at}");
        }
        assert!(open(&[sealed.as_slice(), &[0]].concat(), &bob).is_err(), "a byte more");
        assert!(open(&sealed, &bob).is_ok());
    }

    #[test]
    fn any_byte_changed_in_signed_data_is_refused() {
        let alice = keyring();
        let signed = sign(&alice.identity, b"<packet/>").unwrap();
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(verify(&changed).is_err(), "changed at {at}");
            assert!(verify(&signed[..at]).is_err(), "cut at {at}");
        }
        assert!(verify(&[signed.as_slice(), &[0]].concat()).is_err(), "a byte more");
    }

    #[test]
    fn the_size_tells_little() {
        let (alice, bob) = (keyring(), keyring());
        let reader = reader(&bob, Purpose::Sealing, true);
        let size =
            |length| seal(&sign(&alice.identity, &vec![b'x'; length]).unwrap(), &reader).unwrap().len();
        assert_eq!(size(0), size(3000));
        assert_eq!(size(20_000), size(20_800));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whatever_is_sealed_comes_out(content in proptest::collection::vec(any::<u8>(), 0..20_000)) {
            let bob = keyring();
            let signed = sign(&bob.identity, &content).unwrap();
            let sealed = seal(&signed, &reader(&bob, Purpose::Sealing, true)).unwrap();
            prop_assert_eq!(verify(&open(&sealed, &bob).unwrap().signed).unwrap().content, content);
        }
    }
}
