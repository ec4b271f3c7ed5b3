//! What is on its way while somebody goes over to another key: it was sealed by the old one, or for the old one.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{
    Person, Stick,
    changing::{edit, retract},
    for_reader, kinds, meet, successor_of,
};
use socialnet::{
    Kind,
    packet::Body,
    protocol::{open, sealing::Letter},
    store::feed,
};

const DAY: i64 = 24 * 60;

/// Alice, Bob and Carol, of whom Alice knows the others; a root of Alice's, and a comment of Bob's that both others have.
struct Story {
    alice: Person,
    bob: Person,
    carol: Person,
    /// Of Alice's, if she has one.
    stick: Option<Stick>,
    root: Vec<u8>,
    comment: Vec<u8>,
}

impl Story {
    fn new(with_recovery_key: bool) -> Self {
        let (mut alice, mut bob, mut carol) =
            (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
        meet(&mut alice, &mut bob);
        meet(&mut alice, &mut carol);
        let stick = with_recovery_key.then(|| Stick::of(&mut alice));
        let told = alice.seals_what_is_due();
        let root = alice.status("Root.");
        let letters = [told, sends(&mut alice, root.clone(), &["all"])].concat();
        for friend in [&mut bob, &mut carol] {
            assert_eq!(friend.gets(&for_reader(&letters, friend)), []);
        }
        let comment = bob.comment(&root, "Comment.");
        let letters = sends(&mut bob, comment.clone(), &[]);
        assert_eq!(alice.gets(&letters), []);
        alice.waits(11);
        let relays = alice.seals_what_is_due();
        assert_eq!(carol.gets(&for_reader(&relays, &carol)), []);
        assert_eq!(carol.sees(), ["alice: Root.", "somebody: Comment."]);
        let mut story = Self { alice, bob, carol, stick, root, comment };
        // Everybody is told what has come so far.
        for _ in 0..3 {
            story.pass(DAY);
            let letters = [&mut story.bob, &mut story.carol].map(Person::seals_what_is_due).concat();
            assert_eq!(story.alice.gets(&letters), []);
            story.alice_syncs();
        }
        story
    }

    /// Minutes pass for all of them.
    fn pass(&mut self, minutes: i64) {
        for person in [&mut self.alice, &mut self.bob, &mut self.carol] {
            person.waits(minutes);
        }
    }

    /// Alice goes on under another key, which the recovery key names, or the old one.
    fn alice_has_a_new_key(&mut self) {
        let recovery = self.stick.as_ref().map(Stick::key);
        self.alice = successor_of(&self.alice, recovery.as_ref());
    }

    /// What Alice owes reaches Bob and Carol.
    fn alice_syncs(&mut self) -> Vec<Letter> {
        let letters = self.alice.seals_what_is_due();
        for friend in [&mut self.bob, &mut self.carol] {
            assert_eq!(friend.gets(&for_reader(&letters, friend)), []);
        }
        letters
    }
}

/// Seals, and sn-send takes it.
fn sends(by: &mut Person, xml: Vec<u8>, to: &[&str]) -> Vec<Letter> {
    let letters = by.seals(xml, to);
    by.queues(&letters);
    letters
}

/// The types of packets in what is for somebody.
fn brought(letters: &[Letter], reader: &Person) -> Vec<String> {
    let open = |letter: Letter| open::open(&letter.der, &reader.keyring).unwrap().packets;
    let packets = for_reader(letters, reader).into_iter().flat_map(open);
    packets.map(|verified| verified.packet.kind).collect()
}

/// The words that are shown, oldest first.
fn shown(person: &Person) -> Vec<String> {
    let words = person.sees().into_iter().map(|line| line.split_once(": ").unwrap().1.to_owned());
    words.filter(|words| !words.is_empty()).collect()
}

#[test]
fn what_the_old_key_took_back_and_nobody_got_is_taken_back_by_the_new_one() {
    for by_recovery in [false, true] {
        let mut story = Story::new(by_recovery);
        let gone = retract(&story.alice, &story.root);
        let lost = sends(&mut story.alice, gone, &[]);
        story.alice_has_a_new_key();
        let letters = story.alice_syncs();
        assert!(brought(&letters, &story.bob).contains(&"retract".to_owned()));
        for friend in [&story.bob, &story.carol] {
            assert_eq!(shown(friend), ["Comment."]);
        }
        // What was late comes after all, and changes nothing; a key that was stolen says nothing any more.
        let late = kinds(&story.bob.gets(&for_reader(&lost, &story.bob)));
        assert_eq!(late, if by_recovery { vec![Kind::NotAllowed] } else { vec![] });
    }
}

#[test]
fn an_edit_by_the_old_key_that_nobody_got_is_brought_by_the_new_one_and_its_own_wins() {
    let mut story = Story::new(false);
    let better = edit(&story.alice, &story.root, 1, "Better.");
    let lost = sends(&mut story.alice, better, &[]);
    story.alice_has_a_new_key();
    story.alice_syncs();
    assert_eq!(shown(&story.bob)[0], "Better.");
    let best = edit(&story.alice, &story.root, 1, "Best.");
    let letters = sends(&mut story.alice, best, &[]);
    assert_eq!(story.bob.gets(&for_reader(&letters, &story.bob)), []);
    assert_eq!(story.bob.gets(&for_reader(&lost, &story.bob)), []);
    assert_eq!(shown(&story.bob)[0], "Best.");
}

#[test]
fn what_a_commenter_took_back_by_the_old_key_reaches_the_thread_by_the_new_one() {
    let mut story = Story::new(false);
    let gone = retract(&story.bob, &story.comment);
    sends(&mut story.bob, gone, &[]);
    let more = story.bob.comment(&story.root, "One more.");
    sends(&mut story.bob, more, &[]);
    story.bob = successor_of(&story.bob, None);
    let letters = story.bob.seals_what_is_due();
    assert_eq!(story.alice.gets(&letters), []);
    story.pass(11);
    story.alice_syncs();
    for person in [&story.alice, &story.carol] {
        assert_eq!(shown(person), ["Root.", "One more."]);
    }
}

#[test]
fn what_was_to_be_passed_on_under_the_old_key_is_passed_on_under_the_new_one() {
    let mut story = Story::new(false);
    let second = story.bob.comment(&story.root, "Second.");
    let letters = sends(&mut story.bob, second, &[]);
    assert_eq!(story.alice.gets(&letters), []);
    story.pass(11);
    let lost = story.alice.seals_what_is_due();
    assert_eq!(brought(&lost, &story.carol), ["comment"]);
    let gone = retract(&story.bob, &story.comment);
    let letters = sends(&mut story.bob, gone, &[]);
    assert_eq!(story.alice.gets(&letters), []);
    // Lost on its way, and not sealed yet.
    story.alice_has_a_new_key();
    story.alice_syncs();
    assert_eq!(shown(&story.carol), ["Root.", "Second."]);
}

#[test]
fn what_was_taken_back_for_the_old_key_is_taken_back_for_the_new_one() {
    for by_recovery in [false, true] {
        let mut story = Story::new(by_recovery);
        let words = story.bob.status("Bob's.");
        let letters = sends(&mut story.bob, words.clone(), &["alice"]);
        assert_eq!(story.alice.gets(&letters), []);
        let gone = retract(&story.bob, &words);
        let mut on_its_way = sends(&mut story.bob, gone, &[]);
        let gone = retract(&story.bob, &story.comment);
        on_its_way.extend(sends(&mut story.bob, gone, &[]));
        let chess = story.bob.writes("org.example.chess.move", Body::Application, |_| {});
        on_its_way.extend(sends(&mut story.bob, chess, &["alice"]));
        story.alice_has_a_new_key();
        assert_eq!(story.alice.gets(&on_its_way), [], "no key opens them, and that is no failure");
        assert_eq!(story.alice.folder("inpackets/bad").len(), 2 * on_its_way.len());
        story.alice_syncs();
        let anew = story.bob.seals_what_is_due();
        let brought = brought(&anew, &story.alice);
        for kind in ["retract", "org.example.chess.move"] {
            assert!(brought.contains(&kind.to_owned()), "{brought:?}");
        }
        assert_eq!(story.alice.gets(&anew), []);
        assert_eq!(shown(&story.alice), ["Root."]);
        story.pass(11);
        story.alice_syncs();
        assert_eq!(shown(&story.carol), ["Root."]);
    }
}

#[test]
fn what_nobody_opens_is_a_failure_again_40_days_after_the_new_key() {
    let mut story = Story::new(false);
    let words = story.bob.status("For whom?");
    let letters = sends(&mut story.bob, words, &["alice"]);
    story.alice_has_a_new_key();
    story.pass(40 * DAY);
    assert_eq!(kinds(&story.alice.gets(&letters)), [Kind::NotAllowed]);
}

#[test]
fn a_confirmation_by_the_old_key_counts_or_is_given_by_the_new_one() {
    for by_recovery in [false, true] {
        let mut story = Story::new(by_recovery);
        let words = story.bob.status("Bob's.");
        let letters = sends(&mut story.bob, words, &["alice"]);
        assert_eq!(story.alice.gets(&letters), []);
        story.pass(DAY);
        let says_so = story.alice.seals_what_is_due();
        let unconfirmed = |bob: &Person| -> u32 {
            let count = "SELECT count(*) FROM sealed WHERE confirmed IS NULL AND ifnull(replaced, 1) <> 0";
            bob.store.read().query_row(count, (), |row| row.get(0)).unwrap()
        };
        assert_eq!(unconfirmed(&story.bob), 1);
        story.alice_has_a_new_key();
        story.alice_syncs();
        let late = kinds(&story.bob.gets(&for_reader(&says_so, &story.bob)));
        assert_eq!(late, if by_recovery { vec![Kind::NotAllowed] } else { vec![] });
        let anew = story.bob.seals_what_is_due();
        assert_eq!(story.alice.gets(&anew), []);
        assert_eq!(shown(&story.alice), ["Root.", "Comment.", "Bob's."], "once");
        story.pass(DAY);
        story.alice_syncs();
        assert_eq!(unconfirmed(&story.bob), 0);
    }
}

#[test]
fn what_the_old_key_said_and_nobody_got_is_brought_by_the_new_one() {
    for by_recovery in [false, true] {
        let mut story = Story::new(by_recovery);
        let bob_is = story.bob.is();
        let said = [
            story.alice.status("A status."),
            story.alice.writes("message", Body::Message, |packet| {
                packet.to = vec![bob_is];
                packet.text = Some("A message.".to_owned());
            }),
            story.alice.writes("org.example.chess.move", Body::Application, |_| {}),
        ];
        let lost: Vec<Letter> =
            said.into_iter().flat_map(|xml| sends(&mut story.alice, xml, &["bob"])).collect();
        let (film, chunks) = story.alice.writes_with_file(&[7; 100_000]);
        let film = sends(&mut story.alice, film, &["bob"]);
        story.alice_has_a_new_key();
        let letters = story.alice_syncs();
        for kind in ["status", "message", "org.example.chess.move"] {
            assert!(brought(&letters, &story.bob).contains(&kind.to_owned()));
        }
        assert_eq!(shown(&story.bob), ["Root.", "Comment.", "A status.", "A message.", "A film."]);
        assert!(story.bob.sees()[2].starts_with("alice: "));
        let last = "SELECT max(seq) FROM packet WHERE state = 'feed'";
        let last: i64 = story.bob.store.read().query_row(last, (), |row| row.get(0)).unwrap();
        let entry = feed::entry(story.bob.store.read(), last, story.bob.now).unwrap();
        assert_eq!(entry.through, None, "it is not as if somebody else had brought it");
        assert_eq!(shown(&story.carol), ["Root.", "Comment."], "who was not meant gets nothing");
        let carried: Vec<_> = letters.iter().flat_map(|letter| letter.chunks.clone()).collect();
        assert_eq!(carried, film[0].chunks, "the file goes with it");
        assert_eq!(story.bob.finds(&chunks), []);
        // What was late is dropped, once it is known.
        let late = kinds(&story.bob.gets(&[lost, film].concat()));
        assert_eq!(late, if by_recovery { vec![Kind::NotAllowed; 4] } else { Vec::new() });
        assert_eq!(story.bob.sees().len(), 5);
        // And all of it is confirmed to the new key.
        for _ in 0..2 {
            story.pass(DAY);
            let letters = story.bob.seals_what_is_due();
            assert_eq!(story.alice.gets(&letters), []);
            story.alice_syncs();
        }
        let unconfirmed = "SELECT count(*) FROM sealed WHERE confirmed IS NULL AND taken AND reader = ?1";
        let unconfirmed: u32 =
            story.alice.store.read().query_row(unconfirmed, [story.bob.is()], |row| row.get(0)).unwrap();
        assert!(unconfirmed <= 1, "{unconfirmed}");
    }
}

#[test]
fn what_was_confirmed_or_never_sent_or_given_up_is_not_brought_again() {
    let mut story = Story::new(false);
    let first = story.alice.status("Given up.");
    sends(&mut story.alice, first.clone(), &["bob"]);
    let gone = retract(&story.alice, &first);
    sends(&mut story.alice, gone, &["bob"]);
    story.pass(41 * DAY);
    // New keys of theirs, and hers.
    for _ in 0..2 {
        let letters = [&mut story.bob, &mut story.carol].map(Person::seals_what_is_due).concat();
        assert_eq!(story.alice.gets(&letters), []);
        story.alice_syncs();
    }
    let read = story.alice.status("Read.");
    let letters = sends(&mut story.alice, read, &["bob"]);
    assert_eq!(story.bob.gets(&letters), []);
    story.pass(DAY);
    let letters = story.bob.seals_what_is_due();
    assert_eq!(story.alice.gets(&letters), []);
    let thought_better = story.alice.status("Printed, and thrown away.");
    story.alice.seals(thought_better, &["bob"]);
    story.alice_has_a_new_key();
    let letters = story.alice_syncs();
    let brought = brought(&letters, &story.bob);
    assert!(!brought.contains(&"status".to_owned()), "{brought:?}");
    assert!(brought.contains(&"retract".to_owned()), "changes of mind are owed however late: {brought:?}");
}

#[test]
fn a_message_for_the_old_key_is_for_the_new_one_too() {
    let mut story = Story::new(false);
    let alice_is = story.alice.is();
    let message = story.bob.writes("message", Body::Message, |packet| {
        packet.to = vec![alice_is];
        packet.text = Some("For you alone.".to_owned());
    });
    sends(&mut story.bob, message, &[]);
    story.alice_has_a_new_key();
    story.alice_syncs();
    let letters = story.bob.seals_what_is_due();
    assert_eq!(story.alice.gets(&for_reader(&letters, &story.alice)), []);
    assert!(shown(&story.alice).contains(&"For you alone.".to_owned()));
}

#[test]
fn nobody_else_brings_what_somebody_said() {
    let mut story = Story::new(false);
    let words = story.carol.signs(&story.carol.status("For Bob alone."));
    let own = story.bob.signs(&story.bob.status("His."));
    let sealed = story.bob.envelope(&story.alice, 1, vec![words, own]);
    assert_eq!(kinds(&story.alice.finds(&[sealed])), [Kind::NotAllowed]);
    assert_eq!(shown(&story.alice), ["Root.", "Comment.", "His."], "the rest is taken");
    // Nor an earlier key what a later one said.
    let old = story.alice.copy();
    story.alice_has_a_new_key();
    story.alice_syncs();
    let words = story.alice.signs(&story.alice.status("By the new key."));
    let sealed = old.envelope(&story.carol, 1, vec![words]);
    assert_eq!(kinds(&story.carol.finds(&[sealed])), [Kind::NotAllowed]);
    assert_eq!(shown(&story.carol), ["Root.", "Comment."]);
}
