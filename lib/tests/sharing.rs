//! Shares: Bob passes on what Alice wrote to Carol, who does not know her, and what Alice then changes about it.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, kinds, meet};
use socialnet::{
    Kind, blob,
    packet::{self, About, Body, Resend},
    protocol::{open, sealing::Letter},
    store::feed,
};

/// What Alice lets travel came to Bob, who has not shared it yet.
struct Story {
    alice: Person,
    bob: Person,
    carol: Person,
    status: Vec<u8>,
}

const DELAY: i64 = 11;

impl Story {
    fn new() -> Self {
        let (mut alice, mut bob, mut carol) =
            (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
        meet(&mut alice, &mut bob);
        meet(&mut bob, &mut carol);
        let status = alice.writes("status", Body::Status, |packet| {
            packet.text = Some("Tell everybody.".into());
            packet.shareable = true;
        });
        let letters = alice.seals(status.clone(), &["bob"]);
        assert_eq!(bob.gets(&letters), []);
        Self { alice, bob, carol, status }
    }

    fn share(&self) -> Vec<u8> {
        let original = self.alice.signs(&self.status);
        self.bob.writes("share", Body::Share { original }, |packet| packet.text = Some("Look!".into()))
    }

    fn bob_shares(&mut self) -> Vec<Letter> {
        let share = self.share();
        self.bob.seals(share, &["carol"])
    }

    fn alice_edits(&mut self, version: u32, text: &str) -> Vec<Letter> {
        let body = Body::Edit { version, closes: false };
        let target = packet::read(&self.status).unwrap().name;
        let edit = self.alice.writes("edit", body, |packet| {
            packet.about = Some(About::Packet(target, None));
            packet.text = Some(text.to_owned());
        });
        self.alice.seals(edit, &[])
    }

    fn alice_retracts(&mut self) -> Vec<Letter> {
        let target = packet::read(&self.status).unwrap().name;
        let retract = self
            .alice
            .writes("retract", Body::Retract, |packet| packet.about = Some(About::Packet(target, None)));
        self.alice.seals(retract, &[])
    }

    /// What Bob's node passes on to Carol.
    fn bob_passes_on(&mut self) -> Vec<Letter> {
        self.bob.waits(DELAY);
        let letters = self.bob.seals_what_is_due();
        for_reader(&letters, &self.carol)
    }
}

/// What somebody sees of the share, and of what it shares.
fn sees(person: &Person) -> Vec<(String, String)> {
    let db = person.store.read();
    let rows = feed::rows(db, &feed::Query::default(), person.now).unwrap();
    rows.into_iter()
        .map(|seq| {
            let entry = feed::entry(db, seq, person.now).unwrap();
            (entry.text, entry.shared.map(|shared| shared.text).unwrap_or_default())
        })
        .collect()
}

/// How many packets somebody finds by their words.
fn finds(person: &Person, words: &str) -> usize {
    let query = feed::Query { sought: Some(words.into()), ..feed::Query::default() };
    feed::rows(person.store.read(), &query, person.now).unwrap().len()
}

fn look(at: &str) -> Vec<(String, String)> {
    vec![("Look!".to_owned(), at.to_owned())]
}

#[test]
fn edits_and_a_retraction_follow_the_share() {
    let mut story = Story::new();
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    assert_eq!(sees(&story.carol), look("Tell everybody."));
    assert_eq!((finds(&story.carol, "look everybody"), finds(&story.bob, "everybody")), (1, 2));

    let edit = story.alice_edits(1, "Tell some.");
    assert_eq!(story.bob.gets(&edit), []);
    assert_eq!(for_reader(&story.bob.seals_what_is_due(), &story.carol), [], "it waits for company");
    let passed_on = story.bob_passes_on();
    assert_eq!(passed_on.len(), 1);
    for _ in 0..2 {
        assert_eq!(story.carol.gets(&passed_on), [], "twice is once");
    }
    assert_eq!(sees(&story.carol), look("Tell some."));
    assert_eq!((finds(&story.carol, "everybody"), finds(&story.carol, "some")), (0, 1));

    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    let passed_on = story.bob_passes_on();
    assert_eq!(story.carol.gets(&passed_on), []);
    assert_eq!(sees(&story.carol), look(""), "what Bob said stays his");
    assert_eq!((finds(&story.carol, "some"), finds(&story.carol, "look")), (0, 1));
    for person in [&story.bob, &story.carol] {
        assert!(!person.keeps("Tell everybody.") && !person.keeps("Tell some."));
    }
    // The share comes again, as it would after a loss: what it carried is still gone.
    assert_eq!(story.carol.gets(&share), []);
    let share = story.bob.envelope(&story.carol, 99, vec![story.bob.signs(&story.share())]);
    assert_eq!(story.carol.finds(&[share]), []);
    assert!(!story.carol.keeps("Tell everybody."));
}

#[test]
fn the_retraction_may_come_before_the_share() {
    let mut story = Story::new();
    let share = story.bob_shares();
    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    let passed_on = story.bob_passes_on();
    assert_eq!(story.carol.gets(&passed_on), []);
    assert_eq!(story.carol.gets(&share), []);
    assert_eq!(sees(&story.carol), look(""));
    assert!(!story.carol.keeps("Tell everybody."));
}

#[test]
fn a_later_edit_may_overtake_an_earlier_one() {
    let mut story = Story::new();
    let share = story.bob_shares();
    let edits = [story.alice_edits(1, "First."), story.alice_edits(2, "Second.")];
    assert_eq!(story.bob.gets(&edits[1]), []);
    let second = story.bob_passes_on();
    assert_eq!(story.bob.gets(&edits[0]), []);
    let first = story.bob_passes_on();
    assert_eq!(story.carol.gets(&second), []);
    assert_eq!(story.carol.gets(&share), []);
    assert_eq!(story.carol.gets(&first), []);
    assert_eq!(sees(&story.carol), look("Second."));
}

#[test]
fn what_was_edited_before_it_was_shared_comes_with_its_edit() {
    let mut story = Story::new();
    let edit = story.alice_edits(1, "Tell some.");
    assert_eq!(story.bob.gets(&edit), []);
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    let passed_on = story.bob_passes_on();
    assert_eq!(story.carol.gets(&passed_on), []);
    assert_eq!(sees(&story.carol), look("Tell some."));
    // A second share finds the original edited, and is found by the same words.
    let again = story.bob.envelope(&story.carol, 99, vec![story.bob.signs(&story.share())]);
    assert_eq!(story.carol.finds(&[again]), []);
    assert_eq!((finds(&story.carol, "everybody"), finds(&story.carol, "some")), (0, 2));
}

#[test]
fn what_was_taken_back_is_shared_no_more() {
    let mut story = Story::new();
    let share = story.share();
    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    assert_eq!(kinds(&story.bob.tries_to_seal(share, &["carol"]).1), [Kind::NotAllowed]);
    assert_eq!(for_reader(&story.bob.seals_what_is_due(), &story.carol), []);
}

#[test]
fn what_is_lost_on_the_way_is_asked_for_and_comes_again() {
    let mut story = Story::new();
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    let lost = story.bob_passes_on();
    assert_eq!(lost.len(), 1);
    let taken = "UPDATE sealed SET taken = 1";
    story.bob.store.begin().map(|db| db.execute(taken, ()).and_then(|_| db.commit())).unwrap().unwrap();
    let next = story.bob.status("And another thing.");
    let letters = story.bob.seals(next, &["carol"]);
    assert_eq!(story.carol.gets(&letters), []);
    story.carol.waits(25 * 60);
    let asks = story.carol.seals_what_is_due();
    assert_eq!(story.bob.gets(&for_reader(&asks, &story.bob)), []);
    let again = story.bob.seals_what_is_due();
    assert_eq!(story.carol.gets(&for_reader(&again, &story.carol)), []);
    assert!(!story.carol.keeps("Tell everybody."));
}

#[test]
fn a_share_of_a_share_is_followed_too() {
    let mut story = Story::new();
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    let mut dave = Person::new("Dave");
    meet(&mut story.carol, &mut dave);
    let original = story.alice.signs(&story.status);
    let further = story.carol.writes("share", Body::Share { original }, |_| {});
    let letters = story.carol.seals(further, &["dave"]);
    assert_eq!(dave.gets(&letters), []);
    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    let passed_on = story.bob_passes_on();
    assert_eq!(story.carol.gets(&passed_on), []);
    story.carol.waits(DELAY);
    let passed_on = story.carol.seals_what_is_due();
    assert_eq!(dave.gets(&for_reader(&passed_on, &dave)), []);
    assert!(!dave.keeps("Tell everybody."));
}

/// Alice's film came to Bob, who may share it; its chunks did not.
fn with_a_film() -> (Story, Vec<Vec<u8>>) {
    let mut story = Story::new();
    let (film, chunks) = story.alice.writes_with_file(&vec![7; 5 << 20]);
    let mut film = packet::read(&film).unwrap();
    film.shareable = true;
    story.status = packet::write(&film, None).unwrap();
    let letters = story.alice.seals(story.status.clone(), &["bob"]);
    assert_eq!(story.bob.gets(&letters), []);
    assert_eq!(chunks.len(), 2);
    (story, chunks)
}

/// Carol waits for a day, and gets what Bob gives her when she asks him for what has not come.
fn carol_asks(story: &mut Story, day: i64) -> Vec<Letter> {
    [&mut story.bob, &mut story.carol].into_iter().for_each(|person| person.waits(day * 24 * 60));
    assert_eq!(story.bob.gets(&story.carol.seals_what_is_due()), []);
    let letters = story.bob.seals_what_is_due();
    for_reader(&letters, &story.carol)
}

fn of(chunks: &[Vec<u8>]) -> Vec<[u8; 32]> {
    let mut digests: Vec<_> = chunks.iter().map(|chunk| blob::sha256(chunk)).collect();
    digests.sort_unstable();
    digests
}

#[test]
fn the_files_of_what_is_shared_go_with_the_share() {
    let (mut story, chunks) = with_a_film();
    assert_eq!(story.bob.finds(&chunks), []);
    let share = story.bob_shares();
    assert_eq!(share[0].chunks, of(&chunks));
    let (back, _) = story.bob.tries_to_seal(story.share(), &["alice"]);
    assert_eq!(back[0].chunks, [] as [[u8; 32]; 0], "their author has them");
    story.bob.queues(&share);
    assert_eq!(story.carol.gets(&share), []);
    let answer = carol_asks(&mut story, 1);
    assert_eq!(answer[0].chunks, of(&chunks), "they were lost, and are asked for");
    assert_eq!(story.carol.finds(&chunks), []);
    let said = carol_says(&mut story);
    assert_eq!(said, of(&chunks));
}

/// The chunks that Carol says to Bob have come.
fn carol_says(story: &mut Story) -> Vec<[u8; 32]> {
    story.carol.waits(24 * 60);
    let letters = story.carol.seals_what_is_due();
    open::open(&for_reader(&letters, &story.bob)[0].der, &story.bob.keyring).unwrap().envelope.blobs
}

#[test]
fn files_that_come_after_the_share_are_given_to_whoever_asks() {
    let (mut story, chunks) = with_a_film();
    assert_eq!(story.bob.finds(&chunks[..1]), []);
    let share = story.bob_shares();
    story.bob.queues(&share);
    assert_eq!(share[0].chunks, of(&chunks[..1]), "what he has not he does not promise");
    assert_eq!((story.carol.gets(&share), story.carol.finds(&chunks[..1])), (vec![], vec![]));
    let answer = carol_asks(&mut story, 1);
    assert!(answer.iter().all(|letter| letter.chunks.is_empty()));
    assert_eq!(story.carol.gets(&answer), []);
    assert_eq!(story.bob.finds(&chunks[1..]), []);
    let answer = carol_asks(&mut story, 1);
    assert_eq!(answer[0].chunks, of(&chunks[1..]));
}

#[test]
fn who_has_the_files_from_their_author_tells_the_sharer_too() {
    let (mut story, chunks) = with_a_film();
    meet(&mut story.alice, &mut story.carol);
    let letters = story.alice.seals(story.status.clone(), &["carol"]);
    assert_eq!((story.carol.gets(&letters), story.carol.finds(&chunks)), (vec![], vec![]));
    story.carol.waits(24 * 60);
    story.carol.seals_what_is_due();
    assert_eq!(story.bob.finds(&chunks), []);
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    assert_eq!(carol_says(&mut story), of(&chunks));
}

#[test]
fn files_of_what_is_shared_are_not_for_those_who_did_not_get_the_share() {
    let (mut story, chunks) = with_a_film();
    let mut dave = Person::new("Dave");
    meet(&mut story.bob, &mut dave);
    assert_eq!(story.bob.finds(&chunks), []);
    story.bob_shares();
    let body = Body::Resend(Resend { gaps: Vec::new(), blobs: of(&chunks) });
    let asks = |person: &Person| {
        let resend = person.signs(&person.writes("resend", body.clone(), |_| {}));
        person.envelope(&story.bob, 1, vec![resend])
    };
    let asks = [asks(&story.carol), asks(&dave)];
    assert_eq!(story.bob.finds(&asks), []);
    let answers = story.bob.seals_what_is_due();
    let given = |person: &Person| for_reader(&answers, person)[0].chunks.clone();
    assert_eq!((given(&story.carol), given(&dave)), (of(&chunks), vec![]));
}

#[test]
fn files_of_what_was_taken_back_are_not_given_to_whoever_got_it_by_a_share() {
    let (mut story, chunks) = with_a_film();
    let share = story.bob_shares();
    story.bob.queues(&share);
    assert_eq!(story.carol.gets(&share), []);
    assert_eq!(story.bob.finds(&chunks), []);
    let retract = story.alice_retracts();
    assert_eq!(story.bob.gets(&retract), []);
    let answer = carol_asks(&mut story, 1);
    assert!(answer.iter().all(|letter| letter.chunks.is_empty()));
}

#[test]
fn nobody_else_changes_what_is_shared() {
    let mut story = Story::new();
    let share = story.bob_shares();
    assert_eq!(story.carol.gets(&share), []);
    let target = packet::read(&story.status).unwrap().name;
    let about = |packet: &mut packet::Packet| packet.about = Some(About::Packet(target, None));
    // Bob takes back what Alice wrote; Mallory, whose words he brings, too; and an edit in Alice's name that she never
    // signed.
    let mallory = Person::new("Mallory");
    let forged = String::from_utf8(mallory.writes("retract", Body::Retract, about)).unwrap();
    let forged = forged.replace(&mallory.is().to_string(), &story.alice.is().to_string());
    for (counter, signed, kind) in [
        (90, story.bob.signs(&story.bob.writes("retract", Body::Retract, about)), Kind::NotAllowed),
        (91, mallory.signs(&mallory.writes("retract", Body::Retract, about)), Kind::NotAllowed),
        (92, mallory.signs(forged.as_bytes()), Kind::Malformed),
    ] {
        let envelope = story.bob.envelope(&story.carol, counter, vec![signed]);
        assert_eq!(kinds(&story.carol.finds(&[envelope])), [kind], "{counter}");
    }
    assert_eq!(sees(&story.carol), look("Tell everybody."));
}
