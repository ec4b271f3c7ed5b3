//! The account folder and its settings. socialnet-home(5) is the authority.

mod config;
mod round;
mod unfinished;
mod web;

pub use config::{Config, DueLaw, Retry, SearchLaw, Table, first as first_config, parse_duration, setting};
pub use unfinished::{Unfinished, refuse_occupied};

use crate::{Error, Kind, Result, file, mailbox::Mailbox};
use std::{
    env,
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Bytes of config.toml, at most.
const MAX_CONFIG: usize = 1 << 20;
/// The folders of an account.
const FOLDERS: [&str; 14] = [
    "identity",
    "inpackets",
    "inpackets/tmp",
    "inpackets/new",
    "inpackets/held",
    "inpackets/bad",
    "outpackets",
    "outpackets/tmp",
    "outpackets/new",
    "outpackets/sent",
    "outpackets/failed",
    "blobs",
    "blobs/tmp",
    "state",
];

/// One account's folder, open.
pub struct Home {
    path: PathBuf,
    /// What config.toml says.
    pub config: Config,
}

/// A variable of the environment that is not empty.
fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
}

impl Home {
    /// `$SN_HOME`, else `${XDG_DATA_HOME:-~/.local/share}/socialnet`.
    pub fn locate() -> Result<PathBuf> {
        if let Some(home) = set("SN_HOME") {
            // Drivers run in another folder: whatever is handed to them must not depend on the current one.
            return std::path::absolute(&home).map_err(|error| Error::io("open", &home, error));
        }
        Self::usual()
    }

    /// Where it is unless `$SN_HOME` says otherwise.
    fn usual() -> Result<PathBuf> {
        // The XDG specification says that a relative path there is to be ignored.
        let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
        let data = data.or_else(|| set("HOME").map(|home| home.join(".local/share")));
        let data = data.ok_or_else(|| Error::new(Kind::Config, "neither SN_HOME nor HOME is set"))?;
        Ok(data.join("socialnet"))
    }

    /// Makes the folders and, if there is none, config.toml. Refuses a folder that holds an account already, and one
    /// that others may read or write. Killed half way, it can be run again.
    pub fn create(path: &Path, config: &str) -> Result<Self> {
        private_from_now_on();
        file::private_folder(path)?;
        refuse_visitors(path)?;
        let identity = path.join("identity");
        let taken = identity.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if taken || path.join("socialnet.db").exists() {
            let message = format!("'{}' holds an account already", path.display());
            return Err(Error::new(Kind::CantCreate, message)
                .hint("set SN_HOME to make another one elsewhere; a half-made one must be deleted by hand"));
        }
        make_folders(path)?;
        let settings = path.join("config.toml");
        if !settings.exists() {
            file::create(&settings, config.as_bytes(), 0o600)?;
        }
        Self::open_at(path)
    }

    /// Opens the account at [`Home::locate`]; refuses one that others may read or write (77). Files made from then on
    /// are for the owner alone.
    pub fn open() -> Result<Self> {
        Self::open_at(&Self::locate()?)
    }

    /// Opens the account in the folder `path`, as [`Home::open`] does.
    pub fn open_at(path: &Path) -> Result<Self> {
        private_from_now_on();
        refuse_visitors(path)?;
        let (settings, text) = settings(path)?;
        Ok(Self { path: path.to_owned(), config: Config::read(&text, &settings)? })
    }

    /// The text of config.toml.
    pub fn settings(&self) -> Result<String> {
        Ok(settings(&self.path)?.1)
    }

    /// Writes more settings behind those that are there, if the whole is right then; or leaves the file as it was.
    pub fn add_settings(&mut self, more: &str) -> Result<()> {
        let (settings, text) = settings(&self.path)?;
        let text = format!("{}\n\n{more}", text.trim_end());
        let config = Config::read(&text, &settings)?;
        file::replace(&settings, text.as_bytes(), 0o600)?;
        self.config = config;
        Ok(())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `identity/`.
    pub fn identity(&self) -> PathBuf {
        self.path.join("identity")
    }

    /// `socialnet.db`.
    pub fn database(&self) -> PathBuf {
        self.path.join("socialnet.db")
    }

    /// `blobs/`.
    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// `inpackets/`.
    pub fn inpackets(&self) -> Result<Mailbox> {
        Mailbox::open(&self.path.join("inpackets"))
    }

    /// `outpackets/`.
    pub fn outpackets(&self) -> Result<Mailbox> {
        Mailbox::open(&self.path.join("outpackets"))
    }

    /// `state/NAME`, made if it is missing.
    pub fn state(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join("state").join(name);
        file::private_folder(&path)?;
        Ok(path)
    }

    /// As [`Home::lock`], for what need not be done while another command is at it: then there is no lock.
    pub fn lock_if_free(&self, what: &str) -> Result<Option<Lock>> {
        match self.lock(what) {
            Err(error) if error.kind() == Kind::Again => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// Takes the account's lock called `what` (a file in `state/`) or says who must wait: [`Kind::Again`].
    pub fn lock(&self, what: &str) -> Result<Lock> {
        let path = self.path.join("state").join(format!("{what}.lock"));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| Error::io("open", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(Kind::Again, format!("another command holds '{}'", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path, error)),
        }
    }
}

/// config.toml of the account in `folder`: its path, and its text.
fn settings(folder: &Path) -> Result<(PathBuf, String)> {
    let path = folder.join("config.toml");
    let text = String::from_utf8(file::read(&path, MAX_CONFIG)?)
        .map_err(|_| Error::new(Kind::Config, format!("'{}' is not UTF-8", path.display())))?;
    Ok((path, text))
}

/// Makes the folders of an account beneath `path`, for its owner alone.
pub fn make_folders(path: &Path) -> Result<()> {
    private_from_now_on();
    FOLDERS.iter().try_for_each(|folder| file::private_folder(&path.join(folder)))
}

/// A lock; released when dropped, or when the process ends however it ends.
pub struct Lock {
    _file: File,
}

fn private_from_now_on() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Keys are in there: it must be the user's own and nobody else's.
fn refuse_visitors(path: &Path) -> Result<()> {
    let about = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(Kind::Config, format!("there is no account at '{}'", path.display()))
                .hint("make one with sn-init, or set SN_HOME to where it is")
        }
        _ => Error::io("open", path, error),
    })?;
    let refused = |why: &str| Error::new(Kind::NotAllowed, format!("'{}' {why}", path.display()));
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("belongs to somebody else"));
    }
    if about.mode() & 0o077 != 0 {
        let advice = format!("chmod 700 '{}'", path.display());
        return Err(refused("can be read or written by others").hint(advice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        os::unix::fs::PermissionsExt,
        thread,
        time::{Duration, Instant},
    };
    use tempfile::tempdir;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_account_is_for_its_owner_alone() {
        let dir = tempdir().unwrap();
        let alice = dir.path().join("deep/alice");
        let home = Home::create(&alice, &first_config(&[], &[]).unwrap()).unwrap();
        for folder in FOLDERS {
            assert_eq!(mode(&alice.join(folder)), 0o700, "{folder}");
        }
        assert_eq!(mode(&alice.join("config.toml")), 0o600);
        home.inpackets().unwrap();
        home.outpackets().unwrap();
    }

    #[test]
    fn an_account_is_never_made_over_another() {
        let dir = tempdir().unwrap();
        let alice = dir.path().join("alice");
        Home::create(&alice, "").unwrap();
        // Killed before there were keys: again is fine, and edited settings stay.
        fs::write(alice.join("config.toml"), "[retry]\nfirst = '1m'\n").unwrap();
        assert_eq!(Home::create(&alice, "").unwrap().config.retry.first.as_secs(), 60);
        fs::write(alice.join("identity/identity.key"), "x").unwrap();
        assert_eq!(Home::create(&alice, "").err().unwrap().kind(), Kind::CantCreate);
    }

    #[test]
    fn a_folder_that_others_may_read_is_refused() {
        let dir = tempdir().unwrap();
        let alice = dir.path().join("alice");
        Home::create(&alice, "").unwrap();
        for open in [0o750, 0o701, 0o720] {
            fs::set_permissions(&alice, fs::Permissions::from_mode(open)).unwrap();
            let error = Home::open_at(&alice).err().unwrap();
            assert_eq!(error.kind(), Kind::NotAllowed);
            assert_eq!(error.advice().unwrap(), format!("chmod 700 '{}'", alice.display()));
        }
        fs::set_permissions(&alice, fs::Permissions::from_mode(0o700)).unwrap();
        Home::open_at(&alice).unwrap();
    }

    #[test]
    fn no_account_is_said_plainly() {
        let dir = tempdir().unwrap();
        let error = Home::open_at(&dir.path().join("bob")).err().unwrap();
        assert!(error.message().starts_with("there is no account at"), "{}", error.message());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let dir = tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "").unwrap();
        let held = home.lock("queue").unwrap();
        assert_eq!(home.lock("queue").err().unwrap().kind(), Kind::Again);
        drop(held);
        // Between fork and exec, a program that another test starts holds this lock, too.
        let patience = Instant::now() + Duration::from_secs(60);
        while home.lock_if_free("queue").unwrap().is_none() {
            assert!(Instant::now() < patience, "it is held by nobody");
            thread::yield_now();
        }
    }
}
