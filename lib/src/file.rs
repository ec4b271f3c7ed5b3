//! Files written so that a crash leaves the old one or the new one; reads that are bounded.

use crate::Result;
use std::path::Path;

/// Writes `bytes` beside `path` with `mode`, syncs, renames over it, syncs the folder. Nothing is left on failure.
pub fn replace(_path: &Path, _bytes: &[u8], _mode: u32) -> Result<()> {
    todo!()
}

/// As [`replace`], but refuses when `path` exists.
pub fn create(_path: &Path, _bytes: &[u8], _mode: u32) -> Result<()> {
    todo!()
}

/// Reads a regular file of at most `max` bytes, following no symbolic link.
pub fn read(_path: &Path, _max: usize) -> Result<Vec<u8>> {
    todo!()
}

/// Makes a folder with mode 0700; an existing one is fine.
pub fn private_folder(_path: &Path) -> Result<()> {
    todo!()
}
