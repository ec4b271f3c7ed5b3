//! Changing one's mind: edits, retractions and ends, in every order and by everybody who may and may not.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::SignedDuration;
use people::{
    Person,
    changing::{about, edit, orders, retract},
    for_reader, kinds, meet,
};
use socialnet::{
    Kind, blob,
    compose::{Author, Draft},
    mailbox,
    packet::{self, About, Body, Name},
    protocol::sealing::Letter,
    store::feed::{self, Gone},
};
use std::fs;

/// Alice knows Bob and Carol, who know each other too.
fn three() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    meet(&mut bob, &mut carol);
    (alice, bob, carol)
}

/// What the feed shows, each packet in a line.
fn shown(person: &Person) -> Vec<String> {
    shows(person, &feed::Query::default())
}

fn thread_of(root: &[u8]) -> feed::Query {
    feed::Query { thread: Some(packet::read(root).unwrap().name), ..feed::Query::default() }
}

fn shows(person: &Person, query: &feed::Query) -> Vec<String> {
    let db = person.store.read();
    let line = |seq| {
        let entry = feed::entry(db, seq, person.now).unwrap();
        let gone = match entry.gone {
            Some(Gone::Retracted) => "(taken back)",
            Some(Gone::Removed) => "(removed)",
            None => "",
        };
        let edited = if entry.edited { " (edited)" } else { "" };
        let closed = if entry.closed { " (closed)" } else { "" };
        format!("{}{gone}{edited}{closed}", entry.text)
    };
    let rows = feed::rows(db, query, person.now).unwrap();
    rows.into_iter().map(line).collect()
}

fn expiring(by: &Person, text: &str, after: SignedDuration) -> Vec<u8> {
    by.writes("status", Body::Status, |packet| {
        packet.text = Some(text.into());
        packet.expires = Some(packet.created + after);
    })
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Alice's root, which Bob and Carol have, and Carol's comment on it, which Alice and Bob have.
fn a_thread() -> (Person, Person, Person, Vec<u8>, Vec<u8>) {
    let (mut alice, mut bob, mut carol) = three();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    let comment = carol.comment(&root, "Comment.");
    carol.gets(&for_reader(&letters, &carol));
    bob.gets(&for_reader(&letters, &bob));
    pass_on(&mut alice, &mut bob, &mut carol, comment.clone());
    assert_eq!(shown(&bob), ["Root.", "Comment."]);
    (alice, bob, carol, root, comment)
}

/// Carol's packet reaches Bob through Alice.
fn pass_on(alice: &mut Person, bob: &mut Person, carol: &mut Person, xml: Vec<u8>) -> Vec<Letter> {
    let letters = carol.seals(xml, &[]);
    assert_eq!(letters.iter().map(|letter| letter.reader).collect::<Vec<_>>(), [alice.is()]);
    assert_eq!(alice.gets(&letters), []);
    alice.waits(11);
    let relays = alice.seals_what_is_due();
    assert_eq!(bob.gets(&for_reader(&relays, bob)), []);
    relays
}

/// What somebody writes about a root.
type Written<'a> = &'a dyn Fn(&Person, &[u8]) -> Vec<u8>;

/// Gives Bob the packets, of Alice or in her thread, in every order, each in an envelope of its own and the first of them
/// twice, and says what his feed then shows, sorted.
fn in_every_order(packets: &[Written<'_>]) -> Vec<String> {
    let (alice, mut bob, _) = three();
    let mut outcomes = Vec::new();
    let mut counter = 0;
    for order in orders(packets.len() + 1) {
        let root = alice.status("First words.");
        let signed =
            |at: usize| alice.signs(&if at == 0 { root.clone() } else { packets[at - 1](&alice, &root) });
        let signed: Vec<Vec<u8>> = (0..order.len()).map(signed).collect();
        for at in order.iter().chain(&order[..1]) {
            counter += 1;
            assert_eq!(bob.finds(&[alice.envelope(&bob, counter, vec![signed[*at].clone()])]), []);
        }
        let mut outcome = shows(&bob, &thread_of(&root));
        outcome.sort();
        outcomes.push(outcome);
    }
    outcomes.dedup();
    assert_eq!(outcomes.len(), 1, "the order of arrival shows: {outcomes:?}");
    outcomes.remove(0)
}

#[test]
fn the_highest_version_wins_in_every_order() {
    let first = |alice: &Person, root: &[u8]| edit(alice, root, 1, "Second words.");
    let second = |alice: &Person, root: &[u8]| edit(alice, root, 2, "Last words.");
    let comment = |alice: &Person, root: &[u8]| alice.comment(root, "A comment.");
    assert_eq!(in_every_order(&[&first, &second, &comment]), ["A comment.", "Last words. (edited)"]);
}

#[test]
fn a_retraction_wins_over_edits_in_every_order() {
    let first = |alice: &Person, root: &[u8]| edit(alice, root, 1, "Second words.");
    let second = |alice: &Person, root: &[u8]| edit(alice, root, 2, "Last words.");
    let retraction = |alice: &Person, root: &[u8]| retract(alice, root);
    let comment = |alice: &Person, root: &[u8]| alice.comment(root, "A comment.");
    let seen = in_every_order(&[&first, &second, &retraction, &comment]);
    assert_eq!(seen, ["(taken back)", "A comment."]);
    assert_eq!(in_every_order(&[&first, &retraction]), [] as [&str; 0], "nobody answered: nothing is told");
}

#[test]
fn of_two_edits_with_one_version_the_higher_id_wins_in_every_order() {
    let id = |last: u128| uuid::Uuid::from_u128(0x0199_f0a2_7c11_7d4e_8f5a_0000_0000_0000 + last);
    let edit_named = |alice: &Person, root: &[u8], last: u128, text: &str| {
        let mut packet = packet::read(&edit(alice, root, 7, text)).unwrap();
        // An id names one packet: another one for each root.
        packet.name.id = id(last << 32 | packet::read(root).unwrap().name.id.as_u128() & 0xffff_ffff);
        packet::write(&packet, None).unwrap()
    };
    let lower = |alice: &Person, root: &[u8]| edit_named(alice, root, 1, "Lower.");
    let higher = |alice: &Person, root: &[u8]| edit_named(alice, root, 2, "Higher.");
    assert_eq!(in_every_order(&[&lower, &higher]), ["Higher. (edited)"]);
}

#[test]
fn the_end_is_the_earliest_in_every_order() {
    let ends = |alice: &Person, root: &[u8], version: u32, hours: i64| {
        about(alice, "edit", Body::Edit { version, closes: false }, root, |packet| {
            packet.text = Some(format!("Version {version}."));
            packet.expires = Some(packet.created + HOUR * hours as i32);
        })
    };
    let short = |alice: &Person, root: &[u8]| ends(alice, root, 1, 1);
    let long = |alice: &Person, root: &[u8]| ends(alice, root, 2, 48);
    assert_eq!(
        in_every_order(&[&short, &long]),
        ["Version 2. (edited)"],
        "its words count, its end does not"
    );

    let (mut alice, mut bob, _) = three();
    let root = expiring(&alice, "For two hours.", HOUR * 2);
    for xml in [root.clone(), ends(&alice, &root, 1, 48)] {
        let letters = alice.seals(xml, &["bob"]);
        assert_eq!(bob.gets(&letters), []);
    }
    assert_eq!(shown(&bob), ["Version 1. (edited)"]);
    bob.waits(121);
    assert_eq!(shown(&bob), [] as [&str; 0]);
}

#[test]
fn what_is_taken_back_is_gone_from_everybody_who_got_it() {
    let (mut alice, mut bob, mut carol) = three();
    let status = alice.status("I should not have said that.");
    let letters = alice.seals(status.clone(), &["bob"]);
    bob.gets(&letters);
    let letters = alice.seals(retract(&alice, &status), &[]);
    assert_eq!(letters.iter().map(|letter| letter.reader).collect::<Vec<_>>(), [bob.is()], "not Carol");
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(carol.reads(), []);
    for person in [&alice, &bob] {
        assert_eq!(shown(person), [] as [&str; 0]);
        assert!(!holds(person, "I should not have said that."));
    }
    // The first letter comes once more, and so do its words in a new one.
    let again = alice.envelope(&bob, 900, vec![alice.signs(&status)]);
    assert_eq!(bob.finds(&[again]), []);
    assert_eq!(shown(&bob), [] as [&str; 0]);
    let (_, failures) = alice.tries_to_seal(status, &["carol"]);
    assert_eq!(kinds(&failures), [Kind::NotAllowed]);
}

/// Whether words are anywhere in the tables.
fn holds(person: &Person, words: &str) -> bool {
    person.keeps(words) || finds(person, words.split(' ').next().unwrap())
}

/// Whether a word is in the index.
fn finds(person: &Person, word: &str) -> bool {
    let sql = "SELECT count(*) FROM packet_text WHERE packet_text MATCH ?1";
    let found: u32 = person.store.read().query_row(sql, [word], |row| row.get(0)).unwrap();
    found > 0
}

#[test]
fn a_comment_is_edited_and_taken_back_through_the_author_of_the_root() {
    let (mut alice, mut bob, mut carol, _, comment) = a_thread();
    let better = edit(&carol, &comment, 1, "Better words.");
    pass_on(&mut alice, &mut bob, &mut carol, better);
    for person in [&alice, &bob, &carol] {
        assert!(shown(person).contains(&"Better words. (edited)".to_owned()));
        assert!(finds(person, "Better") && !finds(person, "Comment"), "only the new words can be found");
    }
    let gone = retract(&carol, &comment);
    let relays = pass_on(&mut alice, &mut bob, &mut carol, gone);
    assert_eq!(for_reader(&relays, &carol), [], "not back to its author");
    for person in [&alice, &bob] {
        assert_eq!(shown(person), ["Root."]);
    }
}

#[test]
fn a_comment_taken_back_before_it_was_passed_on_never_leaves() {
    let (mut alice, mut bob, mut carol, root, _) = a_thread();
    let hasty = carol.comment(&root, "Hasty words.");
    let letters = carol.seals(hasty.clone(), &[]);
    alice.gets(&letters);
    let gone = retract(&carol, &hasty);
    let relays = pass_on(&mut alice, &mut bob, &mut carol, gone);
    let letter = &for_reader(&relays, &bob)[0];
    let opened = socialnet::protocol::open::open(&letter.der, &bob.keyring).unwrap();
    assert_eq!(opened.packets.iter().map(|it| it.packet.kind.as_str()).collect::<Vec<_>>(), ["retract"]);
}

#[test]
fn the_author_of_the_root_removes_a_comment_for_everybody() {
    let (mut alice, mut bob, mut carol, _, comment) = a_thread();
    let answer = bob.comment(&comment, "An answer to it.");
    let letters = bob.seals(answer, &[]);
    alice.gets(&letters);
    let letters = alice.seals(retract(&alice, &comment), &[]);
    assert_eq!(letters.len(), 2, "Bob, and Carol who wrote it");
    assert_eq!(bob.gets(&for_reader(&letters, &bob)), []);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    assert_eq!(shown(&alice), ["Root.", "(removed)", "An answer to it."]);
    assert_eq!(shown(&bob), ["Root.", "(removed)", "An answer to it."]);
    assert_eq!(shown(&carol), ["Root."]);
}

#[test]
fn others_can_not_change_a_packet() {
    let (mut alice, mut bob, carol, root, comment) = a_thread();
    let before = shown(&bob);
    let other = carol.status("A thread of Carol's.");
    let in_carols_thread = |xml: Vec<u8>| {
        let mut packet = packet::read(&xml).unwrap();
        packet.thread = Some(packet::read(&other).unwrap().name);
        packet::write(&packet, None).unwrap()
    };
    let forged = [
        edit(&carol, &root, 9, "Carol's words."),
        retract(&carol, &root),
        in_carols_thread(retract(&carol, &root)),
        about(&carol, "edit", Body::Edit { version: 9, closes: true }, &root, |_| {}),
    ];
    for (counter, xml) in forged.iter().enumerate() {
        let letter = carol.envelope(&bob, 100 + counter as u64, vec![carol.signs(xml)]);
        assert_eq!(kinds(&bob.finds(&[letter])), [Kind::NotAllowed]);
    }
    // Bob has a thread too, which does not make Carol's comment in Alice's his.
    let bobs = bob.status("A thread of Bob's.");
    let mut elsewhere = packet::read(&retract(&bob, &comment)).unwrap();
    elsewhere.thread = Some(packet::read(&bobs).unwrap().name);
    let elsewhere = packet::write(&elsewhere, None).unwrap();
    let letter = bob.envelope(&alice, 100, vec![bob.signs(&elsewhere)]);
    assert_eq!(kinds(&alice.finds(&[letter])), [Kind::NotAllowed]);
    let (_, failures) = bob.tries_to_seal(elsewhere, &["alice"]);
    assert_eq!(kinds(&failures), [Kind::NotAllowed], "nor does his own node seal it");
    assert_eq!(shown(&bob), before);
    assert_eq!(shown(&alice), ["Root.", "Comment."]);
}

#[test]
fn a_tombstone_of_another_thread_that_comes_first_does_nothing() {
    let (mut alice, mut bob, carol) = three();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["bob"]);
    bob.gets(&letters);
    let comment = alice.comment(&root, "One more thing.");
    let mut forged = packet::read(&retract(&carol, &comment)).unwrap();
    forged.thread = Some(packet::read(&carol.status("Carol's.")).unwrap().name);
    let forged = carol.signs(&packet::write(&forged, None).unwrap());
    let letter = carol.envelope(&bob, 100, vec![forged]);
    assert_eq!(bob.finds(&[letter]), [], "it may count, for all that Bob knows");
    let letters = alice.seals(comment, &[]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(shown(&bob), ["Root.", "One more thing."]);
}

#[test]
fn who_did_not_get_the_root_can_not_send_changes_to_its_thread() {
    let (mut alice, mut bob, carol) = three();
    let root = alice.status("For Bob.");
    let letters = alice.seals(root.clone(), &["bob"]);
    alice.queues(&letters);
    bob.gets(&letters);
    let comment = carol.comment(&root, "Never sent.");
    let letter = carol.envelope(&alice, 100, vec![carol.signs(&retract(&carol, &comment))]);
    assert_eq!(kinds(&alice.finds(&[letter])), [Kind::NotAllowed]);
    alice.waits(11);
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
}

#[test]
fn a_closed_thread_takes_no_more_comments() {
    let (mut alice, mut bob, mut carol, root, comment) = a_thread();
    let id = |xml: &[u8]| packet::read(xml).unwrap().name.id.to_string();
    let late = carol.comment(&root, "Too late.");
    let late = carol.seals(late, &[]);
    let close = author(&alice).close(&id(&root)).unwrap();
    let letters = alice.seals(close, &[]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    assert_eq!(shown(&bob), ["Root. (closed)", "Comment."], "it is not edited, only closed");

    assert_eq!(kinds(&alice.gets(&late)), [Kind::NotAllowed]);
    assert_eq!(shown(&alice), ["Root. (closed)", "Comment."]);
    let refused = author(&carol).comment(&id(&comment), words("More?")).unwrap_err();
    assert_eq!(refused.message(), "this thread is closed: its author wants no more comments");
    let by_hand = bob.comment(&root, "And yet.");
    assert_eq!(kinds(&bob.tries_to_seal(by_hand, &[]).1), [Kind::NotAllowed]);

    let gone = retract(&carol, &comment);
    pass_on(&mut alice, &mut bob, &mut carol, gone);
    assert_eq!(shown(&bob), ["Root. (closed)"], "taking back is still possible");
    let reopening = author(&alice).edit(&id(&root), words("Root, edited.")).unwrap();
    let letters = alice.seals(reopening, &[]);
    bob.gets(&for_reader(&letters, &bob));
    assert_eq!(shown(&bob), ["Root, edited. (edited) (closed)"]);
}

fn author(person: &Person) -> Author<'_> {
    Author { fingerprint: person.is(), now: person.now, db: person.store.read() }
}

fn words(text: &str) -> Draft {
    Draft { text: Some(text.into()), ..Draft::default() }
}

#[test]
fn what_is_gone_takes_no_more_comments() {
    let (mut alice, _, mut carol, root, _) = a_thread();
    let late = carol.comment(&root, "Too late.");
    let late = carol.seals(late, &[]);
    alice.seals(retract(&alice, &root), &[]);
    assert_eq!(kinds(&alice.gets(&late)), [Kind::NotAllowed]);
    assert_eq!(shown(&alice), ["(taken back)", "Comment."]);
    let id = packet::read(&root).unwrap().name.id.to_string();
    assert_eq!(author(&alice).share(&id, Draft::default()).unwrap_err().kind(), Kind::Nothing);
    assert_eq!(author(&alice).retract(&id).unwrap_err().kind(), Kind::Nothing);
}

#[test]
fn only_what_is_ones_own_can_be_edited() {
    let (alice, bob, carol, root, comment) = a_thread();
    let id = |xml: &[u8]| packet::read(xml).unwrap().name.id.to_string();
    let refused = |result: socialnet::Result<Vec<u8>>| result.unwrap_err().kind();
    assert_eq!(refused(author(&bob).edit(&id(&root), words("Mine."))), Kind::NotAllowed);
    assert_eq!(refused(author(&bob).close(&id(&root))), Kind::NotAllowed);
    assert_eq!(refused(author(&bob).retract(&id(&comment))), Kind::NotAllowed);
    assert_eq!(refused(author(&alice).edit(&id(&comment), words("Mine."))), Kind::NotAllowed);
    assert_eq!(refused(author(&carol).close(&id(&comment))), Kind::Usage);
    let removal = packet::read(&author(&alice).retract(&id(&comment)).unwrap()).unwrap();
    assert_eq!(removal.thread.unwrap(), packet::read(&root).unwrap().name);
}

#[test]
fn each_edit_has_a_higher_version() {
    let (mut alice, _, _, root, _) = a_thread();
    for version in 1..4 {
        let id = packet::read(&root).unwrap().name.id.to_string();
        let xml = author(&alice).edit(&id, words(&format!("Version {version}."))).unwrap();
        assert_eq!(packet::read(&xml).unwrap().body, Body::Edit { version, closes: false });
        alice.seals(xml, &[]);
    }
    assert_eq!(shown(&alice)[0], "Version 3. (edited)");
}

#[test]
fn what_expired_is_deleted_by_the_next_run() {
    let (mut alice, mut bob, _) = three();
    let status = expiring(&alice, "Gone soon.", HOUR);
    let letters = alice.seals(status, &["bob"]);
    bob.gets(&letters);
    bob.waits(59);
    assert_eq!(shown(&bob), ["Gone soon."]);
    bob.waits(1);
    assert_eq!(shown(&bob), [] as [&str; 0], "not shown, even before it is deleted");
    assert!(holds(&bob, "Gone soon."));
    assert_eq!(bob.reads(), []);
    assert!(!holds(&bob, "Gone soon."));
    bob.now = people::morning();
    assert_eq!(shown(&bob), [] as [&str; 0], "and nothing is left to show");
}

#[test]
fn an_end_that_an_edit_set_is_told_after_it_has_come() {
    let (mut alice, mut bob, _) = three();
    let status = alice.status("For ever.");
    let letters = alice.seals(status.clone(), &["bob"]);
    alice.queues(&letters);
    bob.gets(&letters);
    let end = alice.now + HOUR;
    let shorter = about(&alice, "edit", Body::Edit { version: 1, closes: false }, &status, |packet| {
        packet.text = Some("Not for ever.".into());
        packet.expires = Some(end);
    });
    let lost = alice.seals(shorter, &[]);
    alice.queues(&lost);
    let next = alice.status("Hello.");
    let next = alice.seals(next, &["bob"]);
    bob.gets(&next);
    for person in [&mut alice, &mut bob] {
        person.waits(24 * 60);
    }
    let asks = bob.seals_what_is_due();
    alice.gets(&for_reader(&asks, &alice));
    assert_eq!(shown(&alice), ["Hello."]);
    assert_eq!(shown(&bob), ["For ever.", "Hello."]);
    bob.gets(&for_reader(&alice.seals_what_is_due(), &bob));
    assert_eq!(shown(&bob), ["Hello."]);
}

#[test]
fn what_arrives_too_late_is_kept_as_its_name() {
    let (mut alice, mut bob, _) = three();
    let status = expiring(&alice, "Gone before it came.", HOUR);
    let letters = alice.seals(status.clone(), &["bob"]);
    bob.waits(61);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(shown(&bob), [] as [&str; 0]);
    assert!(!holds(&bob, "Gone before it came."));
    assert_eq!(bob.rows("packet WHERE state = 'expired'"), 1);
    alice.waits(61);
    let (_, failures) = alice.tries_to_seal(status, &["bob"]);
    assert_eq!(kinds(&failures), [Kind::NotAllowed], "nor is it sealed any more");
}

#[test]
fn a_clock_ten_years_off_does_not_matter() {
    let years = |count: i32| SignedDuration::from_hours(24 * 365) * count;
    for wrong in [years(10), years(-10)] {
        let (alice, mut bob, _) = three();
        let xml = alice.writes("status", Body::Status, |packet| {
            packet.created += wrong;
            packet.expires = Some(packet.created + HOUR);
            packet.text = Some("For an hour.".into());
        });
        let letter = alice.envelope(&bob, 100, vec![alice.signs(&xml)]);
        assert_eq!(bob.finds(&[letter]), []);
        assert_eq!(shown(&bob), ["For an hour."], "nothing is lost");
        bob.waits(60);
        bob.reads();
        assert!(!holds(&bob, "For an hour."), "and nothing stays");
    }
}

#[test]
fn chunks_go_with_the_last_packet_that_lists_them() {
    let (mut alice, mut bob, _) = three();
    let dir = alice.home.blobs();
    let blob = blob::encrypt(&[7; 100_000][..], &dir, &dir.join("tmp")).unwrap();
    let chunk = fs::read(dir.join(mailbox::name_for(&blob.chunks[0]))).unwrap();
    let [first, second] = ["One.", "Two."].map(|text| alice.attaches(&blob, text));
    for xml in [&first, &second] {
        let letters = alice.seals(xml.clone(), &["bob"]);
        bob.gets(&letters);
    }
    bob.finds(std::slice::from_ref(&chunk));
    assert_eq!(bob.folder("blobs").len(), 2, "the chunk and tmp");

    let letters = alice.seals(retract(&alice, &first), &[]);
    bob.gets(&letters);
    assert_eq!((bob.folder("blobs").len(), shown(&bob)), (2, vec!["Two.".to_owned()]));
    let letters = alice.seals(retract(&alice, &second), &[]);
    assert_eq!(alice.folder("blobs").len(), 2, "sealing deletes no files");
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.folder("blobs"), ["tmp"]);
    alice.reads();
    assert_eq!(alice.folder("blobs"), ["tmp"]);
    bob.finds(&[chunk]);
    assert_eq!(bob.folder("blobs"), ["tmp"], "nobody wants it any more");
}

#[test]
fn a_run_that_was_killed_deletes_chunks_the_next_time() {
    let (mut alice, mut bob, _) = three();
    let dir = alice.home.blobs();
    let blob = blob::encrypt(&[7; 100_000][..], &dir, &dir.join("tmp")).unwrap();
    let status = alice.attaches(&blob, "One.");
    let letters = alice.seals(status.clone(), &["bob"]);
    bob.gets(&letters);
    alice.seals(retract(&alice, &status), &[]);
    // Killed after the file was deleted, and before the database knew.
    fs::remove_file(dir.join(mailbox::name_for(&blob.chunks[0]))).unwrap();
    assert_eq!(alice.reads(), []);
    assert_eq!(alice.rows("chunk"), 0);
}

#[test]
fn what_was_only_now_understood_is_still_taken_back() {
    let (alice, mut bob, _) = three();
    let future = String::from_utf8(alice.status("From the future."))
        .unwrap()
        .replace("urn:socialnet:packet:1", "urn:socialnet:packet:2");
    let name: Name = packet::read(future.as_bytes()).unwrap().name;
    let retraction = alice.writes("retract", Body::Retract, |packet| {
        packet.about = Some(About::Packet(name, None));
    });
    let signed = [alice.signs(future.as_bytes()), alice.signs(&retraction)];
    assert_eq!(bob.finds(&[alice.envelope(&bob, 100, signed.to_vec())]), []);
    assert_eq!(shown(&bob), [] as [&str; 0]);
    assert_eq!(bob.reads_again(), []);
    assert_eq!(shown(&bob), [] as [&str; 0]);
}
