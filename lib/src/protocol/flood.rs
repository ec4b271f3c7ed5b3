//! Ten thousand strangers ask to be contacts: what that leaves behind, and who still comes through. It is here, and not
//! in `tests/`, since whole accounts for so many would take an hour; theirs are only keys.

use super::{ingest::Ingest, invitation, meeting, own, profile, start};
use crate::{
    Fingerprint,
    envelope::Envelope,
    home::Home,
    identity::{
        Identity, Keyring, Purpose, ReaderKeys,
        certificate::{self, Algorithm},
    },
    mailbox,
    packet::Body,
    profile::{KeyOffer, Profile},
    seal,
    store::{
        Store,
        contacts::{self, Grade, State},
        requests,
    },
};
use jiff::Timestamp;
use openssl::{
    ec::{EcGroup, EcKey},
    nid::Nid,
    pkey::{PKey, Private},
};
use rayon::prelude::*;
use std::fs;

const STRANGERS: usize = 10_000;

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// A sealed request by somebody new, who has this code, if any.
fn request(reader: Fingerprint, keys: &ReaderKeys, name: &str, code: Option<[u8; 16]>) -> Vec<u8> {
    let key_of_identity = key();
    let certificate = certificate::issue_identity(&key_of_identity).unwrap();
    let der = certificate.to_der().unwrap();
    let fingerprint = certificate::Identity::read(&der).unwrap().fingerprint();
    let identity = Identity { fingerprint, key: key_of_identity, certificate };
    let meeting = certificate::issue(&identity.key, &key(), Algorithm::P256, Purpose::Meeting, now());
    let meeting = KeyOffer { p256: meeting.unwrap().to_der().unwrap(), ml_kem_768: None };
    let profile = Profile {
        name: name.to_owned(),
        serial: 1,
        recovery: None,
        about: None,
        addresses: vec!["mailto:somebody@example.org".to_owned()],
        meeting,
        sealing: None,
    };
    let body = Body::ContactRequest { profile, code, successions: Vec::new(), opened: None };
    let packet = own::packet_with(fingerprint, body, now(), |packet| {
        packet.text = Some("x".repeat(10_000));
    });
    let envelope = Envelope {
        from: fingerprint,
        to: reader,
        sent: now(),
        stream: [1; 16],
        counter: 1,
        received: Vec::new(),
        answers: Vec::new(),
        blobs: Vec::new(),
        packets: vec![seal::sign(&identity, &packet.unwrap()).unwrap()],
    };
    seal::seal(&seal::sign(&identity, &envelope.write().unwrap()).unwrap(), keys).unwrap()
}

#[test]
fn ten_thousand_strangers_fill_no_disk_and_keep_no_friend_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("account");
    let owner = start::Owner { name: "Alice".into(), about: None, addresses: Vec::new() };
    let alice = start::account(&path, owner, || Ok(None), now()).unwrap();
    let home = Home::open_at(&path).unwrap();
    let mut store = Store::open(&home.database()).unwrap();
    let keyring = Keyring::load(&home.identity()).unwrap();
    let terms = invitation::Terms { petname: Some("bob"), days: 30, in_person: false };
    let code = invitation::invite_short(&mut store, &keyring, &terms, now()).unwrap().code;
    let offer = profile::own(store.read(), &keyring, profile::For::Public).unwrap().meeting;
    let keys = ReaderKeys::stored(&offer, Purpose::Meeting, now()).unwrap();

    // The friend's request lies among the last ones.
    let files: Vec<Vec<u8>> = (0..STRANGERS)
        .into_par_iter()
        .map(|number| match number {
            9_900 => request(alice, &keys, "Bob", Some(code)),
            // Every other one guesses.
            _ => request(alice, &keys, "Stranger", (number % 2 == 0).then_some([number as u8; 16])),
        })
        .collect();
    let new = path.join("inpackets/new");
    for bytes in &files {
        fs::write(new.join(mailbox::name_of(bytes)), bytes).unwrap();
    }
    let mut refused = Vec::new();
    let mut ingest = Ingest::new(&home, &mut store, &keyring, now()).unwrap();
    ingest.inbox(&mut |error| refused.push(error)).unwrap();

    assert_eq!(refused, [], "who finds no room is not answered, and not reported");
    let bob = contacts::find(store.read(), "bob").unwrap();
    assert_eq!((bob.state, bob.grade), (State::Friend, Grade::Invited), "a friend with a code comes in");
    let waiting = requests::all(store.read(), now()).unwrap();
    assert_eq!(waiting.len(), meeting::WAITING_ROOM as usize);
    assert!(waiting.iter().all(|(contact, _)| contact.note.len() == 500));
    for folder in ["inpackets/new", "inpackets/held", "inpackets/bad"] {
        assert_eq!(fs::read_dir(path.join(folder)).unwrap().count(), 0, "{folder}");
    }
    let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes: u64 = store.read().query_row(sql, (), |row| row.get(0)).unwrap();
    assert!(bytes < 1 << 20, "{bytes} bytes of database");
    // All of them once more: nothing is left of those who were turned away, and nobody waits twice.
    for bytes in &files[..200] {
        fs::write(new.join(mailbox::name_of(bytes)), bytes).unwrap();
    }
    Ingest::new(&home, &mut store, &keyring, now()).unwrap().inbox(&mut |_| {}).unwrap();
    assert_eq!(requests::waiting(store.read()).unwrap(), meeting::WAITING_ROOM);
}
