//! Files written so that a crash leaves the old one or the new one; reads that are bounded.
//!
//! A file is written under a name that begins with a dot, beside its target, and gets its own name only once its bytes
//! are on disk. So whatever has a proper name is whole, and a dot name is a leftover that nobody misses.

use crate::{Context, Error, Result};
use rustix::fs::OFlags;
use std::{
    ffi::{OsStr, OsString},
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    panic::resume_unwind,
    path::{Path, PathBuf},
    process, thread,
};

/// Writes `bytes` beside `path` with `mode`, syncs, renames over it, syncs the folder. Nothing is left on failure.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace_with(path, mode, |file| write_synced(file, bytes))?;
    sync_folder(parent(path))
}

/// As [`replace`], but `write` fills the file, and syncs it if it can't be made again after a crash.
pub fn replace_with(path: &Path, mode: u32, write: impl FnOnce(&File) -> Result<()>) -> Result<()> {
    let (unfinished, ()) = Unfinished::write(path, mode, write)?;
    std::fs::rename(&unfinished.path, path).map_err(|error| Error::io("write", path, error))?;
    // Its name is free again and may be another thread's by now.
    std::mem::forget(unfinished);
    Ok(())
}

/// As [`replace`], but refuses when `path` exists: [`crate::Kind::CantCreate`].
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    create_with(path, mode, |file| write_synced(file, bytes))?;
    sync_folder(parent(path))
}

/// As [`create`], but `write` fills the file, and syncs it if it can't be made again after a crash.
pub fn create_with<T>(path: &Path, mode: u32, write: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    let (unfinished, given) = Unfinished::write(path, mode, write)?;
    // link(2) refuses an existing target where rename(2) would silently replace it; the other name goes with the guard.
    std::fs::hard_link(&unfinished.path, path).map_err(|error| Error::io("create", path, error))?;
    Ok(given)
}

fn write_synced(mut file: &File, bytes: &[u8]) -> Result<()> {
    file.write_all(bytes)?;
    Ok(file.sync_data()?)
}

/// Opens a regular file for reading, following no symbolic link.
///
/// Whoever can write to a folder that we read could put a pipe, a device or a link there; none of them may make us wait
/// or read elsewhere.
pub fn open(path: &Path) -> Result<File> {
    Ok(open_sized(path)?.0)
}

// And how long it is, in bytes.
pub(crate) fn open_sized(path: &Path) -> Result<(File, u64)> {
    let cannot_open = |error: io::Error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
            Error::malformed(format!("'{}' is a symbolic link", path.display()))
        }
        _ => Error::io("open", path, error),
    };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file =
        OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path).map_err(cannot_open)?;
    let about = file.metadata().map_err(|error| Error::io("read", path, error))?;
    if !about.is_file() {
        return Err(Error::malformed(format!("'{}' is not a regular file", path.display())));
    }
    Ok((file, about.len()))
}

/// Reads a file of at most `max` bytes that [`open`] opens.
pub fn read(path: &Path, max: usize) -> Result<Vec<u8>> {
    let (file, size) = open_sized(path)?;
    let cannot_read = |error| Error::io("read", path, error);
    let too_long = || Error::malformed(format!("'{}' is longer than {max} bytes", path.display()));
    if size > max as u64 {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // It may have grown since.
    file.take(max as u64 + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
    if bytes.len() > max {
        return Err(too_long());
    }
    Ok(bytes)
}

/// Makes a folder with mode 0700, and those above it that are missing; an existing one is fine.
pub fn private_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::io("make folder", path, error))?;
    sync_folder(parent(path))
}

/// Beyond so many files one syncfs(2) is cheaper than an fdatasync(2) for each: it also waits for what other programs have
/// written, but only once.
pub(crate) const SYNCED_ONE_BY_ONE: usize = 16;

/// Makes files of a folder that another command wrote, or of folders on the same filesystem, durable.
pub fn sync(paths: &[PathBuf]) -> Result<()> {
    let of = |path: &Path, sync: fn(File) -> io::Result<()>| {
        File::open(path).and_then(sync).map_err(|error| Error::io("sync", path, error))
    };
    match paths {
        // The folder stands for the filesystem: none of the files matters more than the others.
        [first, ..] if paths.len() > SYNCED_ONE_BY_ONE => {
            of(parent(first), |folder| Ok(rustix::fs::syncfs(&folder)?))
        }
        _ => paths.iter().try_for_each(|path| of(path, |file| file.sync_data())),
    }
}

/// Makes what was created, renamed or deleted in a folder durable.
pub fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Error::io("sync", path, error))
}

/// Threads that delete at once, and files that are not worth another one.
const DELETED_AT_ONCE: usize = 32;
const DELETED_IN_TURN: usize = 4;

/// Deletes a file; one that is gone already is fine.
pub fn delete(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("delete", path, error)),
        _ => Ok(()),
    }
}

/// As [`delete`], for many, several at once: a filesystem that tells its disk of each block that is free (ext4 with
/// `discard`) waits for it up to three milliseconds a file.
pub fn delete_all(paths: &[PathBuf]) -> Result<()> {
    thread::scope(|scope| {
        let parts = paths.chunks(paths.len().div_ceil(DELETED_AT_ONCE).max(DELETED_IN_TURN));
        let delete = |part: &[PathBuf]| part.iter().try_for_each(|path| delete(path));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || delete(part))).collect();
        threads.into_iter().try_for_each(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// The folder that a file or folder is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file without its proper name; deleted when dropped.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn write<T>(target: &Path, mode: u32, write: impl FnOnce(&File) -> Result<T>) -> Result<(Self, T)> {
        let name = target
            .file_name()
            .ok_or_else(|| Error::malformed(format!("'{}' names no file", target.display())))?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        let (file, path) = exclusive(parent(target), &hidden, mode)?;
        let unfinished = Self { path };
        let given = write(&file).context(|| format!("cannot write '{}'", target.display()))?;
        Ok((unfinished, given))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What can't be deleted now is a leftover, which may be deleted any time.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Creates a file that nobody else has, `FOLDER/PREFIX.PROCESS.NUMBER`, and opens it for writing.
///
/// Process numbers come again after a crash or from another container; then the next number is tried.
pub(crate) fn exclusive(folder: &Path, prefix: &OsStr, mode: u32) -> Result<(File, PathBuf)> {
    for number in 0_u32.. {
        let mut name = prefix.to_owned();
        name.push(format!(".{}.{number}", process::id()));
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io("create", &path, error)),
        }
    }
    Err(Error::new(crate::Kind::CantCreate, format!("no free name in '{}'", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use tempfile::tempdir;

    fn names(folder: &Path) -> Vec<OsString> {
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn replaces_whole_and_leaves_nothing_beside() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("config.toml");
        replace(&path, b"old", 0o644).unwrap();
        replace(&path, b"new", 0o600).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(dir.path()), ["config.toml"]);
    }

    #[test]
    fn never_creates_over_something() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("identity.key");
        create(&path, b"first", 0o600).unwrap();
        let error = create(&path, b"second", 0o600).unwrap_err();
        assert_eq!(error.message(), format!("cannot create '{}': File exists", path.display()));
        assert_eq!(read(&path, 10).unwrap(), b"first");
        assert_eq!(names(dir.path()), ["identity.key"]);
    }

    #[test]
    fn reads_no_more_than_asked() {
        let dir = tempdir().unwrap();
        let path = dir.path().join("x");
        replace(&path, b"12345", 0o600).unwrap();
        assert_eq!(read(&path, 4).unwrap_err().kind(), Kind::Malformed);
        // Says length 0 and never ends.
        assert_eq!(read(Path::new("/proc/self/mem"), 4).unwrap_err().kind(), Kind::Io);
        assert!(read(Path::new("/proc/cpuinfo"), 4).unwrap_err().message().contains("longer than 4 bytes"));
    }

    #[test]
    fn of_many_files_none_matters_more_than_the_others() {
        let dir = tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..=SYNCED_ONE_BY_ONE).map(|n| dir.path().join(n.to_string())).collect();
        paths[1..].iter().for_each(|path| std::fs::write(path, "x").unwrap());
        sync(&paths).unwrap();
        assert!(sync(&paths[1..]).is_ok() && sync(&paths[..1]).is_err());
    }

    #[test]
    fn neither_links_nor_pipes_nor_folders_are_files() {
        let dir = tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let link = dir.path().join("link");
        symlink("/etc/passwd", &link).unwrap();
        for wrong in [pipe.as_path(), &link, dir.path(), Path::new("/dev/zero")] {
            assert_eq!(read(wrong, 10).unwrap_err().kind(), Kind::Malformed, "{}", wrong.display());
        }
    }
}
