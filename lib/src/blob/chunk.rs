//! The files that an encrypted stream is cut into.

use crate::{Error, Result, file, mailbox::name_for, packet::Digest};
use openssl::sha::Sha256;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Bytes of a chunk, at most.
pub const CHUNK: usize = 4 << 20;

/// Reads one and checks that it is what its name says, as long as `chunk`.
pub fn read(name: &Digest, dir: &Path, chunk: &mut [u8]) -> Result<()> {
    let path = dir.join(name_for(name));
    let (mut file, size) = file::open_sized(&path)?;
    let whole = size == chunk.len() as u64;
    if whole {
        file.read_exact(chunk).map_err(|error| Error::io("read", &path, error))?;
    }
    if !whole || super::sha256(chunk) != *name {
        return Err(Error::malformed(format!("'{}' is not the chunk that its name says", path.display())));
    }
    Ok(())
}

/// Cuts a stream into chunks: written in `tmp`, and renamed into `dir` when they are whole; not synced.
pub struct Writer<'a> {
    dir: &'a Path,
    tmp: &'a Path,
    begun: Option<Unfinished>,
    done: Vec<Digest>,
}

impl<'a> Writer<'a> {
    pub fn new(dir: &'a Path, tmp: &'a Path) -> Self {
        Self { dir, tmp, begun: None, done: Vec::new() }
    }

    /// Writes what comes next.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let mut chunk = self.begun.take().map_or_else(|| Unfinished::new(self.tmp), Ok)?;
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - chunk.length));
            chunk.write(now)?;
            if chunk.length == CHUNK {
                self.done.push(chunk.finish(self.dir)?);
            } else {
                self.begun = Some(chunk);
            }
            bytes = later;
        }
        Ok(())
    }

    /// Ends the last one. Gives the names of all.
    pub fn finish(mut self) -> Result<Vec<Digest>> {
        if let Some(chunk) = self.begun.take() {
            self.done.push(chunk.finish(self.dir)?);
        }
        Ok(self.done)
    }
}

/// A chunk without its name; deleted when dropped.
struct Unfinished {
    path: PathBuf,
    file: File,
    digest: Sha256,
    length: usize,
}

impl Unfinished {
    fn new(tmp: &Path) -> Result<Self> {
        let (file, path) = file::exclusive(tmp, OsStr::new("chunk"), 0o600)?;
        Ok(Self { path, file, digest: Sha256::new(), length: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let (written, ()) = rayon::join(|| self.file.write_all(bytes), || self.digest.update(bytes));
        self.length += bytes.len();
        written.map_err(|error| Error::io("write", &self.path, error))
    }

    // A chunk of that name has these bytes: to replace it changes nothing.
    fn finish(self, dir: &Path) -> Result<Digest> {
        let digest = self.digest.clone().finish();
        fs::rename(&self.path, dir.join(name_for(&digest)))
            .map_err(|error| Error::io("rename", &self.path, error))?;
        Ok(digest)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is none; what can't be deleted is a leftover like that of a crash.
        let _ = fs::remove_file(&self.path);
    }
}
