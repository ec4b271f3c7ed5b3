//! An account is lost, and restored from a backup: what people see then, and what can't happen.

#![cfg(feature = "backup")]
#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, meet};
use socialnet::{
    Kind, backup,
    identity::{Keyring, Purpose},
    protocol::sealing::Letter,
    store::{account, contacts, streams},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const HOURS: i64 = 60;
const WORDS: &str = "correct horse";

fn words() -> socialnet::Result<String> {
    Ok(WORDS.into())
}

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

fn says(who: &mut Person, words: &str, to: &str) -> Vec<Letter> {
    let status = who.status(words);
    who.seals(status, &[to])
}

fn backed_up(who: &Person) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alice.backup");
    let mut file = fs::File::create(&path).unwrap();
    let made = backup::create(&who.home, &who.store, &mut file, WORDS, true, who.now).unwrap();
    assert_eq!(made, backup::verify(&path, words).unwrap());
    (dir, path)
}

fn restored(path: &Path, who: &Person) -> Person {
    Person::made_by(who.now, |target| {
        backup::restore(path, words, target, who.now).unwrap();
    })
}

fn modes(folder: &Path, each: &mut dyn FnMut(&Path, u32)) {
    each(folder, folder.metadata().unwrap().permissions().mode() & 0o777);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => modes(&path, each),
            false => each(&path, path.metadata().unwrap().permissions().mode() & 0o777),
        }
    }
}

#[test]
fn a_lost_account_goes_on_where_its_backup_was_made() {
    let (mut alice, mut bob) = friends();
    let before = says(&mut alice, "Before the backup.", "bob");
    assert_eq!(bob.gets(&before), []);
    let (_dir, path) = backed_up(&alice);
    let after = says(&mut alice, "After the backup.", "bob");
    assert_eq!(bob.gets(&after), []);
    alice.waits(3 * HOURS);
    bob.now = alice.now;
    let mut again = restored(&path, &alice);
    drop(alice);
    modes(again.home.path(), &mut |path, mode| {
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    });
    assert_eq!(again.sees(), ["me: Before the backup."]);
    let profile = again.seals_what_is_due();
    assert_eq!(bob.gets(&profile), [], "with new keys");
    let answer = says(&mut bob, "Are you well?", "alice");
    assert_eq!(again.gets(&answer), []);
    let first = says(&mut again, "I am.", "bob");
    assert_eq!(bob.gets(&first), []);
    assert_eq!(
        bob.sees(),
        ["alice: Before the backup.", "alice: After the backup.", "me: Are you well?", "alice: I am."]
    );
    assert_eq!(bob.alarm("alice"), "");
    assert!(
        streams::alarm(again.store.read()).unwrap().is_none(),
        "what was said after the backup is no copy"
    );
}

#[test]
fn nothing_that_was_ever_used_is_used_again() {
    let (mut alice, mut bob) = friends();
    let (_dir, path) = backed_up(&alice);
    // The lost account had renewed its keys, and told everybody.
    alice.waits(20 * 24 * HOURS);
    bob.now = alice.now;
    let told = alice.seals_what_is_due();
    assert_eq!(bob.gets(&told), []);
    let mut again = restored(&path, &alice);
    let streams = [&alice, &again].map(|it| account::get(it.store.read()).unwrap().stream);
    assert_ne!(streams[0], streams[1]);
    let profile = again.seals_what_is_due();
    assert_eq!(bob.gets(&profile), []);
    let known = contacts::by_petname(bob.store.read(), "alice").unwrap().unwrap().profile;
    let keyring = Keyring::load(&again.home.identity()).unwrap();
    assert_eq!(
        known.sealing.as_ref(),
        Some(keyring.newest(Purpose::Sealing).unwrap().offer()),
        "its serial is higher"
    );
}

#[test]
fn what_had_come_and_was_not_read_is_read_after_a_restore() {
    let (alice, mut bob) = friends();
    let letters = says(&mut bob, "Just come.", "alice");
    let new = alice.file("inpackets/new").join("a1");
    fs::write(&new, &letters[0].der).unwrap();
    let (_dir, path) = backed_up(&alice);
    let mut again = restored(&path, &alice);
    assert_eq!(again.reads(), []);
    assert_eq!(again.sees(), ["bob: Just come."]);
}

#[test]
fn the_machine_that_was_given_up_too_early_comes_to_light() {
    let (mut old, mut bob) = friends();
    let hello = says(&mut old, "Hello.", "bob");
    assert_eq!(bob.gets(&hello), []);
    let (_dir, path) = backed_up(&old);
    let mut new = restored(&path, &old);
    let profile = new.seals_what_is_due();
    assert_eq!(bob.gets(&profile), []);
    for day in 0..10 {
        for (copy, name) in [(&mut old, "old"), (&mut new, "new")] {
            let letters = says(copy, &format!("From the {name} one, day {day}."), "bob");
            assert_eq!(bob.gets(&letters), []);
            copy.waits(24 * HOURS);
        }
        let answer = bob.seals_what_is_due();
        assert_eq!(new.gets(&answer), []);
        bob.waits(24 * HOURS);
    }
    assert!(bob.alarm("alice").contains("two copies"));
    assert!(streams::alarm(new.store.read()).unwrap().is_some());
    assert_eq!(bob.sees().len(), 21);
}

#[test]
fn a_backup_that_is_not_whole_leaves_nothing_behind() {
    let (alice, _) = friends();
    let (dir, path) = backed_up(&alice);
    let whole = fs::read(&path).unwrap();
    let target = dir.path().join("again");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for broken in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &changed, b""] {
        let other = dir.path().join("broken");
        fs::write(&other, broken).unwrap();
        assert_eq!(backup::verify(&other, words).unwrap_err().kind(), Kind::Malformed);
        assert_eq!(backup::restore(&other, words, &target, alice.now).unwrap_err().kind(), Kind::Malformed);
    }
    assert_eq!(
        backup::restore(&path, || Ok("wrong".into()), &target, alice.now).unwrap_err().kind(),
        Kind::NotAllowed
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing but the two files");
}

#[test]
fn a_restore_never_touches_a_folder_in_use() {
    let (alice, bob) = friends();
    let (_dir, path) = backed_up(&alice);
    let refused = backup::restore(&path, words, bob.home.path(), alice.now).unwrap_err();
    assert_eq!(refused.kind(), Kind::CantCreate);
}
