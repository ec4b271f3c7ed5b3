//! A packet goes on its way in one step.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, meet};
use socialnet::{Kind, post, store::delivery};

/// The readers of what is queued, and in which state it is.
fn queued(person: &Person) -> Vec<(Option<String>, String)> {
    let mut listed = Vec::new();
    let mut each = |one: delivery::Listed| {
        listed.push((one.petname, one.state));
        Ok(())
    };
    delivery::list(person.store.read(), &mut each).unwrap();
    listed
}

#[test]
fn what_is_posted_is_in_the_own_feed_and_queued_for_each_reader() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let before = alice.folder("outpackets/new").len();
    let status = alice.status("Back from the hills.");
    let everybody = ["all".to_owned()];
    let failures =
        post::post(&alice.home, &mut alice.store, &alice.keyring, vec![status], &everybody, alice.now)
            .unwrap();
    assert_eq!(failures, []);
    assert_eq!(alice.folder("outpackets/new").len(), before + 1);
    assert_eq!(queued(&alice).last(), Some(&(Some("bob".to_owned()), "waiting".to_owned())));
    assert!(alice.sees().contains(&"me: Back from the hills.".to_owned()));
}

#[test]
fn what_has_nobody_to_go_to_is_not_kept() {
    let mut alice = Person::new("Alice");
    let status = alice.status("Is anybody there?");
    let everybody = ["all".to_owned()];
    let refused =
        post::post(&alice.home, &mut alice.store, &alice.keyring, vec![status], &everybody, alice.now)
            .unwrap_err();
    assert_eq!(refused.kind(), Kind::Usage);
    assert_eq!((alice.sees(), queued(&alice)), (Vec::new(), Vec::new()));
}
