//! A clock that is years off, either way: what is seen meanwhile, and that nothing is lost once it is right again.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::{SignedDuration, Timestamp};
use people::{Person, meet};
use socialnet::{
    identity::{Keyring, Purpose},
    packet::Body,
    protocol::{
        renewal,
        sealing::{Letter, Sealed, Sealer},
    },
};

const TEN_YEARS: SignedDuration = SignedDuration::from_hours(24 * 3652);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

/// One says something, with the clock that they have.
fn says(who: &mut Person, words: &str, to: &str) -> Vec<Letter> {
    let status = who.status(words);
    who.seals(status, &[to])
}

/// Runs sn-sync with a clock by which the keys of everybody else have ended, and gives what it says of that.
fn tries_to_sync(who: &mut Person) -> Vec<String> {
    who.home.mark_round(who.now).unwrap();
    assert_eq!(who.reads(), []);
    renewal::run(&who.home, &mut who.store, &mut who.keyring, who.now).unwrap();
    let mut said = Vec::new();
    let mut each = |sealed: Sealed| {
        assert_eq!(sealed.letters, []);
        said.extend(sealed.failures.iter().map(ToString::to_string));
        Ok(())
    };
    Sealer::new(&who.home, &mut who.store, &who.keyring, who.now).seal_due(&mut each).unwrap();
    said
}

fn made(person: &Person) -> Vec<Timestamp> {
    let keyring = Keyring::load(&person.home.identity()).unwrap();
    keyring.pairs.iter().filter(|pair| pair.purpose == Purpose::Sealing).map(|pair| pair.made).collect()
}

#[test]
fn a_clock_ten_years_ahead_destroys_no_key() {
    let (mut alice, mut bob) = friends();
    let (first, today) = (made(&alice), alice.now);
    let on_its_way = says(&mut bob, "Before.", "alice");
    alice.now += TEN_YEARS;
    for _ in 0..3 {
        assert_eq!(tries_to_sync(&mut alice), ["cannot seal for bob: all of their keys have ended"]);
        alice.now += HOUR;
        assert_eq!(tries_to_sync(&mut alice), [] as [&str; 0], "once a day is enough");
        alice.now += HOUR * 23;
    }
    assert!(made(&alice).ends_with(&first), "the keys that friends use are there");
    assert_eq!(alice.gets(&on_its_way), []);
    alice.now = today + HOUR;
    bob.now = alice.now;
    let told = alice.syncs(&[]);
    assert_eq!(bob.gets(&told), []);
    let after = says(&mut bob, "After.", "alice");
    assert_eq!(alice.gets(&after), []);
    let back = says(&mut alice, "All is well.", "bob");
    assert_eq!(bob.gets(&back), []);
    assert_eq!(alice.sees(), ["bob: Before.", "bob: After.", "me: All is well."]);
    assert_eq!(bob.sees(), ["me: Before.", "me: After.", "alice: All is well."]);
}

#[test]
fn keys_made_by_a_clock_that_was_ahead_are_offered_to_nobody_and_still_open() {
    let (mut alice, bob) = friends();
    let today = alice.now;
    alice.now += TEN_YEARS;
    tries_to_sync(&mut alice);
    let sealed_then = bob.envelope(&alice, 7, vec![bob.signs(&bob.status("From the same future."))]);
    alice.now = today + HOUR;
    alice.syncs(&[]);
    assert_eq!(alice.keyring.newest(Purpose::Sealing).unwrap().made, alice.now);
    assert!(alice.folder("identity").iter().any(|name| name.starts_with("ahead-sealing-2036")));
    let again = alice.syncs(&[]);
    assert_eq!(again, [], "and it is not made anew at every round");
    assert_eq!(alice.finds(&[sealed_then]), []);
    assert_eq!(alice.sees(), ["bob: From the same future."]);
}

#[test]
fn a_clock_that_fell_back_to_1970_works_by_the_time_that_friends_have_told() {
    let (mut alice, mut bob) = friends();
    let keys = made(&alice);
    alice.now = Timestamp::UNIX_EPOCH;
    let mut until_tomorrow = None;
    let letters = {
        let status = bob.writes("status", Body::Status, |packet| {
            packet.text = Some("Until tomorrow.".to_owned());
            packet.expires = Some(packet.created + 24 * HOUR);
            until_tomorrow = packet.expires;
        });
        bob.seals(status, &["alice"])
    };
    assert_eq!(alice.syncs(&letters), []);
    assert_eq!(made(&alice), keys, "no key of 1970");
    let answer = says(&mut alice, "What year is it?", "bob");
    assert_eq!(bob.gets(&answer), []);
    assert_eq!(bob.sees(), ["me: Until tomorrow.", "alice: What year is it?"]);
    alice.now = bob.now + HOUR;
    alice.reads();
    assert_eq!(alice.sees(), ["bob: Until tomorrow.", "me: What year is it?"]);
    let db = alice.store.read();
    let expires: i64 =
        db.query_row("SELECT expires FROM packet WHERE expires IS NOT NULL", (), |row| row.get(0)).unwrap();
    assert_eq!(expires, until_tomorrow.unwrap().as_second());
}

#[test]
fn words_that_have_an_end_outlast_a_clock_that_is_ahead() {
    let (mut alice, mut bob) = friends();
    let status = bob.writes("status", Body::Status, |packet| {
        packet.text = Some("Until next week.".to_owned());
        packet.expires = Some(packet.created + 7 * 24 * HOUR);
    });
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    let today = alice.now;
    alice.now += TEN_YEARS;
    alice.reads();
    alice.now = today + HOUR;
    alice.reads();
    assert_eq!(alice.sees(), ["bob: Until next week."]);
}

#[test]
fn what_comes_from_a_friend_whose_clock_is_off_is_read_and_theirs_is_answered() {
    for off in [TEN_YEARS, -TEN_YEARS] {
        let (mut alice, mut bob) = friends();
        let today = bob.now;
        bob.now += off;
        let envelope = bob.envelope(&alice, 9, vec![bob.signs(&bob.status("What a day."))]);
        assert_eq!(alice.finds(&[envelope]), []);
        assert_eq!(alice.sees(), ["bob: What a day."]);
        bob.now = today;
        let letters = says(&mut alice, "Your clock is off.", "bob");
        assert_eq!(bob.gets(&letters), []);
        alice.syncs(&[]);
        assert_eq!(made(&alice).len(), 1, "no friend can make a clock run");
    }
}

#[test]
fn an_invitation_made_ten_years_ahead_is_good_once_the_clock_is_right() {
    let (mut alice, mut carol) = (Person::new("Alice"), Person::new("Carol"));
    let today = alice.now;
    alice.now += TEN_YEARS;
    let invitation = alice.invites();
    alice.now = today;
    assert_eq!(alice.gets(&carol.adds(&invitation)), []);
    assert_eq!(alice.knows("carol"), ("friend", "invited"));
}

#[test]
fn what_was_put_off_by_a_clock_that_was_ahead_is_done_when_it_is_right() {
    let (mut alice, mut bob) = friends();
    let today = alice.now;
    alice.now += TEN_YEARS;
    tries_to_sync(&mut alice);
    let letters = says(&mut bob, "Did it come?", "alice");
    assert_eq!(alice.gets(&letters), [], "a confirmation is due a day later, in ten years");
    alice.now = today + 25 * HOUR;
    bob.now = alice.now;
    let due = alice.seals_what_is_due();
    assert_eq!(bob.gets(&due), []);
    let confirmed: bool = bob
        .store
        .read()
        .query_row("SELECT min(confirmed IS NOT NULL) FROM sealed", (), |row| row.get(0))
        .unwrap();
    assert!(confirmed);
}
