//! SignedData that must not be taken: what is wrong with it, or with the certificate in it.

use super::{ENVELOPE, Folder, Keys, edit::*};
use crate::seal::*;
use openssl::{hash::MessageDigest, sign::Signer};

// Where things are in SignedData.
const DIGESTS: &[usize] = &[1, 0, 1];
const CONTENT: &[usize] = &[1, 0, 2, 1, 0];
const CONTENT_TYPE: &[usize] = &[1, 0, 2, 0];
pub const CERTIFICATES: &[usize] = &[1, 0, 3];
const CERTIFICATE: &[usize] = &[1, 0, 3, 0];
const SIGNERS: &[usize] = &[1, 0, 4];
const SIGNER: &[usize] = &[1, 0, 4, 0];
const SIGNER_IDENTIFIER: &[usize] = &[1, 0, 4, 0, 1];
const ATTRIBUTES: &[usize] = &[1, 0, 4, 0, 3];
pub const TIME: &[usize] = &[1, 0, 4, 0, 3, 1, 1, 0];
const DIGEST: &[usize] = &[1, 0, 4, 0, 3, 2, 1, 0];
const SIGNATURE: &[usize] = &[1, 0, 4, 0, 5];

/// Signs the signed attributes as they stand (RFC 5652 section 5.4).
pub fn resign(signed: &[u8], by: &Keyring) -> Vec<u8> {
    let attributes = element(0x31, contents(&at(signed, ATTRIBUTES)));
    let mut signer = Signer::new(MessageDigest::sha256(), &by.identity.key).unwrap();
    let signature = signer.sign_oneshot_to_vec(&attributes).unwrap();
    change(signed, SIGNATURE, swap(element(4, &signature)))
}

pub fn bad_signed(folder: &Folder, keys: &Keys) {
    let good = keys.signed();
    let alice = &keys.alice;
    let bad = |name: &str, der: &[u8], reason: &str| {
        folder.signed(name, der, &format!("signed data: {reason}"));
    };
    let with = |path: &[usize], bytes: &str| change(&good, path, swap(hex(bytes)));
    let cms = |options: CMSOptions| {
        let (certificate, key) = (&alice.identity.certificate, &alice.identity.key);
        CmsContentInfo::sign(Some(certificate), Some(key), None, Some(ENVELOPE), options)
            .unwrap()
            .to_der()
            .unwrap()
    };
    let usual = CMSOptions::BINARY | CMSOptions::NOSMIMECAP;
    bad("trailing-byte", &[&good[..], &[0]].concat(), "after the end: a byte too many");
    bad(
        "two-signers",
        &change(&good, SIGNER, twice),
        &format!("signers: {} bytes too many", at(&good, SIGNER).len()),
    );
    bad("no-signer", &with(SIGNERS, "3100"), "signer: cut short");
    let carols = keys.carol.identity.certificate.to_der().unwrap();
    bad(
        "extra-certificate",
        &change(&good, CERTIFICATES, append(&carols)),
        &format!("identity certificate: {} bytes too many", carols.len()),
    );
    bad("no-certificate", &cms(usual | CMSOptions::CMS_NOCERTS), "certificates: tag 31 where a0 belongs");
    bad(
        "crl-present",
        &change(&good, CERTIFICATES, |own| [own, &[0xa1, 0]].concat()),
        "signers: tag a1 where 31 belongs",
    );
    bad(
        "unsigned-attributes",
        &change(&good, SIGNER, append(&[0xa1, 0])),
        "unsigned attributes: 2 bytes too many",
    );
    bad(
        "no-signed-attributes",
        &cms(usual | CMSOptions::NOATTR),
        "signed attributes: tag 30 where a0 belongs",
    );
    bad("smime-capabilities", &cms(CMSOptions::BINARY), "signed attributes: 123 bytes too many");
    bad(
        "signer-by-key-identifier",
        &with(SIGNER_IDENTIFIER, "8014 0000000000000000000000000000000000000000"),
        "signer identifier: tag 80 where 30 belongs",
    );
    bad(
        "signer-of-another-certificate",
        &change(&good, &[SIGNER_IDENTIFIER, &[1]].concat(), flip),
        "signer identifier: not the one that belongs here",
    );
    bad("detached", &cms(usual | CMSOptions::DETACHED), "signed content: cut short");
    bad(
        "two-digest-algorithms",
        &change(&good, DIGESTS, |set| element(set[0], &twice(contents(set)))),
        "digest algorithms: 13 bytes too many",
    );
    bad(
        "sha512",
        &with(&[DIGESTS, &[0]].concat(), "300b 0609 608648016503040203"),
        "digest algorithm: not the one that belongs here",
    );
    bad(
        "digest-with-null-parameters",
        &with(&[DIGESTS, &[0]].concat(), "300d 0609 608648016503040201 0500"),
        "digest algorithm: not the one that belongs here",
    );
    bad(
        "content-of-another-type",
        &with(CONTENT_TYPE, "060b 2a864886f70d0109100104"),
        "content type: not the one that belongs here",
    );
    bad(
        "content-in-pieces",
        &change(&good, CONTENT, |content| element(0x24, content)),
        "signed content: tag 24 where 04 belongs",
    );
    let swapped = change(&good, ATTRIBUTES, |attributes| {
        let mut order = children(contents(attributes));
        order.swap(0, 1);
        element(attributes[0], &order.concat())
    });
    bad(
        "attributes-not-in-order",
        &resign(&swapped, alice),
        "content type attribute: not the one that belongs here",
    );
    let more = change(&good, ATTRIBUTES, |attributes| {
        element(attributes[0], &[contents(attributes), &at(&good, &[ATTRIBUTES, &[2]].concat())].concat())
    });
    bad("message-digest-twice", &resign(&more, alice), "signed attributes: 49 bytes too many");
    bad(
        "signing-time-missing",
        &resign(&change(&good, &[ATTRIBUTES, &[1]].concat(), swap(vec![])), alice),
        "signing time attribute: not the one that belongs here",
    );
    let zone = hex("1711 3236313132323130313530302b30313030");
    bad(
        "signing-time-with-a-zone",
        &resign(&change(&good, TIME, swap(zone)), alice),
        "signing time: 17 bytes where 13 belong",
    );
    let longer = |signature: &[u8]| {
        element(4, &change(contents(signature), &[0], |r| element(2, &[&[0], contents(r)].concat())))
    };
    let reason = "signature: not a pair of positive numbers of 256 bits";
    bad("signature-not-minimal", &change(&good, SIGNATURE, longer), reason);

    let broken = |name: &str, der: &[u8]| folder.signed(name, der, "the signature does not hold");
    broken("content-changed", &change(&good, CONTENT, flip));
    broken("digest-of-other-content", &resign(&change(&good, DIGEST, flip), alice));
    broken(
        "signature-over-other-content",
        &change(&good, SIGNATURE, swap(at(&sign(&alice.identity, b"<other/>").unwrap(), SIGNATURE))),
    );
    broken("signature-by-another-key", &resign(&good, &keys.carol));
    broken("signing-time-changed", &with(TIME, "170d 3236303130313030303030305a"));
    let taken_over = change(
        &change(&good, CERTIFICATE, swap(carols)),
        SIGNER_IDENTIFIER,
        swap(at(&sign(&keys.carol.identity, ENVELOPE).unwrap(), SIGNER_IDENTIFIER)),
    );
    broken("certificate-swapped", &taken_over);
}

// Where things are in a certificate.
const SERIAL: &[usize] = &[0, 1];
const VALIDITY: &[usize] = &[0, 4];
const SUBJECT: &[usize] = &[0, 5];
const PUBLIC_KEY: &[usize] = &[0, 6];
const EXTENSIONS: &[usize] = &[0, 7];

pub fn bad_certificate(folder: &Folder, keys: &Keys) {
    let signed = keys.signed();
    let own = at(&signed, CERTIFICATE);
    // The signer's signature does not cover the certificate: it holds whatever is done here.
    let bad = |name: &str, certificate: Vec<u8>, by: &Keyring, reason: &str| {
        let mut signer = Signer::new(MessageDigest::sha256(), &by.identity.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&at(&certificate, &[0])).unwrap();
        let certificate = change(&certificate, &[2], swap(element(3, &[&[0], &signature[..]].concat())));
        folder.signed(
            &format!("certificate-{name}"),
            &change(&signed, CERTIFICATE, swap(certificate)),
            reason,
        );
    };
    let with = |path: &[usize], bytes: &str| change(&own, path, swap(hex(bytes)));
    let of_form = |part: &str| format!("signed data: {part}: not the one that belongs here");
    let alice = &keys.alice;
    bad(
        "not-signed-by-its-own-key",
        own.clone(),
        &keys.carol,
        "identity certificate: not signed by its own key",
    );
    bad(
        "with-a-name",
        with(SUBJECT, "3010 310e 300c 0603 550403 0c05 616c696365"),
        alice,
        &of_form("identity certificate subject"),
    );
    bad(
        "that-ends",
        with(VALIDITY, "301e 170d 3236303130313030303030305a 170d 3237303130313030303030305a"),
        alice,
        &of_form("identity certificate validity"),
    );
    bad(
        "without-extensions",
        change(&own, EXTENSIONS, swap(vec![])),
        alice,
        &of_form("identity certificate extensions"),
    );
    let comment = hex("3010 0609 6086480186f842010d 0403 160178");
    bad(
        "with-another-extension",
        change(&own, &[EXTENSIONS, &[0]].concat(), append(&comment)),
        alice,
        &of_form("identity certificate extensions"),
    );
    bad(
        "serial-of-8-bytes",
        change(&own, SERIAL, cut(8)),
        alice,
        "signed data: serial number: 8 bytes where 16 belong",
    );
    let negative = |serial: &[u8]| element(2, &[&[0x80], &contents(serial)[1..]].concat());
    bad(
        "serial-negative",
        change(&own, SERIAL, negative),
        alice,
        "signed data: serial number: not a positive number of 16 bytes",
    );
    let compressed = change(&own, &[PUBLIC_KEY, &[1]].concat(), |point| {
        element(3, &[&[0, 2 | point[67] & 1], &contents(point)[2..34]].concat())
    });
    bad("with-a-compressed-key", compressed, alice, &of_form("identity key"));
    let rsa = openssl::rsa::Rsa::generate(1024).unwrap().public_key_to_der().unwrap();
    bad("with-an-rsa-key", change(&own, PUBLIC_KEY, swap(rsa)), alice, &of_form("identity key"));
    let sealing = alice.newest(Purpose::Sealing).unwrap().offer().p256.clone();
    bad("of-a-sealing-key", sealing, alice, &of_form("identity certificate validity"));
    let trailing = change(&signed, CERTIFICATE, append(&[5, 0]));
    folder.signed(
        "certificate-with-more-behind",
        &trailing,
        "signed data: identity certificate: 2 bytes too many",
    );
}
