//! What the node owes: entered when something happens, sealed by `sn-seal --due` once its time has come.

use crate::{Fingerprint, Result, packet::Name};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// What a debt is paid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Debt {
    /// A packet of our own, clear: signed when it is sealed.
    Packet(Vec<u8>),
    /// SignedData by an author, DER, passed on as it is.
    Signed(Vec<u8>),
    /// A `contact-accept` with our profile as it is when it is sealed.
    Accept,
    /// Our public profile, for friends to introduce us by.
    Public,
    /// Our profile, as it is when it is sealed; `want`: we ask for theirs.
    Profile {
        /// Ask for theirs.
        want: bool,
    },
    /// What they asked for in this `resend` packet of theirs.
    Answer(Vec<u8>),
    /// Nothing but the word that something came.
    Received,
}

/// A debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Row of the table.
    pub id: i64,
    /// To whom.
    pub reader: Fingerprint,
    /// What.
    pub debt: Debt,
}

// The column `what` is the debt's name: one of a kind and reader is enough.
const RECEIVED: &str = "received";
const PROFILE: &str = "profile";
const WANT: &str = "profile want";
const PUBLIC: &str = "profile public";
const ACCEPT: &str = "contact-accept";
const ANSWER: &str = "answer";

/// Enters a debt. A debt of the same name to the same reader stays, with the earlier of the two times; a packet of our
/// own under the same name is replaced.
pub fn owe(
    db: &Transaction<'_>,
    reader: Fingerprint,
    name: &str,
    debt: &Debt,
    from: Timestamp,
) -> Result<()> {
    let (packet, signed, what) = match debt {
        Debt::Packet(xml) => (Some(xml), None, name),
        Debt::Answer(xml) => (Some(xml), None, ANSWER),
        Debt::Signed(der) => (None, Some(der), name),
        Debt::Accept => (None, None, ACCEPT),
        Debt::Public => (None, None, PUBLIC),
        Debt::Profile { want: false } => (None, None, PROFILE),
        Debt::Profile { want: true } => (None, None, WANT),
        Debt::Received => (None, None, RECEIVED),
    };
    db.prepare_cached(
        "INSERT INTO due (reader, not_before, packet, signed, what) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET not_before = min(not_before, excluded.not_before), packet = excluded.packet",
    )?
    .execute((reader, from.as_second(), packet, signed, what))?;
    Ok(())
}

/// Every debt to readers to whom at least one is due now (what is not due yet travels with what is), sorted by reader:
/// its row, and the bytes of its packet.
pub fn ready(db: &Connection, now: Timestamp) -> Result<Vec<(i64, usize)>> {
    let mut query = db.prepare(
        "SELECT id, ifnull(length(packet), 0) + ifnull(length(signed), 0) FROM due
         WHERE reader IN (SELECT reader FROM due WHERE not_before <= ?1) ORDER BY reader, id",
    )?;
    let rows = query.query_map([now.as_second()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A debt, if it is still owed.
pub fn get(db: &Connection, id: i64) -> Result<Option<Due>> {
    let mut query = db.prepare_cached("SELECT reader, packet, signed, what FROM due WHERE id = ?1")?;
    let due = query.query_row([id], |row| {
        let (packet, signed, what) = (row.get(1)?, row.get(2)?, row.get::<_, String>(3)?);
        let debt = match (packet, signed) {
            (Some(xml), _) if what == ANSWER => Debt::Answer(xml),
            (Some(xml), _) => Debt::Packet(xml),
            (None, Some(der)) => Debt::Signed(der),
            (None, None) => match what.as_str() {
                RECEIVED => Debt::Received,
                ACCEPT => Debt::Accept,
                PUBLIC => Debt::Public,
                what => Debt::Profile { want: what == WANT },
            },
        };
        Ok(Due { id, reader: row.get(0)?, debt })
    });
    Ok(due.optional()?)
}

/// Strikes a debt out.
pub fn paid(db: &Transaction<'_>, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM due WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Every envelope says what came, so one that leaves pays that debt too.
pub fn received_was_said(db: &Transaction<'_>, reader: Fingerprint) -> Result<()> {
    db.prepare_cached("DELETE FROM due WHERE reader = ?1 AND what = ?2")?.execute((reader, RECEIVED))?;
    Ok(())
}

/// What waited for somebody's new keys need wait no longer.
pub fn hasten(db: &Transaction<'_>, reader: Fingerprint, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE due SET not_before = ?2 WHERE reader = ?1 AND not_before > ?2 AND what LIKE 'packet %'",
        (reader, now.as_second()),
    )?;
    Ok(())
}

/// A packet is not to be passed on any more.
pub fn forget_packet(db: &Transaction<'_>, name: Name) -> Result<()> {
    let mut delete = db.prepare_cached("DELETE FROM due WHERE what = ?1")?;
    for kind in ["relay", "packet"] {
        delete.execute([format!("{kind} {} {}", name.from, name.id)])?;
    }
    Ok(())
}

/// Forgets what is owed to somebody.
pub fn forget(db: &Transaction<'_>, reader: Fingerprint) -> Result<()> {
    db.execute("DELETE FROM due WHERE reader = ?1", [reader])?;
    Ok(())
}
