//! Whose words they are: the owner's are those by a key of theirs, whoever else is forgotten.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, Stick, kinds, meet, searching::contact, successor_of};
use socialnet::{
    Fingerprint, Kind,
    packet::Body,
    protocol::{decide, profile},
    render::{html, json},
    store::{
        feed::{self, Query},
        filter::{Filter, Why},
    },
};

fn says(from: &mut Person, words: &str, to: &mut Person, petname: &str) {
    let status = from.status(words);
    let letters = from.seals(status, &[petname]);
    assert_eq!(to.gets(&letters), []);
}

fn rows(person: &Person, from: Option<Fingerprint>) -> Vec<i64> {
    feed::rows(person.store.read(), &Query { from, ..Query::default() }, person.now).unwrap()
}

/// The feed as a page calls its authors, each with what JSON says of whether it is the owner.
fn reads(person: &Person) -> Vec<(String, bool, String)> {
    let db = person.store.read();
    let entries = rows(person, None).into_iter().map(|seq| feed::entry(db, seq, person.now).unwrap());
    let shown = entries.map(|entry| {
        let mut line = Vec::new();
        json::write(&mut line, &entry).unwrap();
        let own = String::from_utf8(line).unwrap().contains(r#""own":true"#);
        assert!(own || entry.delivery.is_none());
        (html::called(&entry.author), own, entry.text)
    });
    shown.collect()
}

fn seen(who: &str, own: bool, words: &str) -> (String, bool, String) {
    (who.to_owned(), own, words.to_owned())
}

#[test]
fn whoever_left_and_is_ignored_is_not_taken_for_the_owner() {
    let (mut alice, mut mallory) = (Person::new("Alice"), Person::new("Mallory"));
    meet(&mut alice, &mut mallory);
    says(&mut mallory, "I owe Bob money.", &mut alice, "alice");
    says(&mut alice, "Good morning.", &mut mallory, "mallory");
    let who = contact(&mallory, "alice");
    decide::remove(&mut mallory.store, &mallory.keyring, &who, mallory.now).unwrap();
    assert_eq!(alice.gets(&mallory.seals_what_is_due()), []);
    let public = profile::export(alice.store.read(), &alice.keyring, alice.now).unwrap().der;
    assert_eq!(alice.gets(&mallory.adds(&public)), []);
    assert_eq!(alice.knows("mallory").0, "waiting");
    let who = contact(&alice, "mallory");
    decide::ignore(&mut alice.store, &who).unwrap();
    assert_eq!(alice.knows("mallory").0, "gone", "what she wrote is still here");
    let both = [seen("mallory", false, "I owe Bob money."), seen("you", true, "Good morning.")];
    assert_eq!(reads(&alice), both);
    let filter = Filter::load(alice.store.read(), &["money".to_owned()]).unwrap();
    let hides = rows(&alice, None).into_iter().map(|seq| filter.hides(alice.store.read(), seq).unwrap());
    assert_eq!(hides.collect::<Vec<_>>(), [Some(Why::Word), None], "nor by what hides words");
    // She may ask again, as anybody whom one ignored.
    assert_eq!(alice.gets(&mallory.adds(&public)), []);
    assert_eq!(alice.knows("mallory").0, "waiting");
}

#[test]
fn what_a_thief_wrote_is_nobody_s_once_the_recovery_key_has_spoken() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let stick = Stick::of(&mut alice);
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    let mut thief = successor_of(&alice.copy(), None);
    assert_eq!(bob.gets(&thief.seals_what_is_due()), []);
    says(&mut thief, "Send me money.", &mut bob, "bob");
    let root = thief.status("Bob agrees.");
    let letters = thief.seals(root.clone(), &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    let answer = bob.comment(&root, "I do not.");
    bob.seals(answer, &[]);
    let mut owner = successor_of(&alice, Some(&stick.key()));
    assert_eq!(bob.gets(&owner.seals_what_is_due()), []);
    let nobody = thief.is().short();
    let all = [
        seen(&nobody, false, "Send me money."),
        seen(&nobody, false, "Bob agrees."),
        seen("you", true, "I do not."),
    ];
    assert_eq!(reads(&bob), all);
    let answer = feed::entry(bob.store.read(), rows(&bob, None)[2], bob.now).unwrap();
    assert_eq!(html::called(&answer.about.unwrap().author), nobody);
    assert_eq!(rows(&bob, Some(thief.is())).len(), 2, "by their fingerprint they are found");
    assert!(rows(&bob, Some(owner.is())).is_empty());
}

#[test]
fn the_owner_s_words_stay_theirs_under_a_new_key() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = alice.writes("status", Body::Status, |packet| packet.text = Some("Before.".into()));
    alice.seals(status, &["bob"]);
    let mut new = successor_of(&alice, None);
    let status = new.status("After.");
    new.seals(status, &["bob"]);
    assert_eq!(reads(&new), [seen("you", true, "Before."), seen("you", true, "After.")]);
    for key in [new.is(), alice.is()] {
        assert_eq!(rows(&new, Some(key)), rows(&new, None));
    }
}

#[test]
fn whoever_has_the_owner_s_key_does_not_write_into_the_owner_s_feed() {
    let mut alice = Person::new("Alice");
    let thief = alice.copy();
    let mut new = successor_of(&alice, None);
    for reader in [&mut alice, &mut new] {
        let profile = profile::own(thief.store.read(), &thief.keyring, profile::For::Contacts).unwrap();
        let body = Body::ContactRequest { profile, code: None, successions: Vec::new(), opened: None };
        let request = thief.writes("contact-request", body, |_| {});
        let letter = thief.envelope(reader, 1, vec![thief.signs(&request)]);
        assert_eq!(kinds(&reader.finds(&[letter])), [Kind::NotAllowed]);
        assert_eq!(reader.knows("alice").0, "unknown");
    }
}
