//! A small account for tests: alice, bob and carol, and what they say.

use super::{
    Store,
    account::Account,
    contacts::{self, Grade, NewContact, State},
    packets::{self, Held, Holding, Keep},
};
use crate::{
    Fingerprint,
    packet::{About, Attachment, Body, Content, Digest, Name, Packet},
    profile::{KeyOffer, Profile},
};
use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

/// The owner, who is nobody's contact.
pub const ME: Fingerprint = Fingerprint::from_bytes([1; 32]);
pub const ALICE: Fingerprint = Fingerprint::from_bytes([0xa1; 32]);
pub const BOB: Fingerprint = Fingerprint::from_bytes([0xb0; 32]);
pub const CAROL: Fingerprint = Fingerprint::from_bytes([0xca; 32]);
/// 2026-11-22T10:15:00Z
pub const NOW: i64 = 1_795_342_500;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// A database in which all three are contacts.
pub fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let owner = Account {
        name: "Owner".into(),
        about: None,
        serial: 1,
        recovery: None,
        stream: [0; 16],
        addresses: Vec::new(),
    };
    let mut store = Store::create(&dir.path().join("socialnet.db"), ME, &owner).unwrap();
    let write = store.begin().unwrap();
    for (petname, fingerprint) in [("alice", ALICE), ("bob", BOB), ("carol", CAROL)] {
        let profile = Profile {
            name: petname.into(),
            serial: 1,
            recovery: None,
            about: None,
            addresses: Vec::new(),
            meeting: KeyOffer { p256: vec![1], ml_kem_768: None },
            sealing: None,
        };
        let new = NewContact {
            fingerprint,
            petname,
            state: State::Friend,
            grade: Grade::None,
            profile: &profile,
            certificate: &[],
            since: at(NOW),
        };
        contacts::insert(&write, &new).unwrap();
    }
    write.commit().unwrap();
    (dir, store)
}

pub fn status(from: Fingerprint, text: &str) -> Packet {
    Packet {
        name: Name { from, id: Uuid::now_v7() },
        kind: "status".into(),
        created: at(NOW),
        expires: None,
        to: Vec::new(),
        thread: None,
        about: None,
        text: Some(text.into()),
        attachments: Vec::new(),
        fallback: None,
        shareable: false,
        author_name: None,
        body: Body::Status,
    }
}

pub fn blob(name: &str, chunks: &[Digest]) -> Attachment {
    Attachment {
        name: name.into(),
        media_type: "image/jpeg".into(),
        size: 4_900_000,
        sha256: [7; 32],
        alt: Some("A ridge under a red sky".into()),
        preview: None,
        content: Content::Blob { key: [9; 16], chunks: chunks.to_vec() },
    }
}

pub fn hold(store: &mut Store, packet: &Packet) -> i64 {
    keep(store, packet, None, NOW)
}

/// As what a share brings.
pub fn hold_quiet(store: &mut Store, packet: &Packet, through: Fingerprint, received: i64) -> i64 {
    keep_as(store, packet, Some(through), received, Keep::Quiet)
}

pub fn share(from: Fingerprint, original: &Packet, text: &str) -> Packet {
    let mut share = status(from, text);
    share.kind = "share".into();
    share.about = Some(About::Packet(original.name, None));
    share
}

pub fn hold_at(store: &mut Store, packet: &Packet, received: i64) -> i64 {
    keep(store, packet, None, received)
}

pub fn hold_through(store: &mut Store, packet: &Packet, through: Fingerprint) -> i64 {
    keep(store, packet, Some(through), NOW)
}

fn keep(store: &mut Store, packet: &Packet, through: Option<Fingerprint>, received: i64) -> i64 {
    let keep = if packet.understood() { Keep::Feed } else { Keep::Unknown };
    keep_as(store, packet, through, received, keep)
}

fn keep_as(
    store: &mut Store,
    packet: &Packet,
    through: Option<Fingerprint>,
    received: i64,
    keep: Keep,
) -> i64 {
    let write = store.begin().unwrap();
    let holding =
        Holding { packet, digest: [1; 32], signed: b"signed", through, received: at(received), keep };
    let held = packets::hold(&write, &holding).unwrap();
    write.commit().unwrap();
    match held {
        Held::New(seq) | Held::Known(seq) | Held::Doubled(seq) => seq,
    }
}
