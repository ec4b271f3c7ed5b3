//! Streams: those in which this account has counted, and those in which others do. A stream that a copy of an account
//! counts in unknown to the other is how the two are found out (socialnet-protocol(7), COUNTING).

use super::{account::fact, counters};
use crate::{
    Error, Fingerprint, Kind, Result,
    envelope::{Received, Stream},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// Two machines of one person may have clocks that differ by so much.
const LEEWAY: SignedDuration = SignedDuration::from_hours(1);

/// How many of those who told are named.
const NAMED: usize = 3;

/// Begins to count in a new stream. `settled`: from then on nobody can get anything in an old one any more that this copy
/// does not know of.
pub fn begin(db: &Transaction<'_>, stream: &Stream, settled: Timestamp) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO own_stream (stream, settled) SELECT value, ?1 FROM account WHERE key = 'stream'",
        [settled.as_second()],
    )?;
    db.execute("UPDATE account SET value = ?1 WHERE key = 'stream'", [stream])?;
    db.execute("DELETE FROM copy_told", ())?;
    Ok(())
}

/// Forgets what was given to whom: more of it may have been given since the backup from which this is known.
pub fn forget_given(db: &Transaction<'_>) -> Result<()> {
    db.execute("DELETE FROM counter", ())?;
    Ok(())
}

/// A reader says what has come of this account. What this copy never gave was given by another one: noted, for
/// [`alarm`] to tell.
pub fn heard(db: &Transaction<'_>, reader: Fingerprint, said: &[Received], now: Timestamp) -> Result<()> {
    let Some(current) = fact::<Stream>(db, "stream")? else { return Ok(()) };
    for received in said {
        let Some(&(_, highest)) = received.ranges.last() else { continue };
        let given = counters::last(db, reader, &received.stream)?;
        let by_another = if received.stream == current {
            highest > given
        } else {
            match settled(db, &received.stream)? {
                None => true,
                Some(_) if highest <= given => false,
                Some(settled) => {
                    counters::raise(db, reader, &received.stream, highest)?;
                    // The first word of it tells what was given when this copy was made.
                    given > 0 && settled <= now
                }
            }
        };
        if by_another {
            db.prepare_cached(
                "INSERT INTO copy_told (contact, first, last)
                 SELECT contact, ?2, ?2 FROM person WHERE fingerprint = ?1 AND contact <> 0
                 ON CONFLICT DO UPDATE SET last = excluded.last",
            )?
            .execute((reader, now.as_second()))?;
        }
    }
    Ok(())
}

/// From when on all that was given in an old stream is known here; `None`: no stream of this copy's.
fn settled(db: &Connection, stream: &Stream) -> Result<Option<Timestamp>> {
    let mut query = db.prepare_cached("SELECT settled FROM own_stream WHERE stream = ?1")?;
    let settled: Option<i64> = query.query_row([stream], |row| row.get(0)).optional()?;
    settled.map(super::time).transpose()
}

/// What the owner is to be told until they have chosen the copy that stays: who had something from another one, and since
/// when they say so. It is but their word: of who is no friend any more it counts for nothing.
pub fn alarm(db: &Connection) -> Result<Option<Error>> {
    let mut query = db.prepare(
        "SELECT petname, first, last FROM copy_told JOIN contact ON id = contact WHERE state = 'friend'
         ORDER BY first, id",
    )?;
    let mut rows = query.query(())?;
    let (mut told, mut since, mut last) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        told.push(row.get::<_, String>(0)?);
        since = since.or(Some(row.get(1)?));
        last = last.max(row.get(2)?);
    }
    let Some(since) = since else { return Ok(None) };
    let others = match told.len().saturating_sub(NAMED) {
        0 => String::new(),
        1 => " and one more".to_owned(),
        count => format!(" and {count} more"),
    };
    told.truncate(NAMED);
    let (since, last) = (super::time(since)?, super::time(last)?);
    let message = format!(
        "another copy of this account is sending: {}{others} had something from it, told first {since}, last {last}",
        told.join(", ")
    );
    Ok(Some(Error::new(Kind::NotAllowed, message).hint(
        "end the other one, and say 'sn-init --moved' on the machine that stays; if there is none, somebody has your \
         keys: 'sn-init --succeed' makes new ones",
    )))
}

/// Notes when an envelope was sealed, by its own word, in one of its sender's streams. True: two of their streams have
/// been in use at the same time, so there are two copies of that account.
pub fn used(db: &Transaction<'_>, sender: Fingerprint, stream: &Stream, sent: Timestamp) -> Result<bool> {
    let sent = sent.as_second();
    db.prepare_cached(
        "INSERT INTO stream (sender, stream, first, last) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)
           WHERE excluded.last > last OR excluded.first < first",
    )?
    .execute((sender, stream, sent))?;
    let overlap: bool = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM stream AS this JOIN stream AS other USING (sender)
               WHERE this.sender = ?1 AND this.stream = ?2 AND other.stream <> ?2
                 AND this.first + ?3 < other.last AND other.first + ?3 < this.last)",
        )?
        .query_row((sender, stream, LEEWAY.as_secs()), |row| row.get(0))?;
    Ok(overlap)
}
