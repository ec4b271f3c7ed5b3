//! Ends that an edit sets, and whoever is to pass them on: however late that is, nobody shows for ever what was to be gone.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, changing::about, for_reader, meet};
use socialnet::{
    packet::Body,
    protocol::{open, sealing::Letter},
    store::feed,
};

const DAY: i64 = 24 * 60;

/// Alice, who knows Bob and Carol.
fn three() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    (alice, bob, carol)
}

/// Carol has commented on Alice's root, and Bob has both.
fn a_thread() -> (Person, Person, Person, Vec<u8>) {
    let (mut alice, mut bob, mut carol) = three();
    let root = alice.status("Root.");
    let letters = sends(&mut alice, root.clone(), &["all"]);
    for reader in [&mut bob, &mut carol] {
        assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
    }
    let comment = carol.comment(&root, "For ever.");
    assert_eq!(alice.gets(&sends(&mut carol, comment.clone(), &[])), []);
    alice.waits(11);
    assert_eq!(bob.gets(&for_reader(&alice.seals_what_is_due(), &bob)), []);
    bob.now = alice.now;
    carol.now = alice.now;
    assert_eq!(shows(&bob), ["Root.", "For ever."]);
    (alice, bob, carol, comment)
}

/// Carol lets a status travel, which Alice has.
fn a_status() -> (Person, Person, Person, Vec<u8>) {
    let (mut alice, bob, mut carol) = three();
    let status = carol.writes("status", Body::Status, |packet| {
        packet.text = Some("For ever.".into());
        packet.shareable = true;
    });
    assert_eq!(alice.gets(&sends(&mut carol, status.clone(), &["alice"])), []);
    (alice, bob, carol, status)
}

fn sends(by: &mut Person, xml: Vec<u8>, to: &[&str]) -> Vec<Letter> {
    let letters = by.seals(xml, to);
    by.queues(&letters);
    letters
}

fn shares(alice: &mut Person, carol: &Person, status: &[u8]) -> Vec<Letter> {
    let original = carol.signs(status);
    let share = alice.writes("share", Body::Share { original }, |packet| packet.text = Some("Look!".into()));
    sends(alice, share, &["bob"])
}

/// An edit with an end half an hour from now.
fn ends_soon(by: &Person, target: &[u8]) -> Vec<u8> {
    let end = by.now + jiff::SignedDuration::from_mins(30);
    about(by, "edit", Body::Edit { version: 1, closes: false }, target, |packet| {
        packet.text = Some("For half an hour.".into());
        packet.expires = Some(end);
    })
}

fn sets_an_end(by: &mut Person, target: &[u8]) -> Vec<Letter> {
    let edit = ends_soon(by, target);
    sends(by, edit, &[])
}

/// What the feed shows, and after a colon what is shared there.
fn shows(person: &Person) -> Vec<String> {
    let db = person.store.read();
    let rows = feed::rows(db, &feed::Query::default(), person.now).unwrap();
    let entries = rows.into_iter().map(|seq| feed::entry(db, seq, person.now).unwrap());
    let line = |entry: feed::Entry| match entry.about.and_then(|about| about.text) {
        Some(text) if entry.text == "Look!" => format!("{}: {text}", entry.text),
        _ => entry.text,
    };
    entries.map(line).collect()
}

fn kinds(letters: &[Letter], reader: &Person) -> Vec<String> {
    let open = |letter: Letter| open::open(&letter.der, &reader.keyring).unwrap().packets;
    for_reader(letters, reader).into_iter().flat_map(open).map(|verified| verified.packet.kind).collect()
}

/// Minutes pass for both.
fn pass(minutes: i64, people: [&mut Person; 2]) {
    people.into_iter().for_each(|person| person.waits(minutes));
}

/// What Alice owes reaches Bob, with an edit in it.
fn is_told(alice: &mut Person, bob: &mut Person) {
    let letters = alice.seals_what_is_due();
    assert_eq!(kinds(&letters, bob), ["edit"]);
    assert_eq!(bob.gets(&for_reader(&letters, bob)), []);
    assert_eq!(bob.reads(), []);
}

#[test]
fn an_end_that_came_while_the_author_of_the_thread_slept_is_passed_on() {
    let (mut alice, mut bob, mut carol, comment) = a_thread();
    let edit = sets_an_end(&mut carol, &comment);
    assert_eq!(alice.gets(&edit), []);
    pass(60, [&mut alice, &mut bob]);
    assert_eq!(alice.reads(), []);
    assert_eq!(shows(&bob), ["Root.", "For ever."]);
    is_told(&mut alice, &mut bob);
    assert_eq!(shows(&bob), ["Root."]);
}

#[test]
fn an_edit_that_comes_after_its_own_end_is_passed_on_until_it_is_confirmed() {
    let (mut alice, mut bob, mut carol, comment) = a_thread();
    let edit = sets_an_end(&mut carol, &comment);
    pass(60, [&mut alice, &mut bob]);
    assert_eq!(alice.gets(&edit), []);
    alice.waits(11);
    assert_eq!(kinds(&alice.seals_what_is_due(), &bob), ["edit"], "which is lost");
    let status = alice.status("Hello.");
    assert_eq!(bob.gets(&sends(&mut alice, status, &["bob"])), []);
    pass(DAY, [&mut alice, &mut bob]);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    is_told(&mut alice, &mut bob);
    assert_eq!(shows(&bob), ["Root.", "Hello."]);
}

#[test]
fn an_end_that_came_while_the_sharer_slept_is_passed_on() {
    let (mut alice, mut bob, mut carol, status) = a_status();
    assert_eq!(bob.gets(&shares(&mut alice, &carol, &status)), []);
    let edit = sets_an_end(&mut carol, &status);
    assert_eq!(alice.gets(&edit), []);
    pass(60, [&mut alice, &mut bob]);
    assert_eq!(alice.reads(), []);
    assert_eq!(shows(&bob), ["Look!: For ever."]);
    is_told(&mut alice, &mut bob);
    assert_eq!(shows(&bob), ["Look!"]);
}

#[test]
fn an_end_that_was_known_when_it_was_shared_is_passed_on() {
    let (mut alice, mut bob, mut carol, status) = a_status();
    let edit = sets_an_end(&mut carol, &status);
    assert_eq!(alice.gets(&edit), []);
    assert_eq!(bob.gets(&shares(&mut alice, &carol, &status)), []);
    pass(60, [&mut alice, &mut bob]);
    assert_eq!(alice.reads(), []);
    is_told(&mut alice, &mut bob);
    assert_eq!(shows(&bob), ["Look!"]);
}

#[test]
fn an_end_that_everybody_has_is_told_to_nobody_any_more() {
    let (mut alice, mut bob, mut carol, comment) = a_thread();
    let edit = sets_an_end(&mut carol, &comment);
    assert_eq!(alice.gets(&edit), []);
    alice.waits(11);
    is_told(&mut alice, &mut bob);
    pass(DAY, [&mut alice, &mut bob]);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!(alice.reads(), []);
    assert!(!alice.keeps("For half an hour."));
}
