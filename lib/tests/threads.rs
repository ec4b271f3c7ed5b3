//! Threads, shares, attachments and keys that end: what friends send each other every day.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, kinds, meet};
use socialnet::{Kind, identity::Purpose, packet::Body, store::contacts};
use std::fs;

/// Alice knows Bob and Carol, who don't know each other.
fn alices_friends() -> (Person, Person, Person) {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    (alice, bob, carol)
}

#[test]
fn a_comment_reaches_everyone_who_got_the_root_through_its_author() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Back from the hills.");
    let letters = alice.seals(root.clone(), &["all"]);
    assert_eq!(letters.len(), 2);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));

    let comment = carol.comment(&root, "What a cat!");
    let letters = carol.seals(comment, &[]);
    assert_eq!(letters.iter().map(|letter| letter.reader).collect::<Vec<_>>(), [alice.is()]);
    assert_eq!(alice.gets(&letters), []);
    alice.waits(9);
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), [], "a relay waits for company");
    alice.waits(2);
    let letters = alice.seals_what_is_due();
    assert_eq!(bob.gets(&for_reader(&letters, &bob)), []);
    assert_eq!(bob.sees(), ["alice: Back from the hills.", "somebody: What a cat!"]);
    assert_eq!(for_reader(&letters, &carol), [], "not back to its author");
}

#[test]
fn several_comments_within_the_delay_share_an_envelope() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    for number in 0..10 {
        let comment = carol.comment(&root, &format!("comment {number}"));
        let letters = carol.seals(comment, &[]);
        alice.gets(&letters);
    }
    alice.waits(11);
    let letters = alice.seals_what_is_due();
    assert_eq!(for_reader(&letters, &bob).len(), 1);
    bob.gets(&for_reader(&letters, &bob));
    assert_eq!(bob.sees().len(), 11);
}

#[test]
fn a_comment_on_ones_own_root_goes_to_its_audience() {
    let (mut alice, bob, _) = alices_friends();
    let root = alice.status("Root.");
    alice.seals(root.clone(), &["bob"]);
    let comment = alice.comment(&root, "One more thing.");
    let letters = alice.seals(comment, &[]);
    assert_eq!(letters.iter().map(|letter| letter.reader).collect::<Vec<_>>(), [bob.is()]);
}

#[test]
fn who_did_not_get_the_root_can_not_comment_on_it() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("For Bob.");
    let letters = alice.seals(root.clone(), &["bob"]);
    bob.gets(&letters);
    let comment = carol.comment(&root, "I was not meant to see this.");
    let letters = carol.seals(comment, &[]);
    assert_eq!(kinds(&alice.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(alice.sees(), ["me: For Bob."]);

    let never_sent = alice.status("Never sent.");
    let comment = bob.comment(&never_sent, "What?");
    let letters = bob.seals(comment, &[]);
    assert_eq!(kinds(&alice.gets(&letters)), [Kind::NotAllowed]);
}

#[test]
fn blocked_readers_get_no_relays() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    let bob_is = bob.is();
    socialnet::protocol::blocking::block(&mut alice.store, bob_is).unwrap();
    let comment = carol.comment(&root, "Where is Bob?");
    let letters = carol.seals(comment, &[]);
    alice.gets(&letters);
    alice.waits(24 * 60 + 1);
    assert_eq!(for_reader(&alice.seals_what_is_due(), &bob), []);
}

#[test]
fn a_comment_does_not_pass_by_the_author_of_its_thread() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    meet(&mut bob, &mut carol);
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    carol.gets(&for_reader(&letters, &carol));
    let comment = bob.signs(&bob.comment(&root, "Alice shall not remove this."));
    let by_hand = bob.envelope(&carol, 1, vec![comment]);
    assert_eq!(kinds(&carol.finds(&[by_hand])), [Kind::NotAllowed]);
    assert_eq!(carol.sees(), ["alice: Root."]);
}

#[test]
fn a_share_carries_what_its_author_lets_travel() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut bob, &mut carol);
    let open = alice.writes("status", Body::Status, |packet| {
        packet.text = Some("Tell everybody.".into());
        packet.shareable = true;
    });
    let private = alice.status("Tell nobody.");
    for xml in [open.clone(), private.clone()] {
        let letters = alice.seals(xml, &["bob"]);
        bob.gets(&letters);
    }
    let share = |bob: &Person, original: &[u8]| {
        bob.writes("share", Body::Share { original: alice.signs(original) }, |packet| {
            packet.text = Some("Look!".into());
        })
    };
    let allowed = share(&bob, &open);
    let letters = bob.seals(allowed, &["carol"]);
    let of_whom = "SELECT about_author FROM packet WHERE type = 'share'";
    let author: socialnet::Fingerprint = bob.store.read().query_row(of_whom, (), |row| row.get(0)).unwrap();
    assert_eq!(author, alice.is(), "the sharer's own feed says of whose");
    assert_eq!(carol.gets(&letters), []);
    assert_eq!(carol.sees(), ["bob: Look!"]);
    let bob_is = bob.is();
    let named = alice.writes("status", Body::Status, |packet| {
        (packet.text, packet.shareable, packet.to) = (Some("Tell Bob.".into()), true, vec![bob_is]);
    });
    let forbidden = share(&bob, &named);
    let letters = bob.seals(forbidden, &["carol"]);
    assert_eq!(kinds(&carol.gets(&letters)), [Kind::NotAllowed], "what names its readers is for them");
    let forbidden = share(&bob, &private);
    let letters = bob.seals(forbidden, &["carol"]);
    assert_eq!(kinds(&carol.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(carol.sees(), ["bob: Look!"]);
}

#[test]
fn what_a_friend_shared_before_it_came_is_shown_when_it_comes() {
    let (mut alice, mut bob, mut carol) = alices_friends();
    meet(&mut bob, &mut carol);
    let status = alice.writes("status", Body::Status, |packet| {
        packet.text = Some("Tell everybody.".into());
        packet.shareable = true;
    });
    let letters = alice.seals(status.clone(), &["all"]);
    bob.gets(&for_reader(&letters, &bob));
    let share = bob.writes("share", Body::Share { original: alice.signs(&status) }, |packet| {
        packet.text = Some("Look!".into());
    });
    carol.gets(&bob.seals(share, &["carol"]));
    assert_eq!(carol.sees(), ["bob: Look!"]);
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    assert_eq!(carol.sees(), ["bob: Look!", "alice: Tell everybody."], "as the newest");
}

#[test]
fn chunks_are_taken_before_and_after_the_packet_that_lists_them() {
    let (mut alice, mut bob, _) = alices_friends();
    let (xml, chunks) = alice.writes_with_file(&vec![7; 9 << 20]);
    assert_eq!(chunks.len(), 3);
    let letters = alice.seals(xml, &["bob"]);
    assert_eq!(letters[0].chunks.len(), 3);
    assert_eq!(bob.finds(&chunks[..1]), []);
    assert_eq!((bob.rows("chunk WHERE here"), bob.folder("inpackets/held").len()), (0, 1));
    assert_eq!(bob.gets(&letters), []);
    assert_eq!((bob.rows("chunk WHERE here"), bob.folder("inpackets/held").len()), (1, 0));
    assert_eq!(bob.finds(&chunks[1..]), []);
    assert_eq!(bob.rows("chunk WHERE here"), 3);
    assert_eq!(bob.finds(&chunks[1..]), [], "twice is once");
    assert_eq!(bob.folder("blobs").len(), 4, "three chunks and tmp");
}

#[test]
fn a_last_chunk_of_one_byte_may_be_ascii() {
    let (mut alice, mut bob, _) = alices_friends();
    // 64 records of 17 bytes more than their content, and 21 bytes before them, are a byte longer than a chunk.
    let film = vec![7; (4 << 20) + 1 - 64 * 17 - 21];
    let (xml, chunks) = (0..64)
        .map(|_| alice.writes_with_file(&film))
        .find(|(_, chunks)| chunks[1].len() == 1 && chunks[1].is_ascii())
        .unwrap();
    let letters = alice.seals(xml, &["bob"]);
    assert_eq!(bob.finds(&chunks), []);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.rows("chunk WHERE here"), 2);
}

#[test]
fn a_chunk_that_does_not_match_its_hash_is_held_not_taken() {
    let (mut alice, mut bob, _) = alices_friends();
    let (xml, mut chunks) = alice.writes_with_file(&vec![7; 100_000]);
    let letters = alice.seals(xml, &["bob"]);
    bob.gets(&letters);
    chunks[0][1000] ^= 1;
    assert_eq!(bob.finds(&chunks), []);
    assert_eq!((bob.rows("chunk WHERE here"), bob.folder("inpackets/held").len()), (0, 1));
}

#[test]
fn a_packet_whose_chunks_are_gone_is_not_sealed() {
    let (mut alice, _, _) = alices_friends();
    let (xml, _) = alice.writes_with_file(&vec![7; 100_000]);
    for name in alice.folder("blobs").into_iter().filter(|name| name != "tmp") {
        fs::remove_file(alice.file("blobs").join(name)).unwrap();
    }
    let (letters, failures) = alice.tries_to_seal(xml, &["bob"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::Io]));
}

#[test]
fn who_comes_back_after_their_keys_ended_loses_nothing() {
    let (mut alice, mut bob, _) = alices_friends();
    for person in [&mut alice, &mut bob] {
        person.waits(40 * 24 * 60);
    }
    let told = alice.seals_what_is_due();
    assert_eq!(told.len(), 2, "her own keys had ended too");
    let status = alice.status("Long time no see.");
    let asking = alice.seals(status, &["bob"]);
    assert_eq!(asking.len(), 1);
    let opened = socialnet::protocol::open::open(&asking[0].der, &bob.keyring).unwrap();
    assert_eq!(opened.under, Purpose::Meeting);
    assert_eq!(opened.packets.len(), 1, "the profile that asks for his, nothing else");
    assert_eq!(alice.seals_what_is_due(), [], "asked once a day");

    assert_eq!(bob.gets(&asking), []);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    let waited = alice.seals_what_is_due();
    assert_eq!(bob.gets(&for_reader(&waited, &bob)), []);
    assert_eq!(bob.sees(), ["alice: Long time no see."]);
}

#[test]
fn what_came_is_confirmed_with_the_next_envelope_or_after_a_day() {
    let (mut alice, mut bob, _) = alices_friends();
    let confirmed = |alice: &Person| -> u32 {
        let sql = "SELECT count(*) FROM sealed WHERE confirmed IS NOT NULL AND reader = ?1";
        let bob = contacts::find(alice.store.read(), "bob").unwrap().fingerprint;
        alice.store.read().query_row(sql, [bob], |row| row.get(0)).unwrap()
    };
    bob.seals_what_is_due();
    alice.waits(60);
    bob.waits(60);
    let before = confirmed(&alice);
    let status = alice.status("Did it come?");
    let letters = alice.seals(status, &["bob"]);
    bob.gets(&letters);
    assert_eq!(bob.seals_what_is_due(), [], "a confirmation waits for company");
    bob.waits(24 * 60);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert!(confirmed(&alice) > before);
    let all = alice.rows("sealed WHERE confirmed IS NULL");
    let reply = bob.status("It did.");
    let letters = bob.seals(reply, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    assert!(all < 3, "only what Carol has not confirmed is open: {all}");
}

#[test]
fn a_comment_is_sealed_for_the_author_of_its_thread_alone() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut bob, &mut carol);
    let root = alice.status("Root.");
    bob.gets(&alice.seals(root.clone(), &["bob"]));
    let comment = bob.comment(&root, "Look, Carol!");
    let (letters, failures) = bob.tries_to_seal(comment.clone(), &["alice", "carol"]);
    assert_eq!((letters.len(), failures.len()), (0, 1), "Carol's node would refuse it");
    assert_eq!(failures[0].kind(), socialnet::Kind::NotAllowed);
    assert_eq!(bob.seals(comment.clone(), &["alice"]).len(), 1);
    assert_eq!(bob.seals(comment, &[]).len(), 1);
}

#[test]
fn others_files_do_not_fill_the_disk_and_own_ones_are_not_counted() {
    let (mut alice, mut bob, _) = alices_friends();
    let (own, _) = bob.writes_with_file(&vec![7; 3 << 20]);
    bob.seals(own, &["alice"]);
    let (film, chunks) = alice.writes_with_file(&vec![7; 9 << 20]);
    assert_eq!(bob.gets(&alice.seals(film, &["bob"])), []);
    bob.home.config.blobs.quota = 8 << 20;
    // One after the other: files that come in one tick of the clock come in any order.
    let refused = [bob.finds(&chunks[..2]), bob.finds(&chunks[2..])].concat();
    assert_eq!(kinds(&refused), [Kind::NotAllowed], "the two that fit are taken");
    assert!(refused[0].message().ends_with("others' files fill 8.4 MB"), "{}", refused[0].message());
    assert_eq!(bob.folder("inpackets/held").len(), 1);
    assert_eq!(bob.reads(), [], "said once");
    assert_eq!(kinds(&bob.finds(&chunks)), [Kind::NotAllowed], "what is there already takes nothing more");
    bob.home.config.blobs.quota = 16 << 20;
    assert_eq!(bob.reads(), []);
    assert_eq!((bob.rows("chunk WHERE here"), bob.folder("inpackets/held").len()), (4, 0));
}
