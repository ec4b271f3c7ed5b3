//! What a file of `inpackets/` turned out to be: an envelope, a chunk, a note, garbage, or nothing that the disk gives now.

use super::open::{self, Opened};
use crate::{
    Error, Kind, Result, blob, driver::Note, envelope, file, identity::Keyring, packet::Digest, seal,
    stream::PemItems,
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Files opened and committed together, at most, and their bytes: a commit waits for the disk, and three batches are in
/// memory at a time.
pub(super) const BATCH: usize = 1024;
const BATCH_BYTES: u64 = 2 << 20;
/// Bytes of a file that may come: a sealed envelope, or its PEM.
const MAX_FILE: usize = 2 * envelope::MAX_BYTES;

/// A file to take in.
pub(super) struct Item {
    pub path: PathBuf,
    /// In bytes, as it seems.
    pub size: u64,
    /// Its name in `inpackets/new`; a file elsewhere stays where it is.
    pub name: Option<String>,
}

/// What a file turned out to be.
pub(super) enum Arrival {
    Envelope(Box<Opened>),
    /// Its hash, and how many bytes it has.
    Chunk(Digest, u64),
    Note(Note),
    Refused(Error),
}

/// Why there are no bytes to judge.
pub(super) enum Unread {
    /// Somebody else took the file away meanwhile.
    Gone,
    /// The disk, or the system, did not give its bytes: that says nothing about them.
    Failed(Error),
}

/// What came of looking at a file.
pub(super) type Examined = std::result::Result<Arrival, Unread>;

/// Files opened and committed together, in order.
pub(super) fn batches(items: Vec<Item>) -> impl Iterator<Item = Vec<Item>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let mut batch = Vec::new();
        while batch.len() < BATCH
            && bytes < BATCH_BYTES
            && let Some(item) = items.next()
        {
            bytes += item.size;
            batch.push(item);
        }
        Some(batch).filter(|batch| !batch.is_empty())
    })
}

/// Reads a file, and opens what is sealed in it.
pub(super) fn examine(path: &Path, keyring: &Keyring) -> Examined {
    let gone = || path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let bytes = match file::read(path, MAX_FILE) {
        Ok(bytes) => bytes,
        // No file, or one that is too long.
        Err(error) if error.kind() == Kind::Malformed => return Ok(Arrival::Refused(error)),
        Err(_) if gone() => return Err(Unread::Gone),
        Err(error) => return Err(Unread::Failed(error)),
    };
    Ok(classify(bytes, keyring).unwrap_or_else(Arrival::Refused))
}

// A chunk is random bytes, so it is what nothing else is.
fn classify(bytes: Vec<u8>, keyring: &Keyring) -> Result<Arrival> {
    if seal::looks_sealed(&bytes) {
        return Ok(Arrival::Envelope(Box::new(open::open(&bytes, keyring)?)));
    }
    if Note::begins(&bytes) {
        return Note::read(&bytes)
            .map(Arrival::Note)
            .ok_or_else(|| Error::malformed("not a note on a delivery"));
    }
    if !blob::may_be_chunk(&bytes) {
        let mut blocks = PemItems::new(bytes.as_slice(), MAX_FILE);
        let garbage = || Error::malformed("neither a sealed packet nor a chunk");
        let pem = blocks.next().transpose()?.ok_or_else(garbage)?;
        if blocks.next().is_some() {
            return Err(Error::malformed("more than one sealed packet in a file")
                .hint("csplit -sz FILE '/^To: /' '{*}' parts them"));
        }
        return Ok(Arrival::Envelope(Box::new(open::open(&pem.der, keyring)?)));
    }
    Ok(Arrival::Chunk(blob::sha256(&bytes), bytes.len() as u64))
}
