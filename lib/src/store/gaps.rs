//! What has not come: counters below one that has, and chunks that a packet lists. Each is asked for after a day, and
//! again ever more rarely, until it comes or is answered (socialnet-protocol(7)).

use super::counters;
use crate::{
    Fingerprint, Result,
    envelope::{MAX_RANGES, Received, Stream},
    packet::{self, Digest, Resend},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// How long something may be late before it is asked for.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// After so many times, each wait twice as long as the one before, nobody is asked any more.
const ASKED_AT_MOST: u32 = 6;

/// Notes that counters were skipped.
pub(super) fn notice(
    db: &Transaction<'_>,
    sender: Fingerprint,
    stream: &Stream,
    (first, last): (u64, u64),
    now: Timestamp,
) -> Result<()> {
    let mut add = db.prepare_cached(
        "INSERT INTO gap (sender, stream, first, last, next_ask) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    add.execute((sender, stream, first, last, (now + PATIENCE).as_second()))?;
    Ok(())
}

/// Counters that came, or need not be waited for: what of them was missing is not missing any more.
pub(super) fn close(
    db: &Transaction<'_>,
    sender: Fingerprint,
    stream: &Stream,
    (first, last): (u64, u64),
) -> Result<()> {
    // Gaps do not overlap: going down from `last`, the first one that ends before `first` is the last to look at.
    let mut query = db.prepare_cached(
        "SELECT first, last, asked, next_ask FROM gap WHERE sender = ?1 AND stream = ?2 AND first <= ?3
         ORDER BY first DESC",
    )?;
    let mut rows = query.query((sender, stream, last))?;
    let mut touched: Vec<(u64, u64, u32, i64)> = Vec::new();
    while let Some(row) = rows.next()? {
        let gap = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if gap.1 < first {
            break;
        }
        touched.push(gap);
    }
    let mut remove = db.prepare_cached("DELETE FROM gap WHERE sender = ?1 AND stream = ?2 AND first = ?3")?;
    let mut keep = db.prepare_cached(
        "INSERT INTO gap (sender, stream, first, last, asked, next_ask) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (from, to, asked, next_ask) in touched {
        remove.execute((sender, stream, from))?;
        let closed = (from.max(first), to.min(last));
        for (from, to) in [(from, closed.0 - 1), (closed.1 + 1, to)] {
            if from <= to {
                keep.execute((sender, stream, from, to, asked, next_ask))?;
            }
        }
        counters::extend(db, sender, stream, closed)?;
    }
    Ok(())
}

/// What a sender says need not be waited for. Only what is missing is believed.
pub fn answered(db: &Transaction<'_>, sender: Fingerprint, answers: &[Received]) -> Result<()> {
    for answer in answers {
        answer.ranges.iter().try_for_each(|range| close(db, sender, &answer.stream, *range))?;
    }
    Ok(())
}

/// Which friends are to be asked now, and for what. Counts as asked. Of somebody else it stays to be asked.
pub fn take(db: &Transaction<'_>, now: Timestamp) -> Result<Vec<(Fingerprint, Resend)>> {
    let mut senders = db.prepare(
        "SELECT fingerprint FROM contact WHERE state = 'friend' AND fingerprint IN (
           SELECT sender FROM gap WHERE next_ask <= ?1
           UNION SELECT sender FROM lister JOIN chunk ON sha256 = lister.chunk WHERE next_ask <= ?1 AND listed > 0)",
    )?;
    let senders: Vec<Fingerprint> =
        senders.query_map([now.as_second()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut asks = Vec::with_capacity(senders.len());
    for sender in senders {
        let resend = Resend { gaps: take_gaps(db, sender, now)?, blobs: take_chunks(db, sender, now)? };
        asks.push((sender, resend));
    }
    Ok(asks)
}

/// `asked` and `next_ask` once it is asked now (?1): the wait doubles, and at last there is none.
fn asked() -> String {
    let day = PATIENCE.as_secs();
    format!(
        "asked = asked + 1,
         next_ask = iif(asked + 1 < {ASKED_AT_MOST}, ?1 + ({day} << asked), {})",
        i64::MAX
    )
}

fn take_gaps(db: &Transaction<'_>, sender: Fingerprint, now: Timestamp) -> Result<Vec<Received>> {
    let mut query = db.prepare_cached(
        "SELECT stream, first, last FROM gap WHERE sender = ?1 AND next_ask <= ?2 ORDER BY stream, first LIMIT ?3",
    )?;
    let mut mark = db.prepare_cached(&format!(
        "UPDATE gap SET {} WHERE sender = ?2 AND stream = ?3 AND first = ?4",
        asked()
    ))?;
    let rows = query.query_map((sender, now.as_second(), MAX_RANGES), |row| {
        Ok((row.get::<_, Stream>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut all: Vec<Received> = Vec::new();
    for row in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        let (stream, first, last): (_, u64, u64) = row;
        mark.execute((now.as_second(), sender, stream, first))?;
        match all.last_mut() {
            Some(gaps) if gaps.stream == stream => gaps.ranges.push((first, last)),
            _ => all.push(Received { stream, ranges: vec![(first, last)] }),
        }
    }
    Ok(all)
}

fn take_chunks(db: &Transaction<'_>, sender: Fingerprint, now: Timestamp) -> Result<Vec<Digest>> {
    let mut query = db.prepare_cached(
        "SELECT sha256 FROM lister JOIN chunk ON sha256 = lister.chunk
         WHERE sender = ?1 AND next_ask <= ?2 AND listed > 0 LIMIT ?3",
    )?;
    let mut mark =
        db.prepare_cached(&format!("UPDATE lister SET {} WHERE chunk = ?2 AND sender = ?3", asked()))?;
    let rows = query.query_map((sender, now.as_second(), packet::MAX_CHUNKS), |row| row.get(0))?;
    let chunks = rows.collect::<rusqlite::Result<Vec<Digest>>>()?;
    chunks.iter().try_for_each(|chunk| mark.execute((now.as_second(), chunk, sender)).map(drop))?;
    Ok(chunks)
}

/// Chunks that are here and that somebody listed who was not told yet; as many as one envelope may say.
pub fn unsaid_chunks(db: &Connection, sender: Fingerprint) -> Result<Vec<Digest>> {
    let mut query = db.prepare_cached(
        "SELECT chunk FROM lister WHERE sender = ?1 AND unsaid = 1 ORDER BY chunk LIMIT ?2",
    )?;
    let rows = query.query_map((sender, packet::MAX_CHUNKS), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that this envelope tells them so.
pub fn chunks_are_said(
    db: &Transaction<'_>,
    sender: Fingerprint,
    chunks: &[Digest],
    envelope: &Digest,
) -> Result<()> {
    let mut mark = db.prepare_cached("UPDATE lister SET said_in = ?3 WHERE chunk = ?1 AND sender = ?2")?;
    Ok(chunks.iter().try_for_each(|chunk| mark.execute((chunk, sender, envelope)).map(drop))?)
}

/// `sn-send` has taken an envelope: what it tells of was said.
pub fn chunks_were_said(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    db.prepare_cached("UPDATE lister SET unsaid = 0, said_in = NULL WHERE said_in = ?1")?
        .execute([envelope])?;
    Ok(())
}

/// An envelope of ours that a reader asks for.
pub struct AskedFor {
    /// Its counter.
    pub counter: u64,
    /// SHA-256 of its sealed bytes.
    pub envelope: Digest,
    /// Whether sn-send has taken it.
    pub taken: bool,
}

/// What was sealed for a reader in a range of our counters, in order.
pub fn sealed_between(
    db: &Connection,
    reader: Fingerprint,
    stream: &Stream,
    (first, last): (u64, u64),
    each: &mut dyn FnMut(AskedFor) -> Result<bool>,
) -> Result<()> {
    let mut query = db.prepare_cached(
        "SELECT counter, envelope, taken FROM sealed
         WHERE reader = ?1 AND stream = ?2 AND counter BETWEEN ?3 AND ?4 ORDER BY counter",
    )?;
    let mut rows = query.query((reader, stream, first, last))?;
    while let Some(row) = rows.next()? {
        if !each(AskedFor { counter: row.get(0)?, envelope: row.get(1)?, taken: row.get(2)? })? {
            break;
        }
    }
    Ok(())
}

/// The packets in an envelope of ours, as far as they still hold: their rows, and the bytes of their SignedData. A goodbye is
/// said once: whoever misses it may have been met again.
pub fn packets_in(db: &Connection, envelope: &Digest, now: Timestamp) -> Result<Vec<(i64, u64)>> {
    let mut query = db.prepare_cached(
        "SELECT seq, length(signed) FROM sealed_packet JOIN packet ON packet.seq = sealed_packet.packet
         WHERE envelope = ?1 AND length(signed) > 0 AND (ifnull(expires > ?2, 1) OR type = 'edit')
           AND type <> 'contact-bye' ORDER BY seq",
    )?;
    let rows = query.query_map((envelope, now.as_second()), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

// From the chunk to its few packets, not through all that the reader ever got.
const MAY_HAVE_CHUNK: &str = "SELECT 1 FROM listing CROSS JOIN audience ON audience.packet = listing.packet
         JOIN packet ON packet.seq = listing.packet
     WHERE chunk = ?2 AND reader = ?1 AND ifnull(expires > ?3, 1) AND length(signed) > 0";
const MAY_HAVE_SHARED_CHUNK: &str =
    "SELECT 1 FROM listing CROSS JOIN packet AS original ON original.seq = listing.packet
         CROSS JOIN packet AS share ON share.type = 'share'
             AND share.about_id = original.id AND share.about_author = original.author
         CROSS JOIN audience ON audience.packet = share.seq
     WHERE chunk = ?2 AND reader = ?1 AND ifnull(original.expires > ?3, 1) AND length(original.signed) > 0
         AND ifnull(share.expires > ?3, 1) AND length(share.signed) > 0";

/// Whether a packet that was sealed for a reader, or is shared by one that was, lists this chunk; and both still hold.
pub fn may_have_chunk(db: &Connection, reader: Fingerprint, chunk: &Digest, now: Timestamp) -> Result<bool> {
    let may = |query| db.prepare_cached(query)?.exists((reader, chunk, now.as_second()));
    Ok(may(MAY_HAVE_CHUNK)? || may(MAY_HAVE_SHARED_CHUNK)?)
}

/// The counters of ours that an envelope stands for: its own, and those whose packets were sealed anew in it.
pub fn stands_for(db: &Connection, reader: Fingerprint, stream: &Stream, old: u64) -> Result<Vec<u64>> {
    let mut query = db.prepare_cached(
        "SELECT counter FROM sealed WHERE reader = ?1 AND stream = ?2 AND (counter = ?3 OR replaced = ?3)",
    )?;
    let rows = query.query_map((reader, stream, old), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Notes that what an envelope stands for was sealed anew, under another counter.
pub fn replace(db: &Transaction<'_>, reader: Fingerprint, stream: &Stream, old: u64, new: u64) -> Result<()> {
    let mut mark = db.prepare_cached(
        "UPDATE sealed SET replaced = ?4 WHERE reader = ?1 AND stream = ?2 AND (counter = ?3 OR replaced = ?3)",
    )?;
    mark.execute((reader, stream, old, new))?;
    Ok(())
}

/// Forgets an envelope that was sealed, and never sent: nobody will confirm it.
pub fn forget_void(db: &Transaction<'_>, reader: Fingerprint, envelope: &Digest) -> Result<()> {
    db.prepare_cached("DELETE FROM sealed WHERE reader = ?1 AND envelope = ?2")?
        .execute((reader, envelope))?;
    db.prepare_cached("DELETE FROM sealed_packet WHERE envelope = ?1")?.execute([envelope])?;
    Ok(())
}

/// Bytes that were sent anew to a reader within `window` before now.
pub fn spent(db: &Connection, reader: Fingerprint, window: SignedDuration, now: Timestamp) -> Result<u64> {
    let mut query = db.prepare_cached("SELECT bytes FROM answered WHERE reader = ?1 AND since > ?2")?;
    Ok(query.query_row((reader, (now - window).as_second()), |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Counts bytes that are sent anew; a window that has passed begins again.
pub fn spend(
    db: &Transaction<'_>,
    reader: Fingerprint,
    bytes: u64,
    window: SignedDuration,
    now: Timestamp,
) -> Result<()> {
    let mut count = db.prepare_cached(
        "INSERT INTO answered (reader, since, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET bytes = iif(since > ?4, bytes, 0) + ?3, since = iif(since > ?4, since, ?2)",
    )?;
    count.execute((reader, now.as_second(), bytes, (now - window).as_second()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        packets,
        sample::{self, ALICE, BOB, CAROL, NOW, at},
    };

    const CHUNK: Digest = [1; 32];

    #[test]
    fn a_chunk_is_for_those_who_got_what_lists_it_and_as_long_as_it_does() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(ALICE, "Look.");
        // Two files that are alike.
        photo.attachments.extend(["one.jpg", "two.jpg"].map(|name| sample::blob(name, &[CHUNK])));
        sample::hold(&mut store, &photo);
        let write = store.begin().unwrap();
        packets::add_reader(&write, 1, BOB).unwrap();
        let may = |reader| may_have_chunk(&write, reader, &CHUNK, at(NOW)).unwrap();
        assert_eq!((may(BOB), may(CAROL)), (true, false));
        packets::unlist(&write, 1).unwrap();
        assert!(!may(BOB));
        let left: u32 = write.query_row("SELECT count(*) FROM listing", (), |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }

    #[test]
    fn a_chunk_is_found_by_its_hash_however_much_its_reader_got() {
        let (_dir, store) = sample::store();
        for query in [MAY_HAVE_CHUNK, MAY_HAVE_SHARED_CHUNK] {
            let mut plan = store.read().prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps: Vec<String> = plan
                .query_map((BOB, CHUNK, NOW), |row| row.get("detail"))
                .unwrap()
                .collect::<rusqlite::Result<_>>()
                .unwrap();
            assert!(steps[0].contains("SEARCH listing") && steps[0].contains("(chunk=?"), "{steps:?}");
            assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
        }
    }
}
