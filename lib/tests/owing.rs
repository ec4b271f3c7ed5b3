//! What a node owes is owed until sn-send has taken it: a pipe that breaks loses nothing.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, meet, morning, successor_of};
use socialnet::{
    packet::Body,
    protocol::{
        asking, open,
        profile::{self, Change},
        sealing::{Letter, Sealer},
        stranger,
    },
    store::{
        contacts, delivery,
        due::{self, Debt},
    },
    stream::Clear,
};

const DAY: i64 = 24 * 60;

/// Alice, Bob and Carol, and a status of Alice's that both others have and Bob has commented on.
fn commented() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let status = alice.status("At last.");
    let letters = alice.seals(status.clone(), &["all"]);
    alice.queues(&letters);
    for reader in [&mut bob, &mut carol] {
        assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
    }
    let comment = bob.seals(bob.comment(&status, "Well done."), &[]);
    assert_eq!(alice.gets(&comment), []);
    alice.waits(10);
    (alice, bob, carol)
}

fn kinds(letters: &[Letter], reader: &Person) -> Vec<String> {
    let packets = for_reader(letters, reader)
        .into_iter()
        .flat_map(|letter| open::open(&letter.der, &reader.keyring).unwrap().packets);
    packets.map(|verified| verified.packet.kind).collect()
}

#[test]
fn a_comment_that_is_lost_before_sn_send_is_passed_on_ten_minutes_later() {
    let (mut alice, _, mut carol) = commented();
    let lost = alice.seals_what_is_due_and_loses_it();
    assert_eq!(kinds(&lost, &carol), ["comment"]);
    alice.waits(9);
    assert_eq!(alice.seals_what_is_due_and_loses_it(), [], "sn-send may still be at it");
    alice.waits(1);
    let again = alice.seals_what_is_due();
    assert_eq!(kinds(&again, &carol), ["comment"]);
    assert_eq!(carol.gets(&for_reader(&again, &carol)), []);
    assert_eq!(carol.sees(), ["alice: At last.", "somebody: Well done."]);
    alice.waits(DAY);
    assert_eq!(kinds(&alice.seals_what_is_due(), &carol), [] as [String; 0], "now it is paid");
    // Whoever finds the first envelope and sends it does no harm.
    assert_eq!(carol.gets(&for_reader(&lost, &carol)), []);
    assert_eq!(carol.sees().len(), 2);
}

#[test]
fn what_is_taken_is_paid_although_it_waits_for_its_address() {
    let (mut alice, _, carol) = commented();
    assert_eq!(kinds(&alice.seals_what_is_due(), &carol), ["comment"]);
    alice.waits(20);
    assert_eq!(alice.seals_what_is_due_and_loses_it(), []);
}

#[test]
fn people_meet_although_every_envelope_is_lost_once() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = stranger::verify(&alice.invites()).unwrap();
    asking::add(&mut bob.store, &bob.keyring, &invitation, None, bob.now).unwrap();
    let (mut from, mut to) = (&mut bob, &mut alice);
    for _ in 0..4 {
        from.seals_what_is_due_and_loses_it();
        from.waits(10);
        assert_eq!(to.gets(&from.seals_what_is_due()), []);
        (from, to) = (to, from);
    }
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
}

#[test]
fn a_profile_that_changes_while_it_is_on_its_way_to_sn_send_is_owed_as_it_is_now() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let moves = |alice: &mut Person, to: &str| {
        let change = Change { addresses: Some(vec![to.to_owned()]), ..Change::default() };
        profile::change(&mut alice.store, change, alice.now).unwrap();
    };
    moves(&mut alice, "mailto:alice@example.org");
    let first = alice.seals_what_is_due_and_loses_it();
    moves(&mut alice, "mailto:alice@example.net");
    alice.queues(&first);
    let second = alice.seals_what_is_due();
    assert_eq!(bob.gets(&second), []);
    let knows = contacts::by_petname(bob.store.read(), "alice").unwrap().unwrap();
    assert_eq!(knows.profile.addresses, ["mailto:alice@example.net"]);
}

#[test]
fn an_answer_that_is_lost_is_given_again() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    for text in ["Lost.", "Came."] {
        let status = alice.status(text);
        let letters = alice.seals(status, &["bob"]);
        alice.queues(&letters);
        if text == "Came." {
            assert_eq!(bob.gets(&letters), []);
        }
    }
    bob.waits(DAY);
    alice.waits(DAY);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    alice.seals_what_is_due_and_loses_it();
    alice.waits(10);
    let answer = alice.seals_what_is_due();
    assert_eq!(bob.gets(&answer), []);
    assert_eq!(bob.sees(), ["alice: Came.", "alice: Lost."]);
    assert_eq!(
        bob.rows("gap"),
        1,
        "the envelope that was lost in the pipe, which alice calls void when she is asked"
    );
}

/// What waits is handed over, and then what the next run of the queue does with files that are not needed any more.
fn hands_over(alice: &mut Person) {
    let db = alice.store.begin().unwrap();
    for waiting in delivery::due(&db, alice.now, 1000).unwrap() {
        delivery::record(&db, &waiting, &delivery::Outcome::Sent, "file:///stick/bob", "", alice.now)
            .unwrap();
    }
    for done in delivery::settle(&db, alice.now, alice.now - jiff::SignedDuration::from_hours(960)).unwrap() {
        delivery::forget(&db, &done).unwrap();
    }
    db.commit().unwrap();
}

#[test]
fn what_is_sealed_anew_and_lost_is_sealed_once_more() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = alice.status("Hello?");
    let lost = alice.seals(status, &["bob"]);
    alice.queues(&lost);
    hands_over(&mut alice);
    alice.waits(7 * DAY);
    assert_eq!(kinds(&alice.seals_what_is_due_and_loses_it(), &bob), ["status"]);
    hands_over(&mut alice);
    assert_eq!(alice.seals_what_is_due_and_loses_it(), []);
    alice.waits(10);
    let anew = alice.seals_what_is_due();
    assert_eq!(kinds(&anew, &bob), ["status"]);
    assert_eq!(bob.gets(&anew), []);
    assert_eq!(bob.sees(), ["alice: Hello?"]);
}

#[test]
fn what_is_sealed_anew_and_lost_is_owed_to_a_new_key_once() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    let status = alice.status("Hello?");
    let lost = alice.seals(status, &["bob"]);
    alice.queues(&lost);
    hands_over(&mut alice);
    alice.waits(7 * DAY);
    bob.now = alice.now;
    assert_eq!(kinds(&alice.seals_what_is_due_and_loses_it(), &bob), ["status"]);
    let mut new = successor_of(&bob, None);
    assert_eq!(alice.gets(&new.seals_what_is_due()), []);
    alice.waits(11);
    let letters = alice.seals_what_is_due();
    assert_eq!(kinds(&letters, &new).iter().filter(|kind| *kind == "status").count(), 1);
    assert_eq!(new.gets(&letters), []);
    assert_eq!(new.sees(), ["alice: Hello?"]);
    new.waits(DAY);
    assert_eq!(alice.gets(&new.seals_what_is_due()), []);
    for _ in 0..34 {
        hands_over(&mut alice);
        alice.waits(DAY);
        let letters = alice.seals_what_is_due();
        assert!(!kinds(&letters, &new).contains(&"status".to_owned()), "it has come");
    }
}

#[test]
fn what_was_put_into_outpackets_is_owed_to_those_it_names() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let bob_is = bob.is();
    let note = alice.writes("message", Body::Message, |packet| {
        packet.to.push(bob_is);
        packet.text = Some("By hand.".into());
    });
    let nobody = alice.status("To whom?");
    let mut sealer = Sealer::new(&alice.home, &mut alice.store, &alice.keyring, morning());
    let owed = sealer.owe([note, nobody].map(Clear::Packet).into()).unwrap();
    assert_eq!(people::kinds(&owed.failures), [socialnet::Kind::Usage]);
    alice.seals_what_is_due_and_loses_it();
    alice.waits(10);
    let letters = alice.seals_what_is_due();
    assert_eq!(kinds(&letters, &bob), ["message"]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), ["alice: By hand."]);
}

/// Rows of what Alice owes.
fn owes(alice: &Person) -> (usize, usize) {
    (alice.rows("due"), alice.rows("owed"))
}

/// What she is told in so many days of sn-sync.
fn days_pass(alice: &mut Person, days: u32) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..days {
        alice.waits(DAY);
        let (letters, failures) = alice.tries_to_seal_what_is_due();
        alice.queues(&letters);
        told.extend(failures.iter().map(|error| error.message().to_owned()));
        // Cron comes more often than once a day, and has no more to say.
        assert_eq!(alice.tries_to_seal_what_is_due(), (Vec::new(), Vec::new()));
    }
    told
}

#[test]
fn what_waits_for_the_keys_of_somebody_who_vanished_is_given_up_after_40_days() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.waits(31 * DAY);
    for words in ["Are you there?", "Hello?"] {
        let status = alice.status(words);
        let letters = alice.seals(status, &["bob"]);
        alice.queues(&letters);
        assert_eq!(kinds(&letters, &bob), ["profile"], "asking for new keys");
    }
    assert_eq!(days_pass(&mut alice, 39), [] as [String; 0]);
    assert_eq!(owes(&alice), (2, 2));
    assert_eq!(days_pass(&mut alice, 1), ["2 packets for bob: failed: never confirmed"]);
    assert_eq!(owes(&alice), (0, 0));
    assert_eq!(days_pass(&mut alice, 40), [] as [String; 0]);
    // What sn-check says, until he is back.
    assert_eq!(due::given_up(alice.store.read()).unwrap(), [("bob".to_owned(), 2)]);
    bob.now = alice.now;
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!(due::given_up(alice.store.read()).unwrap(), []);
}

#[test]
fn what_waits_for_somebodys_keys_is_not_given_up_sooner_because_much_happens() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.waits(31 * DAY);
    let status = alice.status("Are you there?");
    let letters = alice.seals(status, &["bob"]);
    alice.queues(&letters);
    for _ in 0..60 {
        alice.waits(60);
        let db = alice.store.begin().unwrap();
        due::owe(&db, bob.is(), &Debt::Public, alice.now).unwrap();
        db.commit().unwrap();
        let letters = alice.seals_what_is_due();
        alice.queues(&letters);
    }
    bob.now = alice.now;
    let keys = bob.seals_what_is_due();
    assert_eq!(alice.gets(&keys), []);
    let letters = alice.seals_what_is_due();
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), ["alice: Are you there?"]);
}

#[test]
fn whoever_no_key_is_left_of_is_told_of_once_a_day_and_then_no_more() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.waits(366 * DAY);
    let change = Change { name: Some("Alice Liddell".to_owned()), ..Change::default() };
    profile::change(&mut alice.store, change, alice.now).unwrap();
    let ended = "cannot seal for bob: all of their keys have ended";
    let told = days_pass(&mut alice, 41);
    assert_eq!(told.iter().filter(|line| *line == ended).count(), 41);
    assert!(told[41].ends_with("for bob: failed: never confirmed"), "{told:?}");
    // New keys of her own are owed, and given up in the same way.
    assert!(days_pass(&mut alice, 60).len() <= 2 * 42);
    assert!(owes(&alice).0 <= 2, "{:?}", owes(&alice));
}

#[test]
fn a_debt_that_nobody_knows_keeps_nobody_from_theirs() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let db = alice.store.begin().unwrap();
    for reader in [&bob, &carol] {
        due::owe(&db, reader.is(), &Debt::Public, alice.now).unwrap();
    }
    // As a later version might call it, which was here before this one.
    db.execute("UPDATE due SET what = 'later' WHERE reader = ?1 AND what = 'profile public'", [carol.is()])
        .unwrap();
    db.commit().unwrap();
    let (letters, failures) = alice.tries_to_seal_what_is_due();
    assert_eq!(kinds(&letters, &bob), ["profile"]);
    let said: Vec<_> = failures.iter().map(socialnet::Error::message).collect();
    assert_eq!(said, ["a packet that is due: database: no debt is called 'later'"]);
}
