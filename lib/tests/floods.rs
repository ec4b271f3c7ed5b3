//! Much of one thing, and odd shapes of it: ten thousand comments, answers to what never came, answers in a circle, two
//! people at one address. Nothing is lost, and what is read costs no more than what is shown.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, kinds, meet};
use socialnet::{
    Kind,
    packet::{self, About, Body, Packet},
    protocol::{
        profile,
        sealing::{Sealed, Sealer},
    },
    store::{
        contacts,
        feed::{self, Query},
        filter::{self, Filter},
    },
};
use std::slice;

fn alices_friends() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    (alice, bob, carol)
}

fn texts(person: &Person, query: Query) -> Vec<String> {
    let db = person.store.read();
    let rows = feed::rows(db, &query, person.now).unwrap();
    rows.into_iter().map(|seq| feed::entry(db, seq, person.now).unwrap().text).collect()
}

fn newest(limit: u32) -> Query {
    Query { limit: Some(limit), ..Query::default() }
}

#[test]
fn a_thread_of_ten_thousand_comments_is_passed_on_and_shown() {
    const COMMENTS: usize = 10_000;
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    // Each answers the one before: a chain as deep as it is long.
    let mut above = root.clone();
    let mut signed = Vec::new();
    for number in 1..=COMMENTS {
        let name = packet::read(&above).unwrap();
        let (root, about) = (name.root(), About::Packet(name.name, None));
        above = bob.writes("comment", Body::Comment, |packet| {
            packet.text = Some(format!("comment {number}"));
            packet.thread = Some(root);
            packet.about = Some(about);
        });
        signed.push(bob.signs(&above));
    }
    let files: Vec<Vec<u8>> = (100..)
        .zip(signed.chunks(250))
        .map(|(counter, packets)| bob.envelope(&alice, counter, packets.to_vec()))
        .collect();
    for file in &files {
        assert_eq!(alice.finds(slice::from_ref(file)), []);
    }

    // All are due at once: rounds keep what is in memory small.
    alice.waits(60);
    let (mut letters, mut most) = (Vec::new(), 0);
    let mut each = |sealed: Sealed| {
        assert_eq!(sealed.failures, []);
        most = most.max(sealed.letters.iter().map(|letter| letter.der.len()).sum());
        letters.extend(sealed.letters);
        Ok(())
    };
    Sealer::new(&alice.home, &mut alice.store, &alice.keyring, alice.now).seal_due(&mut each).unwrap();
    assert!(most < 8 << 20, "{most} bytes at once");
    assert!(letters.len() < 100, "{} letters", letters.len());
    alice.queues(&letters);
    assert_eq!(alice.seals_what_is_due(), [], "and nothing is passed on twice");
    for letter in for_reader(&letters, &carol) {
        assert_eq!(carol.gets(&[letter]), []);
    }

    for person in [&alice, &carol] {
        assert_eq!(texts(person, newest(2)), ["comment 9999", "comment 10000"]);
        let thread = Query { thread: Some(packet::read(&root).unwrap().name), ..Query::default() };
        assert_eq!(texts(person, thread).len(), COMMENTS + 1);
    }
    // Above the deep end nobody looks for ever; near the root, what Bob said is hidden.
    let words = ["root".to_owned()];
    let filter = Filter::load(carol.store.read(), &words).unwrap();
    let shown = texts(&carol, Query { filter: Some(filter), ..Query::default() });
    assert_eq!(shown, [] as [&str; 0], "the root is near to all of its thread");
    let bob_is = bob.is();
    let db = carol.store.begin().unwrap();
    filter::mute(&db, bob_is, true).unwrap();
    db.commit().unwrap();
    assert_eq!(texts(&carol, newest(50)), ["Root."]);
}

#[test]
fn an_answer_to_what_never_came_is_kept_until_it_does() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    let comment = bob.comment(&root, "A comment.");
    let comments = bob.seals(comment, &[]);
    alice.gets(&comments);
    alice.waits(11);
    let relayed = alice.seals_what_is_due();
    assert_eq!(carol.gets(&for_reader(&relayed, &carol)), []);
    assert_eq!(texts(&carol, Query::default()), ["A comment."]);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    let thread = Query { thread: Some(packet::read(&root).unwrap().name), ..Query::default() };
    assert_eq!(texts(&carol, thread).len(), 2);
    // To Alice a comment on what she never said means nothing.
    let never_said = alice.status("Never said.");
    let comment = bob.comment(&never_said, "What?");
    let letters = bob.seals(comment, &[]);
    assert_eq!(kinds(&alice.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(texts(&alice, Query::default()), ["Root.", "A comment."]);
}

#[test]
fn answers_in_a_circle_are_shown_once_each() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    let thread = packet::read(&root).unwrap().name;
    let draft = bob.comment(&root, "second");
    let second = packet::read(&draft).unwrap();
    let answer = |bob: &Person, text: &str, about| {
        bob.writes("comment", Body::Comment, |packet| {
            packet.text = Some(text.to_owned());
            packet.thread = Some(thread);
            packet.about = Some(About::Packet(about, None));
        })
    };
    let first = answer(&bob, "first", second.name);
    let about_first = Some(About::Packet(packet::read(&first).unwrap().name, None));
    let second = packet::write(&Packet { about: about_first, ..second }, None).unwrap();
    let itself = bob.comment(&root, "itself");
    let name = packet::read(&itself).unwrap().name;
    let itself = packet::write(
        &Packet { about: Some(About::Packet(name, None)), ..packet::read(&itself).unwrap() },
        None,
    )
    .unwrap();
    for xml in [first, second, itself] {
        let letters = bob.seals(xml, &[]);
        assert_eq!(alice.gets(&letters), []);
    }
    alice.waits(11);
    let letters = alice.seals_what_is_due();
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    let filter = Filter::load(carol.store.read(), &["nothing".to_owned()]).unwrap();
    let query = Query { thread: Some(thread), filter: Some(filter), ..Query::default() };
    let mut seen = texts(&carol, query);
    seen.sort();
    assert_eq!(seen, ["Root.", "first", "itself", "second"]);
}

#[test]
fn two_people_may_claim_one_address() {
    let (mut alice, mut bob, mut mallory) = (Person::new("Alice"), Person::new("Bob"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut mallory);
    let shared = vec!["mailto:bob@example.org".to_owned()];
    for person in [&mut bob, &mut mallory] {
        let change = profile::Change { addresses: Some(shared.clone()), ..profile::Change::default() };
        profile::change(&mut person.store, change, person.now).unwrap();
        assert_eq!(alice.gets(&person.seals_what_is_due()), []);
    }
    for petname in ["bob", "bob-2"] {
        assert_eq!(contacts::find(alice.store.read(), petname).unwrap().profile.addresses, shared);
    }
    // Both find all of it there, and each can read what is theirs.
    let status = alice.status("For Bob.");
    let letters = alice.seals(status, &["bob"]);
    assert_eq!(kinds(&mallory.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!((bob.sees(), mallory.sees()), (vec!["alice: For Bob.".to_owned()], vec![]));
    let status = mallory.status("I am Bob.");
    let letters = mallory.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    assert_eq!(alice.sees(), ["me: For Bob.", "bob-2: I am Bob."]);
}
