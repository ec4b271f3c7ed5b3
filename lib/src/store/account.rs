//! What the account says of its owner, and the stream it counts in.

use crate::{Context, Error, Fingerprint, Result, envelope::Stream};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, types::FromSql};

/// The owner's own words and numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the owner wants to be called.
    pub name: String,
    /// A few words about themselves.
    pub about: Option<String>,
    /// Of the profile; rises with each change.
    pub serial: u64,
    /// The key that may name a new identity.
    pub recovery: Option<Fingerprint>,
    /// In which this account counts its envelopes.
    pub stream: Stream,
    /// Own addresses, in order of preference.
    pub addresses: Vec<String>,
}

/// Reads it.
pub fn get(db: &Connection) -> Result<Account> {
    let mut addresses = db.prepare("SELECT uri FROM own_address ORDER BY position")?;
    Ok(Account {
        name: known(db, "name")?,
        about: fact(db, "about")?,
        serial: known(db, "serial")?,
        recovery: fact(db, "recovery")?,
        stream: known(db, "stream")?,
        addresses: addresses.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?,
    })
}

/// Writes it whole.
pub fn put(db: &Transaction<'_>, account: &Account) -> Result<()> {
    let mut put = db.prepare("INSERT OR REPLACE INTO account (key, value) VALUES (?1, ?2)")?;
    put.execute(("name", &account.name))?;
    put.execute(("serial", account.serial))?;
    put.execute(("stream", account.stream))?;
    match &account.about {
        Some(about) => put.execute(("about", about))?,
        None => db.execute("DELETE FROM account WHERE key = 'about'", ())?,
    };
    if let Some(recovery) = account.recovery {
        put.execute(("recovery", recovery))?;
    }
    db.execute("DELETE FROM own_address", ())?;
    let mut add = db.prepare("INSERT INTO own_address (position, uri) VALUES (?1, ?2)")?;
    for (position, uri) in account.addresses.iter().enumerate() {
        add.execute((position, uri)).context(|| format!("address '{uri}'"))?;
    }
    Ok(())
}

/// When fetching began that read every source to its end, and all of which has been taken in.
pub fn last_round(db: &Connection) -> Result<Option<Timestamp>> {
    fact(db, "last_round")?.map(super::time).transpose()
}

/// Remembers such a round.
pub fn set_last_round(db: &Transaction<'_>, begun: Timestamp) -> Result<()> {
    set_fact(db, "last_round", begun.as_second())
}

/// When the newest keys were made that contacts were told of; `None`: those of the beginning.
pub fn keys_told(db: &Connection) -> Result<Option<Timestamp>> {
    fact(db, "keys_told")?.map(super::time).transpose()
}

/// Remembers that contacts are owed a profile with the keys made then.
pub fn set_keys_told(db: &Transaction<'_>, made: Timestamp) -> Result<()> {
    set_fact(db, "keys_told", made.as_second())
}

/// Whether somebody has become a friend, or has another key, since what was held back was read.
pub fn held_is_wanted(db: &Connection) -> Result<bool> {
    Ok(fact::<i64>(db, "held_is_wanted")?.is_some())
}

/// What was held back is to be read by the next `sn-ingest`.
pub(super) fn want_held(db: &Transaction<'_>) -> Result<()> {
    set_fact(db, "held_is_wanted", 1)
}

/// It lies in `inpackets/new` again.
pub fn held_is_released(db: &Transaction<'_>) -> Result<()> {
    db.execute("DELETE FROM account WHERE key = 'held_is_wanted'", ())?;
    Ok(())
}

/// Whose account it is: what is by this key, or by one that [`super::former::add_own`] has noted, is the owner's.
pub(super) fn set_fingerprint(db: &Transaction<'_>, owner: Fingerprint) -> Result<()> {
    set_fact(db, "fingerprint", owner)
}

pub(super) fn set_fact(db: &Transaction<'_>, key: &str, value: impl ToSql) -> Result<()> {
    db.execute("INSERT OR REPLACE INTO account (key, value) VALUES (?1, ?2)", (key, value))?;
    Ok(())
}

pub(super) fn fact<T: FromSql>(db: &Connection, key: &str) -> Result<Option<T>> {
    let mut query = db.prepare_cached("SELECT value FROM account WHERE key = ?1")?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?)
}

fn known<T: FromSql>(db: &Connection, key: &str) -> Result<T> {
    fact(db, key)?.ok_or_else(|| Error::malformed(format!("database: the account has no {key}")))
}
