//! What friends let this account carry for them: for each handle by which they may be found, its `H`. Nobody else is ever
//! given it, and what is not to be carried any more is overwritten, not only deleted.

use super::contacts;
use crate::{Fingerprint, Result, packet::Digest};
use rusqlite::{Connection, OptionalExtension, Transaction};
use std::collections::BTreeSet;

/// Contacts whose entries are in one row.
const SHELF: i64 = 64;

/// Keeps somebody's list in the place of the one before. A list with a lower serial than the known one changes nothing, nor
/// does one by a key that they have left.
pub fn replace(db: &Transaction<'_>, who: Fingerprint, serial: u64, handles: &[(u32, Digest)]) -> Result<()> {
    let contact = contacts::by_fingerprint(db, who)?.filter(|contact| contact.fingerprint == who);
    let Some(contact) = contact.map(|contact| contact.id) else { return Ok(()) };
    let known: Option<u64> = db
        .query_row("SELECT serial FROM carried WHERE contact = ?1", [contact], |row| row.get(0))
        .optional()?;
    if known.is_some_and(|known| serial < known) {
        return Ok(());
    }
    db.execute(
        "INSERT OR REPLACE INTO carried (contact, serial, entries) VALUES (?1, ?2, ?3)",
        (contact, serial, handles.len()),
    )?;
    put(db, contact, handles)
}

/// Somebody has another key, which counts anew: its first list takes the place of the one before.
pub(super) fn begin_anew(db: &Transaction<'_>, contact: i64) -> Result<()> {
    db.execute("UPDATE carried SET serial = 0 WHERE contact = ?1", [contact])?;
    Ok(())
}

/// Forgets what is carried for somebody.
pub(super) fn forget(db: &Transaction<'_>, who: Fingerprint) -> Result<()> {
    let Some(contact) = contacts::by_fingerprint(db, who)?.map(|contact| contact.id) else { return Ok(()) };
    db.execute("DELETE FROM carried WHERE contact = ?1", [contact])?;
    put(db, contact, &[])
}

fn put(db: &Transaction<'_>, contact: i64, handles: &[(u32, Digest)]) -> Result<()> {
    let before: i64 = db.pragma_query_value(None, "secure_delete", |row| row.get(0))?;
    db.pragma_update(None, "secure_delete", true)?;
    let done = rewrite(db, contact, handles);
    db.pragma_update(None, "secure_delete", before)?;
    Ok(done?)
}

fn rewrite(db: &Transaction<'_>, contact: i64, handles: &[(u32, Digest)]) -> rusqlite::Result<()> {
    let (shelf, place) = (contact / SHELF, (contact % SHELF) as u8);
    let mut entries: BTreeSet<(u32, u8, Digest)> =
        handles.iter().map(|(scheme, h)| (*scheme, place, *h)).collect();
    let mut query = db.prepare_cached("SELECT scheme, places, hs FROM hashcache WHERE shelf = ?1")?;
    let mut rows = query.query([shelf])?;
    while let Some(row) = rows.next()? {
        let scheme = row.get(0)?;
        let all = row.get_ref(1)?.as_blob()?.iter().zip(row.get_ref(2)?.as_blob()?.as_chunks().0);
        entries.extend(all.filter(|(of, _)| **of != place).map(|(of, h)| (scheme, *of, *h)));
    }
    db.execute("DELETE FROM hashcache WHERE shelf = ?1", [shelf])?;
    let mut add =
        db.prepare_cached("INSERT INTO hashcache (shelf, scheme, places, hs) VALUES (?1, ?2, ?3, ?4)")?;
    let entries: Vec<_> = entries.into_iter().collect();
    for row in entries.chunk_by(|one, next| one.0 == next.0) {
        let (places, hs): (Vec<u8>, Vec<Digest>) = row.iter().map(|(_, place, h)| (*place, *h)).unzip();
        add.execute((shelf, row[0].0, places, hs.as_flattened()))?;
    }
    Ok(())
}

/// Gives `to` all entries of a scheme, many at a time: the rows of the contacts they are carried for, and the `H` of each.
pub fn read(db: &Connection, scheme: u32, mut to: impl FnMut(&[i64], &[Digest])) -> rusqlite::Result<()> {
    let mut query = db.prepare_cached("SELECT shelf, places, hs FROM hashcache WHERE scheme = ?1")?;
    let mut rows = query.query([scheme])?;
    let mut contacts = Vec::new();
    while let Some(row) = rows.next()? {
        let first = row.get::<_, i64>(0)? * SHELF;
        contacts.clear();
        contacts.extend(row.get_ref(1)?.as_blob()?.iter().map(|place| first + i64::from(*place)));
        to(&contacts, row.get_ref(2)?.as_blob()?.as_chunks().0);
    }
    Ok(())
}

/// The friends, by their rows, who let this account carry something, and so agree to be brought what they may not be able to
/// open; but not `neighbour`, who searches, and whoever wants no more searches of theirs. In rising order.
pub fn consenting(db: &Connection, neighbour: i64) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached(
        "SELECT contact FROM carried WHERE entries > 0 AND contact <> ?1
           AND contact NOT IN (SELECT reader FROM search_stopped WHERE neighbour = ?1) ORDER BY contact",
    )?;
    Ok(query.query_map([neighbour], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store,
        contacts::State,
        sample::{self, BOB, CAROL},
    };

    const ONE: (u32, Digest) = (1, [0x5a; 32]);
    const OTHER: (u32, Digest) = (1, [0xc3; 32]);
    const NEWER: (u32, Digest) = (2, [0x77; 32]);

    fn row(db: &Connection, who: Fingerprint) -> i64 {
        contacts::by_fingerprint(db, who).unwrap().unwrap().id
    }

    /// What is carried, in order.
    fn entries(db: &Connection, scheme: u32) -> Vec<(i64, Digest)> {
        let mut entries = Vec::new();
        read(db, scheme, |contacts, hs| entries.extend(contacts.iter().copied().zip(hs.iter().copied())))
            .unwrap();
        entries.sort_unstable();
        entries
    }

    #[test]
    fn the_newest_list_counts_as_a_whole() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        replace(&db, BOB, 4, &[ONE, OTHER, NEWER]).unwrap();
        replace(&db, BOB, 3, &[NEWER]).unwrap();
        let bob = row(&db, BOB);
        assert_eq!(entries(&db, 1), [(bob, ONE.1), (bob, OTHER.1)]);
        assert_eq!(consenting(&db, bob).unwrap(), [0; 0], "nobody is looked for by themselves");
        replace(&db, BOB, 5, &[OTHER]).unwrap();
        assert_eq!((entries(&db, 1), entries(&db, 2)), (vec![(bob, OTHER.1)], vec![]));
        replace(&db, BOB, 6, &[]).unwrap();
        assert_eq!((entries(&db, 1), consenting(&db, 0).unwrap()), (vec![], vec![]));
        replace(&db, BOB, 5, &[ONE]).unwrap();
        assert_eq!(entries(&db, 1), [], "what was withdrawn does not come back");
    }

    #[test]
    fn it_goes_with_the_contact() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        for who in [BOB, CAROL] {
            replace(&db, who, 9, &[ONE]).unwrap();
        }
        contacts::set_state(&db, BOB, State::Gone).unwrap();
        let carol = row(&db, CAROL);
        assert_eq!((consenting(&db, 0).unwrap(), entries(&db, 1)), (vec![carol], vec![(carol, ONE.1)]));
        // A friend again, with an account that counts from the beginning.
        contacts::set_state(&db, BOB, State::Friend).unwrap();
        replace(&db, BOB, 1, &[OTHER]).unwrap();
        assert_eq!(consenting(&db, carol).unwrap(), [row(&db, BOB)]);
    }

    #[test]
    fn each_contact_has_their_own_entries_whoever_stands_beside_them() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        let contacts = [1, SHELF - 1, SHELF, SHELF + 1, 1000 * SHELF - 1];
        for contact in contacts {
            put(&db, contact, &[NEWER, OTHER, ONE, ONE]).unwrap();
        }
        let both = |contact| [(contact, ONE.1), (contact, OTHER.1)];
        assert_eq!(entries(&db, 1), contacts.map(both).concat());
        assert_eq!(entries(&db, 2), contacts.map(|contact| (contact, NEWER.1)));
        put(&db, SHELF, &[]).unwrap();
        put(&db, SHELF + 1, &[OTHER]).unwrap();
        let left = [&both(1)[..], &both(SHELF - 1), &[(SHELF + 1, OTHER.1)], &both(1000 * SHELF - 1)];
        assert_eq!(entries(&db, 1), left.concat());
    }

    #[test]
    fn what_is_withdrawn_is_nowhere_in_the_file() {
        let (dir, mut store) = sample::store();
        let path = dir.path().join("socialnet.db");
        let holds = |h: Digest| std::fs::read(&path).unwrap().windows(32).any(|bytes| bytes == h);
        let fold = |store: &Store| {
            store.read().query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
        };
        let db = store.begin().unwrap();
        replace(&db, BOB, 1, &[ONE, OTHER]).unwrap();
        db.commit().unwrap();
        fold(&store);
        assert!(holds(ONE.1) && holds(OTHER.1));
        let db = store.begin().unwrap();
        replace(&db, BOB, 2, &[OTHER]).unwrap();
        db.commit().unwrap();
        fold(&store);
        assert!(!holds(ONE.1) && holds(OTHER.1));
    }
}
