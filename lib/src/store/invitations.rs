//! Invitations given out. Only the SHA-256 of a code is kept: who reads the database can't use it.

use crate::{Fingerprint, Result, packet::Digest};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// What is known of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// When it ends.
    pub expires: Timestamp,
    /// The petname its first user gets, or empty.
    pub petname: String,
    /// Who used it.
    pub used_by: Option<Fingerprint>,
}

/// Remembers a code, and forgets unused ones that ended long ago.
pub fn give(
    db: &Transaction<'_>,
    code: &Digest,
    expires: Timestamp,
    petname: &str,
    now: Timestamp,
) -> Result<()> {
    db.execute("DELETE FROM invitation WHERE expires < ?1 AND used_by IS NULL", [now.as_second()])?;
    db.execute(
        "INSERT INTO invitation (code, expires, petname) VALUES (?1, ?2, ?3)",
        (code, expires.as_second(), petname),
    )?;
    Ok(())
}

/// Looks a code up.
pub fn get(db: &Connection, code: &Digest) -> Result<Option<Given>> {
    let row =
        db.query_row("SELECT expires, petname, used_by FROM invitation WHERE code = ?1", [code], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        });
    let given = row.optional()?;
    given
        .map(|(expires, petname, used_by)| Ok(Given { expires: super::time(expires)?, petname, used_by }))
        .transpose()
}

/// Marks a code as used.
pub fn used(db: &Transaction<'_>, code: &Digest, by: Fingerprint) -> Result<()> {
    db.execute("UPDATE invitation SET used_by = ?2 WHERE code = ?1 AND used_by IS NULL", (code, by))?;
    Ok(())
}
