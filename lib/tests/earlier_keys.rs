//! What was begun under an earlier key: who goes on with it, and who has no say in it.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{
    Person, Stick,
    changing::{about, edit, orders, retract},
    for_reader, kinds, meet, successor_of,
};
use socialnet::{
    Kind,
    compose::{Author, Draft},
    identity::Identity,
    packet::{self, Body},
    protocol::{decide, probe, profile, sealing::Letter, succession},
    store::{contacts, feed},
};

/// Alice has a root, which Bob and Carol have, and Bob's comment on it, which Carol has through Alice. All know each other.
struct Story {
    alice: Person,
    bob: Person,
    carol: Person,
    root: Vec<u8>,
    comment: Vec<u8>,
    stick: Stick,
}

impl Story {
    fn new() -> Self {
        let (mut alice, mut bob, mut carol) =
            (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
        meet(&mut alice, &mut bob);
        meet(&mut alice, &mut carol);
        meet(&mut bob, &mut carol);
        let stick = Stick::of(&mut alice);
        let told = alice.seals_what_is_due();
        gets(&mut bob, &told);
        gets(&mut carol, &told);
        let root = alice.writes("status", Body::Status, |packet| {
            packet.text = Some("Root.".into());
            packet.shareable = true;
        });
        let letters = alice.seals(root.clone(), &["all"]);
        gets(&mut bob, &letters);
        gets(&mut carol, &letters);
        let comment = bob.comment(&root, "Bob's comment.");
        let mut story = Self { alice, bob, carol, root, comment, stick };
        let letters = story.bob.seals(story.comment.clone(), &[]);
        gets(&mut story.alice, &letters);
        story.alice.waits(11);
        let relays = story.alice.seals_what_is_due();
        gets(&mut story.carol, &relays);
        assert_eq!(shown(&story.carol), ["Root.", "Bob's comment."]);
        story
    }

    /// Alice goes on under another key, of which nobody has heard yet. The old account is given back.
    fn alice_has_a_new_key(&mut self, recovery: Option<&Identity>) -> Person {
        let new = successor_of(&self.alice, recovery);
        std::mem::replace(&mut self.alice, new)
    }

    /// Alice seals, and her friends get it.
    fn alice_says(&mut self, xml: Vec<u8>) {
        let letters = self.alice.seals(xml, &[]);
        self.both_get(&letters);
    }

    fn both_get(&mut self, letters: &[Letter]) {
        gets(&mut self.bob, letters);
        gets(&mut self.carol, letters);
    }
}

/// What is for somebody among the letters reaches them, and nothing of it is refused.
fn gets(reader: &mut Person, letters: &[Letter]) {
    let letters = for_reader(letters, reader);
    assert_eq!(reader.gets(&letters), []);
}

/// What the feed shows, each packet in a line.
fn shown(person: &Person) -> Vec<String> {
    let db = person.store.read();
    let line = |seq| {
        let entry = feed::entry(db, seq, person.now).unwrap();
        let gone = entry.gone.map_or(String::new(), |gone| format!("({gone:?})"));
        let edited = if entry.edited { " (edited)" } else { "" };
        let closed = if entry.closed { " (closed)" } else { "" };
        format!("{}{gone}{edited}{closed}", entry.text)
    };
    let rows = feed::rows(db, &feed::Query::default(), person.now).unwrap();
    rows.into_iter().map(line).collect()
}

fn author(person: &Person) -> Author<'_> {
    Author { fingerprint: person.is(), now: person.now, db: person.store.read() }
}

fn words(text: &str) -> Draft {
    Draft { text: Some(text.into()), ..Draft::default() }
}

fn id(xml: &[u8]) -> String {
    packet::read(xml).unwrap().name.id.to_string()
}

/// Everything that somebody could want of Alice's root and of the comment on it, as they sign it.
fn wants_everything(by: &Person, root: &[u8], comment: &[u8]) -> Vec<Vec<u8>> {
    let close = about(by, "edit", Body::Edit { version: 9, closes: true }, root, |_| {});
    let all = [edit(by, root, 9, "Mine!"), retract(by, root), retract(by, comment), close];
    all.iter().map(|xml| by.signs(xml)).collect()
}

#[test]
fn threads_go_on_under_the_new_key() {
    for by_recovery in [false, true] {
        let mut story = Story::new();
        let recovery = story.stick.key();
        story.alice_has_a_new_key(Some(&recovery).filter(|_| by_recovery));
        let asked = story.alice.seals_what_is_due();
        story.both_get(&asked);
        let (root, comment) = (id(&story.root), id(&story.comment));

        let better = author(&story.alice).edit(&root, words("Better.")).unwrap();
        story.alice_says(better);
        let own = author(&story.alice).comment(&root, words("Her own.")).unwrap();
        story.alice_says(own);
        let carols = author(&story.carol).comment(&root, words("Carol's.")).unwrap();
        assert_eq!(packet::read(&carols).unwrap().to, [story.alice.is()]);
        let letters = story.carol.seals(carols, &[]);
        gets(&mut story.alice, &letters);
        story.alice.waits(11);
        let relays = story.alice.seals_what_is_due();
        story.both_get(&relays);
        let all = ["Better. (edited)", "Bob's comment.", "Her own.", "Carol's."];
        assert_eq!(
            (shown(&story.alice), shown(&story.bob)),
            (all.map(String::from).into(), all.map(String::from).into())
        );

        let removal = author(&story.alice).retract(&comment).unwrap();
        story.alice_says(removal);
        let late = story.carol.comment(&story.root, "Too late.");
        let late = story.carol.seals(late, &[]);
        let close = author(&story.alice).close(&root).unwrap();
        story.alice_says(close);
        assert_eq!(kinds(&story.alice.gets(&late)), [Kind::NotAllowed]);
        assert!(author(&story.carol).comment(&root, words("And yet.")).is_err());
        for person in [&story.alice, &story.bob] {
            assert_eq!(shown(person), ["Better. (edited) (closed)", "Her own.", "Carol's."]);
        }
        let gone = author(&story.alice).retract(&root).unwrap();
        story.alice_says(gone);
        for person in [&story.alice, &story.bob] {
            assert_eq!(shown(person), ["(Retracted) (closed)", "Her own.", "Carol's."]);
        }
    }
}

#[test]
fn a_stolen_key_has_no_say_once_the_recovery_key_has_spoken() {
    let mut story = Story::new();
    let recovery = story.stick.key();
    let mut stolen = story.alice_has_a_new_key(Some(&recovery));
    let asked = story.alice.seals_what_is_due();
    story.both_get(&asked);
    let status = story.alice.status("By the new key.");
    let letters = story.alice.seals(status.clone(), &["all"]);
    story.both_get(&letters);
    let before = shown(&story.bob);

    let by_old = stolen.envelope(&story.bob, 1, wants_everything(&stolen, &story.root, &story.comment));
    assert_eq!(kinds(&story.bob.finds(&[by_old])), [Kind::NotAllowed], "nothing that it seals is read");
    // What it signs may come through Carol, who means no harm.
    let through =
        [edit(&stolen, &status, 9, "Mine!"), retract(&stolen, &status), retract(&stolen, &story.comment)];
    let through = through.iter().map(|xml| stolen.signs(xml)).collect();
    let by_carol = story.carol.envelope(&story.bob, 1, through);
    assert_eq!(story.bob.finds(&[by_carol]).len(), 3);
    assert_eq!(shown(&story.bob), before);
    // At the owner's own node it has no say even in what it signed itself.
    let letter = story.carol.envelope(&story.alice, 1, vec![stolen.signs(&retract(&stolen, &story.root))]);
    assert_eq!(kinds(&story.alice.finds(&[letter])), [Kind::NotAllowed]);
    assert_eq!(shown(&story.alice), before);

    // Another one that the thief names is nobody's successor, whoever brings its words.
    let mut thief = successor_of(&stolen.copy(), None);
    let asked = thief.seals_what_is_due();
    gets(&mut story.bob, &asked);
    let wants = wants_everything(&thief, &story.root, &story.comment);
    let held = thief.envelope(&story.bob, 1, wants.clone());
    assert_eq!(story.bob.finds(&[held]), []);
    let by_carol = story.carol.envelope(&story.bob, 2, wants);
    assert_eq!(kinds(&story.bob.finds(&[by_carol])), [Kind::NotAllowed; 4]);
    assert_eq!(shown(&story.bob), before);
    // At the owner's own node the old key names nobody, and is nobody.
    let hers = profile::export(story.alice.store.read(), &story.alice.keyring, story.alice.now).unwrap().der;
    let asked = stolen.adds(&hers);
    assert_eq!(kinds(&story.alice.gets(&asked)), [Kind::NotAllowed]);
    assert_eq!(contacts::by_fingerprint(story.alice.store.read(), stolen.is()).unwrap(), None);
    let asked = thief.adds(&hers);
    gets(&mut story.alice, &asked);
    let known = contacts::by_fingerprint(story.alice.store.read(), thief.is()).unwrap().unwrap();
    assert_eq!((known.fingerprint, known.state), (thief.is(), contacts::State::Waiting));
    // Taken for another person, the thief is one.
    let waits = contacts::by_petname(story.bob.store.read(), "alice-2").unwrap().unwrap();
    decide::accept(&mut story.bob.store, &story.bob.keyring, &waits, story.bob.now).unwrap();
    assert_eq!(kinds(&story.bob.reads()), [Kind::NotAllowed; 4]);
    assert_eq!(shown(&story.bob), before);
}

#[test]
fn the_owner_has_the_last_word_over_a_thief_who_was_believed() {
    let mut story = Story::new();
    let recovery = story.stick.key();
    let mut thief = successor_of(&story.alice.copy(), None);
    let asked = thief.seals_what_is_due();
    story.both_get(&asked);
    let lie =
        thief.envelope(&story.bob, 1, vec![thief.signs(&edit(&thief, &story.root, u32::MAX, "A lie."))]);
    assert_eq!(story.bob.finds(&[lie]), []);
    assert_eq!(shown(&story.bob), ["A lie. (edited)", "Bob's comment."], "nobody can tell yet");
    let old = story.alice_has_a_new_key(Some(&recovery));
    let asked = story.alice.seals_what_is_due();
    story.both_get(&asked);
    let truth = author(&story.alice).edit(&id(&story.root), words("The truth.")).unwrap();
    story.alice_says(truth);
    let truth = ["The truth. (edited)", "Bob's comment."];
    assert_eq!(shown(&story.bob), truth);
    let wants = [edit(&old, &story.root, u32::MAX, "A lie."), edit(&thief, &story.root, u32::MAX, "A lie.")];
    let signed =
        vec![old.signs(&wants[0]), thief.signs(&wants[1]), thief.signs(&retract(&thief, &story.root))];
    let by_carol = story.carol.envelope(&story.bob, 1, signed);
    assert_eq!(kinds(&story.bob.finds(&[by_carol])), [Kind::NotAllowed; 2], "the old key's own is outdone");
    assert_eq!(shown(&story.bob), truth);
}

#[test]
fn strangers_and_friends_have_no_say() {
    let mut story = Story::new();
    story.alice_has_a_new_key(None);
    let asked = story.alice.seals_what_is_due();
    story.both_get(&asked);
    let accepted = story.bob.seals_what_is_due();
    gets(&mut story.alice, &accepted);
    let before = shown(&story.bob);
    let mut mallory = Person::new("Mallory");
    meet(&mut story.bob, &mut mallory);
    let wants = wants_everything(&mallory, &story.root, &story.comment);
    let letter = mallory.envelope(&story.bob, 1, wants.clone());
    assert_eq!(kinds(&story.bob.finds(&[letter])), [Kind::NotAllowed; 4]);
    let letter = story.carol.envelope(&story.bob, 1, wants);
    assert_eq!(kinds(&story.bob.finds(&[letter])), [Kind::NotAllowed; 4]);
    let comment = mallory.signs(&mallory.comment(&story.root, "I was never there."));
    let letter = mallory.envelope(&story.alice, 1, vec![comment]);
    assert_eq!(story.alice.finds(&[letter]), [], "held");
    assert_eq!((shown(&story.bob), shown(&story.alice)), (before.clone(), before));
}

#[test]
fn what_the_owner_has_not_decided_gives_no_power() {
    let mut story = Story::new();
    let mut again = Person::new("Alice");
    let bobs = profile::export(story.bob.store.read(), &story.bob.keyring, story.bob.now).unwrap().der;
    let asked = again.adds(&bobs);
    gets(&mut story.bob, &asked);
    let before = shown(&story.bob);
    let better = again.signs(&edit(&again, &story.root, 1, "Better."));
    let letter = again.envelope(&story.bob, 2, vec![better.clone()]);
    assert_eq!(story.bob.finds(&[letter]), [], "held");
    let letter = story.carol.envelope(&story.bob, 1, vec![better]);
    assert_eq!(kinds(&story.bob.finds(&[letter])), [Kind::NotAllowed]);
    assert_eq!(shown(&story.bob), before);
    let known = |petname| contacts::by_petname(story.bob.store.read(), petname).unwrap().unwrap();
    let (who, waits) = (known("alice"), known("alice-2"));
    succession::decide(&mut story.bob.store, &who, &waits, story.bob.now).unwrap();
    assert_eq!(story.bob.reads(), []);
    assert_eq!(shown(&story.bob), ["Better. (edited)", "Bob's comment."]);
}

/// What two keys write about a root of the first.
type Written<'a> = &'a dyn Fn(&Person, &Person, &[u8]) -> Vec<Vec<u8>>;

/// Gives readers what the old and the new key sealed, and the request, in every order: all must see the same at the end, and
/// nobody have the words of `deleted`.
fn in_every_order(changes: Written<'_>, seen: &[&str], deleted: &[&str]) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let mut new = successor_of(&alice, None);
    let root = alice.status("First.");
    let mut files = vec![alice.envelope(&bob, 1, vec![alice.signs(&root)])];
    for (at, xml) in changes(&alice, &new, &root).into_iter().enumerate() {
        let by = if packet::read(&xml).unwrap().name.from == alice.is() { &alice } else { &new };
        files.push(by.envelope(&bob, 2 + at as u64, vec![by.signs(&xml)]));
    }
    files.push(for_reader(&new.seals_what_is_due(), &bob).remove(0).der);
    for order in orders(files.len()) {
        let mut reader = bob.copy();
        for at in &order {
            assert_eq!(reader.finds(std::slice::from_ref(&files[*at])), [], "{order:?}");
        }
        assert_eq!(shown(&reader), seen, "{order:?}");
        for words in deleted {
            assert!(!reader.keeps(words), "{words} {order:?}");
        }
    }
}

#[test]
fn whoever_hears_of_the_new_key_late_ends_in_the_same_state() {
    let edits = |old: &Person, new: &Person, root: &[u8]| {
        vec![edit(old, root, 7, "Second."), edit(new, root, 1, "Last.")]
    };
    in_every_order(&edits, &["Last. (edited)"], &["Second."]);
    let tombstone = |old: &Person, new: &Person, root: &[u8]| {
        vec![edit(new, root, 7, "Second."), retract(new, root), edit(old, root, 8, "Third.")]
    };
    in_every_order(&tombstone, &[], &["First.", "Second.", "Third."]);
}

#[test]
fn shares_are_followed_under_every_key() {
    let mut story = Story::new();
    let mut dave = Person::new("Dave");
    meet(&mut story.bob, &mut dave);
    let original = story.alice.signs(&story.root);
    let share =
        story.bob.writes("share", Body::Share { original }, |packet| packet.text = Some("Look!".into()));
    let letters = story.bob.seals(share, &["carol", "dave"]);
    gets(&mut story.carol, &letters);
    gets(&mut dave, &letters);
    let bobs = story.bob.writes("status", Body::Status, |packet| {
        packet.text = Some("Bob's.".into());
        packet.shareable = true;
    });
    let letters = story.bob.seals(bobs.clone(), &["alice"]);
    gets(&mut story.alice, &letters);
    let original = story.bob.signs(&bobs);
    let hers =
        story.alice.writes("share", Body::Share { original }, |packet| packet.text = Some("See!".into()));
    let letters = story.alice.seals(hers, &["carol"]);
    gets(&mut story.carol, &letters);

    story.alice_has_a_new_key(None);
    let asked = story.alice.seals_what_is_due();
    story.both_get(&asked);
    let accepted = story.bob.seals_what_is_due();
    gets(&mut story.alice, &accepted);
    let gone = author(&story.alice).retract(&id(&story.root)).unwrap();
    let letters = story.alice.seals(gone, &[]);
    gets(&mut story.bob, &letters);
    story.bob.waits(11);
    let status = story.bob.status("And another thing.");
    let more = story.bob.seals(status, &["dave"]);
    let passed_on = story.bob.seals_what_is_due();
    gets(&mut story.carol, &passed_on);
    assert!(!shown(&story.carol).contains(&"Root.".to_owned()));
    // Dave has never heard of her, and can't tell.
    let letters = [more, for_reader(&passed_on, &dave)].concat();
    assert_eq!(kinds(&dave.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(shown(&dave), ["Look!", "And another thing."], "the rest is taken");

    // What she shared under the old key she follows under the new one.
    let letters = story.bob.seals(retract(&story.bob, &bobs), &[]);
    gets(&mut story.alice, &letters);
    story.alice.waits(11);
    let passed_on = story.alice.seals_what_is_due();
    assert!(for_reader(&passed_on, &story.carol).iter().any(|letter| {
        let opened = socialnet::protocol::open::open(&letter.der, &story.carol.keyring).unwrap();
        opened.packets.iter().any(|it| it.packet.kind == "retract" && it.packet.name.from == story.bob.is())
    }));
    gets(&mut story.carol, &passed_on);
}

#[test]
fn a_commenter_with_a_new_key_takes_a_comment_back() {
    let mut story = Story::new();
    let new = successor_of(&story.bob, None);
    story.bob = new;
    let asked = story.bob.seals_what_is_due();
    gets(&mut story.alice, &asked);
    let gone = author(&story.bob).retract(&id(&story.comment)).unwrap();
    let letters = story.bob.seals(gone, &[]);
    gets(&mut story.alice, &letters);
    assert_eq!(shown(&story.alice), ["Root."]);
    story.alice.waits(11);
    let relays = story.alice.seals_what_is_due();
    assert!(
        !for_reader(&relays, &story.bob).iter().any(|letter| {
            let opened = socialnet::protocol::open::open(&letter.der, &story.bob.keyring).unwrap();
            opened.packets.iter().any(|it| it.packet.kind == "retract")
        }),
        "not back to its author"
    );
    // Carol has not heard of his new key: she refuses it, and nothing else.
    let letters = for_reader(&relays, &story.carol);
    assert_eq!(kinds(&story.carol.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(shown(&story.carol), ["Root.", "Bob's comment."]);
    // The author of the thread can still remove it everywhere.
    let removal = retract(&story.alice, &story.comment);
    let letters = story.alice.seals(removal, &[]);
    gets(&mut story.carol, &letters);
    assert_eq!(shown(&story.carol), ["Root."]);
}

#[test]
fn a_letter_to_oneself_is_no_sign_of_a_thief() {
    let mut alice = Person::new("Alice");
    let probe = probe::make(alice.store.read(), &alice.keyring, alice.now).unwrap();
    assert_eq!(alice.finds(&[probe]), []);
}
