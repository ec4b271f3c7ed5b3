//! Invitations in one line: the request goes without ML-KEM and says nothing but what is public; all else is hybrid.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, kinds};
use socialnet::{
    Kind,
    packet::Body,
    protocol::{asking, invitation, open, profile, sealing::Letter, stranger},
    seal,
    short::Short,
    store::{
        contacts,
        requests::{self, Came},
    },
};

fn invites(alice: &mut Person) -> Short {
    let terms = invitation::Terms { petname: None, days: 30, in_person: false };
    let text =
        invitation::invite_short(&mut alice.store, &alice.keyring, &terms, alice.now).unwrap().to_string();
    text.parse().unwrap()
}

fn adds(bob: &mut Person, short: &Short) -> Vec<Letter> {
    let them = stranger::from_short(short, bob.now).unwrap();
    asking::add(&mut bob.store, &bob.keyring, &them, Some("alice"), bob.now).unwrap();
    bob.seals_what_is_due()
}

fn hybrid(letters: &[Letter], reader: &Person) -> Vec<bool> {
    letters.iter().map(|letter| seal::open(&letter.der, &reader.keyring).unwrap().hybrid).collect()
}

#[test]
fn a_line_of_text_connects_both() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let bio = profile::Change { about: Some("Walks a lot.".into()), ..profile::Change::default() };
    profile::change(&mut bob.store, bio, bob.now).unwrap();
    let short = invites(&mut alice);
    let request = adds(&mut bob, &short);
    assert_eq!((bob.knows("alice"), hybrid(&request, &alice)), (("asked", "invited"), vec![false]));
    let opened = open::open(&request[0].der, &alice.keyring).unwrap();
    let Body::ContactRequest { profile, .. } = &opened.packets[0].packet.body else { panic!("no request") };
    assert_eq!((&profile.about, &profile.sealing), (&None, &None), "what is public, and no more");
    assert_eq!(opened.packets.len(), 1);

    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.knows("bob"), ("friend", "invited"));
    // Alice's node asks for the keys that she may write to; then she accepts.
    let asks = alice.seals_what_is_due();
    assert_eq!(bob.gets(&asks), []);
    let tells = bob.seals_what_is_due();
    assert_eq!(alice.gets(&tells), []);
    let accept = alice.seals_what_is_due();
    assert_eq!(bob.gets(&accept), []);
    assert_eq!(bob.knows("alice"), ("friend", "invited"));
    for (letters, reader) in [(&asks, &bob), (&tells, &alice), (&accept, &bob)] {
        assert_eq!(hybrid(letters, reader), [true]);
    }
    let known = contacts::find(bob.store.read(), "alice").unwrap();
    assert_eq!((known.profile.name.as_str(), known.fingerprint), ("Alice", alice.is()));
    assert!(!known.certificate.is_empty());

    let status = alice.status("Welcome.");
    let letters = alice.seals(status, &["bob"]);
    assert_eq!(hybrid(&letters, &bob), [true]);
    assert_eq!(bob.gets(&letters), []);
    let status = bob.status("Hello.");
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(hybrid(&letters, &alice), [true]);
    assert_eq!(alice.gets(&letters), []);
    assert_eq!(
        (alice.sees(), bob.sees().len()),
        (vec!["me: Welcome.".to_owned(), "bob: Hello.".to_owned()], 2)
    );
}

#[test]
fn any_letter_of_it_may_be_lost() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let short = invites(&mut alice);
    drop(adds(&mut bob, &short));
    assert_eq!(alice.gets(&adds(&mut bob, &short)), []);
    drop(alice.seals_what_is_due());
    // Bob asks once more, as he would with any invitation.
    assert_eq!(alice.gets(&adds(&mut bob, &short)), []);
    for person in [&mut alice, &mut bob] {
        person.waits(25 * 60);
    }
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    drop(bob.seals_what_is_due());
    for _ in 0..2 {
        for person in [&mut alice, &mut bob] {
            person.waits(25 * 60);
        }
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    }
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
}

#[test]
fn its_code_holds_once_and_not_for_ever() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    let short = invites(&mut alice);
    assert_eq!(alice.gets(&adds(&mut bob, &short)), []);
    assert_eq!(alice.gets(&adds(&mut carol, &short)), []);
    assert_eq!((alice.knows("bob").0, alice.knows("carol")), ("friend", ("waiting", "")));
    assert_ne!((alice.alarm("bob"), alice.alarm("carol")), (String::new(), String::new()));

    let (ended, mut dave) = (invites(&mut alice), Person::new("Dave"));
    let request = adds(&mut dave, &ended);
    alice.waits(31 * 24 * 60);
    assert_eq!(alice.gets(&request), []);
    let mut guessed = invites(&mut alice);
    guessed.code[0] ^= 1;
    let mut erin = Person::new("Erin");
    assert_eq!(alice.gets(&adds(&mut erin, &guessed)), []);
    let waiting = requests::all(alice.store.read(), alice.now).unwrap();
    let came: Vec<_> = waiting.into_iter().map(|(contact, came)| (contact.petname, came)).collect();
    assert_eq!(came[0], ("carol".to_owned(), Came::UsedCode("bob".to_owned())));
    // Codes that ended unused are forgotten when the next one is given out.
    assert_eq!(came[1], ("dave".to_owned(), Came::UnknownCode));
    assert_eq!(came[2], ("erin".to_owned(), Came::UnknownCode));
    assert_eq!(came.len(), 3);
}

#[test]
fn a_changed_line_leads_to_nobody_else() {
    let (mut alice, mut bob, mut mallory) = (Person::new("Alice"), Person::new("Bob"), Person::new("Alice"));
    let short = invites(&mut alice);
    // Mallory's key under Alice's fingerprint: he reads the request, and can answer it as himself alone.
    let genuine = short.point;
    let changed = Short { point: invites(&mut mallory).point, ..short };
    let request = adds(&mut bob, &changed);
    assert_eq!(kinds(&alice.gets(&request)), [Kind::NotAllowed], "no key of hers opens it");
    assert_eq!(kinds(&mallory.gets(&request)), [Kind::Malformed], "it names her as its reader");
    let profile = profile::own(mallory.store.read(), &mallory.keyring, profile::For::Contacts).unwrap();
    let accept = mallory.writes("contact-accept", Body::ContactAccept { profile }, |_| {});
    let forged = mallory.envelope(&bob, 1, vec![mallory.signs(&accept)]);
    assert_eq!(bob.finds(&[forged]), []);
    assert_eq!(bob.knows("alice").0, "asked");
    assert!(contacts::find(bob.store.read(), "alice").unwrap().certificate.is_empty());
    assert!(stranger::from_short(&Short { point: [0xff; 33], ..changed.clone() }, bob.now).is_err());
    // With the line as Alice gave it he reaches her after all.
    let line = Short { point: genuine, ..changed };
    assert_eq!(alice.gets(&adds(&mut bob, &line)), []);
    assert_eq!(alice.knows("bob"), ("friend", "invited"));
}

#[test]
fn a_profile_from_anywhere_must_hash_to_the_fingerprint() {
    let (mut alice, mallory) = (Person::new("Alice"), Person::new("Alice"));
    let short = invites(&mut alice);
    let fetched = |person: &Person| {
        let pem = profile::export(person.store.read(), &person.keyring, person.now).unwrap();
        stranger::verify(&pem.der).unwrap()
    };
    assert_eq!(fetched(&alice).check_is(&short.from.spoken().to_uppercase()), Ok(()));
    let refused = fetched(&mallory).check_is(&short.from.to_string()).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotAllowed);
    assert_eq!(fetched(&alice).check_is("alice").unwrap_err().kind(), Kind::Usage);
}
