//! What was handed over and is not confirmed: sealed anew after a time, for the next address, and given up in the end
//! (socialnet-protocol(7)).

use crate::{Fingerprint, Result, envelope::Stream, packet::Digest};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// An envelope of ours that was handed over, and not confirmed for long.
#[derive(Clone, Debug)]
pub struct Unconfirmed {
    /// To whom.
    pub reader: Fingerprint,
    /// The stream of its counter.
    pub stream: Stream,
    /// Its counter.
    pub counter: u64,
    /// SHA-256 of its sealed bytes.
    pub envelope: Digest,
    /// When its packets were sealed first.
    pub since: Timestamp,
}

/// Of a row of `sealed`: its packets were sealed anew, and of that envelope, `new`, a condition holds. One that is printed
/// and lost replaces nothing.
pub(super) fn replaced(condition: &str) -> String {
    format!(
        "(ifnull(replaced, 1) = 0 OR EXISTS (
            SELECT 1 FROM sealed AS new WHERE new.reader = sealed.reader AND new.stream = sealed.stream
                AND new.counter = sealed.replaced AND ({condition})))"
    )
}

/// What was handed over before `sent`, and its packets sealed first after `first`: not confirmed, nor sealed anew in an
/// envelope that `sn-send` has taken, or may still take as it was sealed after `fresh`.
pub fn overdue(
    db: &Connection,
    sent: Timestamp,
    first: Timestamp,
    fresh: Timestamp,
) -> Result<Vec<Unconfirmed>> {
    let mut query = db.prepare(&format!(
        "SELECT sealed.reader, stream, counter, item, since FROM delivery CROSS JOIN sealed ON sealed.envelope = item
         WHERE state = 'sent' AND item = delivery.envelope AND delivery.queued <= ?1 AND since > ?2
             AND confirmed IS NULL AND NOT {} ORDER BY sealed.reader, stream, counter",
        replaced("new.taken OR new.sealed > ?3")
    ))?;
    let mut rows = query.query((sent.as_second(), first.as_second(), fresh.as_second()))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Unconfirmed {
            reader: row.get(0)?,
            stream: row.get(1)?,
            counter: row.get(2)?,
            envelope: row.get(3)?,
            since: super::time(row.get(4)?)?,
        });
    }
    Ok(all)
}

/// Whether nothing is lost with an envelope that is not sent: it was not counted, or its packets are owed, or will never be.
pub fn is_needless(db: &Connection, envelope: &Digest) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT 1 FROM sealed WHERE envelope = ?1 AND replaced IS NOT 0")?;
    Ok(!query.exists([envelope])?)
}

/// Nothing that was sealed so far, and first after `stale`, is sealed anew or given up: its packets are owed.
pub fn end(db: &Transaction<'_>, stale: Timestamp) -> Result<()> {
    db.execute("UPDATE sealed SET replaced = 0 WHERE confirmed IS NULL AND since > ?1", [stale.as_second()])?;
    Ok(())
}

/// Handed over, and neither confirmed since `stale` nor sealed anew.
pub fn never_confirmed(db: &Connection, stale: Timestamp) -> Result<Vec<Digest>> {
    let mut query = db.prepare(&format!(
        "SELECT item FROM delivery CROSS JOIN sealed ON sealed.envelope = item
         WHERE state = 'sent' AND item = delivery.envelope AND since <= ?1
             AND confirmed IS NULL AND NOT {}",
        replaced("new.taken")
    ))?;
    let rows = query.query_map([stale.as_second()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Envelopes that are confirmed, or can't be as they are not counted, with chunks that were handed over before `sent` and
/// are not: they, or the word that they came, were lost. Chunks that no packet lists any more are not wanted.
pub fn chunks_overdue(db: &Connection, sent: Timestamp) -> Result<Vec<Digest>> {
    lacking(db, "part.queued <= ?1", sent)
}

/// Such envelopes, queued before `stale`.
pub fn never_complete(db: &Connection, stale: Timestamp) -> Result<Vec<Digest>> {
    lacking(db, "delivery.queued <= ?1", stale)
}

fn lacking(db: &Connection, condition: &str, time: Timestamp) -> Result<Vec<Digest>> {
    let mut query = db.prepare(&format!(
        "SELECT DISTINCT part.envelope FROM delivery AS part
             JOIN delivery ON delivery.item = part.envelope AND delivery.reader = part.reader
             JOIN chunk ON chunk.sha256 = part.item
             LEFT JOIN sealed ON sealed.envelope = part.envelope
         WHERE part.state = 'sent' AND part.item <> part.envelope AND NOT part.came AND delivery.state = 'sent'
             AND listed > 0 AND (sealed.envelope IS NULL OR confirmed IS NOT NULL) AND {condition}"
    ))?;
    let rows = query.query_map([time.as_second()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The chunks of an envelope that are not confirmed wait once more, for the next address.
pub fn send_chunks_again(db: &Transaction<'_>, envelope: &Digest, now: Timestamp) -> Result<()> {
    db.prepare_cached(
        "UPDATE delivery SET state = 'waiting', queued = ?2, next_try = ?2, began = 0, attempts = 0, refused = ''
         WHERE envelope = ?1 AND item <> envelope AND state = 'sent' AND NOT came",
    )?
    .execute((envelope, now.as_second()))?;
    Ok(())
}

/// Gives up those chunks.
pub fn fail_chunks(db: &Transaction<'_>, envelope: &Digest, reason: &str) -> Result<()> {
    db.prepare_cached(
        "UPDATE delivery SET state = 'failed', reason = ?2
         WHERE envelope = ?1 AND item <> envelope AND state = 'sent' AND NOT came",
    )?
    .execute((envelope, reason))?;
    Ok(())
}

/// Gives up what was handed over.
pub fn fail(db: &Transaction<'_>, envelope: &Digest, reason: &str) -> Result<()> {
    db.prepare_cached("UPDATE delivery SET state = 'failed', reason = ?2 WHERE item = ?1")?
        .execute((envelope, reason))?;
    Ok(())
}

// What was sealed anew begins at the address after the one through which it was not confirmed.
pub(super) fn begin_elsewhere(db: &Transaction<'_>, envelope: &Digest, who: Fingerprint) -> Result<()> {
    let before: Option<String> = db
        .prepare_cached(
            "SELECT address FROM sealed AS new JOIN sealed AS old
                 ON old.reader = new.reader AND old.stream = new.stream AND old.replaced = new.counter
                 JOIN delivery ON item = old.envelope
             WHERE new.envelope = ?1 AND delivery.state = 'sent' ORDER BY queued DESC",
        )?
        .query_row([envelope], |row| row.get(0))
        .optional()?;
    let Some(before) = before else { return Ok(()) };
    // As if that one had put it off for ever: its turn is over.
    db.execute(
        "UPDATE delivery SET address = ?3, began = 0 WHERE item = ?1 AND reader = ?2",
        (envelope, who, before),
    )?;
    Ok(())
}
