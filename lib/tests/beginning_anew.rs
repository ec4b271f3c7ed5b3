//! An account begins to count anew, where it was moved or restored: what friends have not said to have is sent once more.

#![cfg(feature = "backup")]
#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, changing::retract, for_reader, meet};
use socialnet::{
    backup,
    packet::Body,
    protocol::{
        blocking, decide, introduce, moved, open,
        profile::{self, Change},
        sealing::Letter,
    },
    store::{contacts, delivery},
};
use std::fs;

const DAY: i64 = 24 * 60;

/// How an account begins anew.
type Anew = fn(Person) -> Person;

fn is_moved(mut who: Person) -> Person {
    moved::here(&mut who.store, who.now).unwrap();
    who
}

fn is_restored(who: Person) -> Person {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alice.backup");
    let mut file = fs::File::create(&path).unwrap();
    backup::create(&who.home, &who.store, &mut file, "correct horse", true, who.now).unwrap();
    Person::made_by(who.now, |target| {
        backup::restore(&path, || Ok("correct horse".into()), target, who.now).unwrap();
    })
}

const WAYS: [Anew; 2] = [is_moved, is_restored];

/// Alice and Bob, who has said to have all that came so far.
fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    says_what_came(&mut alice, &mut bob);
    (alice, bob)
}

fn says_what_came(alice: &mut Person, bob: &mut Person) {
    [&mut *alice, bob].into_iter().for_each(|person| person.waits(DAY));
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
}

/// Seals for Bob, and hands it over.
fn sends(alice: &mut Person, packet: Vec<u8>) -> Vec<Letter> {
    let letters = alice.seals(packet, &["bob"]);
    alice.queues(&letters);
    let now = alice.now;
    let db = alice.store.begin().unwrap();
    for waiting in delivery::due(&db, now, 1000).unwrap() {
        delivery::record(&db, &waiting, &delivery::Outcome::Sent, "file:///stick/bob", "", now).unwrap();
    }
    db.commit().unwrap();
    letters
}

fn says(alice: &mut Person, words: &str) -> Vec<Letter> {
    let status = alice.status(words);
    sends(alice, status)
}

/// The types of what is for Bob, sorted, but for what an account that was restored no longer knows: what he carries.
fn brought(letters: &[Letter], bob: &Person) -> Vec<String> {
    let open = |letter: Letter| open::open(&letter.der, &bob.keyring).unwrap().packets;
    let packets = for_reader(letters, bob).into_iter().flat_map(open);
    let mut kinds: Vec<String> = packets.map(|verified| verified.packet.kind).collect();
    kinds.retain(|kind| kind != "handles");
    kinds.sort();
    kinds
}

#[test]
fn what_nobody_said_to_have_is_sent_once_more() {
    for anew in WAYS {
        let (mut alice, mut bob) = friends();
        let regretted = alice.status("Regretted.");
        assert_eq!(bob.gets(&sends(&mut alice, regretted.clone())), []);
        says_what_came(&mut alice, &mut bob);
        says(&mut alice, "Lost.");
        let gone = retract(&alice, &regretted);
        sends(&mut alice, gone);
        let mut alice = anew(alice);
        let letters = alice.seals_what_is_due();
        assert_eq!(brought(&letters, &bob), ["profile", "profile", "retract", "status"]);
        assert_eq!(bob.gets(&letters), []);
        assert_eq!(bob.sees(), ["alice: ", "alice: Lost."]);
        says_what_came(&mut alice, &mut bob);
        for _ in 0..41 {
            alice.waits(DAY);
            let letters = alice.seals_what_is_due();
            assert!(!brought(&letters, &bob).contains(&"status".to_owned()), "once");
        }
    }
}

#[test]
fn what_was_late_and_comes_after_all_is_dropped() {
    for anew in WAYS {
        let (mut alice, mut bob) = friends();
        let late = says(&mut alice, "Late.");
        let mut alice = anew(alice);
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        assert_eq!(bob.gets(&late), []);
        assert_eq!(bob.sees(), ["alice: Late."]);
        assert_eq!(bob.alarm("alice"), "");
    }
}

#[test]
fn after_forty_days_it_is_only_changes_of_mind() {
    for anew in WAYS {
        let (mut alice, mut bob) = friends();
        let regretted = alice.status("Regretted.");
        assert_eq!(bob.gets(&sends(&mut alice, regretted.clone())), []);
        says_what_came(&mut alice, &mut bob);
        says(&mut alice, "Given up.");
        let gone = retract(&alice, &regretted);
        sends(&mut alice, gone);
        [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(40 * DAY));
        // Bob has newer keys by now, and has told her.
        let keys = bob.seals_what_is_due();
        assert_eq!(alice.gets(&keys), []);
        let mut alice = anew(alice);
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        assert_eq!(bob.sees(), ["alice: "]);
    }
}

#[test]
fn what_was_lost_with_a_profile_or_an_accept_is_said_again() {
    for anew in WAYS {
        let (mut alice, mut bob) = friends();
        let change = Change { addresses: Some(vec!["mailto:alice@example.org".into()]), ..Change::default() };
        profile::change(&mut alice.store, change, alice.now).unwrap();
        alice.seals_what_is_due();
        let mut carol = Person::new("Carol");
        carol.now = alice.now;
        let invitation = alice.invites();
        assert_eq!(alice.gets(&carol.adds(&invitation)), []);
        alice.seals_what_is_due();
        let mut alice = anew(alice);
        let letters = alice.seals_what_is_due();
        for reader in [&mut bob, &mut carol] {
            assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
        }
        let known = contacts::by_petname(bob.store.read(), "alice").unwrap().unwrap();
        assert_eq!(known.profile.addresses, ["mailto:alice@example.org"]);
        assert_eq!(carol.knows("alice").0, "friend");
    }
}

#[test]
fn nobody_gets_what_is_not_theirs_any_more() {
    for anew in WAYS {
        let (mut alice, bob) = friends();
        says(&mut alice, "Lost.");
        let mut other = alice.copy();
        blocking::block(&mut other.store, bob.is()).unwrap();
        assert_eq!(anew(other).seals_what_is_due(), [], "blocked");
        let who = contacts::by_petname(alice.store.read(), "bob").unwrap().unwrap();
        decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
        assert_eq!(brought(&anew(alice).seals_what_is_due(), &bob), ["contact-bye"]);
    }
}

#[test]
fn what_was_thrown_away_or_is_over_is_not_sent() {
    for anew in WAYS {
        let (mut alice, bob) = friends();
        let status = alice.status("Printed, and thrown away.");
        alice.seals(status, &["bob"]);
        let end = alice.now + jiff::SignedDuration::from_mins(30);
        let short = alice.writes("status", Body::Status, |packet| {
            packet.text = Some("For half an hour.".into());
            packet.expires = Some(end);
        });
        sends(&mut alice, short);
        alice.waits(31);
        assert_eq!(brought(&anew(alice).seals_what_is_due(), &bob), ["profile", "profile"]);
    }
}

#[test]
fn an_introduction_that_was_lost_is_sent_once_more() {
    for anew in WAYS {
        let (mut alice, mut bob, mut carol) =
            (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
        meet(&mut alice, &mut bob);
        meet(&mut alice, &mut carol);
        alice.seals_what_is_due();
        let [one, other] = ["bob", "carol"].map(|who| contacts::find(alice.store.read(), who).unwrap());
        let me = alice.is();
        introduce::introduce(&mut alice.store, me, [&one, &other], None, alice.now).unwrap();
        assert_eq!(brought(&alice.seals_what_is_due(), &bob), ["profile"], "which is lost");
        let mut alice = anew(alice);
        let letters = alice.seals_what_is_due();
        for reader in [&mut bob, &mut carol] {
            assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
        }
        assert_eq!((bob.knows("carol").0, carol.knows("bob").0), ("introduced", "introduced"));
    }
}
