//! Encryption keys are renewed, told and destroyed; and whoever was away finds the others again.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, meet};
use socialnet::{
    identity::{Keyring, Purpose},
    protocol::{open, renewal},
    store::contacts,
};
use std::fs;

const DAY: i64 = 24 * 60;

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

/// A word from Bob, which bears out what Alice's clock says.
fn hears(alice: &mut Person, bob: &mut Person) {
    renewal::run(&alice.home, &mut alice.store, &mut alice.keyring, alice.now).unwrap();
    bob.now = alice.now;
    let word = bob.envelope(alice, 0, Vec::new());
    assert_eq!(alice.finds(&[word]), []);
}

/// A round in which nothing comes and nobody is written to.
fn rounds(alice: &mut Person) {
    alice.home.mark_round(alice.now).unwrap();
    assert_eq!(alice.reads(), []);
    renewal::run(&alice.home, &mut alice.store, &mut alice.keyring, alice.now).unwrap();
}

/// How many pairs of a purpose are on disk.
fn pairs(person: &Person, purpose: Purpose) -> usize {
    let keyring = Keyring::load(&person.home.identity()).unwrap();
    keyring.pairs.iter().filter(|pair| pair.purpose == purpose).count()
}

#[test]
fn keys_are_renewed_after_twenty_days_and_friends_are_told() {
    let (mut alice, mut bob) = friends();
    alice.waits(20 * DAY - 1);
    alice.seals_what_is_due();
    assert_eq!(pairs(&alice, Purpose::Sealing), 1);
    alice.waits(1);
    bob.now = alice.now;
    let letters = alice.seals_what_is_due();
    assert_eq!((letters.len(), pairs(&alice, Purpose::Sealing)), (1, 2));
    assert_eq!(alice.seals_what_is_due(), [], "told once");
    assert_eq!(bob.gets(&letters), []);
    let status = bob.status("To your new key.");
    let letters = bob.seals(status, &["alice"]);
    // The old one is not needed to open it.
    alice.keyring.pairs.retain(|pair| pair.made == alice.now);
    assert_eq!(alice.gets(&letters), []);
}

#[test]
fn a_pair_that_was_made_and_not_told_of_is_told_by_the_next_run() {
    let (mut alice, _) = friends();
    alice.waits(20 * DAY);
    alice.keyring.add_pair(&alice.home.identity(), Purpose::Sealing, alice.now).unwrap();
    assert_eq!(alice.seals_what_is_due().len(), 1, "killed before it was told");
    assert_eq!(pairs(&alice, Purpose::Sealing), 2, "and no other one is made");
}

#[test]
fn old_keys_are_destroyed_only_after_a_whole_round() {
    let (mut alice, mut bob) = friends();
    for days in [20, 20, 19] {
        alice.waits(days * DAY);
        alice.syncs(&[]);
    }
    assert_eq!(pairs(&alice, Purpose::Sealing), 3, "the first is not yet 60 days old");
    alice.waits(30 * DAY);
    alice.seals_what_is_due();
    assert_eq!(pairs(&alice, Purpose::Sealing), 4, "no source was read since it was");
    alice.home.mark_round(alice.now).unwrap();
    alice.seals_what_is_due();
    assert_eq!(pairs(&alice, Purpose::Sealing), 4, "read, and not taken in");
    assert_eq!(alice.syncs(&[]), []);
    assert_eq!(pairs(&alice, Purpose::Sealing), 4, "no friend has said that it is so late");
    hears(&mut alice, &mut bob);
    alice.syncs(&[]);
    assert_eq!(pairs(&alice, Purpose::Sealing), 2, "the first two are gone");
    assert_eq!(alice.folder("identity").len(), 2 + 3 * 4, "identity, two pairs, and one to be met by");
}

#[test]
fn what_a_crash_left_of_destroying_is_destroyed() {
    let (mut alice, mut bob) = friends();
    for _ in 0..4 {
        alice.waits(20 * DAY);
        alice.seals_what_is_due();
    }
    let first = alice.folder("identity").into_iter().filter(|name| name.starts_with("sealing-20261122"));
    let mut first: Vec<String> = first.collect();
    assert_eq!(first.len(), 4);
    first.retain(|name| name.ends_with(".crt"));
    first.iter().for_each(|name| fs::remove_file(alice.file("identity").join(name)).unwrap());
    hears(&mut alice, &mut bob);
    alice.syncs(&[]);
    assert_eq!(
        alice.folder("identity").iter().filter(|name| name.contains("20261122")).count(),
        4,
        "one to be met by"
    );
}

#[test]
fn the_newest_keys_are_never_destroyed() {
    let (mut alice, _) = friends();
    alice.home.mark_round(alice.now + jiff::SignedDuration::from_hours(24 * 3650)).unwrap();
    alice.reads();
    alice.waits(19 * DAY);
    alice.seals_what_is_due();
    assert_eq!((pairs(&alice, Purpose::Sealing), pairs(&alice, Purpose::Meeting)), (1, 1));
}

#[test]
fn meeting_keys_are_renewed_after_300_days_and_kept_for_425() {
    let (mut alice, mut bob) = friends();
    alice.waits(300 * DAY);
    alice.syncs(&[]);
    assert_eq!(pairs(&alice, Purpose::Meeting), 2);
    alice.waits(124 * DAY);
    hears(&mut alice, &mut bob);
    rounds(&mut alice);
    assert_eq!(pairs(&alice, Purpose::Meeting), 2);
    alice.waits(DAY);
    hears(&mut alice, &mut bob);
    rounds(&mut alice);
    assert_eq!(pairs(&alice, Purpose::Meeting), 1);
}

#[test]
fn two_who_were_away_for_three_months_lose_nothing() {
    let (mut alice, mut bob) = friends();
    // Said on the last day, and left lying at the mailbox.
    let (hers, his) = (alice.status("I am off."), bob.status("So am I."));
    let (to_bob, to_alice) = (alice.seals(hers, &["bob"]), bob.seals(his, &["alice"]));
    for person in [&mut alice, &mut bob] {
        person.waits(90 * DAY);
    }
    // Said on coming home, before anything was fetched: neither has keys of the other that still hold.
    let (hers, his) = (alice.status("Back home."), bob.status("Me too."));
    let (mut for_bob, mut for_alice) = (alice.seals(hers, &["bob"]), bob.seals(his, &["alice"]));
    for letter in for_bob.iter().chain(&for_alice) {
        let reader = if letter.reader == bob.is() { &bob } else { &alice };
        assert_eq!(open::open(&letter.der, &reader.keyring).unwrap().under, Purpose::Meeting);
    }
    for_bob.splice(0..0, to_bob);
    for_alice.splice(0..0, to_alice);
    for _ in 0..3 {
        let (alices, bobs) = (alice.syncs(&for_alice), bob.syncs(&for_bob));
        (for_bob, for_alice) = (for_reader(&alices, &bob), for_reader(&bobs, &alice));
    }
    assert_eq!(alice.sees(), ["me: I am off.", "me: Back home.", "bob: So am I.", "bob: Me too."]);
    assert_eq!(bob.sees(), ["me: So am I.", "me: Me too.", "alice: I am off.", "alice: Back home."]);
    let contact = contacts::by_petname(alice.store.read(), "bob").unwrap().unwrap();
    assert_eq!(contact.profile.sealing.as_ref(), Some(bob.keyring.newest(Purpose::Sealing).unwrap().offer()));
    assert_eq!(
        (pairs(&alice, Purpose::Sealing), pairs(&bob, Purpose::Sealing)),
        (1, 1),
        "the old ones are gone"
    );
}

#[test]
fn only_one_command_renews_at_a_time() {
    let (mut alice, _) = friends();
    alice.waits(20 * DAY);
    let _other = alice.home.lock("renewal").unwrap();
    renewal::run(&alice.home, &mut alice.store, &mut alice.keyring, alice.now).unwrap();
    assert_eq!(pairs(&alice, Purpose::Sealing), 1);
}
