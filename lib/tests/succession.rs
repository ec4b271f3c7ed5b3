//! A new key for a known person: named by the old one, by the recovery key, or by nobody who may.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, Stick, for_reader, kinds, meet, searching::findable, successor_of};
use socialnet::{
    Fingerprint, Kind,
    identity::Identity,
    packet::Body,
    protocol::{
        blocking, decide, introduce, open, profile, sealing::Letter, start, succession as moving, successor,
    },
    seal,
    store::{
        contacts::{self, Contact},
        requests,
    },
    succession::Succession,
};

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

/// Alice has a recovery key, and Bob knows of it.
fn with_recovery_key() -> (Person, Person, Stick) {
    let (mut alice, mut bob) = friends();
    let stick = Stick::of(&mut alice);
    let told = alice.seals_what_is_due();
    assert_eq!(bob.gets(&told), []);
    (alice, bob, stick)
}

fn says(who: &mut Person, words: &str, to: &str) -> Vec<Letter> {
    let status = who.status(words);
    who.seals(status, &[to])
}

fn knows(person: &Person, petname: &str) -> Contact {
    contacts::by_petname(person.store.read(), petname).unwrap().unwrap()
}

/// A request by one whom nobody knows, with successions by whoever signed them.
fn request(new: &Person, reader: &Person, successions: Vec<Vec<u8>>) -> Vec<u8> {
    let profile = profile::own(new.store.read(), &new.keyring, profile::For::Contacts).unwrap();
    let body = Body::ContactRequest { profile, code: None, successions, opened: None };
    new.envelope(reader, 1, vec![new.signs(&new.writes("contact-request", body, |_| ()))])
}

fn names(signer: &Identity, from: Fingerprint, to: &Person) -> Vec<u8> {
    seal::sign(signer, &Succession { from, to: to.is(), created: to.now }.write()).unwrap()
}

#[test]
fn contacts_follow_the_old_key_to_the_new_one() {
    let (mut alice, mut bob) = friends();
    let before = says(&mut alice, "By the old key.", "bob");
    assert_eq!(bob.gets(&before), []);
    let contact = knows(&bob, "alice");
    let db = bob.store.begin().unwrap();
    contacts::join(&db, "family", &contact).unwrap();
    contacts::rename(&db, contact.fingerprint, "al").unwrap();
    contacts::raise_grade(&db, contact.fingerprint, contacts::Grade::Checked).unwrap();
    db.commit().unwrap();
    // On its way when the key changes.
    let unread = says(&mut bob, "To the old key.", "al");
    let mut new = successor_of(&alice, None);
    assert_eq!(new.sees(), ["somebody: By the old key."], "the feed comes along");
    // Overtaken by what the new key says.
    let first = says(&mut new, "By the new key.", "bob");
    assert_eq!(bob.gets(&first), []);
    assert_eq!(bob.sees().len(), 2, "held");
    let due = new.seals_what_is_due();
    let asked = for_reader(&due, &bob);
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(bob.gets(&asked), [], "twice");
    assert_eq!(bob.sees(), ["al: By the old key.", "me: To the old key.", "al: By the new key."]);
    let contact = knows(&bob, "al");
    assert_eq!((contact.fingerprint, contact.state), (new.is(), contacts::State::Friend));
    assert_eq!(contacts::groups_of(bob.store.read(), &contact).unwrap(), ["family"]);
    assert_eq!(contact.grade, contacts::Grade::Introduced, "this fingerprint was not compared");
    assert!(contact.alarm.contains("named by the old one"), "{}", contact.alarm);
    let accepted = bob.seals_what_is_due();
    assert_eq!(new.gets(&accepted), []);
    assert_eq!(new.sees().last().unwrap(), "bob: To the old key.", "it is sealed anew");
    let answer = says(&mut bob, "Hello again.", "@family");
    assert_eq!(new.gets(&answer), []);
    drop(unread);
}

#[test]
fn an_answer_to_what_the_old_key_said_reaches_the_new_one() {
    let (mut alice, mut bob) = friends();
    let root = alice.status("By the old key.");
    let letters = alice.seals(root.clone(), &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    let comment = bob.comment(&root, "Still true.");
    let letters = bob.seals(comment, &[]);
    assert_eq!(letters[0].reader, new.is());
    assert_eq!(new.gets(&letters), []);
    assert_eq!(new.sees().last().unwrap(), "bob: Still true.");
}

#[test]
fn a_file_that_the_old_key_sent_is_asked_of_the_new_one_and_confirmed_to_it() {
    let (mut alice, mut bob) = friends();
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(new.gets(&bob.seals_what_is_due()), []);
    [&mut new, &mut bob].into_iter().for_each(|person| person.waits(24 * 60));
    let asks = bob.seals_what_is_due();
    assert_eq!(new.gets(&for_reader(&asks, &new)), []);
    let answer = new.seals_what_is_due();
    assert_eq!(answer.last().unwrap().chunks, letters[0].chunks);
    assert_eq!((bob.gets(&answer), bob.finds(&chunks)), (vec![], vec![]));
    [&mut new, &mut bob].into_iter().for_each(|person| person.waits(24 * 60));
    let said = bob.seals_what_is_due();
    assert_eq!(open::open(&said[0].der, &new.keyring).unwrap().envelope.blobs, letters[0].chunks);
}

#[test]
fn a_file_of_what_the_old_key_sealed_and_that_comes_late_is_confirmed_to_the_new_one() {
    let (mut alice, mut bob) = friends();
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let late = alice.seals(film, &["bob"]);
    let mut new = successor_of(&alice, None);
    assert_eq!(bob.gets(&new.seals_what_is_due()), []);
    assert_eq!((bob.gets(&late), bob.finds(&chunks)), (vec![], vec![]));
    bob.waits(24 * 60);
    let said = bob.seals_what_is_due();
    assert_eq!(open::open(&said[0].der, &new.keyring).unwrap().envelope.blobs, late[0].chunks);
}

#[test]
fn a_chain_is_followed_from_wherever_one_stood() {
    let (mut alice, mut bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut carol);
    let mut second = successor_of(&alice, None);
    let asked = second.seals_what_is_due();
    assert_eq!(bob.gets(&for_reader(&asked, &bob)), []);
    let mut third = successor_of(&second, None);
    let asked = third.seals_what_is_due();
    for reader in [&mut bob, &mut carol] {
        let letters = for_reader(&asked, reader);
        assert_eq!(reader.gets(&letters), []);
        assert_eq!(knows(reader, "alice").fingerprint, third.is());
    }
}

#[test]
fn what_a_thief_of_the_old_key_says_is_overruled_by_the_recovery_key() {
    let (alice, mut bob, stick) = with_recovery_key();
    let mut thief = successor_of(&alice.copy(), None);
    let asked = thief.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "alice").fingerprint, thief.is(), "nobody can tell yet");
    let mut owner = successor_of(&alice, Some(&stick.key()));
    let asked = owner.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    let contact = knows(&bob, "alice");
    assert_eq!(contact.fingerprint, owner.is());
    assert!(contact.alarm.contains("another key had taken their place"), "{}", contact.alarm);
    let stolen = says(&mut thief, "It is me.", "bob");
    assert_eq!(bob.gets(&stolen), []);
    let mut old = alice;
    let stolen = says(&mut old, "So am I.", "bob");
    assert_eq!(kinds(&bob.gets(&stolen)), [Kind::NotAllowed], "by the stolen key itself");
    assert_eq!(bob.sees(), [] as [&str; 0]);
    let real = says(&mut owner, "They took my key.", "bob");
    assert_eq!(bob.gets(&real), []);
    assert_eq!(bob.sees(), ["alice: They took my key."]);
}

#[test]
fn after_the_recovery_key_has_spoken_the_old_key_names_nobody() {
    let (alice, mut bob, stick) = with_recovery_key();
    let mut owner = successor_of(&alice, Some(&stick.key()));
    let asked = owner.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    let mut thief = successor_of(&alice.copy(), None);
    let asked = thief.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "alice").fingerprint, owner.is());
    assert_eq!(bob.knows("alice-2").0, "waiting");
    assert!(bob.alarm("alice-2").contains("says to be alice"), "{}", bob.alarm("alice-2"));
    assert!(bob.alarm("alice").contains("named by the recovery key"), "nothing takes its place");
}

#[test]
fn a_thief_can_t_commit_to_a_recovery_key_of_their_own() {
    let (mut alice, mut bob, stick) = with_recovery_key();
    let known = knows(&bob, "alice").profile.recovery;
    let db = alice.store.begin().unwrap();
    db.execute("DELETE FROM account WHERE key = 'recovery'", ()).unwrap();
    db.commit().unwrap();
    let other = Stick::of(&mut alice);
    let told = alice.seals_what_is_due();
    assert_eq!(bob.gets(&told), []);
    assert_eq!(knows(&bob, "alice").profile.recovery, known);
    assert_ne!(other.key().fingerprint, stick.key().fingerprint);
    assert_eq!(known, Some(stick.key().fingerprint));
}

#[test]
fn nobody_else_can_name_a_successor() {
    let (alice, mut bob) = friends();
    let mallory = Person::new("Mallory");
    let by_mallory = names(&mallory.keyring.identity, alice.is(), &mallory);
    let letter = request(&mallory, &bob, vec![by_mallory]);
    assert_eq!(bob.finds(&[letter]), []);
    assert_eq!(knows(&bob, "alice").fingerprint, alice.is());
    assert_eq!(bob.knows("mallory").0, "waiting");
    assert!(bob.alarm("mallory").contains("says to be alice"));
    // A genuine one, brought by another than it names.
    let carol = Person::new("Carol");
    let to_carol = names(&alice.keyring.identity, alice.is(), &carol);
    let dave = Person::new("Dave");
    let letter = request(&dave, &bob, vec![to_carol]);
    assert_eq!(kinds(&bob.finds(&[letter])), [Kind::Malformed]);
    assert_eq!(bob.knows("dave").0, "unknown");
}

#[test]
fn a_friend_can_t_be_swallowed_by_a_succession() {
    let (alice, mut bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut bob, &mut carol);
    let letter = request(&carol, &bob, vec![names(&alice.keyring.identity, alice.is(), &carol)]);
    assert_eq!(bob.finds(&[letter]), []);
    assert_eq!(
        (knows(&bob, "alice").fingerprint, knows(&bob, "carol").fingerprint),
        (alice.is(), carol.is())
    );
    assert!(bob.alarm("carol").contains("says to be alice"));
}

#[test]
fn a_key_that_was_left_never_comes_back() {
    let (alice, mut bob) = friends();
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    let back = names(&new.keyring.identity, new.is(), &alice);
    let letter = request(&alice, &bob, vec![back]);
    bob.finds(&[letter]);
    assert_eq!(knows(&bob, "alice").fingerprint, new.is());
}

#[test]
fn whoever_is_blocked_stays_blocked_under_a_new_key() {
    let (alice, mut bob) = friends();
    socialnet::protocol::blocking::block(&mut bob.store, alice.is()).unwrap();
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "alice").state, contacts::State::Blocked);
    let letters = says(&mut new, "It is me.", "bob");
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), [] as [&str; 0]);
}

#[test]
fn with_nothing_left_but_the_recovery_key_friends_are_found_again() {
    let (alice, mut bob, stick) = with_recovery_key();
    let lost = alice.is();
    drop(alice);
    let mut again = Person::made_by(bob.now, |path| {
        let owner = start::Owner { name: "Alice".into(), about: None, addresses: Vec::new() };
        successor::of_nothing(path, owner, lost, &stick.key(), bob.now).unwrap();
    });
    let bobs = profile::export(bob.store.read(), &bob.keyring, bob.now).unwrap().der;
    let asked = again.adds(&bobs);
    assert_eq!(bob.gets(&asked), []);
    let accepted = bob.seals_what_is_due();
    assert_eq!(again.gets(&accepted), []);
    assert_eq!(again.knows("bob").0, "friend");
    let contact = knows(&bob, "alice");
    assert_eq!(contact.fingerprint, again.is());
    assert!(contact.alarm.contains("named by the recovery key"), "{}", contact.alarm);
}

#[test]
fn the_owner_decides_where_nothing_proves_a_new_key() {
    let (alice, mut bob) = friends();
    let mut told = alice.copy();
    let words = says(&mut told, "Before.", "bob");
    assert_eq!(bob.gets(&words), []);
    let mut new = Person::new("Alice");
    let bobs = profile::export(bob.store.read(), &bob.keyring, bob.now).unwrap().der;
    let asked = new.adds(&bobs);
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(bob.knows("alice-2").0, "waiting");
    let (who, waits) = (knows(&bob, "alice"), knows(&bob, "alice-2"));
    let nobody = moving::decide(&mut bob.store, &waits, &waits, bob.now).unwrap_err();
    assert_eq!(nobody.kind(), Kind::Usage);
    moving::decide(&mut bob.store, &who, &waits, bob.now).unwrap();
    assert_eq!(bob.knows("alice-2").0, "unknown");
    assert_eq!(bob.knows("alice"), ("friend", ""));
    let accepted = bob.seals_what_is_due();
    assert_eq!(new.gets(&accepted), []);
    let words = says(&mut new, "After.", "bob");
    assert_eq!(bob.gets(&words), []);
    assert_eq!(bob.sees(), ["alice: Before.", "alice: After."]);
}

#[test]
fn a_recovery_key_opens_only_with_its_passphrase_and_serves_only_its_account() {
    let (alice, _bob, stick) = with_recovery_key();
    let refused = Identity::read_recovery(&stick.path, || Ok("wrong".to_owned())).err().unwrap();
    assert_eq!(refused.kind(), Kind::NotAllowed);
    let mut other = Person::new("Other");
    let others = Stick::of(&mut other);
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("new");
    let refused =
        successor::of_folder(&target, alice.home.path(), Some(&others.key()), alice.now).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotAllowed);
    assert!(!target.exists());
}

#[test]
fn nobody_is_made_a_link_of_somebody_else_s_chain() {
    let (mallory, mut bob, stick) = with_recovery_key();
    let carol = Person::new("Carol");
    let mut carol_now = successor_of(&carol, None);
    let next = Person::new("Mallory");
    // The second is genuine: Carol has sent it to every contact of hers.
    let chain = vec![
        names(&mallory.keyring.identity, mallory.is(), &carol),
        names(&carol.keyring.identity, carol.is(), &carol_now),
        names(&stick.key(), carol_now.is(), &next),
    ];
    let letter = request(&next, &bob, chain);
    assert_eq!(bob.finds(&[letter]), []);
    assert_eq!(knows(&bob, "alice").fingerprint, next.is(), "the recovery key speaks for its own");
    let bobs = profile::export(bob.store.read(), &bob.keyring, bob.now).unwrap().der;
    let asked = carol_now.adds(&bobs);
    assert_eq!(bob.gets(&asked), []);
    assert_eq!((bob.knows("carol").0, bob.alarm("carol").as_str()), ("waiting", ""));
}

#[test]
fn a_key_that_was_lost_before_anybody_heard_of_it_is_passed_over() {
    let (alice, mut bob, stick) = with_recovery_key();
    let second = successor_of(&alice, None);
    let mut third = successor_of(&second, Some(&stick.key()));
    let asked = third.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "alice").fingerprint, third.is());
    // Whoever has found it comes too late.
    let mut thief = successor_of(&second.copy(), None);
    let asked = thief.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "alice").fingerprint, third.is());
    assert_eq!(bob.knows("alice-2").0, "waiting");
}

#[test]
fn whom_somebody_introduced_they_introduced_under_every_key() {
    let (alice, mut bob) = friends();
    let dave = Person::new("Dave");
    let letter = request(&dave, &bob, Vec::new());
    assert_eq!(bob.finds(&[letter]), []);
    let db = bob.store.begin().unwrap();
    requests::introduced(&db, dave.is(), alice.is(), "").unwrap();
    db.commit().unwrap();
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    assert_eq!(knows(&bob, "dave").introducer.as_deref(), Some("alice"));
}

#[test]
fn whoever_is_blocked_by_an_old_key_is_blocked() {
    let (alice, mut bob) = friends();
    let mut new = successor_of(&alice, None);
    let asked = new.seals_what_is_due();
    assert_eq!(bob.gets(&asked), []);
    socialnet::protocol::blocking::block(&mut bob.store, alice.is()).unwrap();
    assert_eq!(bob.knows("alice").0, "blocked");
}

#[test]
fn a_goodbye_by_a_key_that_was_left_ends_nothing() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    findable(&mut alice, [[1; 32], [2; 32]]);
    meet(&mut bob, &mut alice);
    let letters = alice.seals_what_is_due();
    assert_eq!(bob.gets(&letters), []);
    let mut new = successor_of(&alice, None);
    let letters = new.seals_what_is_due();
    assert_eq!(bob.gets(&letters), []);
    assert_eq!((knows(&bob, "alice").fingerprint, bob.rows("hashcache")), (new.is(), 1));
    let goodbye = alice.writes("contact-bye", Body::ContactBye, |_| ());
    let letter = alice.envelope(&bob, 100, vec![alice.signs(&goodbye)]);
    assert_eq!(bob.finds(&[letter]), []);
    assert_eq!(bob.knows("alice").0, "friend");
    assert_eq!(bob.rows("hashcache"), 1, "what Bob carries for her is not forgotten");
}

#[test]
fn who_is_no_friend_any_more_gets_nothing_under_a_new_key() {
    for blocked in [false, true] {
        let (mut alice, bob) = friends();
        let letters = says(&mut alice, "For friends.", "bob");
        alice.queues(&letters);
        let who = knows(&alice, "bob");
        if blocked {
            blocking::block(&mut alice.store, who.fingerprint).unwrap();
        } else {
            decide::remove(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
            alice.seals_what_is_due();
        }
        let mut new = successor_of(&bob, None);
        let asked = new.seals_what_is_due();
        assert_eq!(alice.gets(&asked), []);
        let state = if blocked { "blocked" } else { "waiting" };
        assert_eq!((knows(&alice, "bob").fingerprint, alice.knows("bob").0), (new.is(), state));
        assert_eq!(alice.seals_what_is_due(), []);
    }
}

#[test]
fn what_was_printed_and_thrown_away_is_not_owed_to_a_new_key() {
    let (mut alice, bob) = friends();
    says(&mut alice, "Thrown away.", "bob");
    alice.waits(11);
    let mut new = successor_of(&bob, None);
    let asked = new.seals_what_is_due();
    assert_eq!(alice.gets(&asked), []);
    assert_eq!(new.gets(&alice.seals_what_is_due()), []);
    assert_eq!((new.knows("alice").0, new.sees()), ("friend", vec![]));
}

/// Alice, who has introduced Bob and Carol to each other: what she sent is lost.
fn introduces(mut alice: Person) -> Person {
    let mut carol = Person::new("Carol");
    carol.now = alice.now;
    meet(&mut alice, &mut carol);
    alice.seals_what_is_due();
    let [one, other] = ["bob", "carol"].map(|who| knows(&alice, who));
    let me = alice.is();
    introduce::introduce(&mut alice.store, me, [&one, &other], None, alice.now).unwrap();
    assert_eq!(alice.seals_what_is_due().len(), 2);
    alice
}

#[test]
fn an_introduction_that_the_old_key_has_not_confirmed_goes_to_the_new_one() {
    let (alice, bob) = friends();
    let mut alice = introduces(alice);
    let mut new = successor_of(&bob, None);
    let asked = new.seals_what_is_due();
    assert_eq!(alice.gets(&for_reader(&asked, &alice)), []);
    assert_eq!(new.gets(&for_reader(&alice.seals_what_is_due(), &new)), []);
    assert_eq!(new.knows("carol").0, "introduced");
}

#[test]
fn an_introduction_by_the_old_key_is_not_brought_by_the_new_one() {
    let (alice, mut bob) = friends();
    let alice = introduces(alice);
    let mut new = successor_of(&alice, None);
    let letters = new.seals_what_is_due();
    assert_eq!(bob.gets(&for_reader(&letters, &bob)), [], "the whole envelope would be refused");
    assert_eq!(bob.knows("alice").0, "friend");
}
