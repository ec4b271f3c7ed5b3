//! A body on its way into a box: hashed as it comes, small ones in memory, larger ones in the box's `tmp`.

use crate::boxes::Place;
use sha2::{Digest, Sha256};
use socialnet::{Error, Result, mailbox::name_for};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    mem,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// What is longer goes to a file: thousands may send at once.
const IN_MEMORY: usize = 16 << 10;

/// Bytes received so far.
pub struct Upload {
    tmp: PathBuf,
    hash: Sha256,
    size: usize,
    /// Not yet in the file.
    buffer: Vec<u8>,
    file: Option<Unfinished>,
}

impl Upload {
    /// Nothing yet, for a box.
    pub fn new(place: &Place) -> Self {
        Self { tmp: place.mailbox.join("tmp"), hash: Sha256::new(), size: 0, buffer: Vec::new(), file: None }
    }

    /// Takes a piece. Blocks only if [`Upload::would_write`].
    pub fn add(&mut self, piece: &[u8]) -> Result<()> {
        self.hash.update(piece);
        self.size += piece.len();
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() > IN_MEMORY { self.flush() } else { Ok(()) }
    }

    /// Whether a piece of this length goes to the file.
    pub fn would_write(&self, length: usize) -> bool {
        self.buffer.len() + length > IN_MEMORY
    }

    /// Bytes so far.
    pub fn size(&self) -> usize {
        self.size
    }

    /// All of it as a file in `tmp`, not synced, and the name that its bytes have.
    pub fn finish(mut self) -> Result<(Unfinished, String)> {
        self.flush()?;
        let name = name_for(&mem::take(&mut self.hash).finalize().into());
        let file = self.file.take().ok_or_else(|| Error::malformed("nothing was sent"))?;
        Ok((file, name))
    }

    fn flush(&mut self) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(Unfinished::create(&self.tmp)?);
        }
        if let Some(Unfinished { file: Some(file), path }) = &mut self.file {
            file.write_all(&self.buffer).map_err(|error| Error::io("write", path, error))?;
        }
        self.buffer.clear();
        Ok(())
    }
}

/// A file in `tmp`; deleted when dropped, unless it was renamed.
pub struct Unfinished {
    file: Option<File>,
    path: PathBuf,
}

impl Unfinished {
    fn create(tmp: &Path) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            // Process numbers come again after a crash or from another container; then the next number is tried.
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = tmp.join(format!("httpd.{}.{number}", process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { file: Some(file), path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create", &path, error)),
            }
        }
    }

    /// Syncs this file alone.
    pub fn sync(&self) -> Result<()> {
        let synced = self.file.as_ref().map_or(Ok(()), File::sync_data);
        synced.map_err(|error| Error::io("sync", &self.path, error))
    }

    /// Gives it its name.
    pub fn rename(mut self, to: &Path) -> Result<()> {
        fs::rename(&self.path, to).map_err(|error| Error::io("write", to, error))?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What can't be deleted is a leftover, which is found later.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::Boxes;
    use socialnet::mailbox::name_of;

    #[test]
    fn small_and_large_get_the_name_of_their_bytes() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("9fj3")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        place.prepare().unwrap();
        let tmp = place.mailbox.join("tmp");
        let here = || tmp.read_dir().unwrap().count();
        for size in [1, IN_MEMORY, IN_MEMORY + 1, 1 << 20] {
            let bytes = vec![7; size];
            let mut upload = Upload::new(&place);
            bytes.chunks(5000).for_each(|piece| upload.add(piece).unwrap());
            assert_eq!(here() > 0, size > IN_MEMORY);
            let (file, name) = upload.finish().unwrap();
            assert_eq!(name, name_of(&bytes));
            let target = place.mailbox.join("new").join(&name);
            file.rename(&target).unwrap();
            assert_eq!(fs::read(target).unwrap(), bytes);
            assert_eq!(here(), 0);
        }
        let mut given_up = Upload::new(&place);
        given_up.add(&vec![7; 1 << 20]).unwrap();
        assert_eq!(here(), 1);
        drop(given_up);
        assert_eq!(here(), 0);
    }
}
