//! The owner's own searches: what they looked for, what an answer is checked with, and who answered.

use super::contacts;
use crate::{Fingerprint, Result, packet::Digest};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// A search, as it begins.
pub struct NewSearch<'a> {
    /// Whole seconds.
    pub begun: Timestamp,
    /// Answers count until then.
    pub ends: Timestamp,
    /// The details, in canonical form.
    pub details: &'a str,
    /// What the searcher says, or nothing.
    pub note: &'a str,
    /// `B` of each handle.
    pub bs: &'a [Digest],
    /// One for each contact who is asked.
    pub bottles: &'a [Bottle],
}

/// What is kept of a bottle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bottle {
    /// Its digest.
    pub digest: Digest,
    /// To whom it was given first.
    pub introducer: Fingerprint,
    /// Its first bytes, with which an answer is checked.
    pub start: Vec<u8>,
}

/// A search, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSearch {
    /// Its number here.
    pub id: i64,
    /// When it was begun.
    pub begun: Timestamp,
    /// When it ends, or was ended.
    pub ends: Timestamp,
    /// The details, in canonical form.
    pub details: String,
    /// What the searcher said, or nothing.
    pub note: String,
    /// How many contacts were asked.
    pub asked: u32,
    /// Who answered.
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The petname of who answered.
    pub petname: String,
    /// Who.
    pub fingerprint: Fingerprint,
    /// Where the two stand.
    pub state: String,
    /// The handle by which they were found, for people.
    pub handle: String,
    /// The contact to whom the bottle was given.
    pub introducer: Fingerprint,
}

/// Enters a search. Gives its number.
pub fn begin(db: &Transaction<'_>, new: &NewSearch<'_>) -> Result<i64> {
    db.execute(
        "INSERT INTO own_search (begun, ends, details, note, asked, b) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            new.begun.as_second(),
            new.ends.as_second(),
            new.details,
            new.note,
            new.bottles.len(),
            new.bs.as_flattened(),
        ),
    )?;
    let search = db.last_insert_rowid();
    let mut add = db.prepare_cached(
        "INSERT INTO own_bottle (digest, search, introducer, start) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for bottle in new.bottles {
        add.execute((bottle.digest, search, bottle.introducer, &bottle.start))?;
    }
    Ok(search)
}

/// How many searches were begun after a time.
pub fn begun_after(db: &Connection, time: Timestamp) -> Result<u32> {
    let count = "SELECT count(*) FROM own_search WHERE begun > ?1";
    Ok(db.query_row(count, [time.as_second()], |row| row.get(0))?)
}

/// What an answer is checked with.
pub struct Asked {
    /// The number of the search.
    pub search: i64,
    /// Its details, in canonical form.
    pub details: String,
    /// `B` of each handle.
    pub bs: Vec<Digest>,
    /// The bottle.
    pub bottle: Bottle,
}

/// The bottle with this digest, if an answer to it counts still, and not `most` have come already.
pub fn asked(db: &Connection, digest: &Digest, most: u32, now: Timestamp) -> Result<Option<Asked>> {
    let mut query = db.prepare_cached(
        "SELECT own_search.id, details, b, introducer, start
         FROM own_bottle JOIN own_search ON own_search.id = own_bottle.search
         WHERE digest = ?1 AND ends > ?2
           AND (SELECT count(*) FROM own_answer WHERE own_answer.search = own_search.id) < ?3",
    )?;
    let asked = query.query_row((digest, now.as_second(), most), |row| {
        let bs: Vec<u8> = row.get(2)?;
        Ok(Asked {
            search: row.get(0)?,
            details: row.get(1)?,
            bs: bs.as_chunks().0.to_vec(),
            bottle: Bottle { digest: *digest, introducer: row.get(3)?, start: row.get(4)? },
        })
    });
    Ok(asked.optional()?)
}

/// Somebody known has answered a search by a handle, which is text for people.
pub fn answered(db: &Transaction<'_>, who: Fingerprint, asked: &Asked, handle: &str) -> Result<()> {
    let Some(contact) = contacts::by_fingerprint(db, who)? else { return Ok(()) };
    db.execute(
        "INSERT OR IGNORE INTO own_answer (search, contact, introducer, handle) VALUES (?1, ?2, ?3, ?4)",
        (asked.search, contact.id, asked.bottle.introducer, handle),
    )?;
    Ok(())
}

/// The handle by which a contact was found, if they answered a search.
pub fn found_by(db: &Connection, contact: i64) -> Result<Option<String>> {
    let mut query =
        db.prepare_cached("SELECT handle FROM own_answer WHERE contact = ?1 ORDER BY search DESC LIMIT 1")?;
    Ok(query.query_row([contact], |row| row.get(0)).optional()?)
}

/// All searches, the oldest first, and who answered each.
pub fn all(db: &Connection) -> Result<Vec<ListedSearch>> {
    let mut query = db.prepare("SELECT id, begun, ends, details, note, asked FROM own_search ORDER BY id")?;
    let mut answers = db.prepare(
        "SELECT petname, fingerprint, state, handle, introducer
         FROM own_answer JOIN contact ON contact.id = own_answer.contact
         WHERE search = ?1 ORDER BY petname",
    )?;
    let mut all = Vec::new();
    let mut rows = query.query(())?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let answer = |row: &rusqlite::Row<'_>| {
            Ok(Answer {
                petname: row.get(0)?,
                fingerprint: row.get(1)?,
                state: row.get(2)?,
                handle: row.get(3)?,
                introducer: row.get(4)?,
            })
        };
        all.push(ListedSearch {
            id,
            begun: super::time(row.get(1)?)?,
            ends: super::time(row.get(2)?)?,
            details: row.get(3)?,
            note: row.get(4)?,
            asked: row.get(5)?,
            answers: answers.query_map([id], answer)?.collect::<rusqlite::Result<_>>()?,
        });
    }
    Ok(all)
}

/// Ends a search: no more answers count. Whether there was one with this number that had not ended.
pub fn end(db: &Transaction<'_>, id: i64, now: Timestamp) -> Result<bool> {
    let ended =
        db.execute("UPDATE own_search SET ends = ?2 WHERE id = ?1 AND ends > ?2", (id, now.as_second()))?;
    tidy(db, now)?;
    Ok(ended > 0)
}

/// How long a search that has ended is listed.
const KEEP: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Forgets what no answer is checked with any more, and searches of long ago.
pub fn tidy(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let now = now.as_second();
    db.execute("DELETE FROM own_bottle WHERE search IN (SELECT id FROM own_search WHERE ends <= ?1)", [now])?;
    db.execute("UPDATE own_search SET b = x'' WHERE ends <= ?1 AND b <> x''", [now])?;
    db.execute("DELETE FROM own_search WHERE ends <= ?1", [now - KEEP.as_secs()])?;
    Ok(())
}
