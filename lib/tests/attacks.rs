//! What people try who mean harm, and what it costs: neither memory nor the database grows by what a stranger does, nor
//! more than it must by what a friend does.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, meet};
use socialnet::{
    packet::Body,
    protocol::{
        profile,
        sealing::{Sealed, Sealer},
    },
    store::{contacts, requests},
};

/// A comment whose unknown part makes it as long as a packet may be.
fn huge_comment(by: &Person, root: &[u8]) -> Vec<u8> {
    let xml = String::from_utf8(by.comment(root, "x")).unwrap();
    let long = format!("<x:long xmlns:x='urn:x'>{}</x:long></packet>", "a".repeat(1_000_000));
    by.signs(xml.replace("</packet>", &long).as_bytes())
}

#[test]
fn a_friends_huge_comments_are_passed_on_in_rounds() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let root = alice.status("Root.");
    alice.seals(root.clone(), &["bob", "carol"]);
    for counter in 100..112 {
        let envelope = bob.envelope(&alice, counter, vec![huge_comment(&bob, &root)]);
        assert_eq!(alice.finds(&[envelope]), []);
    }
    alice.waits(60);
    let (mut comments, mut most) = (0, 0);
    let mut each = |sealed: Sealed| {
        assert_eq!(sealed.failures, []);
        comments += sealed.letters.iter().filter(|letter| letter.der.len() > 1_000_000).count();
        most = most.max(sealed.letters.iter().map(|letter| letter.der.len()).sum());
        Ok(())
    };
    let mut sealer = Sealer::new(&alice.home, &mut alice.store, &alice.keyring, alice.now);
    sealer.seal_due(&mut each).unwrap();
    assert!(comments >= 4, "{comments}");
    assert!(most < 6 << 20, "{most} bytes at once");
    // All of them are paid, and nothing twice.
    assert_eq!(alice.seals_what_is_due(), []);
}

#[test]
fn a_large_packet_for_many_readers_is_sealed_in_rounds() {
    let mut alice = Person::new("Alice");
    for name in ["Bob", "Carol", "Bob", "Carol", "Bob", "Carol"] {
        meet(&mut alice, &mut Person::new(name));
    }
    let xml = String::from_utf8(alice.status("Long.")).unwrap();
    let long = format!("<x:long xmlns:x='urn:x'>{}</x:long></packet>", "a".repeat(1_000_000));
    let xml = xml.replace("</packet>", &long).into_bytes();
    let (mut letters, mut most) = (0, 0);
    let mut each = |sealed: Sealed| {
        letters += sealed.letters.len();
        most = most.max(sealed.letters.len());
        Ok(())
    };
    let mut sealer = Sealer::new(&alice.home, &mut alice.store, &alice.keyring, alice.now);
    sealer.seal(vec![socialnet::stream::Clear::Packet(xml)], &["all".to_owned()], &mut each).unwrap();
    assert_eq!((letters, most), (6, 3));
}

/// A request without a code, and then a goodbye, each in an envelope of its own.
fn comes_and_goes(stranger: &Person, reader: &mut Person) {
    let profile = profile::own(stranger.store.read(), &stranger.keyring, profile::For::Contacts).unwrap();
    for (counter, kind, body) in [
        (
            1,
            "contact-request",
            Body::ContactRequest { profile, code: None, successions: Vec::new(), opened: None },
        ),
        (2, "contact-bye", Body::ContactBye),
    ] {
        let packet = stranger.signs(&stranger.writes(kind, body, |_| {}));
        assert_eq!(reader.finds(&[stranger.envelope(reader, counter, vec![packet])]), []);
    }
}

#[test]
fn strangers_who_say_goodbye_make_no_room_for_more_strangers() {
    let mut alice = Person::new("Alice");
    comes_and_goes(&Person::new("Carol"), &mut alice);
    assert_eq!(alice.knows("carol").0, "waiting");
    assert_eq!(requests::waiting(alice.store.read()).unwrap(), 1);
}

#[test]
fn a_goodbye_from_nobody_leaves_no_trace() {
    let (mut alice, carol) = (Person::new("Alice"), Person::new("Carol"));
    let bye = carol.signs(&carol.writes("contact-bye", Body::ContactBye, |_| {}));
    assert_eq!(alice.finds(&[carol.envelope(&alice, 1, vec![bye])]), []);
    assert_eq!(contacts::all(alice.store.read()).unwrap(), []);
}
