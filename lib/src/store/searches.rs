//! Searches that pass through this node: which came before and how many of whom, what is still to leave of each, and who wants
//! no more of them.

use crate::{Result, packet::Digest};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};
use uuid::Uuid;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Searches taken of one friend within a day, and within 30 days, at most.
pub const OF_A_DAY: u32 = 5;
/// See [`OF_A_DAY`].
pub const OF_A_MONTH: u32 = 30;
/// How long tokens, what left and who searched are remembered: longer than a month is counted, and than any slip holds
/// ([`crate::slip::Slip::MAX_SECONDS`]).
pub(super) const KEEP: SignedDuration = SignedDuration::from_hours(70 * 24);

/// What a search makes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// To whom it is passed on, by their row; `None`: the one search-request, whose reader is found when it leaves.
    pub reader: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// Something that is to leave now.
#[derive(Debug, PartialEq, Eq)]
pub struct Departure {
    row: i64,
    search: i64,
    /// The friend who brought the search, by their row.
    pub neighbour: i64,
    /// The search as it came, XML.
    pub packet: Vec<u8>,
    /// As in [`Leaving`].
    pub reader: Option<i64>,
}

/// Takes a search, unless this token came before, or this friend has brought too many; whether it was taken. `digest` is
/// the SHA-256 of its token.
pub fn take(db: &Transaction<'_>, digest: &Digest, neighbour: i64, now: Timestamp) -> Result<bool> {
    let since = |ago: SignedDuration| (now - ago).as_second();
    let (of_a_day, of_a_month): (u32, u32) = db
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE taken > ?2), count(*) FROM search_taken
             WHERE neighbour = ?1 AND taken > ?3",
        )?
        .query_row((neighbour, since(DAY), since(MONTH)), |row| Ok((row.get(0)?, row.get(1)?)))?;
    if of_a_day >= OF_A_DAY || of_a_month >= OF_A_MONTH {
        return Ok(false);
    }
    let taken = db
        .prepare_cached("INSERT OR IGNORE INTO search_taken (token, neighbour, taken) VALUES (?1, ?2, ?3)")?
        .execute((digest, neighbour, now.as_second()))?;
    Ok(taken > 0)
}

/// Enters what a search that was taken makes leave.
pub fn enter(db: &Transaction<'_>, neighbour: i64, packet: &[u8], leaving: &[Leaving]) -> Result<()> {
    db.execute("INSERT INTO search (neighbour, packet) VALUES (?1, ?2)", (neighbour, packet))?;
    let search = db.last_insert_rowid();
    let mut add =
        db.prepare_cached("INSERT INTO search_leaving (search, reader, leaves) VALUES (?1, ?2, ?3)")?;
    Ok(leaving.iter().try_for_each(|it| add.execute((search, it.reader, it.at.as_second())).map(drop))?)
}

/// What is to leave next, if its time has come.
pub fn next(db: &Connection, now: Timestamp) -> Result<Option<Departure>> {
    let mut query = db.prepare_cached(
        "SELECT search_leaving.id, search.id, neighbour, packet, reader
         FROM search_leaving JOIN search ON search.id = search_leaving.search
         WHERE leaves <= ?1 ORDER BY leaves, search_leaving.id LIMIT 1",
    )?;
    let due = query.query_row([now.as_second()], |row| {
        Ok(Departure {
            row: row.get(0)?,
            search: row.get(1)?,
            neighbour: row.get(2)?,
            packet: row.get(3)?,
            reader: row.get(4)?,
        })
    });
    Ok(due.optional()?)
}

/// It leaves as the packet with this id, for this reader; or nobody is there whom it could be for.
pub fn left(
    db: &Transaction<'_>,
    due: &Departure,
    packet: Option<(Uuid, i64)>,
    now: Timestamp,
) -> Result<()> {
    db.execute("DELETE FROM search_leaving WHERE id = ?1", [due.row])?;
    db.execute(
        "DELETE FROM search WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM search_leaving WHERE search = ?1)",
        [due.search],
    )?;
    if let Some((id, reader)) = packet {
        db.execute(
            "INSERT INTO search_brought (id, reader, neighbour, brought) VALUES (?1, ?2, ?3, ?4)",
            (id, reader, due.neighbour, now.as_second()),
        )?;
    }
    Ok(())
}

/// A reader wants no more searches of whoever was behind a packet that was brought to them.
pub fn stop(db: &Transaction<'_>, reader: i64, packet: Uuid) -> Result<()> {
    db.execute(
        "INSERT OR IGNORE INTO search_stopped (neighbour, reader)
         SELECT neighbour, reader FROM search_brought WHERE id = ?1 AND reader = ?2",
        (packet, reader),
    )?;
    Ok(())
}

/// Whether a reader wants no more searches of a neighbour's.
pub fn is_stopped(db: &Connection, neighbour: i64, reader: i64) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT 1 FROM search_stopped WHERE neighbour = ?1 AND reader = ?2")?;
    Ok(query.exists((neighbour, reader))?)
}

/// Friends to whom a search of `neighbour` may be passed on, by their rows.
pub fn others(db: &Connection, neighbour: i64) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached(
        "SELECT id FROM contact WHERE state = 'friend' AND id <> ?1
           AND id NOT IN (SELECT reader FROM search_stopped WHERE neighbour = ?1) ORDER BY id",
    )?;
    Ok(query.query_map([neighbour], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what is too old to matter.
pub fn tidy(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let old = (now - KEEP).as_second();
    db.execute("DELETE FROM search_taken WHERE taken < ?1", [old])?;
    db.execute("DELETE FROM search_brought WHERE brought < ?1", [old])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{self, NOW, at};

    const HOUR: i64 = 3600;

    #[test]
    fn five_a_day_and_thirty_a_month_of_each_friend() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        let mut tokens = (0u32..).map(|number| crate::blob::sha256(&number.to_be_bytes()));
        let mut take = |neighbour, hours: i64| {
            take(&db, &tokens.next().unwrap(), neighbour, at(NOW + hours * HOUR)).unwrap()
        };
        for day in 0..6 {
            for hour in 0..OF_A_DAY {
                assert!(take(1, 24 * day + i64::from(hour)), "day {day}");
            }
            assert!(!take(1, 24 * day + 6));
        }
        assert!(!take(1, 24 * 29), "thirty are enough");
        assert!(take(2, 24 * 29), "another one's are counted apart");
        assert!(take(1, 24 * 30 + 5), "the oldest of them count no more");
    }

    #[test]
    fn a_token_counts_once_whoever_brings_it() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        assert!(take(&db, &[1; 32], 1, at(NOW)).unwrap());
        assert!(!take(&db, &[1; 32], 1, at(NOW)).unwrap());
        assert!(!take(&db, &[1; 32], 2, at(NOW)).unwrap());
        tidy(&db, at(NOW + 60 * 24 * HOUR)).unwrap();
        assert!(!take(&db, &[1; 32], 2, at(NOW + 60 * 24 * HOUR)).unwrap(), "its bottle may hold so long");
        tidy(&db, at(NOW + 71 * 24 * HOUR)).unwrap();
        assert_eq!(db.query_row("SELECT count(*) FROM search_taken", (), |row| row.get(0)), Ok(0));
    }

    #[test]
    fn a_search_is_forgotten_when_the_last_of_it_has_left() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        let leaving = |reader, hours| Leaving { reader, at: at(NOW + hours * HOUR) };
        enter(&db, 1, b"search", &[leaving(None, 2), leaving(Some(3), 1)]).unwrap();
        assert_eq!(next(&db, at(NOW)).unwrap(), None);
        let mut readers = Vec::new();
        let later = at(NOW + 2 * HOUR);
        while let Some(due) = next(&db, later).unwrap() {
            assert_eq!((due.neighbour, due.packet.as_slice()), (1, b"search".as_slice()));
            left(&db, &due, Some((Uuid::now_v7(), 3)), later).unwrap();
            readers.push(due.reader);
        }
        assert_eq!(readers, [Some(3), None]);
        assert_eq!(db.query_row("SELECT count(*) FROM search", (), |row| row.get(0)), Ok(0));
    }

    #[test]
    fn only_who_got_it_can_stop_it() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        enter(&db, 1, b"search", &[Leaving { reader: None, at: at(NOW) }]).unwrap();
        let (due, id) = (next(&db, at(NOW)).unwrap().unwrap(), Uuid::now_v7());
        left(&db, &due, Some((id, 2)), at(NOW)).unwrap();
        stop(&db, 3, id).unwrap();
        stop(&db, 2, Uuid::now_v7()).unwrap();
        assert_eq!(others(&db, 1).unwrap(), [2, 3]);
        stop(&db, 2, id).unwrap();
        stop(&db, 2, id).unwrap();
        assert_eq!((others(&db, 1).unwrap(), others(&db, 3).unwrap()), (vec![3], vec![1, 2]));
        assert!(is_stopped(&db, 1, 2).unwrap() && !is_stopped(&db, 1, 3).unwrap());
    }
}
