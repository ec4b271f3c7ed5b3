//! Somebody is not heard any more, and then heard again; and what they see of it.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{
    Person,
    changing::{edit, retract},
    for_reader, meet,
    searching::{DAY, contact},
    successor_of,
};
use socialnet::{
    Kind,
    protocol::{
        blocking, decide, introduce, open,
        profile::{self, Change},
    },
};

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    (alice, bob)
}

fn blocks(alice: &mut Person, petname: &str) {
    let who = contact(alice, petname).fingerprint;
    blocking::block(&mut alice.store, who).unwrap();
}

fn unblocks(alice: &mut Person, petname: &str) {
    let who = contact(alice, petname);
    blocking::unblock(&mut alice.store, &who, alice.now).unwrap();
}

/// A round of sn-sync at Alice's, and one at Bob's. The types of what she sent.
fn they_talk(alice: &mut Person, bob: &mut Person) -> Vec<String> {
    let letters = alice.seals_what_is_due();
    let opened = letters.iter().map(|letter| open::open(&letter.der, &bob.keyring).unwrap());
    let sent = opened.flat_map(|opened| opened.packets).map(|verified| verified.packet.kind).collect();
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    sent
}

#[test]
fn a_friend_who_is_heard_again_is_read_as_if_the_owner_had_been_away() {
    let (mut alice, mut bob) = friends();
    let regretted = bob.status("Regretted.");
    let letters = bob.seals(regretted.clone(), &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    blocks(&mut alice, "bob");
    blocks(&mut alice, "bob");
    for packet in [bob.status("Are you there?"), retract(&bob, &regretted)] {
        let letters = bob.seals(packet, &["alice"]);
        bob.queues(&letters);
        assert_eq!(alice.gets(&letters), []);
    }
    let change = Change { addresses: Some(vec!["mailto:bob@example.net".into()]), ..Change::default() };
    profile::change(&mut bob.store, change, bob.now).unwrap();
    assert_eq!(they_talk(&mut alice, &mut bob), [] as [&str; 0]);
    assert_eq!(alice.sees(), ["bob: Regretted."]);

    unblocks(&mut alice, "bob");
    assert_eq!(alice.knows("bob"), ("friend", "invited"));
    assert_eq!(they_talk(&mut alice, &mut bob), ["profile", "profile"]);
    assert_eq!(contact(&alice, "bob").profile.addresses, ["mailto:bob@example.net"]);
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(DAY));
    assert_eq!(they_talk(&mut alice, &mut bob), ["resend"]);
    assert_eq!(alice.sees(), ["bob: ", "bob: Are you there?"]);
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(DAY));
    they_talk(&mut alice, &mut bob);
    assert_eq!(bob.rows("sealed WHERE confirmed IS NULL AND taken"), 0);
}

#[test]
fn whoever_was_no_friend_becomes_none() {
    let (mut alice, mut bob) = friends();
    let (mut carol, dave) = (Person::new("Carol"), Person::new("Dave"));
    meet(&mut bob, &mut carol);
    assert_eq!(bob.gets(&carol.seals_what_is_due()), []);
    let (one, other) = (contact(&bob, "alice"), contact(&bob, "carol"));
    let me = bob.is();
    introduce::introduce(&mut bob.store, me, [&one, &other], None, bob.now).unwrap();
    let letters = bob.seals_what_is_due();
    assert_eq!(alice.gets(&for_reader(&letters, &alice)), []);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    blocks(&mut alice, "carol");
    // She asks, and nobody answers.
    let who = contact(&carol, "alice");
    introduce::accept(&mut carol.store, &carol.keyring, &who, carol.now).unwrap();
    let request = carol.seals_what_is_due();
    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.knows("carol"), ("blocked", "introduced"));
    unblocks(&mut alice, "carol");
    assert_eq!(alice.knows("carol"), ("introduced", "introduced"));

    let me = alice.is();
    blocking::block_stranger(&mut alice.store, me, dave.is(), alice.now).unwrap();
    unblocks(&mut alice, "somebody");
    assert_eq!(alice.knows("somebody").0, "unknown");
    assert_eq!(alice.seals_what_is_due(), [], "neither is told anything");

    let friend = contact(&alice, "bob");
    let error = blocking::unblock(&mut alice.store, &friend, alice.now).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Usage, "bob is not blocked: their state is friend"));
}

#[test]
fn a_friend_who_has_another_key_meanwhile_is_heard_again_by_that_one() {
    let (mut alice, bob) = friends();
    blocks(&mut alice, "bob");
    let mut new = successor_of(&bob, None);
    assert_eq!(alice.gets(&new.seals_what_is_due()), []);
    assert_eq!((contact(&alice, "bob").fingerprint, alice.knows("bob").0), (new.is(), "blocked"));
    unblocks(&mut alice, "bob");
    assert_eq!(alice.knows("bob").0, "friend");
    // Whoever has the old key reads nothing of it.
    assert_eq!(they_talk(&mut alice, &mut new), ["profile", "profile"]);
    let status = new.status("Here I am.");
    assert_eq!(alice.gets(&new.seals(status, &["alice"])), []);
    assert_eq!(alice.sees(), ["bob: Here I am."]);
}

#[test]
fn what_is_missing_is_asked_for_once_they_are_heard_again() {
    let (mut alice, mut bob) = friends();
    for words in ["Lost.", "Came."] {
        let status = bob.status(words);
        let letters = bob.seals(status, &["alice"]);
        bob.queues(&letters);
        if words == "Came." {
            assert_eq!(alice.gets(&letters), []);
        }
    }
    blocks(&mut alice, "bob");
    for _ in 0..40 {
        alice.waits(DAY);
        assert_eq!(alice.seals_what_is_due(), []);
    }
    bob.now = alice.now;
    unblocks(&mut alice, "bob");
    they_talk(&mut alice, &mut bob);
    for _ in 0..2 {
        [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(DAY));
        they_talk(&mut alice, &mut bob);
    }
    assert_eq!(alice.sees(), ["bob: Came.", "bob: Lost."]);
}

/// Alice, Bob and Carol, whom Alice knows; Bob and Carol have her status, and Bob has Carol's comment on it.
fn a_thread() -> (Person, Person, Person, Vec<u8>, Vec<u8>) {
    let (mut alice, mut bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut carol);
    let status = alice.status("What a day.");
    let letters = alice.seals(status.clone(), &["all"]);
    alice.queues(&letters);
    for reader in [&mut bob, &mut carol] {
        assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
    }
    let comment = carol.comment(&status, "Indeed.");
    let letters = carol.seals(comment.clone(), &[]);
    assert_eq!(alice.gets(&letters), []);
    alice.waits(11);
    assert_eq!(bob.gets(&for_reader(&alice.seals_what_is_due(), &bob)), []);
    assert_eq!(bob.sees(), ["alice: What a day.", "somebody: Indeed."]);
    (alice, bob, carol, status, comment)
}

#[test]
fn whoever_is_a_friend_again_learns_what_was_taken_back_meanwhile() {
    for removed in [false, true] {
        let (mut alice, mut bob, mut carol, status, comment) = a_thread();
        if removed {
            let who = contact(&alice, "bob");
            decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
            assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        } else {
            blocks(&mut alice, "bob");
        }
        let never_theirs = alice.status("Not for Bob.");
        alice.seals(never_theirs.clone(), &["carol"]);
        for change in [edit(&alice, &status, 1, "A good day."), retract(&alice, &never_theirs)] {
            let letters = alice.seals(change, &["carol"]);
            alice.queues(&letters);
        }
        let letters = carol.seals(retract(&carol, &comment), &[]);
        assert_eq!(alice.gets(&letters), []);
        alice.waits(11);
        assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
        if removed {
            let invitation = alice.invites();
            bob.now = alice.now;
            assert_eq!(alice.gets(&bob.adds(&invitation)), []);
        } else {
            unblocks(&mut alice, "bob");
        }
        let letters = for_reader(&alice.seals_what_is_due(), &bob);
        let opened = letters.iter().flat_map(|it| open::open(&it.der, &bob.keyring).unwrap().packets);
        let changes = opened.filter(|it| ["edit", "retract"].contains(&it.packet.kind.as_str())).count();
        assert_eq!(changes, 2);
        assert_eq!(bob.gets(&letters), []);
        assert_eq!(bob.sees(), ["alice: A good day.", "somebody: "]);
    }
}

#[test]
fn whoever_knows_it_already_is_not_told_again() {
    let (mut alice, mut bob, _, status, _) = a_thread();
    let letters = alice.seals(retract(&alice, &status), &[]);
    alice.queues(&letters);
    assert_eq!(bob.gets(&for_reader(&letters, &bob)), []);
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(DAY));
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    blocks(&mut alice, "bob");
    unblocks(&mut alice, "bob");
    assert_eq!(they_talk(&mut alice, &mut bob), ["profile", "profile"]);
}
