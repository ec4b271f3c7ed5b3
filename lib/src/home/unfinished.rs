//! A folder that is made beside its place and gets there by one rename, once all of it is on disk: so an account is there
//! whole, or not at all.

use crate::{Error, Kind, Result, file};
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Leftovers beside one place, at most.
const LEFTOVERS: u32 = 100;

/// Refuses a place at which something is that is no empty folder.
pub fn refuse_occupied(target: &Path) -> Result<()> {
    let occupied = match target.read_dir() {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => target.symlink_metadata().is_ok(),
    };
    if occupied {
        let message = format!("'{}' is there already, and not empty", target.display());
        return Err(
            Error::new(Kind::CantCreate, message).hint("set SN_HOME to a folder that is not there yet")
        );
    }
    Ok(())
}

/// A private folder `.NAME.NUMBER` beside its place; deleted when dropped.
pub struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    /// Makes it; refuses a place that is taken.
    pub fn beside(target: &Path) -> Result<Self> {
        refuse_occupied(target)?;
        let no_name = || Error::new(Kind::Usage, format!("'{}' names no folder", target.display()));
        let name = target.file_name().ok_or_else(no_name)?;
        file::private_folder(file::parent(target))?;
        for number in 0..LEFTOVERS {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{number}"));
            let path = target.with_file_name(hidden);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, target: target.to_owned() }),
                // Another run's, which may have been killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make folder", target, error)),
            }
        }
        let message = format!("beside '{}' are too many leftovers", target.display());
        Err(Error::new(Kind::CantCreate, message).hint("delete them: their names begin with a dot"))
    }

    /// Where it is as long as it is not finished.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes all of it durable, and moves it to its place.
    pub fn finish(self) -> Result<()> {
        let synced = File::open(&self.path).and_then(|folder| Ok(rustix::fs::syncfs(&folder)?));
        synced.map_err(|error| Error::io("sync", &self.path, error))?;
        fs::rename(&self.path, &self.target).map_err(|error| Error::io("write", &self.target, error))?;
        file::sync_folder(file::parent(&self.target))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a rename nothing is there; and what can't be deleted now is a leftover.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_whole_or_not_there_and_leftovers_are_passed_by() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("above/account");
        fs::create_dir_all(dir.path().join("above/.account.0")).unwrap();
        let dropped = Unfinished::beside(&target).unwrap();
        assert_eq!(dropped.path(), dir.path().join("above/.account.1"));
        drop(dropped);
        assert_eq!(fs::read_dir(dir.path().join("above")).unwrap().count(), 1, "the other one's stays");
        let finished = Unfinished::beside(&target).unwrap();
        fs::write(finished.path().join("key"), "x").unwrap();
        finished.finish().unwrap();
        assert_eq!(fs::read(target.join("key")).unwrap(), b"x");
        assert_eq!(Unfinished::beside(&target).err().unwrap().kind(), Kind::CantCreate);
    }

    #[test]
    fn an_empty_folder_is_a_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("account");
        fs::create_dir(&target).unwrap();
        Unfinished::beside(&target).unwrap().finish().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
