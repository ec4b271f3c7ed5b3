//! Deliveries that the owner calls off by deleting a file: what nobody was handed counts as never sent.

use crate::{Result, packet::Digest};
use rusqlite::{Connection, Transaction};

/// Envelopes of which something waits.
pub fn waiting(db: &Connection) -> Result<Vec<Digest>> {
    let mut query = db.prepare("SELECT DISTINCT envelope FROM delivery WHERE state = 'waiting'")?;
    let rows = query.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets an envelope whose file the owner deleted. Unless a driver has said that it was sent, its packets go to nobody who
/// asks for its counter; and what it was to replace is not sealed once more.
pub fn cancel(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    let sent = db
        .prepare_cached("SELECT 1 FROM delivery WHERE item = ?1 AND envelope = ?1 AND state = 'sent'")?
        .exists([envelope])?;
    if !sent {
        db.prepare_cached(
            "UPDATE sealed SET replaced = 0 FROM sealed AS new
             WHERE new.envelope = ?1 AND sealed.reader = new.reader AND sealed.stream = new.stream
               AND sealed.replaced = new.counter",
        )?
        .execute([envelope])?;
        db.prepare_cached("UPDATE sealed SET taken = 0 WHERE envelope = ?1")?.execute([envelope])?;
    }
    super::forget(db, envelope)
}
