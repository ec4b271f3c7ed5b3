//! Searching for people: a search compared with a million handles, one for a circle of 150, a bottle tried.

use crate::{
    run::timed,
    seal::CIRCLE,
    table::{self, Goal},
    world::{World, envelope, today},
};
use jiff::SignedDuration;
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};
use rayon::prelude::*;
use rusqlite::Connection;
use socialnet::{
    Context, Error, Fingerprint, Kind, Result,
    identity::{Keyring, Purpose, ReaderKeys},
    packet::{self, Body, Name, Packet},
    profile::Profile,
    protocol::bottle::{self, Search},
    seal,
    search::{
        self, Handle, Key, MAX_HANDLES, SCHEME,
        tag::{Tagger, derive, matches, tags},
    },
    store::{Store, account::Account, hashcache},
};
use std::{fs, hint::black_box, path::Path};
use uuid::Uuid;

const MILLION: u32 = 1_000_000;
/// So much more memory may a comparison with a million take than the process has already.
const FLAT: u64 = 8 << 20;

/// The rows.
pub fn rows(world: &World) -> Result<()> {
    table::section("One search compared with a million handles");
    comparing(&world.file("socialnet.db"))?;
    table::section("A search");
    let (quinn, someone) = (keyring(&world.file("quinn"))?, keyring(&world.file("someone"))?);
    circle(&quinn, &someone)?;
    bottles(&quinn, &someone)
}

fn keyring(folder: &Path) -> Result<Keyring> {
    fs::create_dir(folder).map_err(|error| Error::io("make", folder, error))?;
    Keyring::create(folder, today())
}

/// Something that is nobody's `H`, and another for each number.
fn h(number: u32) -> Key {
    let mut h = [0x5a; 32];
    h[..4].copy_from_slice(&number.to_be_bytes());
    h
}

fn comparing(database: &Path) -> Result<()> {
    let token = [7; 32];
    let sought = tags(&token, &[h(MILLION)])?;
    let none = |found: Vec<i64>| match found.as_slice() {
        [] => Ok(()),
        _ => Err(Error::malformed("somebody was found who is not there")),
    };
    // First, while nothing else fills the memory.
    reset_peak()?;
    let before = peak()?;
    none(matches(&token, &sought, lists)?)?;
    table::memory("more memory than before", peak()?.saturating_sub(before), FLAT);

    let took = timed(5, || none(matches(&token, &sought, lists)?))?;
    let all: Vec<Key> = (0..MILLION).map(h).collect();
    let tagger = Tagger::new(&token);
    let bare = timed(5, || {
        all.par_iter().with_min_len(512).for_each(|h| {
            black_box(tagger.tag(h));
        });
        Ok(())
    })?;
    table::time(
        "comparing, and reading the next meanwhile",
        took,
        "HMAC-SHA-256, all cores",
        bare,
        Goal::AtMost(1.2),
    );
    let store = carrying(database)?;
    let read =
        timed(5, || none(matches(&token, &sought, |to| Ok(hashcache::read(store.read(), SCHEME, to)?))?))?;
    table::time("the same, out of the database", read, "HMAC-SHA-256, all cores", bare, Goal::AtMost(1.2));
    let openssl = timed(1, || openssl(&token, &all))?;
    table::time("", took, "the same by OpenSSL, a call each", openssl, Goal::None);
    Ok(())
}

/// A million handles, as contacts give them: eight at a time.
fn lists(to: &mut dyn FnMut(&[i64], &[Key])) -> Result<()> {
    (0..MILLION / 8).for_each(|contact| to(&[contact.into(); 8], &list(contact)));
    Ok(())
}

fn list(contact: u32) -> [Key; 8] {
    [0, 1, 2, 3, 4, 5, 6, 7].map(|number| h(contact * 8 + number))
}

/// An account that carries a million handles.
fn carrying(database: &Path) -> Result<Store> {
    let owner = Account {
        name: "Carol".to_owned(),
        about: None,
        serial: 1,
        recovery: None,
        stream: [0; 16],
        addresses: Vec::new(),
    };
    drop(Store::create(database, Fingerprint::from_slice(&[7; 32])?, &owner)?);
    // For contacts who are not there: only how much is read counts.
    let mut db = Connection::open(database)?;
    db.pragma_update(None, "foreign_keys", false)?;
    let write = db.transaction()?;
    let mut add =
        write.prepare("INSERT INTO hashcache (shelf, scheme, places, hs) VALUES (?1, ?2, ?3, ?4)")?;
    let contacts: Vec<u32> = (0..MILLION / 8).collect();
    for (shelf, contacts) in contacts.chunks(64).enumerate() {
        let places: Vec<u8> = (0..64).flat_map(|place| [place; 8]).take(contacts.len() * 8).collect();
        let hs: Vec<Key> = contacts.iter().flat_map(|contact| list(*contact)).collect();
        add.execute((shelf, SCHEME, places, hs.as_flattened()))?;
    }
    drop(add);
    write.commit()?;
    drop(db);
    Store::open(database)
}

fn openssl(token: &Key, all: &[Key]) -> Result<()> {
    let failed = |reason| Error::new(Kind::Unavailable, format!("OpenSSL: {reason}"));
    let key = PKey::hmac(token).map_err(failed)?;
    all.par_iter().with_min_len(512).try_for_each(|h| {
        let mut tag = [0; 32];
        Signer::new(MessageDigest::sha256(), &key)
            .and_then(|mut signer| signer.sign_oneshot(&mut tag, h))
            .map(|_| ())
            .map_err(failed)
    })
}

/// The most memory of this process since [`reset_peak`], in bytes.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kibibytes.ok_or_else(|| Error::malformed("/proc/self/status has no VmHWM"))? * 1024)
}

fn reset_peak() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context(|| "cannot reset the peak of memory")
}

fn circle(quinn: &Keyring, reader: &Keyring) -> Result<()> {
    let handle = Handle::parse(&["name=Ada Lovelace", "town=London"])?;
    let argon2id = timed(3, || derive(&handle, None).map(|_| ()))?;
    table::note("Argon2id, once for each handle", argon2id);
    let derived = derive(&handle, None)?;
    let keys = ReaderKeys::stored(reader.newest(Purpose::Sealing)?.offer(), Purpose::Sealing, today())?;
    let profile = public(quinn)?;
    let (note, bs) = ("We sailed together.", [derived.b]);
    let lasts = (today(), today() + SignedDuration::from_hours(30 * 24));
    let search = Search::new(&quinn.identity, &profile, note, lasts, &bs)?;
    let everybody = |packet: &(dyn Fn() -> Result<Body> + Sync)| {
        timed(20, || {
            (0..CIRCLE).into_par_iter().try_for_each(|_| sealed(quinn, packet()?, &keys).map(|_| ()))
        })
    };
    let took = everybody(&|| {
        let token = seal::random()?;
        let tags = tags(&token, &[derived.h])?.map(|tag| (SCHEME, tag)).to_vec();
        let bottle = search.fill(reader.identity.fingerprint)?;
        Ok(Body::Search(packet::Search { token, further: true, tags, bottle }))
    })?;
    // As long, and nothing made for it.
    let same = search.fill(reader.identity.fingerprint)?;
    let tags: Vec<_> = (0..MAX_HANDLES).map(|_| (SCHEME, [1; 32])).collect();
    let envelopes = everybody(&|| {
        let (tags, bottle) = (tags.clone(), same.clone());
        Ok(Body::Search(packet::Search { token: [1; 32], further: true, tags, bottle }))
    })?;
    let what = format!("the rest, for {CIRCLE} contacts");
    table::time(&what, took, "sealing as many envelopes as large", envelopes, Goal::AtMost(1.3));
    Ok(())
}

/// A profile as anybody may see it.
fn public(keys: &Keyring) -> Result<Profile> {
    Ok(Profile {
        name: "Quinn".to_owned(),
        serial: 1,
        recovery: None,
        about: None,
        addresses: vec!["mailto:quinn@example.org".to_owned()],
        meeting: keys.newest(Purpose::Meeting)?.offer().clone(),
        sealing: None,
    })
}

/// An envelope with one packet, signed for this reader alone.
fn sealed(from: &Keyring, body: Body, to: &ReaderKeys) -> Result<Vec<u8>> {
    let me = from.identity.fingerprint;
    let name = Name { from: me, id: Uuid::now_v7() };
    let packet = packet::write(&Packet::new(name, "search", today(), body), None)?;
    let envelope = envelope(me, seal::sign(&from.identity, &packet)?);
    seal::seal(&seal::sign(&from.identity, &envelope.write()?)?, to)
}

fn bottles(quinn: &Keyring, someone: &Keyring) -> Result<()> {
    let own: Vec<Key> = (0..MAX_HANDLES as u32).map(h).collect();
    let profile = public(quinn)?;
    let me = someone.identity.fingerprint;
    let rows = |what: &str, b: Key| {
        let lasts = (today(), today() + SignedDuration::from_hours(24));
        let search = Search::new(&quinn.identity, &profile, "", lasts, std::slice::from_ref(&b))?;
        let bottle = search.fill(Fingerprint::from_bytes([1; 32]))?;
        let took =
            timed(20, || bottle::open(&bottle, &own, me, today()).map(|found| drop(black_box(found))))?;
        table::limit(what, took, std::time::Duration::from_millis(1));
        Ok::<_, Error>(())
    };
    rows("a bottle for somebody else, eight own handles", h(MILLION))?;
    rows("one for the last of them, its slip verified", own[MAX_HANDLES - 1])?;
    let bottle = search::bottle::fill(&[h(MILLION)], |_| Ok(Vec::new()))?;
    let key = timed(20, || search::bottle::open(&bottle, &own).map(|it| drop(black_box(it))))?;
    table::note("HKDF eight times, without what is in it", key);
    Ok(())
}
