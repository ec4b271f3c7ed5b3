//! Two copies of one account: contacts notice, and its owner is told.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, meet, successor_of};
use socialnet::{
    envelope::{Envelope, Received},
    identity::Purpose,
    protocol::{blocking, decide, moved, sealing::Letter},
    store::{contacts, streams},
};

const HOURS: i64 = 60;

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

fn says(who: &mut Person, words: &str) -> Vec<Letter> {
    let status = who.status(words);
    let to = if who.knows("bob").0 == "unknown" { "alice" } else { "bob" };
    who.seals(status, &[to])
}

/// What sn-ingest tells the owner.
fn alarmed(person: &Person) -> bool {
    streams::alarm(person.store.read()).unwrap().is_some()
}

/// Hours pass for all of them.
fn pass(hours: i64, people: [&mut Person; 3]) {
    people.into_iter().for_each(|person| person.waits(hours * HOURS));
}

#[test]
fn an_account_that_was_moved_goes_on_as_before() {
    let (mut alice, mut bob) = friends();
    let last = says(&mut alice, "Packing.");
    alice.waits(3 * HOURS);
    bob.waits(3 * HOURS);
    moved::here(&mut alice.store, alice.now).unwrap();
    let first = says(&mut alice, "Unpacked.");
    // In the wrong order.
    assert_eq!(bob.gets(&first), []);
    assert_eq!(bob.gets(&last), []);
    assert_eq!(bob.sees(), ["alice: Unpacked.", "alice: Packing."]);
    assert_eq!((bob.alarm("alice").as_str(), alarmed(&bob)), ("", false));
    let answer = says(&mut bob, "Welcome.");
    assert_eq!(alice.gets(&answer), []);
    assert!(!alarmed(&alice), "what was given before the move is known");
}

#[test]
fn the_old_machine_that_runs_on_is_noticed_by_contacts_and_both_copies_are_told() {
    let (mut old, mut bob) = friends();
    let hello = says(&mut old, "Hello.");
    assert_eq!(bob.gets(&hello), []);
    let mut new = old.copy();
    moved::here(&mut new.store, new.now).unwrap();
    for day in 0..2 {
        let (from_new, from_old) =
            (says(&mut new, &format!("New {day}")), says(&mut old, &format!("Old {day}")));
        assert_eq!(bob.gets(&from_new), []);
        assert_eq!(bob.gets(&from_old), []);
        pass(24, [&mut old, &mut new, &mut bob]);
    }
    let noticed =
        "two copies of this account are sending, noticed 2026-11-23: tell them, and ask which one is theirs";
    assert_eq!(bob.alarm("alice"), noticed);
    assert_eq!(bob.sees().len(), 5, "and all of it is read");
    let words = says(&mut bob, "Which of you?");
    for copy in [&mut old, &mut new] {
        assert!(!alarmed(copy));
        assert_eq!(copy.gets(&words), []);
        assert!(alarmed(copy));
    }
    let told = streams::alarm(new.store.read()).unwrap().unwrap();
    let when = "told first 2026-11-24T08:00:00Z, last 2026-11-24T08:00:00Z";
    assert!(told.message().contains("bob had something from it") && told.message().ends_with(when), "{told}");
    moved::here(&mut new.store, new.now).unwrap();
    assert!(!alarmed(&new), "settled where the owner has chosen");
}

#[test]
fn a_copy_that_counts_on_in_the_same_stream_is_noticed() {
    let (mut one, mut bob) = friends();
    let mut other = one.copy();
    let (first, second) = (says(&mut one, "I am Alice."), says(&mut other, "No, I am."));
    assert_eq!(bob.gets(&first), []);
    assert_eq!(bob.gets(&second), []);
    assert!(bob.alarm("alice").contains("two copies"));
    assert_eq!(bob.sees(), ["alice: I am Alice.", "alice: No, I am."], "both are read");
    let more = says(&mut other, "Indeed.");
    assert_eq!(bob.gets(&more), []);
    let answer = says(&mut bob, "Hm.");
    assert_eq!(one.gets(&answer), []);
    assert!(alarmed(&one), "Bob has a counter that it never gave");
}

#[test]
fn a_contact_can_not_wipe_one_alarm_by_another() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let mut mallory = Person::new("Mallory");
    // Mallory took Bob's code, and was faster.
    let invitation = alice.invites();
    assert_eq!(alice.gets(&mallory.adds(&invitation)), []);
    assert_eq!(alice.gets(&bob.adds(&invitation)), []);
    let code = alice.alarm("mallory");
    assert!(code.contains("used by two people"), "{code}");
    assert_eq!(mallory.gets(&alice.seals_what_is_due()), []);
    let letters = mallory.seals_what_is_due();
    assert_eq!(alice.gets(&letters), []);
    // Two different envelopes under one counter, twice.
    for words in ["One.", "Two.", "Three."] {
        let letter = mallory.envelope(&alice, 100, vec![mallory.signs(&mallory.status(words))]);
        assert_eq!(alice.finds(&[letter]), []);
    }
    let both = format!(
        "{code}; two copies of this account are sending, noticed 2026-11-22: tell them, and ask which one is theirs"
    );
    assert_eq!(alice.alarm("mallory"), both);
    // Another key.
    let mut next = successor_of(&mallory, None);
    let letters = next.seals_what_is_due();
    assert_eq!(alice.gets(&letters), []);
    let all = format!("{both}; has a new key, named by the old one: compare fingerprints");
    assert_eq!(alice.alarm("mallory"), all);
    let mut third = successor_of(&next, None);
    let letters = third.seals_what_is_due();
    assert_eq!(alice.gets(&letters), []);
    assert_eq!(alice.alarm("mallory"), all, "each kind once");
    let who = contacts::find(alice.store.read(), "mallory").unwrap();
    decide::check(&mut alice.store, &who, &third.is().to_string()).unwrap();
    assert_eq!(alice.alarm("mallory"), "", "they have met");
}

#[test]
fn whoever_invents_another_copy_is_believed_as_long_as_they_are_a_friend() {
    let (mut alice, mut mallory) = (Person::new("Alice"), Person::new("Mallory"));
    meet(&mut alice, &mut mallory);
    let invented = Received { stream: [9; 16], ranges: vec![(1, 5)] };
    let envelope = Envelope {
        from: mallory.is(),
        to: alice.is(),
        sent: mallory.now,
        stream: [7; 16],
        counter: 0,
        received: vec![invented],
        answers: Vec::new(),
        blobs: Vec::new(),
        packets: Vec::new(),
    };
    let letter = mallory.sealed(&envelope.write().unwrap(), &alice, Purpose::Sealing);
    assert_eq!(alice.finds(&[letter]), []);
    assert!(alarmed(&alice));
    blocking::block(&mut alice.store, mallory.is()).unwrap();
    assert!(!alarmed(&alice));
}
