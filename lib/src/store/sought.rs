//! Who searched for the owner: bottles that opened, until somebody has decided about them and for as long as they may come
//! again.

use super::searches::KEEP;
use crate::{
    Fingerprint, Result,
    packet::{BottleOpened, Digest},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use uuid::Uuid;

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Searches for the owner that one friend may bring within a week.
pub const OF_A_WEEK: u32 = 3;

/// A search for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Who searches.
    pub searcher: Fingerprint,
    /// When they began: the same in all bottles of the search.
    pub begun: Timestamp,
    /// The own handles that it named, for people.
    pub handles: String,
    /// What an answer shows.
    pub opened: BottleOpened,
    /// To whom the searcher gave it first.
    pub introducer: Fingerprint,
    /// The friend who brought it.
    pub through: Fingerprint,
    /// The id of their packet.
    pub packet: Uuid,
}

/// Notes a search. False, and nothing is noted: it came before, or this friend has brought too many.
pub fn note(db: &Transaction<'_>, sought: &Sought, now: Timestamp) -> Result<bool> {
    let of_a_week: u32 = db.query_row(
        "SELECT count(*) FROM sought WHERE through = ?1 AND came > ?2",
        (sought.through, (now - WEEK).as_second()),
        |row| row.get(0),
    )?;
    if of_a_week >= OF_A_WEEK {
        return Ok(false);
    }
    let noted = db.execute(
        "INSERT OR IGNORE INTO sought (searcher, begun, came, handles, bottle, proof, introducer, through, packet)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            sought.searcher,
            sought.begun.as_second(),
            now.as_second(),
            &sought.handles,
            sought.opened.bottle,
            sought.opened.proof,
            sought.introducer,
            sought.through,
            sought.packet,
        ),
    )?;
    Ok(noted > 0)
}

const COLUMNS: &str = "searcher, begun, handles, bottle, proof, introducer, through, packet";

/// All searches of one person, the newest first.
pub fn of(db: &Connection, searcher: Fingerprint) -> Result<Vec<Sought>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM sought WHERE searcher = ?1 ORDER BY begun DESC"))?;
    let rows = query.query_map([searcher], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The newest one.
pub fn newest(db: &Connection, searcher: Fingerprint) -> Result<Option<Sought>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sought WHERE searcher = ?1 ORDER BY begun DESC LIMIT 1"
    ))?;
    query.query_row([searcher], |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Sought> {
    let (bottle, proof): (Digest, Digest) = (row.get(3)?, row.get(4)?);
    Ok(Sought {
        searcher: row.get(0)?,
        begun: super::time(row.get(1)?)?,
        handles: row.get(2)?,
        opened: BottleOpened { bottle, proof },
        introducer: row.get(5)?,
        through: row.get(6)?,
        packet: row.get(7)?,
    })
}

/// The owner wants to hear no more of a searcher.
pub fn refuse(db: &Transaction<'_>, searcher: Fingerprint) -> Result<()> {
    db.execute("INSERT OR IGNORE INTO unwanted (searcher) VALUES (?1)", [searcher])?;
    Ok(())
}

/// Whether the owner wants to hear no more of them.
pub fn is_refused(db: &Connection, searcher: Fingerprint) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM unwanted WHERE searcher = ?1")?.exists([searcher])?)
}

/// Forgets what can't come again.
pub fn tidy(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    db.execute("DELETE FROM sought WHERE came < ?1", [(now - KEEP).as_second()])?;
    Ok(())
}
