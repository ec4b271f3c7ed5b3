//! Counting: which envelope a reader gets next, which came from a sender, and what was confirmed. Counters are what
//! makes a packet arrive once, and its loss noticed (socialnet-seal(5)).

use super::{delivery, gaps};
use crate::{
    Fingerprint, Result,
    envelope::{MAX_RANGES, Received, Stream},
    packet::Digest,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// Takes the next counter of our stream for a reader.
pub fn next(db: &Transaction<'_>, reader: Fingerprint, stream: &Stream) -> Result<u64> {
    let mut take = db.prepare_cached(
        "INSERT INTO counter (reader, stream, next) VALUES (?1, ?2, 2)
         ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1",
    )?;
    Ok(take.query_row((reader, stream), |row| row.get(0))?)
}

/// The last counter of a stream of ours that a reader was given; 0: none.
pub fn last(db: &Connection, reader: Fingerprint, stream: &Stream) -> Result<u64> {
    let mut query = db.prepare_cached("SELECT next - 1 FROM counter WHERE reader = ?1 AND stream = ?2")?;
    Ok(query.query_row((reader, stream), |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Notes that a reader was given all counters up to `highest`, by a copy of this account before this one.
pub fn raise(db: &Transaction<'_>, reader: Fingerprint, stream: &Stream, highest: u64) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO counter (reader, stream, next) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET next = max(next, excluded.next)",
    )?
    .execute((reader, stream, highest.saturating_add(1).min(i64::MAX as u64)))?;
    Ok(())
}

/// An envelope as it was sealed.
pub struct Counted<'a> {
    /// For whom.
    pub reader: Fingerprint,
    /// Our stream.
    pub stream: &'a Stream,
    /// 1 or more.
    pub counter: u64,
    /// SHA-256 of the sealed bytes.
    pub envelope: &'a Digest,
    /// Rows of the packets in it.
    pub packets: &'a [i64],
    /// Now.
    pub at: Timestamp,
    /// When they were sealed for this reader first.
    pub since: Timestamp,
}

/// Remembers an envelope until it is confirmed.
pub fn sealed(db: &Transaction<'_>, new: &Counted<'_>) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO sealed (reader, stream, counter, envelope, sealed, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        new.reader,
        new.stream,
        new.counter,
        new.envelope,
        new.at.as_second(),
        new.since.as_second(),
    ))?;
    let mut add =
        db.prepare_cached("INSERT OR IGNORE INTO sealed_packet (envelope, packet) VALUES (?1, ?2)")?;
    for packet in new.packets {
        add.execute((new.envelope, packet))?;
    }
    Ok(())
}

/// What a counter that came means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never seen.
    New,
    /// The same envelope was opened before.
    Again,
    /// Another envelope was opened under this counter: two copies of that account are running.
    Clash,
}

/// What an envelope's counter means; `digest` is the SHA-256 of its sender's SignedData. Counter 0 means nothing.
pub fn came(
    db: &Connection,
    sender: Fingerprint,
    stream: &Stream,
    counter: u64,
    digest: &Digest,
) -> Result<Seen> {
    let mut query =
        db.prepare_cached("SELECT digest FROM opened WHERE sender = ?1 AND stream = ?2 AND counter = ?3")?;
    let known: Option<Digest> = query.query_row((sender, stream, counter), |row| row.get(0)).optional()?;
    Ok(match known {
        Some(known) if known == *digest => Seen::Again,
        Some(_) => Seen::Clash,
        None => Seen::New,
    })
}

/// How many envelopes of a sender are remembered, counted up to `most`.
pub fn known(db: &Connection, sender: Fingerprint, most: u32) -> Result<u32> {
    let mut query =
        db.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM opened WHERE sender = ?1 LIMIT ?2)")?;
    Ok(query.query_row((sender, most), |row| row.get(0))?)
}

/// Marks an envelope of a sender's as one with which they asked or agreed to be a contact, once it is remembered.
pub fn has_met(db: &Transaction<'_>, sender: Fingerprint, stream: &Stream, counter: u64) -> Result<()> {
    db.prepare_cached("UPDATE opened SET met = 1 WHERE sender = ?1 AND stream = ?2 AND counter = ?3")?
        .execute((sender, stream, counter))?;
    Ok(())
}

/// Whether one that they sealed later in this stream was such a one.
pub fn met_after(db: &Connection, sender: Fingerprint, stream: &Stream, counter: u64) -> Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM opened INDEXED BY opened_met WHERE sender = ?1 AND stream = ?2 AND counter > ?3 AND met",
    )?;
    Ok(query.exists((sender, stream, counter))?)
}

/// Remembers that it was taken in. The first envelope under a counter stays the known one.
pub fn record(
    db: &Transaction<'_>,
    sender: Fingerprint,
    stream: &Stream,
    counter: u64,
    digest: &Digest,
    now: Timestamp,
) -> Result<()> {
    if counter == 0 {
        return Ok(());
    }
    let mut add = db.prepare_cached(
        "INSERT OR IGNORE INTO opened (sender, stream, counter, digest) VALUES (?1, ?2, ?3, ?4)",
    )?;
    if add.execute((sender, stream, counter, digest))? == 0 {
        return Ok(());
    }
    let highest: Option<u64> = db
        .prepare_cached("SELECT max(last) FROM received WHERE sender = ?1 AND stream = ?2")?
        .query_row((sender, stream), |row| row.get(0))?;
    let highest = highest.unwrap_or(0);
    if counter <= highest {
        return gaps::close(db, sender, stream, (counter, counter));
    }
    if counter > highest + 1 {
        gaps::notice(db, sender, stream, (highest + 1, counter - 1), now)?;
        return extend(db, sender, stream, (counter, counter));
    }
    // In order, as nearly all: the newest range grows. What begins a stream has none yet.
    let mut grow =
        db.prepare_cached("UPDATE received SET last = ?4 WHERE sender = ?1 AND stream = ?2 AND last = ?3")?;
    match grow.execute((sender, stream, highest, counter))? {
        0 => extend(db, sender, stream, (counter, counter)),
        _ => Ok(()),
    }
}

// New counters join the range that ends right before them and the one that begins right after them.
pub(super) fn extend(
    db: &Transaction<'_>,
    sender: Fingerprint,
    stream: &Stream,
    (first, last): (u64, u64),
) -> Result<()> {
    let remove = "DELETE FROM received WHERE sender = ?1 AND stream = ?2 AND";
    let before: Option<u64> = db
        .prepare_cached(&format!("{remove} last = ?3 RETURNING first"))?
        .query_row((sender, stream, first - 1), |row| row.get(0))
        .optional()?;
    let after: Option<u64> = db
        // Added by SQLite, where the number after the highest counter there is equals none; as a value it would not fit.
        .prepare_cached(&format!("{remove} last > ?3 AND first = ?3 + 1 RETURNING last"))?
        .query_row((sender, stream, last), |row| row.get(0))
        .optional()?;
    db.prepare_cached("INSERT INTO received (sender, stream, first, last) VALUES (?1, ?2, ?3, ?4)")?
        .execute((sender, stream, before.unwrap_or(first), after.unwrap_or(last)))?;
    Ok(())
}

/// What came from a sender: [`MAX_RANGES`] ranges at most, grouped by stream. The newest of each stream come before the
/// second newest of any, so that gaps in one hide no other.
pub fn received(db: &Connection, sender: Fingerprint) -> Result<Vec<Received>> {
    // Ranked here: a window function of SQLite's takes several times as long, and each envelope that is sealed asks.
    let mut query = db.prepare_cached(
        "SELECT stream, first, last FROM received WHERE sender = ?1 ORDER BY stream DESC, last DESC",
    )?;
    let mut rows = query.query([sender])?;
    let mut ranked: Vec<(usize, Stream, (u64, u64))> = Vec::new();
    let (mut of, mut place) = (None, 0);
    while let Some(row) = rows.next()? {
        let stream = row.get(0)?;
        place = if of == Some(stream) { place + 1 } else { 0 };
        of = Some(stream);
        if place < MAX_RANGES {
            ranked.push((place, stream, (row.get(1)?, row.get(2)?)));
        }
    }
    ranked.sort_unstable();
    let mut all: Vec<Received> = Vec::new();
    for (_, stream, range) in ranked.into_iter().take(MAX_RANGES) {
        match all.iter_mut().find(|received| received.stream == stream) {
            Some(received) => received.ranges.insert(0, range),
            None => all.push(Received { stream, ranges: vec![range] }),
        }
    }
    Ok(all)
}

/// Marks what a reader says has come as confirmed: it has left then, even if it was cancelled. Readers say so of what was
/// answered as void, too, but that is forgotten by then.
pub fn confirm(db: &Transaction<'_>, reader: Fingerprint, said: &[Received], now: Timestamp) -> Result<()> {
    let mut mark = db.prepare_cached(
        "UPDATE sealed SET confirmed = ?5 WHERE reader = ?1 AND stream = ?2 AND counter BETWEEN ?3 AND ?4
           AND confirmed IS NULL RETURNING envelope, taken",
    )?;
    for received in said {
        for (first, last) in &received.ranges {
            let newly: Vec<(Digest, bool)> = mark
                .query_map((reader, received.stream, first, last, now.as_second()), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            for (envelope, _) in newly.iter().filter(|(_, taken)| !taken) {
                delivery::has_left(db, envelope, reader, now)?;
            }
        }
    }
    Ok(())
}
