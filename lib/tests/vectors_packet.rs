//! The vectors of packets and invitations in tests/vectors: header lines, an empty line, and the raw bytes.
//!
//! `expect: read`, `expect: refused: WHY` with words of the message, or `expect: not understood`. Of a refused one,
//! `schema: accepts` says that the RELAX NG schema can't tell; tests/schema.sh looks at that.

// The lint knows tests by their attribute, which helpers don't have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use socialnet::{
    Kind,
    packet::{self, Body, tree},
    profile::Invitation,
};
use std::{fs, path::Path};

struct Vector {
    name: String,
    expect: String,
    bytes: Vec<u8>,
}

fn vectors(folder: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(folder);
    let mut vectors: Vec<Vector> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let all = fs::read(path).unwrap();
            let end = all.windows(2).position(|pair| pair == b"\n\n").expect(&name);
            let headers = String::from_utf8(all[..end].to_vec()).unwrap();
            let expect =
                headers.lines().find_map(|line| line.strip_prefix("expect: ")).expect(&name).to_owned();
            Vector { name, expect, bytes: all[end + 2..].to_vec() }
        })
        .collect();
    vectors.sort_by(|a, b| a.name.cmp(&b.name));
    vectors
}

/// The bytes that the tree keeps, where it accepts them.
fn kept(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    tree::parse(bytes, packet::MAX_BYTES).ok()?.write(&mut out);
    Some(out)
}

#[test]
fn every_packet_is_read_or_refused_as_its_vector_says() {
    let vectors = vectors("packet");
    for Vector { name, expect, bytes } in &vectors {
        let read = packet::read(bytes);
        match expect.as_str() {
            "read" => {
                let packet = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(packet.understood(), "{name}: {packet:?}");
                assert_eq!(kept(bytes).as_ref(), Some(bytes), "{name}");
                if packet.body != Body::Application {
                    let canonical =
                        packet::write(&packet, None).unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(packet::read(&canonical).as_ref(), Ok(&packet), "{name}");
                }
            }
            "not understood" => {
                let packet = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(!packet.understood(), "{name}");
                assert_eq!(kept(bytes).as_ref(), Some(bytes), "{name}");
            }
            _ => {
                let why = expect.strip_prefix("refused: ").expect(name);
                let error = read.expect_err(name);
                assert!(error.message().contains(why), "{name}: {error}");
                assert_eq!(error.kind(), Kind::Malformed, "{name}");
            }
        }
    }
    let of = |kind: &str| vectors.iter().filter(|vector| vector.expect.starts_with(kind)).count();
    assert!(of("read") >= 30 && of("refused") >= 35 && of("not understood") >= 5);
}

#[test]
fn every_type_has_a_vector() {
    for kind in [
        "status",
        "photo",
        "comment",
        "reaction",
        "message",
        "share",
        "edit",
        "retract",
        "profile",
        "contact-request",
        "contact-accept",
        "contact-bye",
        "not-understood",
        "search",
        "search-request",
        "search-stop",
        "handles",
        "resend",
        "application",
    ] {
        assert!(vectors("packet").iter().any(|it| it.name == kind && it.expect == "read"), "{kind}");
    }
}

#[test]
fn every_invitation_is_read_or_refused_as_its_vector_says() {
    let vectors = vectors("invitation");
    assert!(!vectors.is_empty());
    for Vector { name, expect, bytes } in &vectors {
        let read = Invitation::read(bytes);
        match expect.as_str() {
            "read" => {
                let invitation = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(kept(bytes).as_ref(), Some(bytes), "{name}");
                assert_eq!(Invitation::read(&invitation.write().unwrap()), Ok(invitation), "{name}");
            }
            "not understood" => assert_eq!(read.expect_err(name).kind(), Kind::Unavailable, "{name}"),
            _ => {
                let error = read.expect_err(name);
                assert!(error.message().contains(&expect["refused: ".len()..]), "{name}: {error}");
                assert_eq!(error.kind(), Kind::Malformed, "{name}");
            }
        }
    }
}

/// One byte changed or missing, anywhere: whatever is still accepted is still kept byte for byte.
#[test]
fn mutations_are_kept_byte_for_byte_or_refused() {
    let mut accepted = 0;
    for Vector { name, bytes, .. } in vectors("packet").iter().filter(|it| it.bytes.len() < 2000) {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = b"<>&\"'/ =a\xff"[at % 10];
            let mut shorter = bytes.clone();
            shorter.remove(at);
            for mutant in [changed, shorter] {
                // Never a panic, and never bytes that are not the author's.
                let _ = packet::read(&mutant);
                if let Some(kept) = kept(&mutant) {
                    assert_eq!(kept, mutant, "{name} at {at}");
                    accepted += 1;
                }
            }
        }
    }
    assert!(accepted > 1000);
}
