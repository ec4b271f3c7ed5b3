//! How far each hook has come in the feed, and how often it failed at the packet it is at.

use crate::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

/// The hook that hears of every type.
pub const ANY: &str = "any";

/// What people say, by whichever application; nodes tell each other more, of which no hook hears.
const BY_PEOPLE: &str =
    "type IN ('status', 'photo', 'comment', 'reaction', 'message', 'share', 'edit', 'retract')
  OR type LIKE '%.%' OR state = 'unknown'";

/// A packet that a hook has not heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Row.
    pub seq: i64,
    /// SignedData by its author, DER.
    pub signed: Vec<u8>,
}

/// The hooks that are known.
pub fn known(db: &Connection) -> Result<Vec<String>> {
    let mut query = db.prepare_cached("SELECT name FROM hook ORDER BY name")?;
    Ok(query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Forgets hooks that are no more, and lets new ones begin with what comes from now on.
pub fn settle(db: &Transaction<'_>, names: &[String]) -> Result<()> {
    for gone in known(db)?.iter().filter(|name| !names.contains(name)) {
        db.execute("DELETE FROM hook WHERE name = ?1", [gone])?;
    }
    let mut add = db.prepare(
        "INSERT OR IGNORE INTO hook (name, seq) SELECT ?1, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'packet'), 0)",
    )?;
    names.iter().try_for_each(|name| add.execute([name]).map(|_| ()))?;
    Ok(())
}

/// The next packet for a hook: of its type, and whole.
pub fn next(db: &Connection, name: &str) -> Result<Option<Next>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT packet.seq, signed FROM packet
         WHERE packet.seq > (SELECT hook.seq FROM hook WHERE name = :name) AND (type = :name OR :name = '{ANY}')
           AND ({BY_PEOPLE}) AND state IN ('feed', 'quiet', 'unknown') AND signed <> x''
         ORDER BY packet.seq LIMIT 1"
    ))?;
    let next = query
        .query_row(named_params! { ":name": name }, |row| Ok(Next { seq: row.get(0)?, signed: row.get(1)? }));
    Ok(next.optional()?)
}

/// A hook has heard of a packet, or never will.
pub fn told(db: &Transaction<'_>, name: &str, seq: i64) -> Result<()> {
    db.execute("UPDATE hook SET seq = ?2, failed = 0 WHERE name = ?1", (name, seq))?;
    Ok(())
}

/// A hook has failed; gives how often at this packet.
pub fn failed(db: &Transaction<'_>, name: &str) -> Result<u32> {
    let sql = "UPDATE hook SET failed = failed + 1 WHERE name = ?1 RETURNING failed";
    Ok(db.query_row(sql, [name], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store,
        sample::{self, ALICE, BOB},
    };

    fn write(store: &mut Store, change: impl Fn(&Transaction<'_>)) {
        let db = store.begin().unwrap();
        change(&db);
        db.commit().unwrap();
    }

    #[test]
    fn a_hook_hears_of_its_type_from_when_it_is_there() {
        let (_dir, mut store) = sample::store();
        let hold = |store: &mut Store, kind: &str| {
            let mut packet = sample::status(ALICE, "x");
            packet.kind = kind.into();
            sample::hold(store, &packet)
        };
        hold(&mut store, "status");
        let names = [ANY, "photo"].map(str::to_owned);
        write(&mut store, |db| settle(db, &names).unwrap());
        assert_eq!(known(store.read()).unwrap(), names);
        hold(&mut store, "profile");
        let status = hold(&mut store, "status");
        let photo = hold(&mut store, "photo");
        let next_of = |store: &Store, name| next(store.read(), name).unwrap().map(|next| next.seq);
        assert_eq!((next_of(&store, ANY), next_of(&store, "photo")), (Some(status), Some(photo)));
        write(&mut store, |db| assert_eq!(failed(db, ANY).unwrap(), 1));
        write(&mut store, |db| assert_eq!(failed(db, ANY).unwrap(), 2));
        write(&mut store, |db| told(db, ANY, status).unwrap());
        assert_eq!(next_of(&store, ANY), Some(photo));
        write(&mut store, |db| {
            settle(db, &names).unwrap();
            assert_eq!(failed(db, ANY).unwrap(), 1);
        });
        // What another says is none of a hook's whose type has another name, whatever that looks like.
        sample::hold(&mut store, &sample::status(BOB, "../any"));
        assert_eq!(next_of(&store, "../any"), None);
        write(&mut store, |db| settle(db, &names[1..]).unwrap());
        assert_eq!(next_of(&store, ANY), None);
    }
}
