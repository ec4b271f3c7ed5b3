//! The queue, as time goes by: what nobody confirms is given up.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::{SignedDuration, Timestamp};
use people::{Person, meet};
use socialnet::{
    mailbox::name_for,
    protocol::sealing::Letter,
    queue, seal,
    store::delivery::{self, Outcome},
    stream::Pem,
};

/// What sn-seal prints is read by sn-send.
fn queued(person: &mut Person, letters: &[Letter]) {
    let pem = |letter: &Letter| {
        Ok(Pem {
            headers: vec![("To".into(), letter.reader.to_string())],
            label: seal::LABEL.into(),
            der: letter.der.clone(),
        })
    };
    let blocks = letters.iter().map(pem);
    let mut bad = Vec::new();
    queue::add(&person.home, &mut person.store, blocks, person.now, &mut |error| bad.push(error)).unwrap();
    assert_eq!(bad, []);
}

/// The queue is run, and says this.
fn runs(person: &mut Person, now: Timestamp) -> Vec<String> {
    let mut said = Vec::new();
    queue::run(&person.home, &mut person.store, now, &mut |line| said.push(line.to_owned())).unwrap();
    said
}

#[test]
fn what_nobody_confirms_in_forty_days_is_in_failed_with_the_reason() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = alice.status("Hello?");
    let letters = alice.seals(status, &["bob"]);
    queued(&mut alice, &letters);
    let file = format!("{}.pem", name_for(&letters[0].envelope));
    assert_eq!(alice.folder("outpackets/new"), [file.as_str()]);
    let db = alice.store.begin().unwrap();
    for waiting in delivery::due(&db, alice.now, 100).unwrap() {
        delivery::record(&db, &waiting, &Outcome::Sent, "file:///stick/bob", "", alice.now).unwrap();
    }
    db.commit().unwrap();
    let days = |days: i64| alice.now + SignedDuration::from_hours(24 * days);
    let (almost, then) = (days(40) - SignedDuration::from_mins(1), days(40));
    assert_eq!(runs(&mut alice, almost), [] as [String; 0]);
    assert_eq!(alice.folder("outpackets/sent"), [file.as_str()]);
    let said = runs(&mut alice, then);
    assert!(said.contains(&format!("'{file}' failed: never confirmed")), "{said:?}");
    assert_eq!(alice.folder("outpackets/failed"), [file.clone(), format!("{file}.why")]);
    assert_eq!(runs(&mut alice, then), [] as [String; 0], "said once");
    // Sent again by hand, it has all the time again.
    queued(&mut alice, &letters);
    assert_eq!(alice.folder("outpackets/failed"), [] as [String; 0]);
}
