//! Seals that must not be opened: what is wrong with one layer, or with the padding.

use super::{ENVELOPE, Folder, Keys, edit::*, reader, signatures::CERTIFICATES};
use crate::seal::*;

// Where things are in an encrypted layer, and in the recipient of each kind.
const DATA: &[usize] = &[1, 0];
const RECIPIENTS: &[usize] = &[1, 0, 1];
const RECIPIENT: &[usize] = &[1, 0, 1, 0];
const ORIGINATOR_KEY: &[usize] = &[1, 0, 1, 0, 1, 0];
const POINT: &[usize] = &[1, 0, 1, 0, 1, 0, 1];
const KDF: &[usize] = &[1, 0, 1, 0, 2, 0];
const WRAP: &[usize] = &[1, 0, 1, 0, 2, 1];
const WRAPPED_KEYS: &[usize] = &[1, 0, 1, 0, 3];
const KEY_IDENTIFIER: &[usize] = &[1, 0, 1, 0, 3, 0, 0, 0];
const WRAPPED: &[usize] = &[1, 0, 1, 0, 3, 0, 1];
const KEM: &[usize] = &[1, 0, 1, 0, 1];
const CIPHER: &[usize] = &[1, 0, 2, 1, 0];
const NONCE: &[usize] = &[1, 0, 2, 1, 1, 0];
const TAG_LENGTH: &[usize] = &[1, 0, 2, 1, 1, 1];
const CIPHERTEXT: &[usize] = &[1, 0, 2, 2];
const TAG: &[usize] = &[1, 0, 3];

pub fn bad_outer(folder: &Folder, keys: &Keys) {
    let good = seal(&keys.signed(), &keys.bob()).unwrap();
    let bad = |name: &str, der: &[u8], reason: &str| {
        folder.sealed(name, der, keys, &format!("outer layer: {reason}"));
    };
    let with = |path: &[usize], bytes: &str| change(&good, path, swap(hex(bytes)));
    bad("trailing-byte", &[&good[..], &[0]].concat(), "after the end: a byte too many");
    bad("cut-in-half", &good[..good.len() / 2], "content info: cut short");
    bad("empty", &[], "content info: cut short");
    bad(
        "non-minimal-length",
        &[&[0x30, 0x83, 0], &good[2..]].concat(),
        "content info: length not in its shortest form",
    );
    bad(
        "indefinite-length",
        &[&[0x30, 0x80], &good[4..], &[0, 0]].concat(),
        "content info: a length that DER does not have",
    );
    bad(
        "non-minimal-length-inside",
        &change(&good, NONCE, |nonce| [&[4, 0x81, 12], &nonce[2..]].concat()),
        "nonce: length not in its shortest form",
    );
    let cms = |cipher, options| {
        let mut recipients = Stack::new().unwrap();
        recipients.push(keys.bob().p256).unwrap();
        CmsContentInfo::encrypt(&recipients, &keys.signed(), cipher, options).unwrap().to_der().unwrap()
    };
    let usual = CMSOptions::BINARY | CMSOptions::USE_KEYID;
    bad(
        "cbc-enveloped-data",
        &cms(Cipher::aes_256_cbc(), usual),
        "content type: not the one that belongs here",
    );
    bad("kdf-sha1", &cms(Cipher::aes_256_gcm(), usual), "key derivation: not the one that belongs here");
    bad(
        "aes-128-gcm",
        &with(CIPHER, "0609 608648016503040106"),
        "content encryption: not the one that belongs here",
    );
    bad(
        "recipient-by-issuer-and-serial",
        &change(&cms(Cipher::aes_256_gcm(), CMSOptions::BINARY), KDF, swap(hex("0606 2b8104010b01"))),
        "recipient identifier: tag 30 where a0 belongs",
    );
    bad(
        "aes256-wrap-pad",
        &with(WRAP, "300b 0609 608648016503040130"),
        "key wrap: not the one that belongs here",
    );
    bad(
        "aes128-wrap",
        &with(WRAP, "300b 0609 608648016503040105"),
        "key wrap: not the one that belongs here",
    );
    let short_tag = change(&with(TAG_LENGTH, "020104"), TAG, cut(4));
    bad("tag-of-4-bytes", &short_tag, "tag length: not the one that belongs here");
    bad("tag-shorter-than-said", &change(&good, TAG, cut(4)), "tag: 4 bytes where 16 belong");
    bad("tag-missing", &change(&good, TAG, swap(vec![])), "tag: cut short");
    bad("long-nonce", &change(&good, NONCE, append(&[0; 4])), "nonce: 16 bytes where 12 belong");
    bad("short-nonce", &change(&good, NONCE, cut(8)), "nonce: 8 bytes where 12 belong");
    bad("two-recipients", &change(&good, RECIPIENT, twice), "recipients: 182 bytes too many");
    bad(
        "two-wrapped-keys",
        &change(&good, WRAPPED_KEYS, |keys| element(keys[0], &twice(contents(keys)))),
        "wrapped keys: 68 bytes too many",
    );
    bad("no-recipient", &with(RECIPIENTS, "3100"), "recipient: cut short");
    bad(
        "password-recipient",
        &change(&good, RECIPIENT, |recipient| element(0xa3, contents(recipient))),
        "recipient: tag a3 where a1 belongs",
    );
    bad(
        "originator-info",
        &change(&good, RECIPIENTS, |recipients| [&[0xa0, 0], recipients].concat()),
        "recipients: tag a0 where 31 belongs",
    );
    let ukm = hex("a106 0404 01020304");
    bad(
        "user-keying-material",
        &change(&good, &[1, 0, 1, 0, 1], |originator| [originator, &ukm].concat()),
        "key agreement: tag a1 where 30 belongs",
    );
    bad(
        "recipient-named",
        &change(&good, KEY_IDENTIFIER, flip),
        "recipient identifier: not the one that belongs here",
    );
    bad(
        "compressed-point",
        &change(&good, POINT, |point| {
            element(3, &[&[0, 2 | point[67] & 1], &contents(point)[2..34]].concat())
        }),
        "ephemeral point: 34 bytes where 66 belong",
    );
    bad(
        "hybrid-point",
        &change(&good, POINT, |point| element(3, &[&[0, 6 | point[67] & 1], &contents(point)[2..]].concat())),
        "ephemeral point form: not the one that belongs here",
    );
    bad("point-at-infinity", &with(POINT, "0302 0000"), "ephemeral point: 2 bytes where 66 belong");
    bad(
        "originator-with-named-curve",
        &change(&good, ORIGINATOR_KEY, |key| {
            change(key, &[0], swap(hex("3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107")))
        }),
        "originator key algorithm: not the one that belongs here",
    );
    bad(
        "long-wrapped-key",
        &change(&good, WRAPPED, append(&[0; 8])),
        "wrapped key: 48 bytes where 40 belong",
    );
    bad(
        "authenticated-attributes",
        &change(&good, TAG, |tag| [&[0xa1, 0], tag].concat()),
        "tag: tag a1 where 04 belongs",
    );
    bad(
        "unauthenticated-attributes",
        &change(&good, DATA, append(&[0xa2, 0])),
        "after the tag: 2 bytes too many",
    );
    bad(
        "constructed-ciphertext",
        &change(&good, CIPHERTEXT, |text| element(0xa0, &element(4, contents(text)))),
        "ciphertext: tag a0 where 80 belongs",
    );
    let mut recipients = Stack::new().unwrap();
    recipients.push(keys.bob().ml_kem_768.unwrap()).unwrap();
    let inner = CmsContentInfo::encrypt(&recipients, &keys.signed(), Cipher::aes_256_gcm(), usual).unwrap();
    bad("outer-layer-missing", &inner.to_der().unwrap(), "recipient: tag a4 where a1 belongs");

    let shut = |name: &str, der: &[u8]| folder.sealed(name, der, keys, "no live key opens it");
    shut("ciphertext-changed", &change(&good, CIPHERTEXT, flip));
    shut("tag-changed", &change(&good, TAG, flip));
    shut("nonce-changed", &change(&good, NONCE, flip));
    shut("wrapped-key-changed", &change(&good, WRAPPED, flip));
    shut("point-not-on-the-curve", &change(&good, POINT, flip));
    shut("for-carol", &seal(&keys.signed(), &reader(&keys.carol.pairs[0], true)).unwrap());
}

/// The layer for an ML-KEM-768 key alone.
fn inner(content: &[u8], reader: &ReaderKeys) -> Vec<u8> {
    let mut recipients = Stack::new().unwrap();
    recipients.push(reader.ml_kem_768.clone().unwrap()).unwrap();
    let options = CMSOptions::BINARY | CMSOptions::USE_KEYID;
    CmsContentInfo::encrypt(&recipients, content, Cipher::aes_256_gcm(), options).unwrap().to_der().unwrap()
}

/// The layer for a P-256 key alone.
fn outer(content: &[u8], reader: &ReaderKeys) -> Vec<u8> {
    kdf::encrypt(&reader.p256, content).unwrap().to_der().unwrap()
}

fn padded(signed: &[u8], length: usize) -> Vec<u8> {
    let mut padded = signed.to_vec();
    padded.resize(length, 0);
    padded
}

pub fn bad_inner(folder: &Folder, keys: &Keys) {
    let bob = keys.bob();
    let content = padded(&keys.signed(), 4096);
    let good = inner(&content, &bob);
    let bad = |name: &str, inner: &[u8], reason: &str| {
        folder.sealed(&format!("inner-{name}"), &outer(inner, &bob), keys, &format!("inner layer: {reason}"));
    };
    let with = |path: &[usize], bytes: &str| change(&good, path, swap(hex(bytes)));
    let kem = |child: usize| [KEM, &[child]].concat();
    bad("trailing-byte", &[&good[..], &[0]].concat(), "after the end: a byte too many");
    bad("padded", &padded(&good, 6144), &format!("after the end: {} bytes too many", 6144 - good.len()));
    bad("two-recipients", &change(&good, RECIPIENT, twice), "recipients: 1224 bytes too many");
    bad(
        "recipient-named",
        &change(&good, &kem(1), flip),
        "recipient identifier: not the one that belongs here",
    );
    bad(
        "ml-kem-1024",
        &with(&kem(2), "300b 0609 608648016503040403"),
        "key encapsulation: not the one that belongs here",
    );
    bad(
        "short-ml-kem-ciphertext",
        &change(&good, &kem(3), cut(1087)),
        "encapsulated key: 1087 bytes where 1088 belong",
    );
    bad(
        "hkdf-sha512",
        &with(&kem(4), "300d 060b 2a864886f70d010910031e"),
        "key derivation: not the one that belongs here",
    );
    bad(
        "wrapping-key-of-16-bytes",
        &with(&kem(5), "020110"),
        "wrapping key length: not the one that belongs here",
    );
    let ukm = hex("a006 0404 01020304");
    bad(
        "user-keying-material",
        &change(&good, &kem(5), |length| [length, &ukm].concat()),
        "key wrap: not the one that belongs here",
    );
    bad(
        "aes256-wrap-pad",
        &with(&kem(6), "300b 0609 608648016503040130"),
        "key wrap: not the one that belongs here",
    );
    bad(
        "long-wrapped-key",
        &change(&good, &kem(7), append(&[0; 8])),
        "wrapped key: 48 bytes where 40 belong",
    );
    bad("long-nonce", &change(&good, NONCE, append(&[0; 4])), "nonce: 16 bytes where 12 belong");
    bad(
        "tag-of-4-bytes",
        &change(&with(TAG_LENGTH, "020104"), TAG, cut(4)),
        "tag length: not the one that belongs here",
    );
    bad("attributes", &change(&good, DATA, append(&[0xa2, 0])), "after the tag: 2 bytes too many");
    bad("layer-repeated", &outer(&content, &bob), "recipient: tag a1 where a4 belongs");
    let meeting = keys.bob.newest(Purpose::Meeting).unwrap();
    let other_pair = "not sealed to the same pair as the outer layer";
    bad("to-another-pair", &inner(&content, &reader(meeting, true)), other_pair);
    bad("ciphertext-changed", &change(&good, CIPHERTEXT, flip), other_pair);

    let twice = outer(&inner(&padded(&good, padding::padded(good.len())), &bob), &bob);
    folder.sealed(
        "inner-layer-twice",
        &twice,
        keys,
        "signed data: content type: not the one that belongs here",
    );
}

pub fn bad_padding(folder: &Folder, keys: &Keys) {
    let signed = keys.signed();
    let bad = |name: &str, content: &[u8], reason: &str| {
        folder.sealed(name, &outer(&inner(content, &keys.bob()), &keys.bob()), keys, reason);
    };
    let not_zero = flip(&padded(&signed, 4096));
    bad("padding-not-zero", &not_zero, "padding: not zero");
    bad("padding-missing", &signed, "padding: not of the right length");
    bad("padding-a-byte-short", &padded(&signed, 4095), "padding: not of the right length");
    bad("padding-too-long", &padded(&signed, 8192), "padding: not of the right length");
    let cut_short = "signed data: cut short";
    bad("signed-data-cut", &signed[..signed.len() - 1], cut_short);
    bad("not-signed", &padded(ENVELOPE, 4096), "signed data: tag 3c where 30 belongs");
    let without_certificate = change(&signed, CERTIFICATES, swap(vec![]));
    bad(
        "signed-data-of-another-form",
        &padded(&without_certificate, 4096),
        "signed data: certificates: tag 31 where a0 belongs",
    );
}
