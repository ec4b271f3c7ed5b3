//! What becomes of a file that came: what it makes the database say, and where it goes once that is committed.

use super::{
    arrived::Arrival,
    confirm,
    open::Opened,
    receive::{Receiver, Reception},
};
use crate::{
    Error, Kind, Result,
    home::Home,
    packet::Digest,
    store::{delivery, packets},
    text,
};
use jiff::Timestamp;
use rusqlite::Transaction;
use std::path::Path;

/// What is to be done with a file once the commit has happened.
pub(super) enum Verdict {
    Delete,
    Hold,
    HoldChunk(Digest),
    Reject(String),
    MoveToBlobs(Digest),
}

/// Judges one file after another.
pub(super) struct Judge<'a> {
    pub receiver: Receiver<'a>,
    pub room: Room,
    /// When a confirmation of what comes now is due.
    pub say: Timestamp,
    /// Others may still seal for the key that this account had before.
    pub succeeded: bool,
}

impl Judge<'_> {
    /// Takes in what came in the file at `path`. `refused` hears of what was not taken.
    pub fn judge(
        &mut self,
        db: &Transaction<'_>,
        content: Arrival,
        path: &Path,
        refused: &mut dyn FnMut(Error),
    ) -> Result<Verdict> {
        let named = |error: Error| error.context(format!("refused '{}'", path.display()));
        Ok(match content {
            Arrival::Chunk(digest, _) if !packets::chunk_is_listed(db, &digest)? => {
                Verdict::HoldChunk(digest)
            }
            Arrival::Chunk(digest, size) if self.room.takes(db, &digest, size)? => {
                confirm::chunk_came(db, (&digest, size), self.say)?;
                Verdict::MoveToBlobs(digest)
            }
            Arrival::Chunk(digest, _) => {
                refused(self.room.full(path));
                Verdict::HoldChunk(digest)
            }
            Arrival::Note(note) => {
                delivery::hint(db, &note.items, &note.to, &note.words)?;
                Verdict::Delete
            }
            // No key opens it: that is no failure of those who do not know the new one yet, and seal it anew.
            Arrival::Refused(error) if self.succeeded && error.kind() == Kind::NotAllowed => {
                Verdict::Reject(format!("{}; perhaps it was for the key before", error.message()))
            }
            Arrival::Refused(error) => {
                refused(named(error.clone()));
                Verdict::Reject(error.message().to_owned())
            }
            Arrival::Envelope(opened) => match receive(db, &self.receiver, &opened)? {
                Ok(Reception::Taken(errors)) => {
                    errors.into_iter().for_each(|error| refused(named(error)));
                    Verdict::Delete
                }
                Ok(Reception::Stranger) => Verdict::Hold,
                Err(error) => {
                    refused(named(error.clone()));
                    Verdict::Reject(error.message().to_owned())
                }
            },
        })
    }
}

// What one envelope writes before it is refused must not stay: each has a savepoint of its own.
fn receive(db: &Transaction<'_>, receiver: &Receiver<'_>, opened: &Opened) -> Result<Result<Reception>> {
    db.prepare_cached("SAVEPOINT envelope")?.execute(())?;
    let outcome = receiver.receive(db, opened);
    match &outcome {
        Err(error) if !matches!(error.kind(), Kind::Malformed | Kind::NotAllowed) => {
            return Err(error.clone());
        }
        Err(_) => db.prepare_cached("ROLLBACK TO envelope")?.execute(())?,
        Ok(_) => 0,
    };
    db.prepare_cached("RELEASE envelope")?.execute(())?;
    Ok(outcome)
}

/// When a confirmation of what comes now is due.
pub(super) fn say_at(home: &Home, now: Timestamp) -> Timestamp {
    now.saturating_add(home.config.due.confirm).unwrap_or(Timestamp::MAX)
}

/// What others' chunks may still fill of `blobs/`.
pub(super) struct Room {
    quota: u64,
    /// Summed up when the first chunk comes.
    used: Option<u64>,
}

impl Room {
    pub fn new(home: &Home) -> Self {
        Self { quota: home.config.blobs.quota, used: None }
    }

    /// Whether a chunk may come. What is there already takes nothing more.
    pub fn takes(&mut self, db: &Transaction<'_>, chunk: &Digest, size: u64) -> Result<bool> {
        if packets::has_chunk(db, chunk)? {
            return Ok(true);
        }
        let used = match self.used {
            Some(used) => used,
            None => packets::foreign_bytes(db)?,
        };
        let fits = used.saturating_add(size) <= self.quota;
        self.used = Some(if fits { used + size } else { used });
        Ok(fits)
    }

    fn full(&self, path: &Path) -> Error {
        let message =
            format!("left '{}' in held: others' files fill {}", path.display(), text::bytes(self.quota));
        Error::new(Kind::NotAllowed, message).hint("'quota' of [blobs] in config.toml says how much they may")
    }
}
