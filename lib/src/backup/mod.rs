//! Backups: the whole account in one encrypted file, and back. sn-backup(1) is the authority.
//!
//! | file | knows |
//! |---|---|
//! | `archive.rs` | what is in it: a tar archive of plain files in known places |
//! | `seal.rs` | the seal around that: a passphrase, Argon2id, and CMS |
//!
//! A backup is made while other commands work. It is restored beside its place, and gets there by one rename, once all of
//! it was found genuine.

mod archive;
mod seal;

pub use archive::{Summary, read};
pub use seal::{Opening, Sealing};

use crate::{
    Context, Error, Result,
    home::{self, Home, Unfinished},
    identity::{Identity, Keyring},
    protocol::moved,
    store::Store,
};
use jiff::{Timestamp, Unit};
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

/// Writes a backup of an account. Without blobs, attachments are asked for again after a restore.
pub fn create(
    home: &Home,
    store: &Store,
    out: impl Write,
    passphrase: &str,
    with_blobs: bool,
    now: Timestamp,
) -> Result<Summary> {
    let _one_at_a_time = home.lock("backup")?;
    let work = Work::new(home)?;
    let made = now.round(Unit::Second).unwrap_or(now);
    let mut summary = Summary { account: Identity::fingerprint(&home.identity())?, made, files: 0, bytes: 0 };
    let sealing = Sealing::new(BufWriter::new(out), |salt| seal::from_passphrase(passphrase, salt))?;
    let copy =
        || store.copy_to(&work.path.join(archive::DATABASE)).map(|()| work.path.join(archive::DATABASE));
    archive::write(sealing, home, &mut summary, with_blobs, copy)?.finish()?;
    Ok(summary)
}

/// Reads a backup to its end and checks all of it, writing nothing. `passphrase` is asked for only where there is something to
/// open.
pub fn verify(path: &Path, passphrase: impl FnOnce() -> Result<String>) -> Result<Summary> {
    let from = open(path)?;
    archive::read(opening(&from, &passphrase()?)?, None)
}

/// Makes the account that a backup holds in the folder `target`, which must be empty or not there. It begins a new stream
/// and new keys, and tells its contacts. `passphrase` is asked for only where there is something to open, and room for it.
pub fn restore(
    path: &Path,
    passphrase: impl FnOnce() -> Result<String>,
    target: &Path,
    now: Timestamp,
) -> Result<Summary> {
    home::refuse_occupied(target)?;
    let mut from = open(path)?;
    let passphrase = passphrase()?;
    // First all of it is found genuine, then the first byte is written.
    archive::read(opening(&from, &passphrase)?, None)?;
    from.rewind()?;
    let unfinished = Unfinished::beside(target)?;
    home::make_folders(unfinished.path())?;
    let summary = archive::read(opening(&from, &passphrase)?, Some(unfinished.path()))?;
    begin_anew(unfinished.path(), now).context(|| "the backup can be read, but not used")?;
    unfinished.finish()?;
    Ok(summary)
}

fn open(path: &Path) -> Result<File> {
    let opened = File::open(path).map_err(|error| Error::io("open", path, error));
    opened.map_err(|error| match path == Path::new("-") {
        true => error.hint("a backup is a file here: what is restored is read twice"),
        false => error,
    })
}

fn opening<'a>(from: &'a File, passphrase: &str) -> Result<Opening<BufReader<&'a File>>> {
    Opening::new(BufReader::with_capacity(1 << 17, from), |salt| seal::from_passphrase(passphrase, salt))
}

fn begin_anew(path: &Path, now: Timestamp) -> Result<()> {
    let home = Home::open_at(path)?;
    let mut store = Store::open(&home.database())?;
    let mut keyring = Keyring::load(&home.identity())?;
    moved::restored(&home, &mut store, &mut keyring, now)
}

/// Where the copy of the database lies while it is read; deleted when dropped.
struct Work {
    path: PathBuf,
}

impl Work {
    fn new(home: &Home) -> Result<Self> {
        let work = Self { path: home.path().join("state/backup.work") };
        // What a killed run has left.
        if work.path.exists() {
            fs::remove_dir_all(&work.path).map_err(|error| Error::io("delete", &work.path, error))?;
        }
        home.state("backup.work")?;
        Ok(work)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Else the next run does it.
        let _ = fs::remove_dir_all(&self.path);
    }
}
