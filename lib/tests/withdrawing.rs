//! What somebody is not to be found by any more, nobody carries: however long a friend was away, and whichever of the two has
//! another key by now.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, Stick, for_reader, kinds, meet, searching::*, successor_of};
use socialnet::{
    Kind,
    protocol::{asking, blocking, decide, moved, searchable, start, stranger, succession, successor},
    search::Handle,
    store::contacts::{self, State},
};

/// Bob can be found, and Carol carries by what.
fn bob_and_carol() -> (Person, Person) {
    let (mut bob, mut carol) = (Person::new("Bob"), Person::new("Carol"));
    findable(&mut bob, BOB);
    meet(&mut carol, &mut bob);
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    assert!(carries(&carol));
    (bob, carol)
}

fn carries(carol: &Person) -> bool {
    carol.rows("hashcache") > 0
}

fn withdraws(bob: &mut Person) {
    let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    searchable::withdraw(&mut bob.store, &details, bob.now).unwrap();
}

/// Days of sn-sync, of which nothing arrives. What the owner is told.
fn days_alone(person: &mut Person, days: u32) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..days {
        person.waits(DAY);
        let (letters, failures) = person.tries_to_seal_what_is_due();
        person.queues(&letters);
        told.extend(failures.iter().map(|error| error.message().to_owned()));
    }
    told
}

/// Both are at home, and all that they seal arrives.
fn they_talk(bob: &mut Person, carol: &mut Person) {
    let now = bob.now.max(carol.now);
    (bob.now, carol.now) = (now, now);
    for _ in 0..3 {
        let letters = carol.seals_what_is_due();
        assert_eq!(bob.gets(&for_reader(&letters, bob)), []);
        let letters = bob.seals_what_is_due();
        assert_eq!(carol.gets(&for_reader(&letters, carol)), []);
    }
}

#[test]
fn whoever_was_away_for_long_carries_nothing_more_when_they_are_back() {
    // In the first case the list is lost on its way, in the other it waits for her keys.
    for (days_before, given_up) in [(0, 0), (31, 1)] {
        let (mut bob, mut carol) = bob_and_carol();
        days_alone(&mut bob, days_before);
        withdraws(&mut bob);
        let told = days_alone(&mut bob, 41);
        let list = "one packet for carol: failed: never confirmed";
        assert_eq!(told.iter().filter(|line| *line == list).count(), given_up, "{told:?}");
        assert!(carries(&carol));
        they_talk(&mut bob, &mut carol);
        assert!(!carries(&carol), "withdrawn {days_before} days after she left");
    }
}

#[test]
fn a_list_that_is_confirmed_is_not_sent_again() {
    let (mut bob, mut carol) = bob_and_carol();
    withdraws(&mut bob);
    they_talk(&mut bob, &mut carol);
    carol.waits(DAY);
    they_talk(&mut bob, &mut carol);
    // New keys of hers come, and there is nothing that she lacks.
    carol.waits(21 * DAY);
    let keys = carol.seals_what_is_due();
    bob.now = carol.now;
    assert_eq!(bob.gets(&keys), []);
    assert_eq!(bob.rows("due WHERE what = 'handles'"), 0);
}

#[test]
fn a_list_that_was_on_its_way_is_replaced_by_that_of_the_new_key() {
    for by_recovery in [false, true] {
        let (mut bob, mut carol) = bob_and_carol();
        let stick = by_recovery.then(|| Stick::of(&mut bob));
        let late = bob.seals_what_is_due();
        if by_recovery {
            assert_eq!(carol.gets(&late), []);
        }
        withdraws(&mut bob);
        let lost = bob.seals_what_is_due();
        let mut new = successor_of(&bob, stick.as_ref().map(Stick::key).as_ref());
        they_talk(&mut new, &mut carol);
        assert!(!carries(&carol));
        // The old key may be in other hands, or its letters late: it has no more to say about it.
        bob.now = carol.now;
        let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
        searchable::add(&mut bob.store, &details, None, false, bob.now).unwrap();
        let says = [lost, bob.seals_what_is_due()].concat();
        let expected = if by_recovery { vec![Kind::NotAllowed; 2] } else { Vec::new() };
        assert_eq!(kinds(&carol.gets(&for_reader(&says, &carol))), expected);
        assert!(!carries(&carol));
    }
}

#[test]
fn whoever_has_nothing_left_but_the_recovery_key_withdraws_all() {
    let (mut bob, mut carol) = bob_and_carol();
    let stick = Stick::of(&mut bob);
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    let owner = start::Owner { name: "Bob".into(), about: None, addresses: Vec::new() };
    let mut new = Person::made_by(bob.now, |path| {
        successor::of_nothing(path, owner, bob.is(), &stick.key(), bob.now).unwrap();
    });
    let invitation = carol.invites();
    assert_eq!(carol.gets(&new.adds(&invitation)), []);
    they_talk(&mut new, &mut carol);
    assert_eq!((carol.rows("contact"), carries(&carol)), (1, false));
}

#[test]
fn whoever_carries_under_another_key_is_owed_the_list() {
    for by_owner in [false, true] {
        let (mut bob, carol) = bob_and_carol();
        withdraws(&mut bob);
        bob.seals_what_is_due();
        let mut carol = if by_owner {
            let mut new = Person::new("Carol");
            let invitation = stranger::verify(&bob.invites()).unwrap();
            let stranger = stranger::Stranger { code: None, ..invitation };
            asking::add(&mut new.store, &new.keyring, &stranger, None, new.now).unwrap();
            assert_eq!(bob.gets(&new.seals_what_is_due()), []);
            let (who, waits) = (contact(&bob, "carol"), contact(&bob, "carol-2"));
            succession::decide(&mut bob.store, &who, &waits, bob.now).unwrap();
            new
        } else {
            successor_of(&carol, None)
        };
        if by_owner {
            let brought = bob.seals_what_is_due();
            assert_eq!(carol.gets(&for_reader(&brought, &carol)), []);
            assert_eq!(carol.rows("carried"), 1, "an empty list is one");
        } else {
            they_talk(&mut bob, &mut carol);
            assert!(!carries(&carol));
        }
    }
}

#[test]
fn what_was_added_after_the_backup_is_carried_no_more_after_the_restore() {
    let (mut bob, mut carol) = (Person::new("Bob"), Person::new("Carol"));
    meet(&mut carol, &mut bob);
    let mut restored = bob.copy();
    let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    searchable::add(&mut bob.store, &details, None, false, bob.now).unwrap();
    assert_eq!(carol.gets(&bob.seals_what_is_due()), []);
    assert!(carries(&carol));
    moved::restored(&restored.home, &mut restored.store, &mut restored.keyring, restored.now).unwrap();
    they_talk(&mut restored, &mut carol);
    assert!(!carries(&carol));
}

#[test]
fn a_friend_who_never_heard_the_goodbye_and_is_one_again_is_told() {
    let (mut bob, mut carol) = bob_and_carol();
    let who = contact(&bob, "carol");
    decide::remove(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    bob.seals_what_is_due();
    withdraws(&mut bob);
    assert!(carries(&carol));
    let invitation = carol.invites();
    assert_eq!(carol.gets(&bob.adds(&invitation)), []);
    they_talk(&mut bob, &mut carol);
    assert!(!carries(&carol));
}

#[test]
fn whoever_is_heard_again_is_found_again() {
    let (mut bob, mut carol) = bob_and_carol();
    let who = contact(&carol, "bob");
    blocking::block(&mut carol.store, who.fingerprint).unwrap();
    assert!(!carries(&carol));
    let who = contact(&carol, "bob");
    blocking::unblock(&mut carol.store, &who, carol.now).unwrap();
    they_talk(&mut bob, &mut carol);
    assert!(carries(&carol));
}

#[test]
fn whoever_begins_anew_is_told_anew() {
    let (mut bob, mut carol) = bob_and_carol();
    // Of Bob's goodbye nothing came but this: she holds him as gone.
    let who = contact(&carol, "bob");
    let db = carol.store.begin().unwrap();
    contacts::set_state(&db, who.fingerprint, State::Gone).unwrap();
    db.commit().unwrap();
    assert!(!carries(&carol));
    let invitation = carol.invites();
    let letters = bob.adds(&invitation);
    assert_eq!(carol.gets(&letters), []);
    they_talk(&mut bob, &mut carol);
    assert_eq!((bob.knows("carol").0, carol.knows("bob").0), ("friend", "friend"));
    assert!(carries(&carol));
}
