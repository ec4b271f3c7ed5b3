//! A mailbox, worked like a Maildir: written in `tmp`, synced, renamed into `new`, folder synced; the rename is the
//! commit. socialnet-home(5) has the states.

use crate::Result;
use std::path::{Path, PathBuf};

/// `inpackets` or `outpackets`.
pub struct Mailbox {
    root: PathBuf,
}

/// Files on their way into `new`. Dropped without [`Batch::commit`], it leaves nothing behind.
pub struct Batch<'a> {
    _mailbox: &'a Mailbox,
}

impl Mailbox {
    /// The mailbox at `root`, which has `tmp` and `new` at least.
    pub fn open(_root: &Path) -> Result<Self> {
        todo!()
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of an item in one of its folders: `new`, `held`, `bad`, `sent`, `failed`.
    pub fn path(&self, _folder: &str, _name: &str) -> PathBuf {
        todo!()
    }

    /// Names in a folder, in no particular order, without reading it whole. Leading-dot names are not items.
    pub fn names(&self, _folder: &str) -> Result<Box<dyn Iterator<Item = Result<String>>>> {
        todo!()
    }

    /// Begins a delivery of files.
    pub fn batch(&self) -> Batch<'_> {
        todo!()
    }

    /// Renames an item from one folder to another; the target folder is synced by [`Mailbox::sync`].
    pub fn shift(&self, _name: &str, _from: &str, _to: &str) -> Result<()> {
        todo!()
    }

    /// Moves an item of `new` to `bad`, with one line in `NAME.why`; drops the oldest beyond the quota.
    pub fn reject(&self, _name: &str, _why: &str) -> Result<()> {
        todo!()
    }

    /// Deletes an item; one that is gone already is fine.
    pub fn remove(&self, _folder: &str, _name: &str) -> Result<()> {
        todo!()
    }

    /// Syncs a folder, so that renames and deletions in it are durable.
    pub fn sync(&self, _folder: &str) -> Result<()> {
        todo!()
    }

    /// Deletes what crashed writers left in `tmp`: files older than 36 hours.
    pub fn tidy(&self) -> Result<()> {
        todo!()
    }
}

impl Batch<'_> {
    /// Writes an item in `tmp`. The same name again replaces it.
    pub fn add(&mut self, _name: &str, _bytes: &[u8]) -> Result<()> {
        todo!()
    }

    /// Syncs, renames all into `new`, syncs the folder: from then on they are there. Gives their paths, in order.
    pub fn commit(self) -> Result<Vec<PathBuf>> {
        todo!()
    }
}
