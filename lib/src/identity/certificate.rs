//! Certificates: how they are made, and the one form in which those of others are taken. socialnet-seal(5) gives the
//! forms. Like CMS they are checked byte for byte before OpenSSL's parser sees them.

use super::Purpose;
use crate::{
    Error, Fingerprint, Result,
    seal::{
        OpensslResult,
        der::{BIT_STRING, INTEGER, Reader, SEQUENCE},
    },
};
use jiff::Timestamp;
use openssl::{
    asn1::{Asn1Object, Asn1OctetString, Asn1Time},
    bn::BigNum,
    hash::MessageDigest,
    pkey::{HasPublic, PKey, PKeyRef, Private, Public},
    rand,
    sha::sha256,
    x509::{
        X509, X509Builder, X509Extension, X509Name,
        extension::{BasicConstraints, KeyUsage},
    },
};

/// Algorithm identifier of every signature (RFC 5758 section 3.2).
pub const ECDSA_WITH_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// The Name of every identity: its commonName is the same for all, since only the fingerprint names a user.
pub const IDENTITY_NAME: &[u8] = b"\x30\x14\x31\x12\x30\x10\x06\x03\x55\x04\x03\x0c\x09SocialNet";

/// Octets of a serial number: random, so that issuer and serial number together are nobody else's.
const SERIAL: usize = 16;

// Pieces that never change, whole elements.
const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
const SEALING: &[u8] = b"\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07sealing";
const MEETING: &[u8] = b"\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07meeting";
const ALWAYS: &[u8] = b"\x30\x20\x17\x0d000101000000Z\x18\x0f99991231235959Z";
/// AlgorithmIdentifier of a P-256 key (RFC 5480 section 2.1.1).
pub const P256_ALGORITHM: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
// Everything of a SubjectPublicKeyInfo but the key: 64 bytes of a point, 1184 of an encapsulation key.
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
    \x03\x42\0\x04";
const ML_KEM_768: &[u8] =
    b"\x30\x82\x04\xb2\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02\x03\x82\x04\xa1\0";
// basicConstraints CA and keyUsage digitalSignature, keyCertSign; both critical.
const IDENTITY_EXTENSIONS: &[u8] = b"\xa3\x23\x30\x21\
    \x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff\
    \x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x02\x84";
// subjectKeyIdentifier of zeros, which names nobody; keyUsage keyAgreement, or keyEncipherment (RFC 9935), critical.
const P256_EXTENSIONS: &[u8] = b"\xa3\x31\x30\x2f\
    \x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x03\x08";
const ML_KEM_768_EXTENSIONS: &[u8] = b"\xa3\x31\x30\x2f\
    \x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x05\x20";

/// The kind of an encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    P256,
    MlKem768,
}

/// An identity certificate of our form. Whether its signature holds is not checked.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The whole.
    pub der: &'a [u8],
    /// The serial number, a whole element.
    pub serial: &'a [u8],
    /// SubjectPublicKeyInfo.
    pub key: &'a [u8],
}

impl<'a> Identity<'a> {
    /// Checks the form of a whole certificate.
    pub fn read(der: &'a [u8]) -> Result<Self> {
        form(der, "identity certificate", |tbs, serial| {
            tbs.exactly(IDENTITY_NAME, "identity certificate issuer")?;
            tbs.exactly(ALWAYS, "identity certificate validity")?;
            tbs.exactly(IDENTITY_NAME, "identity certificate subject")?;
            let key = tbs.span(|tbs| {
                tbs.exactly(P256, "identity key")?;
                tbs.bytes(64, "identity key").map(drop)
            })?;
            tbs.exactly(IDENTITY_EXTENSIONS, "identity certificate extensions")?;
            Ok(Self { der, serial, key })
        })
    }

    /// The user's name.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(sha256(self.key))
    }

    /// The key, to verify what it signed.
    pub fn public_key(&self) -> Result<PKey<Public>> {
        PKey::public_key_from_der(self.key).map_err(|_| not_genuine())
    }

    /// The certificate, whose signature by its own key holds.
    pub fn genuine(&self) -> Result<X509> {
        let certificate = X509::from_der(self.der).map_err(|_| not_genuine())?;
        let key = self.public_key()?;
        if certificate.verify(&key).is_ok_and(|holds| holds) { Ok(certificate) } else { Err(not_genuine()) }
    }
}

fn not_genuine() -> Error {
    Error::malformed("identity certificate: not signed by its own key")
}

/// A certificate of an encryption key, of our form. Whether its signature holds is not checked.
#[derive(Clone, Copy, Debug)]
pub struct Encryption<'a> {
    der: &'a [u8],
    /// SubjectPublicKeyInfo.
    pub key: &'a [u8],
    /// Of what it is.
    pub algorithm: Algorithm,
    /// What the key is for.
    pub purpose: Purpose,
    /// notBefore: when the key was made.
    pub made: Timestamp,
    /// notAfter: senders use the key until then.
    pub until: Timestamp,
}

impl<'a> Encryption<'a> {
    /// Checks the form of a whole certificate.
    pub fn read(der: &'a [u8]) -> Result<Self> {
        form(der, "key certificate", |tbs, _serial| {
            tbs.exactly(IDENTITY_NAME, "key certificate issuer")?;
            let mut validity = tbs.inside(SEQUENCE, "key certificate validity")?;
            let made = validity.time("key certificate notBefore")?;
            let until = validity.time("key certificate notAfter")?;
            validity.end("key certificate validity")?;
            let purpose = if tbs.rest().starts_with(SEALING) { Purpose::Sealing } else { Purpose::Meeting };
            tbs.exactly(subject(purpose), "key certificate subject")?;
            if made.checked_add(purpose.use_for()).ok() != Some(until) {
                return Err(Error::malformed("key certificate: not valid for as long as its purpose says"));
            }
            let algorithm = if tbs.rest().starts_with(P256) { Algorithm::P256 } else { Algorithm::MlKem768 };
            let (prefix, length, extensions) = match algorithm {
                Algorithm::P256 => (P256, 64, P256_EXTENSIONS),
                Algorithm::MlKem768 => (ML_KEM_768, 1184, ML_KEM_768_EXTENSIONS),
            };
            let key = tbs.span(|tbs| {
                tbs.exactly(prefix, "encryption key")?;
                tbs.bytes(length, "encryption key").map(drop)
            })?;
            tbs.exactly(extensions, "key certificate extensions")?;
            Ok(Self { der, key, algorithm, purpose, made, until })
        })
    }

    /// The certificate as OpenSSL has it; its key is one that can be sealed to.
    pub fn parse(&self) -> Result<X509> {
        let unusable = |_| Error::malformed("key certificate: the key is not valid");
        let certificate = X509::from_der(self.der).map_err(unusable)?;
        certificate.public_key().map_err(unusable)?;
        Ok(certificate)
    }
}

fn subject(purpose: Purpose) -> &'static [u8] {
    match purpose {
        Purpose::Sealing => SEALING,
        Purpose::Meeting => MEETING,
    }
}

/// Checks what all certificates have alike: version, serial number, algorithm, signature. `read` reads the rest of the
/// TBSCertificate, from the issuer on, given the serial number.
fn form<'a, T>(
    der: &'a [u8],
    what: &str,
    read: impl FnOnce(&mut Reader<'a>, &'a [u8]) -> Result<T>,
) -> Result<T> {
    let mut whole = Reader::new(der);
    let mut certificate = whole.inside(SEQUENCE, what)?;
    whole.end(what)?;
    let mut tbs = certificate.inside(SEQUENCE, what)?;
    tbs.exactly(VERSION_3, what)?;
    let mut first = 0;
    let serial = tbs.span(|tbs| {
        first = tbs.fixed(INTEGER, SERIAL, "serial number")?[0];
        Ok(())
    })?;
    if !(0x01..0x80).contains(&first) {
        return Err(Error::malformed("serial number: not a positive number of 16 bytes"));
    }
    tbs.exactly(ECDSA_WITH_SHA256, "certificate signature algorithm")?;
    let found = read(&mut tbs, serial)?;
    tbs.end(what)?;
    certificate.exactly(ECDSA_WITH_SHA256, "certificate signature algorithm")?;
    let mut signature = certificate.inside(BIT_STRING, "certificate signature")?;
    certificate.end(what)?;
    signature.exactly(&[0], "certificate signature")?;
    signature.ecdsa_signature("certificate signature")?;
    signature.end("certificate signature")?;
    Ok(found)
}

/// Makes the self-signed certificate of an identity key. It tells neither a name nor when it was made.
pub fn issue_identity(key: &PKeyRef<Private>) -> OpensslResult<X509> {
    let mut builder = begin(key)?;
    builder.set_subject_name(name("SocialNet")?.as_ref())?;
    builder.set_not_before(Asn1Time::from_str_x509("000101000000Z")?.as_ref())?;
    builder.set_not_after(Asn1Time::from_str_x509("99991231235959Z")?.as_ref())?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().key_cert_sign().build()?)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

/// Makes the certificate of an encryption key made at `made` (whole seconds), issued by the `identity` key.
pub fn issue<T: HasPublic>(
    identity: &PKeyRef<Private>,
    key: &PKeyRef<T>,
    algorithm: Algorithm,
    purpose: Purpose,
    made: Timestamp,
) -> OpensslResult<X509> {
    let mut builder = begin(key)?;
    builder.set_subject_name(name(purpose.name())?.as_ref())?;
    builder.set_not_before(Asn1Time::from_unix(made.as_second())?.as_ref())?;
    builder.set_not_after(Asn1Time::from_unix(made.as_second() + purpose.use_for().as_secs())?.as_ref())?;
    let nobody = Asn1OctetString::new_from_bytes(&[[4, 20].as_slice(), &[0; 20]].concat())?;
    let key_identifier = Asn1Object::from_str("2.5.29.14")?;
    builder.append_extension(X509Extension::new_from_der(&key_identifier, false, &nobody)?)?;
    let usage = match algorithm {
        Algorithm::P256 => KeyUsage::new().critical().key_agreement().build()?,
        Algorithm::MlKem768 => KeyUsage::new().critical().key_encipherment().build()?,
    };
    builder.append_extension(usage)?;
    builder.sign(identity, MessageDigest::sha256())?;
    Ok(builder.build())
}

/// Version, serial number, issuer and public key.
fn begin<T: HasPublic>(key: &PKeyRef<T>) -> OpensslResult<X509Builder> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = [0; SERIAL];
    rand::rand_bytes(&mut serial)?;
    // Positive, and of full length: DER has one form of it.
    serial[0] = serial[0] & 0x7f | 0x40;
    builder.set_serial_number(BigNum::from_slice(&serial)?.to_asn1_integer()?.as_ref())?;
    builder.set_issuer_name(name("SocialNet")?.as_ref())?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

/// A Name that is one commonName.
fn name(common: &str) -> OpensslResult<X509Name> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", common)?;
    Ok(name.build())
}
