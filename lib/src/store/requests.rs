//! Who would like to be a contact, and waits for the owner to decide: those who asked, and those whom friends introduced.

use super::{
    contacts::{self, Contact, State},
    invitations, named, own_searches, sought,
};
use crate::{Fingerprint, Result, packet::Digest};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// Characters that are kept of what somebody says of themselves or another, at most.
const NOTE: usize = 500;

/// How somebody came to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// A friend named them; they themselves have not written.
    Introduced,
    /// They search for the owner.
    Searching {
        /// By these handles, for people.
        by: String,
        /// The petname, or the beginning of the fingerprint, of whom they asked first, if another one brought it.
        asked_first: Option<String>,
    },
    /// They answered the owner's search for this handle.
    Found(String),
    /// They asked without a code.
    Uninvited,
    /// Their code was never given out here, or is forgotten.
    UnknownCode,
    /// Their code has ended; it was for the friend with this petname, if it was for anybody.
    EndedCode(String),
    /// Somebody else, called so, used their code first.
    UsedCode(String),
}

impl Came {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Introduced => "introduced",
            Self::Searching { .. } => "searching",
            Self::Found(_) => "found",
            Self::Uninvited => "uninvited",
            Self::UnknownCode => "unknown code",
            Self::EndedCode(_) => "ended code",
            Self::UsedCode(_) => "used code",
        }
    }
}

/// Everybody who waits, those who have waited longest first, and how each came.
pub fn all(db: &Connection, now: Timestamp) -> Result<Vec<(Contact, Came)>> {
    let mut waiting = contacts::all(db)?;
    waiting.retain(|contact| matches!(contact.state, State::Waiting | State::Introduced));
    waiting.sort_by_key(|contact| (contact.since, contact.id));
    let came = |contact: Contact| came(db, &contact, now).map(|came| (contact, came));
    waiting.into_iter().map(came).collect()
}

fn came(db: &Connection, contact: &Contact, now: Timestamp) -> Result<Came> {
    if let Some(handle) = own_searches::found_by(db, contact.id)? {
        return Ok(Came::Found(handle));
    }
    if let Some(sought) = sought::newest(db, contact.fingerprint)? {
        let first = sought.introducer;
        let asked_first = if first == sought.through { None } else { Some(name_of(db, first)?) };
        return Ok(Came::Searching { by: sought.handles, asked_first });
    }
    if contact.state == State::Introduced {
        return Ok(Came::Introduced);
    }
    let Some(code) = contact.code else { return Ok(Came::Uninvited) };
    Ok(match invitations::get(db, &code)? {
        None => Came::UnknownCode,
        Some(given) => match given.used_by {
            Some(user) if user != contact.fingerprint => Came::UsedCode(name_of(db, user)?),
            // Their own code, which brings nobody back who was removed.
            Some(_) => Came::Uninvited,
            None if given.expires < now => Came::EndedCode(given.petname),
            None => Came::Uninvited,
        },
    })
}

fn name_of(db: &Connection, who: Fingerprint) -> Result<String> {
    let known = contacts::by_fingerprint(db, who)?;
    Ok(known.map_or_else(|| who.short(), |known| known.petname))
}

/// Notes what somebody said when they asked, and with which code.
pub fn asked(db: &Transaction<'_>, who: Fingerprint, note: &str, code: Option<&Digest>) -> Result<()> {
    db.execute("UPDATE contact SET note = ?2, code = ?3 WHERE fingerprint = ?1", (who, short(note), code))?;
    Ok(())
}

/// Notes who introduced somebody, and what they said of them; the first one stays.
pub fn introduced(db: &Transaction<'_>, who: Fingerprint, by: Fingerprint, note: &str) -> Result<()> {
    db.execute(
        "UPDATE contact SET introduced_by = ?2, note = iif(note = '', ?3, note)
         WHERE fingerprint = ?1 AND introduced_by IS NULL",
        (who, by, short(note)),
    )?;
    Ok(())
}

fn short(note: &str) -> &str {
    note.char_indices().nth(NOTE).map_or(note, |(end, _)| &note[..end])
}

/// How many wait in the waiting room.
pub fn waiting(db: &Connection) -> Result<u32> {
    Ok(db.query_row("SELECT count(*) FROM contact WHERE state = 'waiting'", (), |row| row.get(0))?)
}

/// How many wait for the owner to decide, in whatever way they came.
pub fn undecided(db: &Connection) -> Result<u32> {
    let sql = "SELECT count(*) FROM contact WHERE state IN ('waiting', 'introduced')";
    Ok(db.query_row(sql, (), |row| row.get(0))?)
}

/// How many are introduced and not decided upon: by this friend, and by all.
pub fn introductions(db: &Connection, by: Fingerprint) -> Result<(u32, u32)> {
    Ok(db.query_row(
        "SELECT count(*) FILTER (WHERE introduced_by = ?1), count(*) FROM contact WHERE state = 'introduced'",
        [by],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Forgets somebody who waits; they may ask again. Whoever was a friend before, and wrote what is still held, is gone again.
pub fn forget(db: &Transaction<'_>, who: Fingerprint) -> Result<()> {
    if !matches!(contacts::state(db, who)?, Some(State::Waiting | State::Introduced)) {
        return Ok(());
    }
    // One key after another: joined, SQLite would go through all packets.
    let mut wrote = db.prepare("SELECT 1 FROM packet WHERE author = ?1 AND through IS NULL")?;
    for key in named::keys(db, who)? {
        if wrote.exists([key])? {
            return contacts::set_state(db, who, State::Gone);
        }
    }
    db.execute("DELETE FROM contact WHERE fingerprint = ?1", [who])?;
    Ok(())
}
