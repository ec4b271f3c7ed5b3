//! Boxes: folders beneath one folder, each found by its name alone, so that one costs the same among ten or ten thousand.
//!
//! | beneath `BOX/` | what |
//! |---|---|
//! | `tmp/`, `new/` | items; a mailbox as in socialnet-home(5), made when the first one comes |
//! | `secret` | who shows this may fetch |
//! | `owner` | the fingerprint of who may log in, and fetch then |
//! | `profile.pem` | what anybody may know of the owner |
//! | `inpackets/` | instead of `tmp/` and `new/`: an account's inpackets, most often a link; nobody fetches from there |
//!
//! Everything here blocks; nothing here reads an item's bytes.

use rustix::process::geteuid;
use socialnet::{
    Error, Fingerprint, Kind, Result, file, login,
    mailbox::{delete_leftovers, hash_in},
};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Names in one answer to whoever lists a box.
const LISTED: usize = 1000;
/// Bytes of a secret or an owner, at most.
const MAX_LINE: usize = 4 << 10;
/// Bytes of a profile, at most.
const MAX_PROFILE: usize = 64 << 10;

/// The folder of boxes.
#[derive(Clone, Debug)]
pub struct Boxes {
    root: PathBuf,
    /// Its device and inode when the server began: a disk that goes away leaves an empty folder in its place.
    is: (u64, u64),
}

/// One box that is there.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    folder: PathBuf,
    /// Where `tmp` and `new` are.
    pub mailbox: PathBuf,
    /// Whether it is an account's, which nobody fetches from.
    pub local: bool,
}

impl Boxes {
    /// The boxes beneath `root`.
    pub fn open(root: &Path) -> Result<Self> {
        let about = root.metadata().map_err(|error| Error::io("open", root, error))?;
        Ok(Self { root: root.to_owned(), is: (about.dev(), about.ino()) })
    }

    /// The box of a name that came from outside. An error is not that there is none, which senders take for an end: it
    /// can't be looked for now.
    pub fn find(&self, name: &str) -> Result<Option<Place>> {
        if !login::is_box(name) {
            return Ok(None);
        }
        let folder = self.root.join(name);
        let cannot_open = |error| Error::io("open", &folder, error);
        // A link may stand for a box: whoever can make one here can as well make the box.
        match folder.metadata() {
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Ok(None),
            // Nor is a link that leads nowhere now the same as none.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && self.is_there() && !folder.is_symlink() =>
            {
                return Ok(None);
            }
            Err(error) => return Err(cannot_open(error)),
        }
        let inpackets = folder.join("inpackets");
        // Also one that leads nowhere now: what came into the box meanwhile would never be looked at.
        let local = match inpackets.symlink_metadata() {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(cannot_open(error)),
        };
        Ok(Some(Place {
            name: name.to_owned(),
            mailbox: if local { inpackets } else { folder.clone() },
            folder,
            local,
        }))
    }

    fn is_there(&self) -> bool {
        self.root.metadata().is_ok_and(|about| (about.dev(), about.ino()) == self.is)
    }

    /// Deletes what uploads that were killed left in each `tmp`; what can't be deleted is told.
    pub fn tidy(&self, told: &mut dyn FnMut(&Error)) {
        let entries = match self.root.read_dir() {
            Ok(entries) => entries,
            Err(error) => return told(&Error::io("open", &self.root, error)),
        };
        for entry in entries.flatten() {
            let found = entry.file_name().to_str().map_or(Ok(None), |name| self.find(name));
            let place = found.unwrap_or_else(|error| {
                told(&error);
                None
            });
            // An account's own commands tidy its inpackets.
            let Some(place) = place.filter(|place| !place.local) else { continue };
            let tmp = place.mailbox.join("tmp");
            if tmp.is_dir() {
                delete_leftovers(&tmp).unwrap_or_else(|error| told(&error));
            }
        }
    }
}

impl Place {
    /// Makes `tmp` and `new` where they are missing. An account's inpackets that belong to another user take nothing: what
    /// we write there could be read by nobody but us.
    pub fn prepare(&self) -> Result<()> {
        if self.local {
            let about = self.mailbox.metadata().map_err(|error| Error::io("open", &self.mailbox, error))?;
            if about.uid() != geteuid().as_raw() {
                let message = format!("'{}' belongs to another user", self.mailbox.display());
                return Err(Error::new(Kind::NotAllowed, message));
            }
        }
        ["tmp", "new"].iter().try_for_each(|folder| file::private_folder(&self.mailbox.join(folder)))
    }

    /// Names of items, at most 1000, in the order of the folder.
    pub fn names(&self) -> Result<Vec<String>> {
        let new = self.mailbox.join("new");
        let entries = match new.read_dir() {
            // Nothing has come so far.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Error::io("open", &new, error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| Error::io("read", &new, error))?.file_name().into_string();
            if let Some(name) = name.ok().filter(|name| hash_in(name).is_some()) {
                names.push(name);
                if names.len() >= LISTED {
                    break;
                }
            }
        }
        Ok(names)
    }

    /// How many items, and bytes in them.
    pub fn count(&self) -> Result<(u64, u64)> {
        let new = self.mailbox.join("new");
        let entries = new.read_dir().map_err(|error| Error::io("open", &new, error))?;
        // Whatever was taken away meanwhile does not count.
        Ok(entries
            .flatten()
            .filter_map(|entry| entry.metadata().ok())
            .fold((0, 0), |(items, bytes), about| (items + 1, bytes + about.len())))
    }

    /// An item to be read, and its size.
    pub fn open(&self, name: &str) -> Option<(File, u64)> {
        hash_in(name)?;
        let file = file::open(&self.mailbox.join("new").join(name)).ok()?;
        let size = file.metadata().ok()?.len();
        Some((file, size))
    }

    /// Deletes an item; says how long it was if it was there.
    pub fn delete(&self, name: &str) -> Result<Option<u64>> {
        if hash_in(name).is_none() {
            return Ok(None);
        }
        let path = self.mailbox.join("new").join(name);
        let size = path.symlink_metadata().map(|about| about.len());
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("delete", &path, error)),
            Ok(()) => Ok(size.ok()),
        }
    }

    /// The secret with which anybody may fetch.
    pub fn secret(&self) -> Result<Option<String>> {
        Ok(self.line("secret")?.filter(|secret| !secret.is_empty()))
    }

    /// Who may log in.
    pub fn owner(&self) -> Result<Option<Fingerprint>> {
        self.line("owner")?.map(|line| line.parse()).transpose()
    }

    /// The owner's public profile, PEM.
    pub fn profile(&self) -> Result<Option<Vec<u8>>> {
        self.small("profile.pem", MAX_PROFILE)
    }

    fn line(&self, name: &str) -> Result<Option<String>> {
        let Some(bytes) = self.small(name, MAX_LINE)? else { return Ok(None) };
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::malformed(format!("'{}' is not UTF-8", self.folder.join(name).display())))?;
        Ok(Some(text.lines().next().unwrap_or_default().trim().to_owned()))
    }

    fn small(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        if !path.exists() {
            return Ok(None);
        }
        file::read(&path, most).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::mailbox::name_of;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_box_is_found_by_its_plain_name_only() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("boxes");
        fs::create_dir_all(root.join("9fj3")).unwrap();
        let boxes = Boxes::open(&root).unwrap();
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        assert!(boxes.find("9fj3").unwrap().is_some());
        for wrong in ["", ".", "..", "../elsewhere", "../boxes/9fj3", "9fj3/", "/etc", "9FJ3", "9fj3\0", "x"]
        {
            assert!(boxes.find(wrong).unwrap().is_none(), "{wrong}");
        }
    }

    #[test]
    fn items_are_listed_counted_and_deleted() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("9fj3")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        assert_eq!(place.names().unwrap(), Vec::<String>::new());
        place.prepare().unwrap();
        let name = name_of(b"x");
        fs::write(place.mailbox.join("new").join(&name), b"x").unwrap();
        fs::write(place.mailbox.join("new/README"), b"not an item").unwrap();
        assert_eq!(place.names().unwrap(), std::slice::from_ref(&name));
        assert_eq!(place.open(&name).unwrap().1, 1);
        assert!(place.open("README").is_none() && place.open("../secret").is_none());
        assert_eq!(place.delete("README"), Ok(None));
        assert_eq!(place.delete(&name), Ok(Some(1)));
        assert_eq!(place.delete(&name), Ok(None));
    }

    #[test]
    fn an_accounts_inpackets_are_a_box() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("9fj3/inpackets/new")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        assert!(place.local && place.mailbox.ends_with("9fj3/inpackets"));
    }

    #[test]
    fn inpackets_that_lead_nowhere_now_take_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("9fj3")).unwrap();
        symlink(dir.path().join("home/inpackets"), dir.path().join("9fj3/inpackets")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        assert!(place.local && place.prepare().is_err());
        assert!(!dir.path().join("9fj3/new").exists());
        fs::create_dir_all(dir.path().join("home/inpackets")).unwrap();
        place.prepare().unwrap();
    }

    #[test]
    fn of_a_disk_that_has_gone_away_nobody_says_that_a_box_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("boxes");
        fs::create_dir_all(root.join("9fj3")).unwrap();
        let boxes = Boxes::open(&root).unwrap();
        symlink(dir.path().join("elsewhere/k2x8"), root.join("k2x8")).unwrap();
        assert!(boxes.find("k2x8").is_err(), "a box that is a link");
        fs::rename(&root, dir.path().join("away")).unwrap();
        assert!(boxes.find("9fj3").is_err());
        fs::create_dir(&root).unwrap();
        assert!(boxes.find("9fj3").is_err(), "an empty folder where a disk was");
    }
}
