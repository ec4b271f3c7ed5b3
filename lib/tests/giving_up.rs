//! The queue, as time goes by: what nobody confirms is given up.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::{SignedDuration, Timestamp};
use people::{
    Person,
    changing::{edit, retract},
    for_reader, meet, successor_of,
};
use socialnet::{
    mailbox::name_for,
    packet::{self, Body},
    protocol::{
        open,
        sealing::{Letter, Sealed, Sealer},
    },
    queue, seal,
    store::delivery::{self, Outcome},
    stream::{Clear, Pem},
};
use std::fs;

/// What sn-seal prints is read by sn-send.
fn queued(person: &mut Person, letters: &[Letter]) {
    let pem = |letter: &Letter| {
        let to = ("To".into(), letter.reader.to_string());
        let chunks = letter.chunks.iter().map(|chunk| ("Blob".into(), name_for(chunk)));
        Ok(Pem {
            headers: std::iter::once(to).chain(chunks).collect(),
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

fn runs_now(person: &mut Person) -> Vec<String> {
    let now = person.now;
    runs(person, now)
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

/// What of a letter waits is handed over, though no driver is there to do it.
fn hands_over(person: &mut Person, letter: &Letter) -> usize {
    let (now, some_time) = (person.now, person.now + SignedDuration::from_hours(24));
    let db = person.store.begin().unwrap();
    let mut waiting = delivery::due(&db, some_time, 100).unwrap();
    waiting.retain(|delivery| delivery.envelope == letter.envelope);
    for delivery in &waiting {
        delivery::record(&db, delivery, &Outcome::Sent, "file:///stick/bob", "", now).unwrap();
    }
    db.commit().unwrap();
    waiting.len()
}

/// The names of `new`, `sent` and `failed`.
fn files(person: &Person) -> [Vec<String>; 3] {
    ["outpackets/new", "outpackets/sent", "outpackets/failed"].map(|folder| person.folder(folder))
}

#[test]
fn a_chunk_whose_confirmation_was_lost_is_sent_again_and_said_again() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.gets(&bob.seals_what_is_due());
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    queued(&mut alice, &letters);
    assert_eq!(hands_over(&mut alice, &letters[0]), 2);
    runs_now(&mut alice);
    let file = format!("{}.pem", name_for(&letters[0].envelope));
    bob.gets(&letters);
    bob.finds(&chunks);
    let day = 24 * 60;
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(day));
    assert_eq!(bob.seals_what_is_due().len(), 1, "which is lost on its way");
    let status = bob.status("Something else.");
    let word = bob.seals(status, &["alice"]);
    bob.queues(&word);
    assert_eq!(alice.gets(&word), [], "the envelope is confirmed by it, the chunk is not");
    assert_eq!(runs_now(&mut alice), [] as [String; 0]);
    assert_eq!(files(&alice), [vec![], vec![file.clone()], vec![]]);

    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(6 * day));
    runs_now(&mut alice);
    assert_eq!(hands_over(&mut alice, &letters[0]), 1, "the chunk, not the envelope");
    runs_now(&mut alice);
    assert_eq!(files(&alice), [vec![], vec![file], vec![]]);
    bob.finds(&chunks);
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(day));
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    runs_now(&mut alice);
    assert_eq!(files(&alice), [[] as [&str; 0]; 3], "complete");
}

#[test]
fn chunks_that_are_never_confirmed_fail_after_forty_days() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    alice.gets(&bob.seals_what_is_due());
    let (film, _) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    queued(&mut alice, &letters);
    hands_over(&mut alice, &letters[0]);
    runs_now(&mut alice);
    bob.gets(&letters);
    bob.waits(24 * 60);
    alice.gets(&bob.seals_what_is_due());
    let mut again = Vec::new();
    let mut said = Vec::new();
    for day in 1..=50 {
        alice.waits(24 * 60);
        said.extend(runs_now(&mut alice));
        if hands_over(&mut alice, &letters[0]) > 0 {
            again.push(day);
        }
        runs_now(&mut alice);
    }
    assert_eq!(again, [7, 14, 21, 28, 35]);
    let file = format!("{}.pem", name_for(&letters[0].envelope));
    assert_eq!(said, [format!("'{file}' failed: never confirmed")]);
    assert_eq!(files(&alice), [vec![], vec![], vec![file.clone(), format!("{file}.why")]]);
}

#[test]
fn what_was_confirmed_before_its_file_was_moved_is_not_sent_again() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = alice.status("Hello?");
    let letters = alice.seals(status, &["bob"]);
    queued(&mut alice, &letters);
    hands_over(&mut alice, &letters[0]);
    assert_eq!(bob.gets(&letters), []);
    bob.waits(24 * 60);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!(alice.folder("outpackets/new").len(), 1, "killed before the rename");
    alice.waits(24 * 60);
    runs_now(&mut alice);
    assert_eq!(files(&alice), [[] as [&str; 0]; 3]);
    assert_eq!(hands_over(&mut alice, &letters[0]), 0);
}

/// Days pass, and whoever has to say something to the other says it. What Alice's packets were.
fn they_sync(alice: &mut Person, bob: &mut Person, days: u32) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..days {
        [&mut *alice, bob].into_iter().for_each(|person| person.waits(24 * 60));
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
        let letters = alice.seals_what_is_due_and_loses_it();
        queued(alice, &letters);
        let opened = letters.iter().map(|letter| open::open(&letter.der, &bob.keyring).unwrap());
        said.extend(opened.flat_map(|opened| opened.packets).map(|verified| verified.packet.kind));
        assert_eq!(bob.gets(&letters), []);
        for letter in &letters {
            hands_over(alice, letter);
        }
        runs_now(alice);
    }
    said
}

fn cancels(person: &Person, letter: &Letter) {
    fs::remove_file(person.file("outpackets/new").join(format!("{}.pem", name_for(&letter.envelope))))
        .unwrap();
}

#[test]
fn what_was_cancelled_is_void_to_whom_it_was_for() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    they_sync(&mut alice, &mut bob, 2);
    let message = alice.status("I quit!");
    let letters = alice.seals(message, &["bob"]);
    queued(&mut alice, &letters);
    assert_eq!(runs_now(&mut alice), [] as [String; 0], "nobody can carry it now");
    cancels(&alice, &letters[0]);
    runs_now(&mut alice);
    assert_eq!(hands_over(&mut alice, &letters[0]), 0, "not listed any more, though it is not due yet");
    let nice = alice.status("Have a nice day.");
    let letters = alice.seals(nice, &["bob"]);
    queued(&mut alice, &letters);
    hands_over(&mut alice, &letters[0]);
    runs_now(&mut alice);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.rows("gap"), 1);
    assert!(!they_sync(&mut alice, &mut bob, 41).contains(&"status".to_owned()));
    assert_eq!((bob.rows("gap"), bob.sees()), (0, vec!["alice: Have a nice day.".to_owned()]));
}

#[test]
fn what_was_sent_and_is_cancelled_when_it_is_sealed_anew_is_sealed_no_more() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    they_sync(&mut alice, &mut bob, 2);
    let message = alice.status("Hello?");
    let lost = alice.seals(message, &["bob"]);
    queued(&mut alice, &lost);
    hands_over(&mut alice, &lost[0]);
    runs_now(&mut alice);
    alice.waits(7 * 24 * 60);
    bob.now = alice.now;
    let anew = alice.seals_what_is_due_and_loses_it();
    assert_eq!(anew.len(), 1);
    queued(&mut alice, &anew);
    cancels(&alice, &anew[0]);
    runs_now(&mut alice);
    assert!(!they_sync(&mut alice, &mut bob, 10).contains(&"status".to_owned()));
    assert_eq!(files(&alice), [[] as [&str; 0]; 3]);
}

#[test]
fn an_envelope_that_left_is_sent_whatever_becomes_of_its_chunks() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    they_sync(&mut alice, &mut bob, 2);
    let (film, _) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    queued(&mut alice, &letters);
    let now = alice.now;
    let db = alice.store.begin().unwrap();
    let waiting = delivery::due(&db, now, 100).unwrap();
    delivery::record(&db, &waiting[0], &Outcome::Sent, "file:///stick/bob", "", now).unwrap();
    assert_eq!((waiting[0].item, waiting.len()), (letters[0].envelope, 2));
    db.commit().unwrap();
    cancels(&alice, &letters[0]);
    runs_now(&mut alice);
    let status = alice.status("Did you get it?");
    let next = alice.seals(status, &["bob"]);
    assert_eq!(bob.gets(&next), []);
    assert_eq!(they_sync(&mut alice, &mut bob, 2), ["status"], "lost on its way, it is asked for");
}

#[test]
fn what_waits_for_a_key_that_was_left_goes_to_the_new_one() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    they_sync(&mut alice, &mut bob, 2);
    let status = alice.status("Hello?");
    let waits = alice.seals(status, &["bob"]);
    queued(&mut alice, &waits);
    let status = alice.status("Kept for later.");
    let printed = alice.seals(status, &["bob"]);
    assert_eq!(runs_now(&mut alice), [] as [String; 0]);
    [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(11));
    let mut new = successor_of(&bob, None);
    assert_eq!(alice.gets(&new.seals_what_is_due()), []);
    alice.waits(10);
    assert_eq!(runs_now(&mut alice), [] as [String; 0], "no alarm");
    assert_eq!(files(&alice), [[] as [&str; 0]; 3]);
    assert_eq!(new.gets(&alice.seals_what_is_due()), []);
    assert_eq!(new.sees(), ["alice: Hello?"]);
    // What would be lost without a word is told.
    queued(&mut alice, &printed);
    let file = format!("{}.pem", name_for(&printed[0].envelope));
    assert_eq!(runs_now(&mut alice), [format!("'{file}' failed: this reader is no contact")]);
}

#[test]
fn what_was_cancelled_is_told_of_no_more() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let letters = alice.seals_what_is_due();
    for reader in [&mut bob, &mut carol] {
        assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
    }
    let message = alice.status("I quit!");
    let letters = alice.seals(message.clone(), &["all"]);
    queued(&mut alice, &letters);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    let for_bob = for_reader(&letters, &bob);
    cancels(&alice, &for_bob[0]);
    runs_now(&mut alice);
    let told_of = |alice: &mut Person, carol: &mut Person, version, words: &str| {
        let change = edit(alice, &message, version, words);
        let edited = alice.seals(change, &[]);
        let comment = carol.comment(&message, "Why?");
        assert_eq!(alice.gets(&carol.seals(comment, &[])), []);
        alice.waits(11);
        [edited, alice.seals_what_is_due()].concat()
    };
    let letters = told_of(&mut alice, &mut carol, 1, "I quit at noon.");
    assert_eq!(for_reader(&letters, &bob), []);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    assert_eq!(carol.sees()[0], "alice: I quit at noon.");
    // She had kept the file, and sends it after all.
    queued(&mut alice, &for_bob);
    let letters = told_of(&mut alice, &mut carol, 2, "I quit at one.");
    assert_eq!(bob.gets(&[for_bob, for_reader(&letters, &bob)].concat()), []);
    assert_eq!(bob.sees(), ["alice: I quit at one.", "somebody: Why?"]);
}

#[test]
fn what_another_envelope_has_brought_is_told_of_whatever_is_cancelled() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let message = alice.status("Hello!");
    let first = alice.seals(message.clone(), &["bob"]);
    queued(&mut alice, &first);
    hands_over(&mut alice, &first[0]);
    let second = alice.seals(message.clone(), &["bob"]);
    queued(&mut alice, &second);
    cancels(&alice, &second[0]);
    runs_now(&mut alice);
    let change = edit(&alice, &message, 1, "Good morning!");
    let letters = alice.seals(change, &[]);
    assert_eq!(bob.gets(&[first, letters].concat()), []);
    assert_eq!(bob.sees(), ["alice: Good morning!"]);
}

#[test]
fn what_was_handed_over_stays_so_when_it_is_sent_again_and_cancelled() {
    for given_up in [false, true] {
        let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
        meet(&mut alice, &mut bob);
        they_sync(&mut alice, &mut bob, 2);
        let message = alice.status("Hello?");
        let lost = alice.seals(message, &["bob"]);
        queued(&mut alice, &lost);
        hands_over(&mut alice, &lost[0]);
        if given_up {
            [&mut alice, &mut bob].into_iter().for_each(|person| person.waits(40 * 24 * 60));
        }
        runs_now(&mut alice);
        assert_eq!(files(&alice)[1].is_empty(), given_up);
        assert_eq!(files(&alice)[2].is_empty(), !given_up);
        queued(&mut alice, &lost);
        cancels(&alice, &lost[0]);
        runs_now(&mut alice);
        // His newer keys first.
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
        let status = alice.status("Did you get it?");
        let next = alice.seals(status, &["bob"]);
        assert_eq!(bob.gets(&next), []);
        assert!(they_sync(&mut alice, &mut bob, 2).contains(&"status".to_owned()), "it is asked for");
        assert_eq!(bob.sees(), ["alice: Did you get it?", "alice: Hello?"]);
    }
}

#[test]
fn what_was_owed_about_something_that_is_cancelled_does_not_leave_either() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let letters = alice.seals_what_is_due();
    for reader in [&mut bob, &mut carol] {
        assert_eq!(reader.gets(&for_reader(&letters, reader)), []);
    }
    let roots = ["I quit!", "Have a nice day."].map(|words| alice.status(words));
    let letters = roots.clone().map(|root| alice.seals(root, &["all"])).concat();
    queued(&mut alice, &letters);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    for (root, words) in roots.iter().zip(["Why?", "You too!"]) {
        let comment = carol.comment(root, words);
        assert_eq!(alice.gets(&carol.seals(comment, &[])), []);
    }
    let for_bob = for_reader(&letters, &bob);
    cancels(&alice, &for_bob[0]);
    runs_now(&mut alice);
    alice.waits(11);
    let letters = alice.seals_what_is_due();
    assert_eq!(bob.gets(&[for_bob[1..].to_vec(), for_reader(&letters, &bob)].concat()), []);
    assert_eq!(bob.sees(), ["alice: Have a nice day.", "somebody: You too!"]);
}

#[test]
fn an_edit_that_was_owed_to_the_readers_of_a_share_leaves_unless_they_got_none() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut bob, &mut carol);
    assert_eq!(carol.gets(&for_reader(&bob.seals_what_is_due(), &carol)), []);
    for shares in [1, 2] {
        let original = alice.writes("status", Body::Status, |packet| {
            packet.text = Some("Harvest at nine.".into());
            packet.shareable = true;
        });
        assert_eq!(bob.gets(&alice.seals(original.clone(), &["bob"])), []);
        let signed = alice.signs(&original);
        let mut letters = Vec::new();
        for _ in 0..shares {
            let share = bob.writes("share", Body::Share { original: signed.clone() }, |_| {});
            letters.push(bob.seals(share, &["carol"]).remove(0));
        }
        queued(&mut bob, &letters);
        let change = edit(&alice, &original, 1, "Harvest at ten.");
        assert_eq!(bob.gets(&alice.seals(change, &[])), []);
        cancels(&bob, &letters[0]);
        runs_now(&mut bob);
        bob.waits(11);
        let about = for_reader(&bob.seals_what_is_due(), &carol);
        let opened = about.iter().map(|letter| open::open(&letter.der, &carol.keyring).unwrap());
        let edits = opened.flat_map(|opened| opened.packets).filter(|it| it.packet.kind == "edit").count();
        assert_eq!(edits, shares - 1);
    }
}

/// What sn-seal says that is no failure, of packets that go where others went.
fn notes_of(person: &mut Person, packets: Vec<Vec<u8>>) -> Vec<String> {
    queue::forget_cancelled(&person.home, &mut person.store).unwrap();
    let mut sealer = Sealer::new(&person.home, &mut person.store, &person.keyring, person.now);
    let mut notes = Vec::new();
    let mut each = |sealed: Sealed| {
        assert_eq!((sealed.letters, sealed.failures), (vec![], vec![]));
        notes.extend(sealed.notes);
        Ok(())
    };
    sealer.seal(packets.into_iter().map(Clear::Packet).collect(), &[], &mut each).unwrap();
    notes
}

#[test]
fn what_was_cancelled_for_everybody_is_taken_back_here_alone() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    let message = alice.status("I quit!");
    let letters = alice.seals(message.clone(), &["all"]);
    queued(&mut alice, &letters);
    cancels(&alice, &letters[0]);
    let change = edit(&alice, &message, 1, "I quit at noon.");
    assert_eq!(notes_of(&mut alice, vec![change]).len(), 1);
    assert_eq!(alice.sees(), ["me: I quit at noon."]);
    let takes_back = retract(&alice, &message);
    let id = packet::read(&takes_back).unwrap().name.id;
    assert_eq!(
        notes_of(&mut alice, vec![takes_back]),
        [format!("retract {id} is done here alone: there is nobody to send it to")]
    );
    assert_eq!(alice.sees(), ["me: "]);
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
    // She had kept the file, and sends it after all: what she said of it since goes after it.
    queued(&mut alice, &letters);
    assert_eq!(bob.gets(&[letters, alice.seals_what_is_due()].concat()), []);
    assert_eq!(bob.sees(), ["alice: "]);
}

#[test]
fn a_cancelled_comment_is_taken_back_without_a_word_to_whom_it_was_for() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = bob.status("Who comes?");
    assert_eq!(alice.gets(&bob.seals(status.clone(), &["alice"])), []);
    let comments = ["Not me!", "Me."].map(|words| alice.comment(&status, words));
    let letters = comments.clone().map(|comment| alice.seals(comment, &[])).concat();
    queued(&mut alice, &letters);
    cancels(&alice, &letters[0]);
    let takes_back = retract(&alice, &comments[0]);
    assert_eq!(notes_of(&mut alice, vec![takes_back]).len(), 1);
    let takes_back = retract(&alice, &comments[1]);
    assert_eq!(alice.seals(takes_back, &[]).len(), 1, "the other one has left");
    assert_eq!(alice.sees(), ["bob: Who comes?", "me: ", "me: "]);
}

#[test]
fn what_arrived_though_it_was_cancelled_can_be_taken_back() {
    for retracted_first in [true, false] {
        let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
        meet(&mut alice, &mut bob);
        assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
        let message = alice.status("I quit!");
        let letters = alice.seals(message.clone(), &["bob"]);
        queued(&mut alice, &letters);
        cancels(&alice, &letters[0]);
        runs_now(&mut alice);
        let takes_back = retract(&alice, &message);
        if retracted_first {
            assert_eq!(notes_of(&mut alice, vec![takes_back.clone()]).len(), 1);
        }
        // The driver had handed it over, and could not say so any more.
        assert_eq!(bob.gets(&letters), []);
        bob.waits(24 * 60);
        assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
        let comment = bob.comment(&message, "Why?");
        let refused = alice.gets(&bob.seals(comment, &[]));
        let letters = if retracted_first {
            alice.seals_what_is_due()
        } else {
            assert_eq!(refused, [], "he is one of those who got it");
            alice.seals(takes_back, &[])
        };
        assert_eq!(letters.len(), 1);
        assert_eq!(bob.gets(&letters), []);
        assert_eq!(bob.sees()[0], "alice: ");
    }
}

#[test]
fn what_is_said_of_what_was_cancelled_is_told_to_nobody_while_the_queue_is_run() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    let message = alice.status("I quit!");
    let letters = alice.seals(message.clone(), &["bob"]);
    queued(&mut alice, &letters);
    let _run = alice.home.lock_if_free("queue").unwrap().unwrap();
    let mut in_hand = delivery::due(alice.store.read(), alice.now, 100).unwrap();
    in_hand.retain(|delivery| delivery.envelope == letters[0].envelope);
    cancels(&alice, &letters[0]);
    let change = edit(&alice, &message, 1, "I quit at noon.");
    assert_eq!(notes_of(&mut alice, vec![change]).len(), 1);
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
    // That run had given it to its driver before, which ends only now.
    let now = alice.now;
    let db = alice.store.begin().unwrap();
    delivery::record(&db, &in_hand[0], &Outcome::Sent, "file:///stick/bob", "", now).unwrap();
    db.commit().unwrap();
    assert_eq!(bob.gets(&[letters, alice.seals_what_is_due()].concat()), []);
    assert_eq!(bob.sees(), ["alice: I quit at noon."]);
    assert_eq!(alice.seals(retract(&alice, &message), &[]).len(), 1);
}

#[test]
fn what_is_void_to_its_reader_stays_cancelled() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    they_sync(&mut alice, &mut bob, 2);
    let message = alice.status("I quit!");
    let letters = alice.seals(message.clone(), &["bob"]);
    queued(&mut alice, &letters);
    cancels(&alice, &letters[0]);
    runs_now(&mut alice);
    let nice = alice.status("Have a nice day.");
    let letters = alice.seals(nice, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    they_sync(&mut alice, &mut bob, 41);
    assert_eq!(bob.rows("gap"), 0, "he counts it among what came");
    let takes_back = retract(&alice, &message);
    assert_eq!(notes_of(&mut alice, vec![takes_back]).len(), 1);
}
