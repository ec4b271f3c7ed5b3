//! Groups of contacts, and whom a word names that somebody types for readers.

use super::{Contact, check_petname, find};
use crate::{Error, Fingerprint, Kind, Result};
use rusqlite::{Connection, Transaction};

/// The word for all friends.
pub const EVERYBODY: &str = "all";

/// The readers that a word names: a petname, a fingerprint, `@GROUP`, or `all` for every friend. A group that nobody
/// is in is a mistake.
pub fn resolve(db: &Connection, word: &str) -> Result<Vec<Fingerprint>> {
    let list = |sql: &str, group: &[&str]| -> Result<Vec<Fingerprint>> {
        let mut query = db.prepare(sql)?;
        let rows = query.query_map(rusqlite::params_from_iter(group), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    if word == EVERYBODY {
        return list("SELECT fingerprint FROM contact WHERE state = 'friend' ORDER BY id", &[]);
    }
    let Some(group) = word.strip_prefix('@') else {
        return Ok(vec![find(db, word)?.fingerprint]);
    };
    let members = list(
        "SELECT fingerprint FROM membership JOIN contact ON contact.id = contact
         WHERE membership.name = ?1 AND state = 'friend' ORDER BY contact.id",
        &[group],
    )?;
    if members.is_empty() {
        return Err(Error::new(Kind::Usage, format!("nobody is in '@{group}'"))
            .hint("'sn-contact group' shows the groups there are"));
    }
    Ok(members)
}

/// Groups with the petnames in them, by name.
pub fn groups(db: &Connection) -> Result<Vec<(String, Vec<String>)>> {
    let mut query = db.prepare(
        "SELECT membership.name, petname FROM membership JOIN contact ON contact.id = contact
         ORDER BY membership.name, petname",
    )?;
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let mut rows = query.query(())?;
    while let Some(row) = rows.next()? {
        let (group, petname): (String, String) = (row.get(0)?, row.get(1)?);
        match groups.last_mut() {
            Some((last, members)) if *last == group => members.push(petname),
            _ => groups.push((group, vec![petname])),
        }
    }
    Ok(groups)
}

/// The petnames in a group.
pub fn members(db: &Connection, group: &str) -> Result<Vec<String>> {
    let found = groups(db)?.into_iter().find(|(name, _)| name == group).map(|(_, members)| members);
    found.ok_or_else(|| Error::new(Kind::Nothing, format!("nobody is in '@{group}'")))
}

/// The groups somebody is in.
pub fn groups_of(db: &Connection, contact: &Contact) -> Result<Vec<String>> {
    let mut query = db.prepare("SELECT name FROM membership WHERE contact = ?1 ORDER BY name")?;
    Ok(query.query_map([contact.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Puts somebody in a group.
pub fn join(db: &Transaction<'_>, group: &str, contact: &Contact) -> Result<()> {
    check_petname(group)?;
    db.execute("INSERT OR IGNORE INTO membership (name, contact) VALUES (?1, ?2)", (group, contact.id))?;
    Ok(())
}

/// Takes somebody out of a group.
pub fn leave(db: &Transaction<'_>, group: &str, contact: &Contact) -> Result<()> {
    db.execute("DELETE FROM membership WHERE name = ?1 AND contact = ?2", (group, contact.id))?;
    Ok(())
}
