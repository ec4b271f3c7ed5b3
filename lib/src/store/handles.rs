//! By what the owner may be found, and by whom. What others gave us to carry is elsewhere.

use super::account;
use crate::{Fingerprint, Result};
use rusqlite::{Connection, Transaction};

/// One handle of the owner's.
#[derive(Clone, PartialEq, Eq)]
pub struct Own {
    /// `KEY=VALUE` lines in canonical form.
    pub details: String,
    /// How `h` and `b` were made of them.
    pub scheme: u32,
    /// A secret goes with it.
    pub secret: bool,
    /// What contacts may carry.
    pub h: [u8; 32],
    /// What opens bottles.
    pub b: [u8; 32],
}

/// Who may search for the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searchers {
    /// Nobody: contacts carry nothing.
    Nobody,
    /// Contacts of contacts.
    Contacts,
    /// Those of them who know the secret: contacts carry the handles that have one.
    Secret,
}

impl Searchers {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Contacts => "contacts",
            Self::Secret => "secret",
        }
    }
}

/// All handles, by their details.
pub fn all(db: &Connection) -> Result<Vec<Own>> {
    let mut query = db.prepare("SELECT details, scheme, secret, h, b FROM handle ORDER BY details")?;
    let rows = query.query_map((), |row| {
        Ok(Own {
            details: row.get(0)?,
            scheme: row.get(1)?,
            secret: row.get(2)?,
            h: row.get(3)?,
            b: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those by which the owner may be found now: what contacts are given, and what bottles are tried with.
pub fn found_by(db: &Connection) -> Result<Vec<Own>> {
    let searchers = searchers(db)?;
    let mut handles = all(db)?;
    handles.retain(|own| match searchers {
        Searchers::Nobody => false,
        Searchers::Contacts => true,
        Searchers::Secret => own.secret,
    });
    Ok(handles)
}

/// What contacts may carry: scheme and `H`, in an order that says nothing.
pub fn carried(db: &Connection) -> Result<Vec<(u32, [u8; 32])>> {
    let mut carried: Vec<_> = found_by(db)?.iter().map(|own| (own.scheme, own.h)).collect();
    carried.sort_unstable();
    Ok(carried)
}

/// Adds a handle, or replaces the one of the same details.
pub fn put(db: &Transaction<'_>, own: &Own) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO handle (details, scheme, secret, h, b) VALUES (?1, ?2, ?3, ?4, ?5)",
        (&own.details, own.scheme, own.secret, own.h, own.b),
    )?;
    Ok(())
}

/// Takes a handle away; whether there was one.
pub fn remove(db: &Transaction<'_>, details: &str) -> Result<bool> {
    Ok(db.execute("DELETE FROM handle WHERE details = ?1", [details])? > 0)
}

/// Who may search.
pub fn searchers(db: &Connection) -> Result<Searchers> {
    let word: Option<String> = account::fact(db, "searchers")?;
    Ok(match word.as_deref() {
        Some("nobody") => Searchers::Nobody,
        Some("secret") => Searchers::Secret,
        _ => Searchers::Contacts,
    })
}

/// Decides who may.
pub fn set_searchers(db: &Transaction<'_>, searchers: Searchers) -> Result<()> {
    let value = ("searchers", searchers.as_str());
    db.execute("INSERT OR REPLACE INTO account (key, value) VALUES (?1, ?2)", value)?;
    Ok(())
}

/// The serial of the profile when what contacts may carry changed last; `None`: none of them was ever given a list.
pub fn changed(db: &Connection) -> Result<Option<u64>> {
    account::fact(db, "handles_changed")
}

/// Remembers that it changed, or may be something else than they know, with this serial.
pub fn set_changed(db: &Transaction<'_>, serial: u64) -> Result<()> {
    let value = ("handles_changed", serial);
    db.execute("INSERT OR REPLACE INTO account (key, value) VALUES (?1, ?2)", value)?;
    Ok(())
}

/// The newest list that a reader has confirmed: the row of its packet.
pub fn confirmed(db: &Connection, reader: Fingerprint) -> Result<Option<i64>> {
    let mut query = db.prepare_cached(
        "SELECT max(packet) FROM sealed CROSS JOIN sealed_packet USING (envelope) CROSS JOIN packet ON seq = packet
         WHERE reader = ?1 AND confirmed IS NOT NULL AND type = 'handles'",
    )?;
    Ok(query.query_row([reader], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    #[test]
    fn who_may_search_decides_what_is_carried() {
        let (_dir, mut store) = sample::store();
        let own = |details: &str, secret, byte| Own {
            details: details.to_owned(),
            scheme: 1,
            secret,
            h: [byte; 32],
            b: [byte + 100; 32],
        };
        let db = store.begin().unwrap();
        put(&db, &own("name=ada lovelace\ntown=london\n", false, 9)).unwrap();
        put(&db, &own("nick=countess\n", true, 3)).unwrap();
        put(&db, &own("nick=countess\n", true, 4)).unwrap();
        assert_eq!(searchers(&db).unwrap(), Searchers::Contacts);
        for (who, carries) in [
            (Searchers::Nobody, &[][..]),
            (Searchers::Secret, &[(1, [4; 32])]),
            (Searchers::Contacts, &[(1, [4; 32]), (1, [9; 32])]),
        ] {
            set_searchers(&db, who).unwrap();
            assert_eq!(searchers(&db).unwrap(), who);
            assert_eq!(carried(&db).unwrap(), carries, "{who:?}");
        }
        assert!(remove(&db, "nick=countess\n").unwrap() && !remove(&db, "nick=countess\n").unwrap());
        assert_eq!(carried(&db).unwrap(), [(1, [9; 32])]);
    }
}
