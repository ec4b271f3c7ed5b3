//! The guard in front of OpenSSL's CMS parser: what is not, byte for byte, of the one form that this project writes never
//! reaches it.
//!
//! Left to itself OpenSSL 3.6.3 writes past a buffer when a recipient names `aes256-wrap-pad`, takes tags cut to four
//! bytes, and ignores what follows the end. Here each encrypted layer is compared with a fixed template in which only
//! the holes may differ, and SignedData is walked element by element. socialnet-seal(5) gives both forms.

use super::der::{BIT_STRING, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET, context, primitive};
use crate::{Context, Error, Result, identity::certificate};

// Object identifiers and algorithm identifiers, whole elements.
const AUTH_ENVELOPED_DATA: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const EC_PUBLIC_KEY: &[u8] = b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
const AES256_WRAP: &[u8] = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d";
const STD_DH_SHA256_KDF: &[u8] = b"\x06\x06\x2b\x81\x04\x01\x0b\x01";
const RECIPIENT_KEM: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x0d\x03";
const ML_KEM_768: &[u8] = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x04\x02";
const HKDF_SHA256: &[u8] = b"\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x1c";
const AES256_GCM: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e";
const SHA256: &[u8] = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const CONTENT_TYPE_DATA: &[u8] =
    b"\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const SIGNING_TIME: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
const MESSAGE_DIGEST: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";

const VERSION_0: &[u8] = &[INTEGER, 1, 0];
const VERSION_1: &[u8] = &[INTEGER, 1, 1];
const VERSION_3: &[u8] = &[INTEGER, 1, 3];
/// The key identifier of every recipient: it names nobody.
const NOBODY: &[u8; 20] = &[0; 20];
/// The AES-GCM tag's octets, as `aes-ICVlen` says them.
const TAG: u8 = 16;

/// What kind of layer some bytes claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Encrypted,
    Signed,
}

/// What `der` claims to be, by its content type alone.
pub fn claim(der: &[u8]) -> Result<Claim> {
    let content = Reader::new(der).contents(SEQUENCE, "content type")?;
    if content.starts_with(AUTH_ENVELOPED_DATA) {
        return Ok(Claim::Encrypted);
    }
    Reader::new(content).exactly(SIGNED_DATA, "content type").map(|()| Claim::Signed)
}

/// Whether bytes, perhaps cut short, begin as an encrypted layer: a SEQUENCE of any length, then the content type.
pub fn begins_encrypted(der: &[u8]) -> bool {
    let Some((&SEQUENCE, rest)) = der.split_first() else { return false };
    // X.690 8.1.3: one octet, or that many more as its low bits say; four are plenty here.
    let octets =
        rest.first().map_or(0, |&first| if first < 0x80 { 1 } else { usize::from(first & 0x7f).min(4) + 1 });
    rest.get(octets..).is_some_and(|content| content.starts_with(AUTH_ENVELOPED_DATA))
}

/// Checks the outer layer: P-256 key agreement.
pub fn outer(der: &[u8]) -> Result<()> {
    if der.len() > super::MAX_BYTES {
        return Err(Error::malformed("outer layer: too long"));
    }
    let agreement = |recipients: &mut Reader| {
        let mut agreement = recipients.inside(context(1), "recipient")?;
        agreement.exactly(VERSION_3, "recipient version")?;
        let mut originator = agreement.inside(context(0), "originator")?;
        let mut key = originator.inside(context(1), "originator key")?;
        originator.end("originator")?;
        key.exactly(EC_PUBLIC_KEY, "originator key algorithm")?;
        let point = key.fixed(BIT_STRING, 66, "ephemeral point")?;
        key.end("originator key")?;
        Reader::new(point).exactly(&[0, 4], "ephemeral point form")?;
        let mut algorithm = agreement.inside(SEQUENCE, "key agreement")?;
        algorithm.exactly(STD_DH_SHA256_KDF, "key derivation")?;
        algorithm.exactly(AES256_WRAP, "key wrap")?;
        algorithm.end("key agreement")?;
        let mut keys = agreement.inside(SEQUENCE, "wrapped keys")?;
        agreement.end("recipient")?;
        let mut wrapped = keys.inside(SEQUENCE, "wrapped key")?;
        keys.end("wrapped keys")?;
        let mut identifier = wrapped.inside(context(0), "recipient identifier")?;
        let name = identifier.fixed(OCTET_STRING, 20, "recipient identifier")?;
        identifier.end("recipient identifier")?;
        Reader::new(name).exactly(NOBODY, "recipient identifier")?;
        wrapped.fixed(OCTET_STRING, 40, "wrapped key")?;
        wrapped.end("wrapped key")
    };
    encrypted(der, agreement).context(|| "outer layer")
}

/// Checks the inner layer: ML-KEM-768.
pub fn inner(der: &[u8]) -> Result<()> {
    let encapsulation = |recipients: &mut Reader| {
        let mut other = recipients.inside(context(4), "recipient")?;
        other.exactly(RECIPIENT_KEM, "recipient type")?;
        let mut kem = other.inside(SEQUENCE, "recipient")?;
        other.end("recipient")?;
        kem.exactly(VERSION_0, "recipient version")?;
        let name = kem.fixed(primitive(0), 20, "recipient identifier")?;
        Reader::new(name).exactly(NOBODY, "recipient identifier")?;
        kem.exactly(ML_KEM_768, "key encapsulation")?;
        kem.fixed(OCTET_STRING, 1088, "encapsulated key")?;
        kem.exactly(HKDF_SHA256, "key derivation")?;
        kem.exactly(&[INTEGER, 1, 32], "wrapping key length")?;
        kem.exactly(AES256_WRAP, "key wrap")?;
        kem.fixed(OCTET_STRING, 40, "wrapped key")?;
        kem.end("recipient")
    };
    encrypted(der, encapsulation).context(|| "inner layer")
}

/// AuthEnvelopedData (RFC 5083) around one recipient.
fn encrypted(der: &[u8], recipient: impl FnOnce(&mut Reader) -> Result<()>) -> Result<()> {
    let mut data = content_info(der, AUTH_ENVELOPED_DATA)?;
    data.exactly(VERSION_0, "version")?;
    let mut recipients = data.inside(SET, "recipients")?;
    recipient(&mut recipients)?;
    recipients.end("recipients")?;
    let mut content = data.inside(SEQUENCE, "encrypted content")?;
    content.exactly(DATA, "content type")?;
    let mut algorithm = content.inside(SEQUENCE, "content encryption")?;
    algorithm.exactly(AES256_GCM, "content encryption")?;
    let mut parameters = algorithm.inside(SEQUENCE, "content encryption")?;
    algorithm.end("content encryption")?;
    parameters.fixed(OCTET_STRING, 12, "nonce")?;
    parameters.exactly(&[INTEGER, 1, TAG], "tag length")?;
    parameters.end("content encryption")?;
    content.contents(primitive(0), "ciphertext")?;
    content.end("encrypted content")?;
    data.fixed(OCTET_STRING, TAG.into(), "tag")?;
    data.end("after the tag")
}

/// ContentInfo (RFC 5652 section 3) of the type `kind` and nothing after it; gives what is in it.
fn content_info<'a>(der: &'a [u8], kind: &[u8]) -> Result<Reader<'a>> {
    let mut whole = Reader::new(der);
    let mut info = whole.inside(SEQUENCE, "content info")?;
    whole.end("after the end")?;
    info.exactly(kind, "content type")?;
    let mut content = info.inside(context(0), "content")?;
    info.end("content info")?;
    let data = content.inside(SEQUENCE, "content")?;
    content.end("content")?;
    Ok(data)
}

/// What SignedData of our form holds.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The bytes that were signed.
    pub content: &'a [u8],
    /// The one certificate, of the form of an identity certificate.
    pub certificate: certificate::Identity<'a>,
}

/// Checks SignedData (RFC 5652 section 5): one signer, whose identity certificate is embedded.
pub fn signed(der: &[u8]) -> Result<Signed<'_>> {
    walk_signed(der).context(|| "signed data")
}

fn walk_signed(der: &[u8]) -> Result<Signed<'_>> {
    let mut data = content_info(der, SIGNED_DATA)?;
    data.exactly(VERSION_1, "version")?;
    let mut digests = data.inside(SET, "digest algorithms")?;
    digests.exactly(SHA256, "digest algorithm")?;
    digests.end("digest algorithms")?;
    let mut encapsulated = data.inside(SEQUENCE, "signed content")?;
    encapsulated.exactly(DATA, "content type")?;
    let mut content = encapsulated.inside(context(0), "signed content")?;
    encapsulated.end("signed content")?;
    let bytes = content.contents(OCTET_STRING, "signed content")?;
    content.end("signed content")?;
    let certificate = certificate::Identity::read(data.contents(context(0), "certificates")?)?;
    let mut signers = data.inside(SET, "signers")?;
    data.end("signed data")?;
    let mut signer = signers.inside(SEQUENCE, "signer")?;
    signers.end("signers")?;
    signer.exactly(VERSION_1, "signer version")?;
    let mut identifier = signer.inside(SEQUENCE, "signer identifier")?;
    identifier.exactly(certificate::IDENTITY_NAME, "signer identifier")?;
    identifier.exactly(certificate.serial, "signer identifier")?;
    identifier.end("signer identifier")?;
    signer.exactly(SHA256, "signer digest algorithm")?;
    let mut attributes = signer.inside(context(0), "signed attributes")?;
    attributes.exactly(CONTENT_TYPE_DATA, "content type attribute")?;
    let mut time = attributes.inside(SEQUENCE, "signing time attribute")?;
    time.exactly(SIGNING_TIME, "signing time attribute")?;
    let mut values = time.inside(SET, "signing time attribute")?;
    time.end("signing time attribute")?;
    values.time("signing time")?;
    values.end("signing time")?;
    let mut digest = attributes.inside(SEQUENCE, "message digest attribute")?;
    digest.exactly(MESSAGE_DIGEST, "message digest attribute")?;
    let mut values = digest.inside(SET, "message digest attribute")?;
    digest.end("message digest attribute")?;
    values.fixed(OCTET_STRING, 32, "message digest")?;
    values.end("message digest")?;
    attributes.end("signed attributes")?;
    signer.exactly(certificate::ECDSA_WITH_SHA256, "signature algorithm")?;
    let mut signature = signer.inside(OCTET_STRING, "signature")?;
    signer.end("unsigned attributes")?;
    signature.ecdsa_signature("signature")?;
    signature.end("signature")?;
    Ok(Signed { content: bytes, certificate })
}

/// Splits SignedData from the padding behind it by the length it gives itself; no form is checked.
pub fn split_padding(padded: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut reader = Reader::new(padded);
    let signed = reader.span(|reader| reader.contents(SEQUENCE, "signed data").map(drop))?;
    Ok((signed, reader.rest()))
}
