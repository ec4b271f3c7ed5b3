//! A folder, and what leaves it for the mailbox.

use socialnet::{
    Error, Kind, Result,
    cli::Console,
    driver::MAX_BYTES,
    file,
    mailbox::{Mailbox, name_of},
};
use std::{
    collections::BTreeSet,
    io::{self, Write, stdout},
    path::{Path, PathBuf},
};

/// Files and bytes that are delivered and synced together.
const BATCH_FILES: usize = 256;
const BATCH_BYTES: usize = 16 << 20;
/// Files left alone that are told of.
const MOST_TOLD: usize = 1000;

/// A folder to fetch from.
pub struct Source {
    folder: PathBuf,
    mailbox: Mailbox,
    /// What was left alone, to be told once.
    left: BTreeSet<PathBuf>,
}

impl Source {
    /// What is in `folder` goes to `mailbox`.
    pub fn new(folder: PathBuf, mailbox: Mailbox) -> Self {
        Self { folder, mailbox, left: BTreeSet::new() }
    }

    /// Fetches all there is. [`Kind::Again`]: the folder is not there.
    pub fn fetch(&mut self, console: &mut Console) -> Result<()> {
        let entries = self.folder.read_dir().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(Kind::Again, format!("there is no folder '{}'", self.folder.display()))
            }
            _ => Error::io("open", &self.folder, error),
        })?;
        let mut files = entries.filter_map(|entry| {
            let path =
                entry.map(|entry| entry.path()).map_err(|error| Error::io("read", &self.folder, error));
            Some(path).filter(|path| path.as_ref().map_or(true, |path| is_ours(path)))
        });
        while deliver(&self.mailbox, &mut files, &mut self.left, console)? {}
        Ok(())
    }
}

/// Only what sn-send-file(1) calls its files: somebody may point us at a folder with other things in it.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.ends_with(b".sn") && !name.starts_with(b".")
}

/// Delivers a batch: durable first, then printed, then deleted at the source. Says whether there may be more.
fn deliver(
    mailbox: &Mailbox,
    files: &mut impl Iterator<Item = Result<PathBuf>>,
    left: &mut BTreeSet<PathBuf>,
    console: &mut Console,
) -> Result<bool> {
    let mut batch = mailbox.batch();
    let (mut fetched, mut size) = (Vec::new(), 0);
    for path in files.by_ref() {
        let path = path?;
        match file::read(&path, MAX_BYTES) {
            // Not there any more, or not filled yet by whatever keeps two folders alike.
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => {
                let name = name_of(&bytes);
                batch.add(&name, &bytes)?;
                size += bytes.len();
                fetched.push((name, path));
            }
            // Moved away by another hand.
            Err(_) if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) => {
            }
            Err(error) if error.kind() == Kind::Malformed => {
                if left.len() < MOST_TOLD && left.insert(path) {
                    console.note(&format!("left alone: {}", error.message()));
                }
            }
            // It may be one of ours, so this source was not read to its end.
            Err(error) => console.failed(&error),
        }
        if fetched.len() >= BATCH_FILES || size >= BATCH_BYTES {
            break;
        }
    }
    batch.commit()?;
    let mut out = stdout().lock();
    for (name, _) in &fetched {
        writeln!(out, "{name}")?;
    }
    out.flush()?;
    for (_, path) in &fetched {
        if let Err(error) = file::delete(path) {
            // It would come again each time.
            console.failed(&error);
        }
    }
    Ok(!fetched.is_empty())
}
