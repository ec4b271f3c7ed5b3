//! Who and what the owner does not want to see: blocked and muted people, and words, through whomever they come.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, meet};
use socialnet::{
    Fingerprint, Kind,
    packet::Body,
    protocol::{blocking, successor},
    store::{
        contacts,
        feed::{self, Query},
        filter::{self, Filter, Why},
    },
};

/// Alice knows Bob and Carol, who know each other too. Dave knows Alice alone.
struct Story {
    alice: Person,
    bob: Person,
    carol: Person,
    dave: Person,
}

impl Story {
    fn new() -> Self {
        let (mut alice, mut bob, mut carol, mut dave) =
            (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"), Person::new("Dave"));
        meet(&mut alice, &mut bob);
        meet(&mut alice, &mut carol);
        meet(&mut bob, &mut carol);
        meet(&mut alice, &mut dave);
        Self { alice, bob, carol, dave }
    }

    /// Alice says something to all three.
    fn alice_says(&mut self, text: &str) -> Vec<u8> {
        let status = self.alice.status(text);
        let letters = self.alice.seals(status.clone(), &["all"]);
        for person in [&mut self.bob, &mut self.carol, &mut self.dave] {
            assert_eq!(person.gets(&for_reader(&letters, person)), []);
        }
        status
    }

    /// Alice passes on to Bob and Carol what came.
    fn alice_passes_on(&mut self) {
        self.alice.waits(11);
        let letters = self.alice.seals_what_is_due();
        for person in [&mut self.bob, &mut self.carol, &mut self.dave] {
            assert_eq!(person.gets(&for_reader(&letters, person)), []);
        }
    }

    /// A comment in Alice's thread reaches everybody.
    fn comments(&mut self, who: impl Fn(&mut Self) -> &mut Person, on: &[u8], text: &str) -> Vec<u8> {
        let person = who(self);
        let comment = person.comment(on, text);
        let letters = person.seals(comment.clone(), &[]);
        assert_eq!(self.alice.gets(&letters), []);
        self.alice_passes_on();
        comment
    }
}

fn mute(person: &mut Person, who: Fingerprint, muted: bool) {
    let db = person.store.begin().unwrap();
    filter::mute(&db, who, muted).unwrap();
    db.commit().unwrap();
}

fn shows(person: &Person, words: &[&str]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let filter = Filter::load(person.store.read(), &words).unwrap();
    texts(person, filter)
}

fn texts(person: &Person, filter: Filter) -> Vec<String> {
    let db = person.store.read();
    let query = Query { filter: Some(filter), ..Query::default() };
    let rows = feed::rows(db, &query, person.now).unwrap();
    rows.into_iter().map(|seq| feed::entry(db, seq, person.now).unwrap().text).collect()
}

#[test]
fn who_is_muted_is_not_seen_in_a_friends_thread() {
    let mut story = Story::new();
    let root = story.alice_says("Root.");
    let daves = story.comments(|it| &mut it.dave, &root, "Dave was here.");
    story.comments(|it| &mut it.carol, &daves, "Dave is right.");
    story.comments(|it| &mut it.carol, &root, "Something else.");
    let all = ["Root.", "Dave was here.", "Dave is right.", "Something else."];
    assert_eq!(shows(&story.bob, &[]), all);

    // Bob does not know Dave; his fingerprint is enough.
    let dave = story.dave.is();
    mute(&mut story.bob, dave, true);
    assert_eq!(shows(&story.bob, &[]), ["Root.", "Something else."]);
    assert_eq!(texts(&story.bob, Filter::default()), all, "nothing is lost");
    story.comments(|it| &mut it.dave, &root, "Dave again.");
    assert_eq!(shows(&story.bob, &[]), ["Root.", "Something else."]);
    mute(&mut story.bob, dave, false);
    assert_eq!(shows(&story.bob, &[]).len(), 5, "as if it had never been");

    let me = story.bob.is();
    let itself = blocking::block_stranger(&mut story.bob.store, me, me, story.bob.now);
    assert_eq!(itself.unwrap_err().kind(), Kind::Usage);
    blocking::block_stranger(&mut story.bob.store, me, dave, story.bob.now).unwrap();
    assert_eq!(shows(&story.bob, &[]), ["Root.", "Something else."]);
    let request = story.dave.adds(&story.bob.invites());
    assert_eq!(story.bob.gets(&request), []);
    let known = contacts::by_fingerprint(story.bob.store.read(), dave).unwrap().unwrap();
    assert_eq!(known.state, contacts::State::Blocked, "not even by an invitation that he came by");
    // By Bob's own hand he comes back.
    let invitation = story.dave.invites();
    assert_eq!(story.dave.gets(&story.bob.adds(&invitation)), []);
    assert_eq!(story.bob.gets(&story.dave.seals_what_is_due()), []);
    assert_eq!(shows(&story.bob, &[]).len(), 5);
}

#[test]
fn the_muted_go_on_being_friends() {
    let mut story = Story::new();
    let carol = story.carol.is();
    mute(&mut story.bob, carol, true);
    let root = story.bob.status("Bob's.");
    let letters = story.bob.seals(root.clone(), &["all"]);
    assert_eq!(story.carol.gets(&for_reader(&letters, &story.carol)), []);
    assert_eq!(story.alice.gets(&for_reader(&letters, &story.alice)), []);
    let comment = story.carol.comment(&root, "A comment that Bob does not see.");
    let letters = story.carol.seals(comment, &[]);
    assert_eq!(story.bob.gets(&letters), []);
    assert_eq!(shows(&story.bob, &[]), ["Bob's."]);
    story.bob.waits(11);
    let letters = story.bob.seals_what_is_due();
    assert_eq!(story.alice.gets(&for_reader(&letters, &story.alice)), []);
    assert_eq!(shows(&story.alice, &[]).len(), 2, "others do");
}

#[test]
fn what_a_friend_shares_of_the_muted_is_not_seen() {
    let mut story = Story::new();
    let daves = story.dave.writes("status", Body::Status, |packet| {
        packet.text = Some("Buy now!".into());
        packet.shareable = true;
    });
    let letters = story.dave.seals(daves.clone(), &["alice"]);
    assert_eq!(story.alice.gets(&letters), []);
    let original = story.dave.signs(&daves);
    let share =
        story.alice.writes("share", Body::Share { original }, |packet| packet.text = Some("Look!".into()));
    let letters = story.alice.seals(share.clone(), &["all"]);
    for person in [&mut story.bob, &mut story.carol] {
        assert_eq!(person.gets(&for_reader(&letters, person)), []);
    }
    story.comments(|it| &mut it.carol, &share, "Is it any good?");
    assert_eq!(shows(&story.bob, &[]), ["Look!", "Is it any good?"]);
    assert_eq!(shows(&story.bob, &["buy now"]), [] as [&str; 0], "the words are in what is shared");
    let dave = story.dave.is();
    mute(&mut story.bob, dave, true);
    assert_eq!(shows(&story.bob, &[]), [] as [&str; 0]);
}

#[test]
fn a_word_hides_what_hangs_under_it() {
    let mut story = Story::new();
    let root = story.alice_says("Who saw the FOOTBALL?");
    story.comments(|it| &mut it.carol, &root, "I did.");
    let other = story.alice_says("Dinner at eight.");
    let comment = story.comments(|it| &mut it.carol, &other, "After the football.");
    story.comments(|it| &mut it.dave, &comment, "Which was dull.");
    story.comments(|it| &mut it.dave, &other, "Eight it is.");
    assert_eq!(shows(&story.bob, &["football"]), ["Dinner at eight.", "Eight it is."]);
    assert_eq!(shows(&story.bob, &[]).len(), 6);
    // What Alice said herself she sees, and what is said to it.
    assert_eq!(
        shows(&story.alice, &["football"]),
        ["Who saw the FOOTBALL?", "I did.", "Dinner at eight.", "Eight it is."]
    );
}

#[test]
fn it_is_told_why_something_is_hidden() {
    let mut story = Story::new();
    let root = story.alice_says("Root.");
    story.comments(|it| &mut it.carol, &root, "Carol.");
    let carol = story.carol.is();
    blocking::block(&mut story.bob.store, carol).unwrap();
    let db = story.bob.store.read();
    let filter = Filter::load(db, &["root".to_owned()]).unwrap();
    assert_eq!(filter.hides(db, 1).unwrap(), None, "the first row is a service packet");
    let rows = feed::rows(db, &Query { filter: Some(Filter::default()), ..Query::default() }, story.bob.now);
    let why: Vec<_> = rows.unwrap().into_iter().map(|seq| filter.hides(db, seq).unwrap()).collect();
    assert_eq!(why, [Some(Why::Word), Some(Why::Blocked)]);
}

#[test]
fn a_new_key_shows_nothing_of_what_was_hidden() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let status = bob.status("Football.");
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    mute(&mut alice, bob.is(), true);
    let mut new = Person::made_by(bob.now, |path| {
        successor::of_folder(path, bob.home.path(), None, bob.now).unwrap();
    });
    let asked = new.seals_what_is_due();
    assert_eq!(alice.gets(&asked), []);
    assert_eq!(shows(&alice, &[]), [] as [&str; 0]);
    mute(&mut alice, bob.is(), false);
    assert_eq!(shows(&alice, &[]), ["Football."], "by whichever key he is named");
    assert_eq!(shows(&alice, &["football"]), [] as [&str; 0]);
}
