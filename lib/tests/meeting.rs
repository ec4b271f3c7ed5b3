//! Meeting: invitation, request, waiting room, accept, block, bye, and each of them lost, late and twice.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, kinds, meet, morning};
use socialnet::{
    Fingerprint, Kind,
    packet::Body,
    protocol::{asking, blocking, decide, meeting, open, profile, sealing::Letter, stranger},
    store::{
        contacts,
        due::{self, Debt, DebtName},
    },
};

const DAY: i64 = 24 * 60;

#[test]
fn an_invitation_connects_both_at_once() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    let request = bob.adds(&invitation);
    assert_eq!(bob.knows("alice"), ("asked", "invited"));
    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.knows("bob"), ("friend", "invited"));
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!(bob.knows("alice"), ("friend", "invited"));
    assert_eq!(bob.sees(), [] as [&str; 0]);
}

#[test]
fn a_lost_answer_comes_again_when_the_request_does() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    alice.gets(&bob.adds(&invitation));
    drop(alice.seals_what_is_due());
    // Bob asks again: a new envelope, the same code.
    assert_eq!(alice.gets(&bob.adds(&invitation)), []);
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!(bob.knows("alice").0, "friend");
}

#[test]
fn the_same_request_twice_changes_nothing() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    let request = bob.adds(&invitation);
    alice.gets(&request);
    alice.seals_what_is_due();
    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.seals_what_is_due(), []);
    assert_eq!(alice.alarm("bob"), "");
}

#[test]
fn a_code_used_by_two_people_alarms_and_the_second_waits() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    let invitation = alice.invites();
    alice.gets(&bob.adds(&invitation));
    alice.gets(&carol.adds(&invitation));
    assert_eq!((alice.knows("bob").0, alice.knows("carol")), ("friend", ("waiting", "")));
    assert_ne!(alice.alarm("bob"), "");
    assert_ne!(alice.alarm("carol"), "");
}

#[test]
fn an_expired_code_is_only_a_request() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    let request = bob.adds(&invitation);
    alice.waits(31 * 24 * 60);
    alice.gets(&request);
    assert_eq!(alice.knows("bob"), ("waiting", ""));
}

#[test]
fn who_has_only_the_public_profile_waits_to_be_accepted() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let public = profile::export(alice.store.read(), &alice.keyring, morning()).unwrap();
    assert_eq!(alice.gets(&bob.adds(&public.der)), []);
    assert_eq!(alice.knows("bob"), ("waiting", ""));
    assert_eq!(alice.seals_what_is_due(), [], "nobody learns that they wait");

    let waiting = contacts::find(alice.store.read(), "bob").unwrap();
    decide::accept(&mut alice.store, &alice.keyring, &waiting, morning()).unwrap();
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
}

#[test]
fn who_asks_each_other_need_not_accept() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let alices = profile::export(alice.store.read(), &alice.keyring, morning()).unwrap();
    let bobs = profile::export(bob.store.read(), &bob.keyring, morning()).unwrap();
    let (from_alice, from_bob) = (alice.adds(&bobs.der), bob.adds(&alices.der));
    alice.gets(&from_bob);
    bob.gets(&from_alice);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
}

#[test]
fn the_waiting_room_is_small() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    let public = profile::export(alice.store.read(), &alice.keyring, morning()).unwrap().der;
    let them = stranger::verify(&public).unwrap();
    let db = alice.store.begin().unwrap();
    for number in 0..meeting::WAITING_ROOM {
        let somebody = contacts::NewContact {
            fingerprint: Fingerprint::from_bytes([number as u8; 32]),
            petname: &format!("somebody-{number}"),
            state: contacts::State::Waiting,
            grade: contacts::Grade::None,
            profile: &them.profile,
            certificate: &them.certificate,
            since: morning(),
        };
        contacts::insert(&db, &somebody).unwrap();
    }
    db.commit().unwrap();
    assert_eq!(alice.gets(&bob.adds(&public)), []);
    assert_eq!(alice.knows("bob").0, "unknown");
    // A friend with a code still comes in.
    meet(&mut alice, &mut carol);
    assert_eq!(alice.knows("carol").0, "friend");
}

#[test]
fn who_waits_leaves_few_rows_however_often_they_ask() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let public = profile::export(alice.store.read(), &alice.keyring, morning()).unwrap().der;
    for _ in 0..40 {
        let request = bob.adds(&public);
        assert_eq!(alice.gets(&request), []);
    }
    assert_eq!((alice.knows("bob").0, alice.rows("opened")), ("waiting", 32));
}

#[test]
fn nobody_gets_a_petname_that_can_not_be_seen() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("\u{3164}"));
    meet(&mut alice, &mut bob);
    assert_eq!(alice.knows("somebody").0, "friend");
}

#[test]
fn nobody_is_called_what_the_owner_is_called() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("You"));
    meet(&mut alice, &mut bob);
    assert_eq!(alice.knows("somebody").0, "friend");
    let write = alice.store.begin().unwrap();
    for name in ["you", "You", "all"] {
        assert_eq!(contacts::rename(&write, bob.is(), name).unwrap_err().kind(), Kind::Usage, "{name}");
    }
}

#[test]
fn nothing_of_a_stranger_reaches_the_feed_until_they_are_a_friend() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let carol = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &carol, morning()).unwrap();
    let status = bob.status("Are you there?");
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    assert_eq!(alice.sees(), [] as [&str; 0]);
    assert_eq!(alice.folder("inpackets/held").len(), 1);

    let invitation = alice.invites();
    bob.gets(&alice.seals_what_is_due());
    assert_eq!(bob.knows("alice").0, "gone");
    alice.gets(&bob.adds(&invitation));
    assert_eq!(alice.sees(), ["bob: Are you there?"], "what was held is read");
}

#[test]
fn what_came_before_the_accept_is_read_after_it() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    alice.gets(&bob.adds(&invitation));
    let accept = alice.seals_what_is_due();
    let status = alice.status("Welcome.");
    let status = alice.seals(status, &["bob"]);
    assert_eq!(bob.gets(&status), []);
    assert_eq!(bob.sees(), [] as [&str; 0]);
    assert_eq!(bob.gets(&accept), []);
    assert_eq!(bob.sees(), ["alice: Welcome."]);
}

#[test]
fn an_accept_that_nobody_asked_for_is_nothing() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut carol);
    let invitation = bob.invites();
    drop(alice.adds(&invitation));
    // Alice seals an accept for Bob, whom she asked, as if he had asked her.
    let profile = profile::own(alice.store.read(), &alice.keyring, profile::For::Contacts).unwrap();
    let accept = alice.writes("contact-accept", Body::ContactAccept { profile }, |_| {});
    let (letters, failures) = alice.tries_to_seal(accept, &["bob"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::NotAllowed]));
    assert_eq!(bob.knows("alice").0, "unknown");
}

#[test]
fn blocked_people_are_not_read_and_not_told() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let bob_is = bob.is();
    blocking::block(&mut alice.store, bob_is).unwrap();
    let status = bob.status("Hello?");
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    let request = bob.writes("contact-bye", Body::ContactBye, |_| {});
    let letters = bob.seals(request, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    assert_eq!((alice.knows("bob").0, alice.sees().len()), ("blocked", 0));
    alice.waits(48 * 60);
    assert_eq!(alice.seals_what_is_due(), []);
    assert_eq!(alice.folder("inpackets/held"), [] as [&str; 0]);
}

#[test]
fn a_goodbye_ends_it_on_both_sides() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, morning()).unwrap();
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("gone", "gone"));
    let status = bob.status("Hello?");
    assert_eq!(kinds(&bob.tries_to_seal(status, &["alice"]).1), [Kind::NotAllowed]);
}

#[test]
fn somebody_elses_invitation_can_not_be_signed_anew() {
    let (mut alice, mut mallory) = (Person::new("Alice"), Person::new("Alice"));
    let invitation = alice.invites();
    let words = socialnet::seal::verify(&invitation).unwrap().content;
    let forged = socialnet::seal::sign(&mallory.keyring.identity, &words).unwrap();
    assert_eq!(stranger::verify(&forged).err().unwrap().kind(), Kind::Malformed);
    let own = mallory.invites();
    let them = stranger::verify(&own).unwrap();
    let error = asking::add(&mut mallory.store, &mallory.keyring, &them, None, morning()).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage, "nobody adds themselves");
}

#[test]
fn a_fingerprint_that_was_read_aloud_settles_it() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    let wrong = decide::check(&mut alice.store, &who, &alice.keyring.identity.fingerprint.spoken());
    assert_eq!(wrong.unwrap_err().kind(), Kind::NotAllowed);
    assert_eq!(alice.knows("bob").1, "invited");
    decide::check(&mut alice.store, &who, &bob.is().spoken().to_uppercase()).unwrap();
    assert_eq!(alice.knows("bob").1, "checked");
}

#[test]
fn what_was_held_is_read_though_accept_was_killed_after_its_commit() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    let invitation = alice.invites();
    alice.gets(&bob.adds(&invitation));
    alice.gets(&carol.adds(&invitation));
    assert_eq!(alice.knows("carol").0, "waiting", "the code was used");
    let early = carol.envelope(&alice, 1, vec![carol.signs(&carol.status("Early."))]);
    assert_eq!(alice.finds(&[early]), []);
    assert_eq!(alice.folder("inpackets/held").len(), 1);
    let who = contacts::find(alice.store.read(), "carol").unwrap();
    decide::accept(&mut alice.store, &alice.keyring, &who, morning()).unwrap();
    assert_eq!(alice.reads(), []);
    assert_eq!((alice.sees(), alice.folder("inpackets/held").len()), (vec!["carol: Early.".to_owned()], 0));
}

#[test]
fn whoever_was_removed_does_not_come_back_by_their_old_invitation() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let invitation = alice.invites();
    alice.gets(&bob.adds(&invitation));
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, morning()).unwrap();
    for _ in 0..2 {
        assert_eq!(alice.gets(&bob.adds(&invitation)), []);
        assert_eq!(alice.knows("bob").0, "waiting");
    }
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::ignore(&mut alice.store, &who).unwrap();
    assert_eq!(alice.gets(&bob.adds(&invitation)), []);
    assert_eq!(alice.knows("bob").0, "waiting");
}

#[test]
fn an_old_goodbye_does_not_part_those_who_met_again() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    // More envelopes than are remembered of somebody who is no friend.
    for _ in 0..40 {
        let status = bob.status("Hello.");
        let letters = bob.seals(status, &["alice"]);
        assert_eq!(alice.gets(&letters), []);
    }
    let who = contacts::find(bob.store.read(), "alice").unwrap();
    decide::remove(&mut bob.store, &bob.keyring, &who, morning()).unwrap();
    let goodbye = bob.seals_what_is_due();
    assert_eq!(alice.gets(&goodbye), []);
    assert_eq!(alice.knows("bob").0, "gone");
    meet(&mut alice, &mut bob);
    assert_eq!(alice.gets(&goodbye), [], "a carrier repeats it");
    assert_eq!(alice.knows("bob").0, "friend");
}

#[test]
fn a_goodbye_that_nobody_can_open_is_not_waited_with() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.waits(31 * 24 * 60);
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
    for _ in 0..2 {
        assert_eq!(alice.seals_what_is_due(), [], "nor is Bob asked for new keys");
        alice.waits(25 * 60);
    }
}

#[test]
fn face_to_face_both_are_checked_and_a_code_that_two_use_checks_nobody() {
    let (mut alice, mut bob, mut mallory) =
        (Person::new("Alice"), Person::new("Bob"), Person::new("Mallory"));
    let shown = alice.invites_so(true);
    // Somebody took a picture of it, and is faster.
    let request = mallory.adds(&shown);
    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.knows("mallory"), ("friend", "checked"));
    let request = bob.adds(&shown);
    let who = contacts::by_petname(bob.store.read(), "alice").unwrap().unwrap();
    decide::met(&mut bob.store, &who).unwrap();
    assert_eq!(bob.knows("alice"), ("asked", "checked"));
    assert_eq!(alice.gets(&request), []);
    assert_eq!(alice.knows("mallory"), ("friend", "invited"), "nobody knows any more who stood there");
    assert_eq!(alice.knows("bob").0, "waiting");
    assert!(alice.alarm("mallory").contains("used by two people"));
    let once_more = mallory.adds(&shown);
    assert_eq!(alice.gets(&once_more), []);
    assert_eq!(alice.knows("mallory"), ("friend", "invited"), "nor by asking again");
    let again = bob.adds(&alice.invites_so(true));
    assert_eq!(alice.gets(&again), []);
    assert_eq!(alice.knows("bob"), ("friend", "checked"));
}

/// Alice parts from Bob; her goodbye is lost unless Bob gets it. A day later she adds him again, and he hears of that.
fn parts_and_returns(alice: &mut Person, bob: &mut Person) -> Vec<Letter> {
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
    let goodbye = alice.seals_what_is_due();
    assert_eq!(goodbye.len(), 1);
    [&mut *alice, &mut *bob].into_iter().for_each(|person| person.waits(DAY));
    let invitation = bob.invites();
    assert_eq!(bob.gets(&alice.adds(&invitation)), []);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
    goodbye
}

#[test]
fn a_goodbye_that_was_lost_is_not_said_again_to_whom_one_has_met_since() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    parts_and_returns(&mut alice, &mut bob);
    // Bob misses a counter, and asks; after a week what nobody has confirmed is sealed anew.
    for _ in 0..20 {
        [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(DAY));
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
    }
    assert_eq!(bob.rows("gap"), 0, "he was told that there is nothing to wait for");
}

#[test]
fn a_goodbye_that_comes_after_the_next_request_changes_nothing() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let goodbye = parts_and_returns(&mut alice, &mut bob);
    assert_eq!(bob.gets(&goodbye), []);
    assert_eq!(bob.knows("alice").0, "friend");
    // The next one counts.
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    assert_eq!(bob.knows("alice").0, "gone");
}

#[test]
fn a_goodbye_that_had_not_left_when_they_met_again_never_does() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    for bob_asks in [false, true] {
        let who = contacts::find(alice.store.read(), "bob").unwrap();
        decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
        if bob_asks {
            let invitation = alice.invites();
            assert_eq!(alice.gets(&bob.adds(&invitation)), []);
        } else {
            let invitation = stranger::verify(&bob.invites()).unwrap();
            asking::add(&mut alice.store, &alice.keyring, &invitation, None, alice.now).unwrap();
        }
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
        assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
    }
}

#[test]
fn a_friendship_that_one_side_still_has_is_mended_by_adding_them_again() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let who = contacts::find(bob.store.read(), "alice").unwrap();
    decide::remove(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    drop(bob.seals_what_is_due());
    let status = alice.status("Are you there?");
    let letters = alice.seals(status, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), [] as [&str; 0]);
    let invitation = bob.invites();
    assert_eq!(bob.gets(&alice.adds(&invitation)), []);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!((alice.knows("bob").0, bob.knows("alice").0), ("friend", "friend"));
    assert_eq!(bob.sees(), ["alice: Are you there?"]);
    // Under another name it would be somebody else.
    let them = stranger::verify(&invitation).unwrap();
    let error = asking::add(&mut alice.store, &alice.keyring, &them, Some("bobby"), alice.now).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn a_request_beside_a_goodbye_that_nobody_can_open_is_not_forgotten_with_it() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let who = contacts::find(alice.store.read(), "bob").unwrap();
    decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
    let invitation = bob.invites();
    let them = stranger::verify(&invitation).unwrap();
    asking::add(&mut alice.store, &alice.keyring, &them, None, alice.now).unwrap();
    // As it stood in the store of who did both before a goodbye was taken back.
    let goodbye = alice.writes("contact-bye", Body::ContactBye, |_| {});
    let db = alice.store.begin().unwrap();
    due::owe(&db, bob.is(), &Debt::Packet(DebtName::Bye, goodbye), alice.now).unwrap();
    db.commit().unwrap();
    alice.waits(31 * DAY);
    bob.now = alice.now;
    let (lost, failures) = alice.tries_to_seal_what_is_due();
    assert_eq!((lost.len(), kinds(&failures)), (1, vec![Kind::NotAllowed]), "he is not told goodbye");
    alice.waits(10);
    let letters = alice.seals_what_is_due();
    assert_eq!(bob.gets(&letters), []);
    let asked = letters.iter().flat_map(|letter| open::open(&letter.der, &bob.keyring).unwrap().packets);
    let asked: Vec<String> = asked.map(|verified| verified.packet.kind).collect();
    assert_eq!(asked, ["contact-request"]);
}
