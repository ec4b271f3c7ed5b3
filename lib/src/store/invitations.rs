//! Invitations given out. Only the SHA-256 of a code is kept: who reads the database can't use it.

use crate::{Fingerprint, Result, packet::Digest};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// What is known of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// When it ends.
    pub expires: Timestamp,
    /// The petname its first user gets, or empty.
    pub petname: String,
    /// It was handed over face to face.
    pub in_person: bool,
    /// Who used it.
    pub used_by: Option<Fingerprint>,
}

/// Remembers a code, and forgets unused ones that ended long ago.
pub fn give(
    db: &Transaction<'_>,
    code: &Digest,
    expires: Timestamp,
    petname: &str,
    in_person: bool,
    now: Timestamp,
) -> Result<()> {
    db.execute("DELETE FROM invitation WHERE expires < ?1 AND used_by IS NULL", [now.as_second()])?;
    db.execute(
        "INSERT INTO invitation (code, expires, petname, in_person) VALUES (?1, ?2, ?3, ?4)",
        (code, expires.as_second(), petname, in_person),
    )?;
    Ok(())
}

/// Looks a code up.
pub fn get(db: &Connection, code: &Digest) -> Result<Option<Given>> {
    let mut query =
        db.prepare_cached("SELECT expires, petname, in_person, used_by FROM invitation WHERE code = ?1")?;
    let mut rows = query.query([code])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Given {
        expires: super::time(row.get(0)?)?,
        petname: row.get(1)?,
        in_person: row.get(2)?,
        used_by: row.get(3)?,
    }))
}

/// Takes back that a code was handed over face to face: several people have used it.
pub fn not_in_person(db: &Transaction<'_>, code: &Digest) -> Result<()> {
    db.execute("UPDATE invitation SET in_person = 0 WHERE code = ?1", [code])?;
    Ok(())
}

/// Marks a code as used.
pub fn used(db: &Transaction<'_>, code: &Digest, by: Fingerprint) -> Result<()> {
    db.execute("UPDATE invitation SET used_by = ?2 WHERE code = ?1 AND used_by IS NULL", (code, by))?;
    Ok(())
}
