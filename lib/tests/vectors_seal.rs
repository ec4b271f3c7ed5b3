//! The vectors in tests/vectors/seal, whose README says what they are, through the library's front door.
#![cfg(feature = "crypto")]
// Clippy knows tests by their attribute, and takes their helpers for more.
#![allow(clippy::unwrap_used, clippy::panic)]

use socialnet::{
    Kind, blob,
    identity::{Keyring, Purpose},
    seal,
    stream::{Pem, PemItems},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/seal")
}

/// The vectors of one group by name, of which there are at least `least`.
fn vectors(group: &str, least: usize) -> Vec<(String, Pem)> {
    let mut vectors: Vec<(String, Pem)> = fs::read_dir(root().join(group))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let mut items = PemItems::new(bytes.as_slice(), seal::MAX_BYTES);
            let pem = items.next().unwrap().unwrap();
            assert!(items.next().is_none(), "{}", path.display());
            (path.file_stem().unwrap().to_string_lossy().into_owned(), pem)
        })
        .collect();
    vectors.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(vectors.len() >= least, "{group}: only {} vectors", vectors.len());
    vectors
}

fn header<'a>(pem: &'a Pem, name: &str) -> &'a str {
    let header = pem.headers.iter().find(|(found, _)| found == name);
    &header.unwrap_or_else(|| panic!("no {name}")).1
}

fn content(signed: &seal::Signed) -> String {
    data_encoding::HEXLOWER.encode(&blob::sha256(&signed.content))
}

#[test]
fn what_must_be_opened_is() {
    let keyring = Keyring::load(&root().join("keys")).unwrap();
    for (name, pem) in vectors("opens", 9) {
        let opened = seal::open(&pem.der, &keyring).unwrap_or_else(|error| panic!("{name}: {error}"));
        let purpose = match header(&pem, "Under") {
            "sealing" => Purpose::Sealing,
            _ => Purpose::Meeting,
        };
        assert_eq!(opened.under, purpose, "{name}");
        assert_eq!(opened.hybrid, header(&pem, "Layers") == "two", "{name}");
        let signed = seal::verify(&opened.signed).unwrap();
        assert_eq!(content(&signed), header(&pem, "Content"), "{name}");
        let (explained, refused) = seal::explain(&pem.der, Some(&keyring));
        assert_eq!((explained.signed, refused), (Some(signed), Ok(())), "{name}");
    }
}

#[test]
fn what_must_not_be_opened_is_refused() {
    let keyring = Keyring::load(&root().join("keys")).unwrap();
    for (name, pem) in vectors("not-opened", 60) {
        let refused = seal::open(&pem.der, &keyring).expect_err(&name);
        assert_eq!(refused.message(), header(&pem, "Reason"), "{name}");
        let no_key = refused.message() == "no live key opens it";
        assert_eq!(refused.kind(), if no_key { Kind::NotAllowed } else { Kind::Malformed }, "{name}");
        assert_eq!(seal::explain(&pem.der, Some(&keyring)).1, Err(refused), "{name}");
    }
}

#[test]
fn what_must_be_verified_is() {
    for (name, pem) in vectors("verifies", 3) {
        let signed = seal::verify(&pem.der).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(content(&signed), header(&pem, "Content"), "{name}");
        assert_eq!(signed.signer.to_string(), header(&pem, "Signer"), "{name}");
    }
}

#[test]
fn what_must_not_be_verified_is_refused() {
    for (name, pem) in vectors("not-verified", 35) {
        let refused = seal::verify(&pem.der).expect_err(&name);
        assert_eq!((refused.kind(), refused.message()), (Kind::Malformed, header(&pem, "Reason")), "{name}");
    }
}
