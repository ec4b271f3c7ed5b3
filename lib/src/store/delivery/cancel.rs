//! Deliveries that the owner calls off by deleting a file: what nobody was handed counts as never sent.

use crate::{Fingerprint, Result, packet::Digest, store::former::KEYS_OF_AUTHOR};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

/// Envelopes of which something waits.
pub fn waiting(db: &Connection) -> Result<Vec<Digest>> {
    let mut query = db.prepare("SELECT DISTINCT envelope FROM delivery WHERE state = 'waiting'")?;
    let rows = query.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets an envelope whose file the owner deleted. Unless a driver has ever said that it was sent, or its reader that it came,
/// its packets go to nobody who asks for its counter, nor what is said about them; and what it was to replace is not sealed
/// once more.
pub fn cancel(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    let never_sent: Option<Fingerprint> = db
        .prepare_cached(
            "UPDATE sealed SET taken = 0 WHERE envelope = ?1 AND NOT handed_over AND confirmed IS NULL
             RETURNING reader",
        )?
        .query_row([envelope], |row| row.get(0))
        .optional()?;
    if let Some(reader) = never_sent {
        db.prepare_cached(
            "UPDATE sealed SET replaced = 0 FROM sealed AS new
             WHERE new.envelope = ?1 AND sealed.reader = new.reader AND sealed.stream = new.stream
               AND sealed.replaced = new.counter",
        )?
        .execute([envelope])?;
        forget_reader(db, envelope, reader)?;
    }
    super::forget(db, envelope)
}

// By whatever key of theirs; but not where another envelope brought them the packet, or may have: what was sealed under an
// earlier key of the owner is not known any more.
fn forget_reader(db: &Transaction<'_>, envelope: &Digest, reader: Fingerprint) -> Result<()> {
    db.prepare_cached(&format!(
        "WITH theirs (reader) AS ({KEYS_OF_AUTHOR})
         DELETE FROM audience WHERE reader IN theirs
           AND packet IN (SELECT seq FROM sealed_packet JOIN packet ON seq = sealed_packet.packet
             WHERE envelope = :envelope AND author = (SELECT value FROM account WHERE key = 'fingerprint'))
           AND NOT EXISTS (SELECT 1 FROM sealed_packet JOIN sealed USING (envelope)
             WHERE sealed_packet.packet = audience.packet AND sealed.reader IN theirs
               AND (taken OR confirmed IS NOT NULL))"
    ))?
    .execute(named_params! { ":author": reader, ":envelope": envelope })?;
    Ok(())
}

/// An envelope is queued, perhaps one that was cancelled: whoever it is for gets its packets after all.
pub(super) fn take_back(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO audience (packet, reader)
         SELECT packet, reader FROM sealed_packet JOIN sealed USING (envelope) WHERE envelope = ?1",
    )?
    .execute([envelope])?;
    Ok(())
}
