//! A site is drawn again and again, beside things of others.

use super::*;
use crate::{
    home,
    packet::{About, Body, Packet},
    store::{
        changes, filter,
        packets::{Held, Holding, Keep, hold},
        sample::{self, ALICE, BOB, CAROL, NOW},
    },
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, os::unix::fs::symlink};
use tempfile::TempDir;

const DAVE: Fingerprint = Fingerprint::from_bytes([0xda; 32]);
const OWN: Fingerprint = Fingerprint::from_bytes([0; 32]);

fn account() -> (TempDir, Home) {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::create(&dir.path().join("account"), "[feed]\nhide = ['secret']\n").unwrap();
    home::make_folders(home.path()).unwrap();
    (dir, home)
}

fn then(seconds: i64) -> Zoned {
    Timestamp::from_second(seconds).unwrap().to_zoned(jiff::tz::TimeZone::UTC)
}

/// All files beneath a folder, but for the state.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in ["", "people", "photos", "threads"] {
        for entry in fs::read_dir(folder.join(name)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() && entry.file_name() != ".sn-feed" {
                let name = format!("{name}/{}", entry.file_name().to_str().unwrap());
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

/// The first line in which two sites differ.
fn difference(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Option<String> {
    for name in one.keys().chain(other.keys()) {
        let [one, other] =
            [one, other].map(|files| files.get(name).map(|bytes| String::from_utf8_lossy(bytes)));
        let (Some(one), Some(other)) = (&one, &other) else {
            return Some(format!("{name}: only in the {}", if one.is_some() { "first" } else { "second" }));
        };
        let mut lines = one.lines().zip(other.lines());
        if let Some((one, other)) = lines.find(|(one, other)| one != other) {
            return Some(format!("{name}: {one} // {other}"));
        }
        if one != other {
            return Some(format!("{name}: one is longer"));
        }
    }
    None
}

fn on(from: Fingerprint, about: &Packet, kind: &str, text: &str) -> Packet {
    let mut packet = sample::status(from, text);
    packet.kind = kind.into();
    packet.about = Some(About::Packet(about.name, None));
    packet.thread = Some(about.root());
    packet
}

fn photo(from: Fingerprint) -> Packet {
    let mut photo = sample::status(from, "");
    photo.kind = "photo".into();
    photo.attachments.push(sample::blob("ridge.jpg", &[]));
    photo.attachments[0].preview = Some(vec![0xff, 0xd8, 0xff, 0xe0]);
    photo
}

/// Has its author take a packet back.
fn retract(store: &mut Store, packet: &Packet, clock: i64) {
    let mut wish = on(packet.name.from, packet, "retract", "");
    wish.body = Body::Retract;
    wish.thread = packet.thread;
    let received = Timestamp::from_second(clock).unwrap();
    let holding = Holding {
        packet: &wish,
        digest: [1; 32],
        signed: b"signed",
        through: None,
        received,
        keep: Keep::Quiet,
    };
    let write_db = store.begin().unwrap();
    if let Held::New(seq) = hold(&write_db, &holding).unwrap() {
        changes::enter(&write_db, seq, &wish).unwrap();
        changes::settle(&write_db, packet.name, received).unwrap();
    }
    write_db.commit().unwrap();
}

#[test]
fn only_what_changed_is_written() {
    let (dir, home) = account();
    let (_sample, mut store) = sample::store();
    let site = dir.path().join("site");
    let root = sample::status(ALICE, "Back from the hills.");
    sample::hold_at(&mut store, &root, NOW - 40 * 24 * 3600);
    sample::hold(&mut store, &photo(BOB));
    write(&home, &store, OWN, &site, &then(NOW)).unwrap();
    let mut before = files(&site);
    assert_eq!(before.keys().filter(|name| name.ends_with("-small.jpg")).count(), 1, "{:?}", before.keys());
    let stamp = |name: &str| fs::metadata(site.join(name)).unwrap().modified().unwrap();
    let (old, photos) = (stamp("2026-10.html"), stamp("style.css"));
    write(&home, &store, OWN, &site, &then(NOW + 60)).unwrap();
    assert_eq!(files(&site), before);

    sample::hold(&mut store, &on(CAROL, &root, "comment", "Was there snow?"));
    write(&home, &store, OWN, &site, &then(NOW + 60)).unwrap();
    let after = files(&site);
    assert_ne!(stamp("2026-10.html"), old, "it leads to the comment");
    assert_eq!(stamp("style.css"), photos);
    let changed: Vec<_> = after
        .iter()
        .filter(|(name, bytes)| before.insert((*name).clone(), bytes.to_vec()).as_ref() != Some(bytes))
        .map(|(name, _)| name.clone())
        .collect();
    let thread = format!("threads/{}.html", anchor(&root.name));
    let people = |who| format!("people/{who}.html");
    let mut expected = vec![
        "/2026-10.html".into(),
        "/2026-11.html".into(),
        "/index.html".into(),
        people(CAROL),
        thread.clone(),
    ];
    expected.sort();
    assert_eq!(changed, expected);

    // Taken back, and with it the page of the thread.
    let write_db = store.begin().unwrap();
    write_db
        .execute("UPDATE packet SET state = 'retracted', text = '' WHERE type IN ('comment', 'photo')", ())
        .unwrap();
    write_db.commit().unwrap();
    write(&home, &store, OWN, &site, &then(NOW + 60)).unwrap();
    let after = files(&site);
    assert!(
        !after.contains_key(&thread) && !after.keys().any(|name| name.ends_with(".jpg")),
        "{:?}",
        after.keys()
    );
}

#[test]
fn nothing_of_others_is_touched() {
    let (dir, home) = account();
    let (_sample, mut store) = sample::store();
    sample::hold(&mut store, &photo(BOB));
    let refused = |store: &Store, site: &Path| {
        let error = write(&home, store, OWN, site, &then(NOW)).unwrap_err();
        assert_eq!(error.kind(), Kind::CantCreate, "{error}");
    };
    let full = dir.path().join("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("thesis.txt"), "mine").unwrap();
    refused(&store, &full);
    assert_eq!(full.read_dir().unwrap().count(), 1);

    let site = dir.path().join("site");
    write(&home, &store, OWN, &site, &then(NOW)).unwrap();
    fs::write(site.join("notes.html"), "mine").unwrap();
    fs::write(site.join("photos/holiday.jpg"), "mine").unwrap();
    // One of ours under a name that another has taken, and one that leads elsewhere.
    fs::write(site.join("2026-11.html"), "mine").unwrap();
    fs::remove_file(site.join("people.html")).unwrap();
    symlink(full.join("thesis.txt"), site.join("people.html")).unwrap();
    let write_db = store.begin().unwrap();
    filter::mute(&write_db, CAROL, true).unwrap();
    write_db.commit().unwrap();
    refused(&store, &site);
    for name in ["notes.html", "photos/holiday.jpg", "2026-11.html"] {
        assert_eq!(fs::read(site.join(name)).unwrap(), b"mine", "{name}");
    }
    assert_eq!(fs::read(full.join("thesis.txt")).unwrap(), b"mine");

    let others = Fingerprint::from_bytes([9; 32]);
    let error = write(&home, &store, others, &site, &then(NOW)).unwrap_err();
    assert_eq!(error.kind(), Kind::CantCreate, "{error}");
    fs::remove_dir_all(site.join("threads")).unwrap();
    symlink(&full, site.join("threads")).unwrap();
    refused(&store, &site);
}

#[test]
fn what_a_killed_run_left_is_cleared_away() {
    let (dir, home) = account();
    let (_sample, mut store) = sample::store();
    sample::hold(&mut store, &photo(BOB));
    let site = dir.path().join("site");
    fs::create_dir(&site).unwrap();
    fs::write(site.join("..sn-feed.77.0"), "{").unwrap();
    write(&home, &store, OWN, &site, &then(NOW)).unwrap();
    assert!(!site.join("..sn-feed.77.0").exists());
    // It was killed before it could say how far it had come.
    let drawn = files(&site);
    fs::write(
        site.join(".sn-feed"),
        format!("{{\"key\":\"\",\"owner\":\"{OWN}\",\"seq\":0,\"touched\":0,\"at\":0,\"parts\":[]}}"),
    )
    .unwrap();
    fs::write(site.join(".2026-11.html.77.0"), "half").unwrap();
    let picture = drawn.keys().find(|name| name.ends_with(".jpg")).unwrap().replace("photos/", "photos/.");
    fs::write(site.join(format!("{picture}.77.1")), "half").unwrap();
    fs::write(site.join(".mine.1.2"), "mine").unwrap();
    write(&home, &store, OWN, &site, &then(NOW)).unwrap();
    fs::remove_file(site.join(".mine.1.2")).unwrap();
    assert_eq!(files(&site), drawn);
}

#[test]
fn what_a_share_brought_stays_in_its_month_when_it_is_taken_back() {
    let (dir, home) = account();
    let (_sample, mut store) = sample::store();
    sample::hold(&mut store, &sample::status(ALICE, "Back from the hills."));
    let (original, later) = (photo(DAVE), NOW + 31 * 86_400);
    sample::hold_quiet(&mut store, &original, ALICE, later);
    sample::hold_at(&mut store, &sample::share(ALICE, &original, "look"), later);
    sample::hold_at(&mut store, &on(BOB, &original, "comment", "Where is that?"), later);
    let (site, fresh) = (dir.path().join("site"), dir.path().join("fresh"));
    write(&home, &store, OWN, &site, &then(later)).unwrap();
    retract(&mut store, &original, later);
    write(&home, &store, OWN, &site, &then(later)).unwrap();
    write(&home, &store, OWN, &fresh, &then(later)).unwrap();
    assert_eq!(difference(&files(&site), &files(&fresh)), None);
}

#[test]
fn who_answers_what_is_gone_brings_its_line_back_to_an_older_page() {
    let (dir, home) = account();
    let (_sample, mut store) = sample::store();
    let root = sample::status(ALICE, "Back from the hills.");
    let [spring, between, summer] = [100, 150, 200].map(|day| NOW + day * 86_400);
    sample::hold(&mut store, &root);
    let comment = on(CAROL, &root, "comment", "Was there snow?");
    sample::hold_at(&mut store, &comment, spring);
    retract(&mut store, &comment, spring);
    sample::hold_at(&mut store, &sample::status(BOB, "Nothing new."), between);
    let (site, fresh) = (dir.path().join("site"), dir.path().join("fresh"));
    write(&home, &store, OWN, &site, &then(between)).unwrap();
    sample::hold_at(&mut store, &on(BOB, &comment, "comment", "I saw some."), summer);
    write(&home, &store, OWN, &site, &then(summer)).unwrap();
    write(&home, &store, OWN, &fresh, &then(summer)).unwrap();
    assert_eq!(difference(&files(&site), &files(&fresh)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn drawn_again_and_again_it_is_as_if_drawn_at_once(
        steps in prop::collection::vec((0..12u8, any::<prop::sample::Index>(), any::<bool>()), 1..40)
    ) {
        let (dir, home) = account();
        let (_sample, mut store) = sample::store();
        let site = dir.path().join("site");
        let mut packets: Vec<Packet> = vec![sample::status(ALICE, "first")];
        sample::hold(&mut store, &packets[0]);
        let mut clock = NOW;
        // What a share brought last.
        let mut carried = packets[0].clone();
        for (what, which, draw) in steps {
            clock += 86_400;
            let about = if what < 10 { which.get(&packets) } else { &carried }.clone();
            let new = match what {
                0 => Some(sample::status(BOB, if draw { "a secret" } else { "hello" })),
                1 => Some(photo(CAROL)),
                2 | 3 | 10 => Some(on(BOB, &about, "comment", "an answer")),
                4 => Some(on(CAROL, &about, "reaction", "👍")),
                5 => Some(sample::share(ALICE, &about, "look")),
                _ => None,
            };
            if let Some(new) = new {
                sample::hold_at(&mut store, &new, clock);
                packets.push(new);
            }
            if what == 9 {
                // What comes by a share alone, as the first of a month.
                clock += 31 * 86_400;
                let original = photo(DAVE);
                sample::hold_quiet(&mut store, &original, ALICE, clock);
                let share = sample::share(ALICE, &original, "look");
                sample::hold_at(&mut store, &share, clock);
                carried = original.clone();
                packets.extend([original, share]);
            }
            if matches!(what, 6 | 11) {
                retract(&mut store, &about, clock);
            }
            if matches!(what, 7 | 8) {
                let change = match what {
                    7 => "text = iif(text LIKE '%secret%', 'plain', 'now secret')",
                    _ => "expires = received + 200000",
                };
                let write_db = store.begin().unwrap();
                let sql = format!("UPDATE packet SET {change} WHERE id = ?1");
                write_db.execute(&sql, [about.name.id]).unwrap();
                write_db.commit().unwrap();
            }
            if draw {
                write(&home, &store, OWN, &site, &then(clock)).unwrap();
            }
        }
        write(&home, &store, OWN, &site, &then(clock)).unwrap();
        let fresh = dir.path().join("fresh");
        write(&home, &store, OWN, &fresh, &then(clock)).unwrap();
        prop_assert_eq!(difference(&files(&site), &files(&fresh)), None);
    }
}
