//! Makes the bottles in tests/vectors/search, which are data: `lib/tests/vectors_search.rs` reads them.
//!
//! ```text
//! cargo test --release -p socialnet --all-features make_bottles -- --ignored
//! ```
//!
//! makes all of them anew.

use super::{
    tests::{ADA, BOB, CAROL, crafted, filled},
    *,
};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use std::{fs, path::Path};

#[test]
#[ignore = "writes tests/vectors/search/bottle.jsonl, which is checked in"]
fn make_bottles() {
    let good = filled(&[ADA, BOB]);
    let changed = |at: usize| {
        let mut bottle = good.clone();
        bottle[at] ^= 1;
        bottle
    };
    let scheme = |number: u32| [&number.to_be_bytes(), &good[4..]].concat();
    let one = [0, 1, b'x'];
    let mut zeros = good.clone();
    zeros[SLOTS..HEADER].fill(0);
    let vectors = [
        ("the first of two", good.clone(), vec![ADA]),
        ("the second of two", good.clone(), vec![CAROL, BOB]),
        ("both", good.clone(), vec![BOB, CAROL, ADA]),
        ("all eight", filled(&[ADA; MAX_HANDLES]), vec![ADA]),
        ("nothing in it", crafted(&[(ADA, BOB)], &BOB, &BOB, &[0, 0]), vec![ADA]),
        ("as much as there can be", fill(&[ADA], |_| Ok(vec![b'x'; MAX_CONTENT])).unwrap(), vec![ADA]),
        ("a slot twice", crafted(&[(ADA, BOB), (ADA, BOB)], &BOB, &BOB, &one), vec![ADA]),
        ("a handle twice", good.clone(), vec![ADA, ADA]),
        ("for somebody else", good.clone(), vec![CAROL]),
        ("of no handles", good.clone(), vec![]),
        ("slots of zeros", zeros, vec![ADA, [0; 32]]),
        ("commitment of the slot changed", changed(SLOTS), vec![ADA]),
        ("another nonce", changed(4), vec![ADA]),
        ("scheme 2", scheme(2), vec![ADA]),
        ("scheme 2, and short", scheme(2)[..4].to_vec(), vec![ADA]),
        ("scheme 0", scheme(0), vec![ADA]),
        ("empty", Vec::new(), vec![ADA]),
        ("a byte short", good[..SIZE - 1].to_vec(), vec![ADA]),
        ("a byte long", [good.as_slice(), &[0]].concat(), vec![ADA]),
        ("wrapped key changed", changed(SLOTS + 32), vec![ADA]),
        ("commitment changed", changed(36), vec![ADA]),
        ("spare slot changed", changed(HEADER - 1), vec![ADA]),
        ("body changed", changed(HEADER), vec![ADA]),
        ("tag changed", changed(SIZE - 1), vec![ADA]),
        ("two keys", crafted(&[(ADA, BOB), (CAROL, ADA)], &BOB, &BOB, &one), vec![ADA, CAROL]),
        ("a body under another key", crafted(&[(ADA, BOB)], &BOB, &CAROL, &one), vec![ADA]),
        ("longer than it is", crafted(&[(ADA, BOB)], &BOB, &BOB, &[0xff, 0xff]), vec![ADA]),
        ("zeros that are none", crafted(&[(ADA, BOB)], &BOB, &BOB, &[0, 1, b'x', b'y']), vec![ADA]),
    ];
    let lines: String =
        vectors.iter().map(|(name, bottle, own)| format!("{}\n", vector(name, bottle, own))).collect();
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/search/bottle.jsonl"), lines)
        .unwrap();
}

fn vector(name: &str, bottle: &[u8], own: &[Key]) -> Value {
    let keys: Vec<_> = own.iter().map(|key| HEXLOWER.encode(key)).collect();
    let mut vector = json!({ "name": name, "own": keys, "bottle": BASE64.encode(bottle) });
    vector["expect"] = match open(bottle, own) {
        Err(_) => json!("refused"),
        Ok(None) => json!("for nobody here"),
        Ok(Some(opened)) => {
            let answerer = Fingerprint::from_bytes([9; 32]);
            json!({
                "handles": opened.handles,
                "digest": HEXLOWER.encode(&opened.digest),
                "content": HEXLOWER.encode(&sha256(&opened.content)),
                "answerer": HEXLOWER.encode(answerer.as_bytes()),
                "proof": HEXLOWER.encode(&proof(&opened.proof, answerer).unwrap()),
            })
        }
    };
    vector
}
