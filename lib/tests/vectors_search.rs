//! The vectors in tests/vectors/search, whose README says what they are.
#![cfg(feature = "crypto")]
#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests are not functions with #[test]

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use socialnet::{
    Fingerprint, blob,
    search::{
        Handle, Key, bottle,
        canon::canonical,
        tag::{Tagger, derive},
    },
};
use std::{fs, path::Path};

/// The vectors of one file, of which there are at least `least`.
fn vectors(file: &str, least: usize) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/search").join(file);
    let vectors: Vec<Value> =
        fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(vectors.len() >= least, "{file}: only {} vectors", vectors.len());
    vectors
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_else(|| panic!("{vector} has no {name}"))
}

fn key(hex: &Value) -> Key {
    HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[test]
fn every_detail_has_the_canonical_form_that_its_vector_says() {
    for vector in vectors("canon.jsonl", 140) {
        let canonical = canonical(text(&vector, "key"), text(&vector, "value"));
        match vector.get("canonical") {
            Some(expected) => assert_eq!(canonical.as_deref(), Ok(expected.as_str().unwrap()), "{vector}"),
            None => assert!(canonical.is_err(), "{vector}: {canonical:?}"),
        }
    }
}

#[test]
fn every_handle_is_derived_as_its_vector_says() {
    for vector in vectors("derive.jsonl", 9) {
        let words: Vec<&str> =
            vector["details"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let handle = Handle::parse(&words).unwrap();
        assert_eq!(handle.canonical(), text(&vector, "canonical"));
        let derived = derive(&handle, vector["secret"].as_str()).unwrap();
        assert_eq!(
            (hex(&derived.h).as_str(), hex(&derived.b).as_str()),
            (text(&vector, "h"), text(&vector, "b"))
        );
    }
}

#[test]
fn every_tag_is_what_its_vector_says() {
    for vector in vectors("tag.jsonl", 4) {
        let tag = Tagger::new(&key(&vector["token"])).tag(&key(&vector["h"]));
        assert_eq!(hex(&tag), text(&vector, "tag"));
    }
}

#[test]
fn every_bottle_is_opened_or_refused_as_its_vector_says() {
    for vector in vectors("bottle.jsonl", 28) {
        let own: Vec<Key> = vector["own"].as_array().unwrap().iter().map(key).collect();
        let opened = match bottle::open(&BASE64.decode(text(&vector, "bottle").as_bytes()).unwrap(), &own) {
            Err(_) => json!("refused"),
            Ok(None) => json!("for nobody here"),
            Ok(Some(opened)) => {
                let answerer = key(&vector["expect"]["answerer"]);
                let proof = bottle::proof(&opened.proof, Fingerprint::from_bytes(answerer)).unwrap();
                json!({
                    "handles": opened.handles,
                    "digest": hex(&opened.digest),
                    "content": hex(&blob::sha256(&opened.content)),
                    "answerer": hex(&answerer),
                    "proof": hex(&proof),
                })
            }
        };
        assert_eq!(opened, vector["expect"], "{}", text(&vector, "name"));
    }
}
