//! Introductions: Alice makes Bob and Carol known to each other, or tries to do more than that.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, kinds, meet};
use socialnet::{
    Fingerprint, Kind,
    packet::{About, Body},
    protocol::{blocking, decide, introduce, profile, renewal},
    store::{
        contacts::{self, Contact},
        requests::{self, Came},
    },
};

/// Alice knows Bob and Carol, who don't know each other.
fn alices_friends() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    (alice, bob, carol)
}

fn contact(person: &Person, petname: &str) -> Contact {
    contacts::find(person.store.read(), petname).unwrap()
}

fn introduces(alice: &mut Person, one: &str, other: &str, bob: &mut Person, carol: &mut Person) {
    let (first, second) = (contact(alice, one), contact(alice, other));
    let me = alice.is();
    introduce::introduce(&mut alice.store, me, [&first, &second], Some("We climb together."), alice.now)
        .unwrap();
    let letters = alice.seals_what_is_due();
    for person in [bob, carol] {
        assert_eq!(person.gets(&for_reader(&letters, person)), []);
    }
}

/// Runs sn-contact accept.
fn accepts(person: &mut Person, petname: &str) {
    let who = contact(person, petname);
    decide::accept(&mut person.store, &person.keyring, &who, person.now).unwrap();
}

/// Who waits: petname, how they came, and by whom they were introduced.
fn waiting(person: &Person) -> Vec<(String, Came, Option<String>)> {
    let all = requests::all(person.store.read(), person.now).unwrap();
    all.into_iter().map(|(contact, came)| (contact.petname, came, contact.introducer)).collect()
}

fn introduced_by_alice(petname: &str) -> Vec<(String, Came, Option<String>)> {
    vec![(petname.to_owned(), Came::Introduced, Some("alice".to_owned()))]
}

/// An envelope in which Alice introduces somebody, made by hand.
fn letter(alice: &Person, reader: &Person, counter: u64, about: Fingerprint, original: Vec<u8>) -> Vec<u8> {
    let packet = alice.writes("profile", Body::Introduction { original }, |packet| {
        packet.about = Some(About::Person(about));
    });
    alice.envelope(reader, counter, vec![alice.signs(&packet)])
}

fn public(person: &Person) -> Vec<u8> {
    profile::export(person.store.read(), &person.keyring, person.now).unwrap().der
}

#[test]
fn friends_of_a_friend_meet_when_both_want_it() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    assert_eq!(waiting(&bob), introduced_by_alice("carol"));
    assert_eq!(waiting(&carol), introduced_by_alice("bob"));
    assert_eq!(contact(&bob, "carol").note, "We climb together.");
    assert_eq!(bob.knows("carol"), ("introduced", "introduced"));
    assert_eq!(bob.seals_what_is_due(), [], "nobody is written to before the owner says so");
    let status = bob.status("Hello?");
    assert_eq!(kinds(&bob.tries_to_seal(status, &["carol"]).1), [Kind::NotAllowed]);

    accepts(&mut bob, "carol");
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    assert_eq!(
        (bob.knows("carol").0, carol.knows("bob")),
        ("asked", ("waiting", "introduced")),
        "Carol has not agreed yet"
    );
    assert_eq!(waiting(&carol), [("bob".to_owned(), Came::Uninvited, Some("alice".to_owned()))]);
    accepts(&mut carol, "bob");
    assert_eq!(bob.gets(&carol.seals_what_is_due()), []);
    assert_eq!(
        (bob.knows("carol"), carol.knows("bob")),
        (("friend", "introduced"), ("friend", "introduced"))
    );
    assert_eq!((waiting(&bob), waiting(&carol)), (vec![], vec![]));
    assert_eq!(contact(&bob, "carol").introducer.as_deref(), Some("alice"));
}

#[test]
fn who_both_accept_need_no_answer() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    accepts(&mut bob, "carol");
    accepts(&mut carol, "bob");
    let (from_bob, from_carol) = (bob.seals_what_is_due(), carol.seals_what_is_due());
    assert_eq!(bob.gets(&from_carol), []);
    assert_eq!(carol.gets(&from_bob), []);
    assert_eq!((bob.knows("carol").0, carol.knows("bob").0), ("friend", "friend"));
}

#[test]
fn an_introduction_may_come_twice_late_or_after_the_request() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let (first, second) = (contact(&alice, "bob"), contact(&alice, "carol"));
    let me = alice.is();
    introduce::introduce(&mut alice.store, me, [&first, &second], None, alice.now).unwrap();
    let letters = alice.seals_what_is_due();
    // Bob's comes twice, Carol's after his request.
    for _ in 0..2 {
        assert_eq!(bob.gets(&for_reader(&letters, &bob)), []);
    }
    introduces(&mut alice, "bob", "carol", &mut bob, &mut Person::new("Nobody"));
    assert_eq!(waiting(&bob), introduced_by_alice("carol"));
    accepts(&mut bob, "carol");
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    assert_eq!(waiting(&carol), [("bob".to_owned(), Came::Uninvited, None)]);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    assert_eq!(waiting(&carol), [("bob".to_owned(), Came::Uninvited, Some("alice".to_owned()))]);
    assert_eq!(carol.knows("bob"), ("waiting", "introduced"));
}

#[test]
fn who_is_known_keeps_name_key_and_grade() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    meet(&mut bob, &mut carol);
    let db = bob.store.begin().unwrap();
    contacts::rename(&db, carol.is(), "karla").unwrap();
    db.commit().unwrap();
    let before = contact(&bob, "karla");
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    let after = contact(&bob, "karla");
    assert_eq!((after.profile, after.certificate), (before.profile, before.certificate));
    assert_eq!((after.state, after.grade), (before.state, before.grade));
    assert_eq!(after.introducer.as_deref(), Some("alice"));
    assert_eq!(contacts::by_petname(bob.store.read(), "carol").unwrap(), None);
    assert_eq!(waiting(&bob), []);
}

#[test]
fn the_introducer_can_not_put_a_key_in_anothers_place() {
    let (alice, mut bob, carol) = alices_friends();
    let mallory = Person::new("Carol");
    // Mallory's profile as if it were Carol's; Carol's, signed by Alice; what is no profile; an invitation of Carol's.
    let words = socialnet::seal::verify(&public(&carol)).unwrap().content;
    let status = carol.signs(&carol.status("Not a profile."));
    let mut carol = carol;
    let invitation = carol.invites();
    let lies = [public(&mallory), alice.signs(&words), status, invitation, b"nothing".to_vec()];
    for (counter, lie) in (100..).zip(lies) {
        let letter = letter(&alice, &bob, counter, carol.is(), lie);
        assert_eq!(kinds(&bob.finds(&[letter])), [Kind::Malformed], "{counter}");
    }
    assert_eq!((bob.knows("carol").0, waiting(&bob)), ("unknown", vec![]));
}

#[test]
fn an_old_profile_does_not_come_back() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let old = public(&carol);
    let change = profile::Change { name: Some("Caroline".into()), ..profile::Change::default() };
    profile::change(&mut carol.store, change, carol.now).unwrap();
    assert_eq!(alice.gets(&carol.seals_what_is_due()), []);
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    assert_eq!(contact(&bob, "caroline").profile.name, "Caroline");
    assert_eq!(bob.finds(&[letter(&alice, &bob, 100, carol.is(), old.clone())]), []);
    assert_eq!(contact(&bob, "caroline").profile.name, "Caroline");
    // A year later nobody can use it any more.
    let mut dave = Person::new("Dave");
    meet(&mut alice, &mut dave);
    dave.waits(366 * 24 * 60);
    renewal::run(&dave.home, &mut dave.store, &mut dave.keyring, dave.now).unwrap();
    assert_eq!(kinds(&dave.finds(&[letter(&alice, &dave, 101, carol.is(), old)])), [Kind::NotAllowed]);
    assert_eq!(waiting(&dave), []);
}

#[test]
fn whoever_was_sent_away_does_not_come_back_by_a_common_friend() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    meet(&mut bob, &mut carol);
    let invitation = bob.invites();
    let who = contact(&bob, "carol");
    decide::remove(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    assert_eq!((bob.knows("carol").0, waiting(&bob)), ("gone", vec![]));
    // A new invitation does.
    assert_eq!(bob.gets(&carol.adds(&invitation)), []);
    assert_eq!(bob.knows("carol").0, "friend");
    blocking::block(&mut bob.store, carol.is()).unwrap();
    introduces(&mut alice, "bob", "carol", &mut bob, &mut carol);
    assert_eq!((bob.knows("carol").0, waiting(&bob)), ("blocked", vec![]));
}

#[test]
fn a_flood_of_introductions_ends() {
    let (alice, mut bob, mut carol) = alices_friends();
    meet(&mut bob, &mut carol);
    for counter in 0..introduce::OF_ONE {
        let somebody = Person::new("Somebody");
        let letter = letter(&alice, &bob, 100 + u64::from(counter), somebody.is(), public(&somebody));
        assert_eq!(bob.finds(&[letter]), []);
    }
    let (one_more, dave) = (Person::new("Somebody"), Person::new("Dave"));
    let letter_of = |by: &Person, who: &Person| letter(by, &bob, 200, who.is(), public(who));
    let (refused, taken) = (letter_of(&alice, &one_more), letter_of(&carol, &dave));
    assert_eq!(kinds(&bob.finds(&[refused])), [Kind::NotAllowed]);
    assert_eq!(bob.finds(&[taken]), [], "another friend may still introduce somebody");
    assert_eq!(waiting(&bob).len(), introduce::OF_ONE as usize + 1);
    assert_eq!(bob.knows("somebody-10").0, "introduced");
    // The waiting room is another one.
    assert_eq!(requests::waiting(bob.store.read()).unwrap(), 0);
    // Whoever is decided upon makes room.
    let ignored = contact(&bob, "somebody");
    decide::ignore(&mut bob.store, &ignored).unwrap();
    assert_eq!(bob.knows("somebody").0, "unknown");
    let letter = letter(&alice, &bob, 201, one_more.is(), public(&one_more));
    assert_eq!(bob.finds(&[letter]), []);
    assert_eq!(bob.knows("somebody").0, "introduced");
}

#[test]
fn nobody_is_introduced_to_themselves_or_without_having_agreed() {
    let (mut alice, mut bob, carol) = alices_friends();
    let who = contact(&alice, "bob");
    let me = alice.is();
    let itself = introduce::introduce(&mut alice.store, me, [&who, &who], None, alice.now);
    assert_eq!(itself.unwrap_err().kind(), Kind::Usage);
    let letters = [&bob, &alice].map(|about| (about.is(), public(about)));
    for (counter, (about, public)) in (100..).zip(letters) {
        let letter = letter(&alice, &bob, counter, about, public);
        assert_eq!(bob.finds(&[letter]), []);
    }
    assert_eq!(waiting(&bob), [], "neither himself nor her");
    let mut dave = Person::new("Dave");
    let invitation = alice.invites();
    assert_eq!(alice.gets(&dave.adds(&invitation)), []);
    let (dave, carol) = (contact(&alice, "dave"), contacts::by_fingerprint(alice.store.read(), carol.is()));
    let too_early =
        introduce::introduce(&mut alice.store, me, [&dave, &carol.unwrap().unwrap()], None, alice.now);
    assert_eq!(too_early.unwrap_err().kind(), Kind::Unavailable, "he has not sent what may be passed on");
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
}
