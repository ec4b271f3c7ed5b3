//! Deliveries that the owner calls off by deleting a file: what nobody was handed counts as never sent.

use crate::{
    Fingerprint, Result,
    packet::{Digest, Name},
    store::{
        due::{self, Debt, DebtName},
        former::KEYS_OF_AUTHOR,
        packets, untold,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};

/// Envelopes of which something waits.
pub fn waiting(db: &Connection) -> Result<Vec<Digest>> {
    let mut query = db.prepare("SELECT DISTINCT envelope FROM delivery WHERE state = 'waiting'")?;
    let rows = query.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets an envelope whose file the owner deleted. Unless a driver has ever said that it was sent, or its reader that it came,
/// its packets go to nobody who asks for its counter, nor what is said about them, be it owed already; and what it was to
/// replace is not sealed once more.
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
    let forgotten: Vec<i64> = db
        .prepare_cached(&format!(
            "WITH theirs (reader) AS ({KEYS_OF_AUTHOR})
             DELETE FROM audience WHERE reader IN theirs
               AND packet IN (SELECT seq FROM sealed_packet JOIN packet ON seq = sealed_packet.packet
                 WHERE envelope = :envelope AND author = (SELECT value FROM account WHERE key = 'fingerprint'))
               AND NOT EXISTS (SELECT 1 FROM sealed_packet JOIN sealed USING (envelope)
                 WHERE sealed_packet.packet = audience.packet AND sealed.reader IN theirs
                   AND (taken OR confirmed IS NOT NULL))
             RETURNING packet"
        ))?
        .query_map(named_params! { ":author": reader, ":envelope": envelope }, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for packet in forgotten {
        for said in said_about(db, packet, reader)? {
            due::forget_packet_to(db, said, reader)?;
        }
    }
    Ok(())
}

// What is passed on to whoever got a packet: what is said in its thread, changes of it, and of what it shares, unless that
// reader got the same by another packet.
fn said_about(db: &Connection, packet: i64, reader: Fingerprint) -> Result<Vec<Name>> {
    let mut query = db.prepare_cached(&format!(
        "WITH theirs (reader) AS ({KEYS_OF_AUTHOR})
         SELECT said.author, said.id FROM packet JOIN packet AS said
             ON said.root_id = packet.id AND said.root_author = packet.author
           WHERE packet.seq = :packet
         UNION SELECT said.author, said.id FROM packet JOIN packet AS said
             ON said.about_id = packet.id AND said.about_author = packet.author
           WHERE packet.seq = :packet AND said.type IN ('edit', 'retract')
         UNION SELECT said.author, said.id FROM packet JOIN packet AS said
             ON said.about_id = packet.about_id AND said.about_author = packet.about_author
           WHERE packet.seq = :packet AND packet.type = 'share' AND said.type IN ('edit', 'retract')
             AND NOT EXISTS (SELECT 1 FROM packet AS other JOIN audience ON audience.packet = other.seq
               WHERE reader IN theirs
                 AND (other.id = packet.about_id AND other.author = packet.about_author
                   OR other.type = 'share' AND other.about_id = packet.about_id
                     AND other.about_author = packet.about_author))"
    ))?;
    let rows = query.query_map(named_params! { ":author": reader, ":packet": packet }, |row| {
        Ok(Name { from: row.get(0)?, id: row.get(1)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// An envelope has left, as its driver or its reader says: so has one that was cancelled while a driver had it, or that arrived
/// though the driver had to break off.
pub(in crate::store) fn has_left(
    db: &Transaction<'_>,
    envelope: &Digest,
    reader: Fingerprint,
    now: Timestamp,
) -> Result<()> {
    db.prepare_cached("UPDATE sealed SET taken = 1 WHERE envelope = ?1")?.execute([envelope])?;
    take_back(db, envelope, reader, now)
}

/// An envelope is queued, perhaps one that was cancelled: whoever it is for gets its packets after all, and is owed what was
/// changed of them meanwhile.
pub(super) fn take_back(
    db: &Transaction<'_>,
    envelope: &Digest,
    reader: Fingerprint,
    now: Timestamp,
) -> Result<()> {
    let forgotten = db
        .prepare_cached(
            "INSERT OR IGNORE INTO audience (packet, reader)
             SELECT packet, reader FROM sealed_packet JOIN sealed USING (envelope) WHERE envelope = ?1",
        )?
        .execute([envelope])?;
    if forgotten == 0 {
        return Ok(());
    }
    for (name, row) in untold::changes(db, reader)? {
        due::owe(db, reader, &Debt::Signed(DebtName::Relay(name), packets::signed(db, row)?), now)?;
    }
    Ok(())
}
