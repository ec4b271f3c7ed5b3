//! What friends let this account carry for them: for each handle by which they may be found, its `H`. Nobody else is ever
//! given it, and what is not to be carried any more is overwritten, not only deleted.

use super::contacts;
use crate::{Fingerprint, Result, packet::Digest};
use rusqlite::{Connection, OptionalExtension, Transaction};
use std::collections::{BTreeMap, BTreeSet};

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
    erase(db, contact)?;
    db.execute("INSERT OR REPLACE INTO carried (contact, serial) VALUES (?1, ?2)", (contact, serial))?;
    let mut schemes: BTreeMap<u32, BTreeSet<Digest>> = BTreeMap::new();
    for (scheme, h) in handles {
        schemes.entry(*scheme).or_default().insert(*h);
    }
    let mut add = db.prepare_cached("INSERT INTO hashcache (contact, scheme, hs) VALUES (?1, ?2, ?3)")?;
    for (scheme, hs) in schemes {
        let hs: Vec<Digest> = hs.into_iter().collect();
        add.execute((contact, scheme, hs.as_flattened()))?;
    }
    Ok(())
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
    erase(db, contact)
}

fn erase(db: &Transaction<'_>, contact: i64) -> Result<()> {
    let before: i64 = db.pragma_query_value(None, "secure_delete", |row| row.get(0))?;
    db.pragma_update(None, "secure_delete", true)?;
    let erased = db.execute("DELETE FROM hashcache WHERE contact = ?1", [contact]);
    db.pragma_update(None, "secure_delete", before)?;
    erased?;
    Ok(())
}

/// Gives `compare` everybody's list of a scheme, with the row of the contact it is carried for.
pub fn compare<R>(
    db: &Connection,
    scheme: u32,
    compare: impl FnOnce(&mut dyn Iterator<Item = Result<(i64, Vec<Digest>)>>) -> Result<R>,
) -> Result<R> {
    let mut query = db.prepare_cached("SELECT contact, hs FROM hashcache WHERE scheme = ?1")?;
    let lists = query
        .query_map([scheme], |row| Ok((row.get(0)?, row.get_ref(1)?.as_blob()?.as_chunks().0.to_vec())))?;
    compare(&mut lists.map(|list| Ok(list?)))
}

/// The friends, by their rows, who let this account carry something, and so agree to be brought what they may not be able to
/// open; but not `neighbour`, who searches, and whoever wants no more searches of theirs. In rising order.
pub fn consenting(db: &Connection, neighbour: i64) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached(
        "SELECT DISTINCT contact FROM hashcache WHERE contact <> ?1
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

    fn lists(db: &Connection, scheme: u32) -> Vec<(i64, Vec<Digest>)> {
        compare(db, scheme, |lists| lists.collect()).unwrap()
    }

    #[test]
    fn the_newest_list_counts_as_a_whole() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        replace(&db, BOB, 4, &[ONE, OTHER, NEWER]).unwrap();
        replace(&db, BOB, 3, &[NEWER]).unwrap();
        let bob = row(&db, BOB);
        assert_eq!(lists(&db, 1), [(bob, vec![ONE.1, OTHER.1])]);
        assert_eq!(consenting(&db, bob).unwrap(), [0; 0], "nobody is looked for by themselves");
        replace(&db, BOB, 5, &[OTHER]).unwrap();
        assert_eq!((lists(&db, 1), lists(&db, 2)), (vec![(bob, vec![OTHER.1])], vec![]));
        replace(&db, BOB, 6, &[]).unwrap();
        assert_eq!((lists(&db, 1), consenting(&db, 0).unwrap()), (vec![], vec![]));
        replace(&db, BOB, 5, &[ONE]).unwrap();
        assert_eq!(lists(&db, 1), [], "what was withdrawn does not come back");
    }

    #[test]
    fn it_goes_with_the_contact() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        for who in [BOB, CAROL] {
            replace(&db, who, 9, &[ONE]).unwrap();
        }
        contacts::set_state(&db, BOB, State::Gone).unwrap();
        assert_eq!(consenting(&db, 0).unwrap(), [row(&db, CAROL)]);
        // A friend again, with an account that counts from the beginning.
        contacts::set_state(&db, BOB, State::Friend).unwrap();
        replace(&db, BOB, 1, &[OTHER]).unwrap();
        assert_eq!(consenting(&db, row(&db, CAROL)).unwrap(), [row(&db, BOB)]);
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
