//! A mailbox, worked like a Maildir: written in `tmp`, synced, renamed into `new`, folder synced; the rename is the
//! commit. socialnet-home(5) has the states.

use crate::{
    Error, Kind, Result,
    file::{self, SYNCED_ONE_BY_ONE, exclusive, sync_folder},
};
use sha2::{Digest, Sha256};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// What is older than this in `tmp` was left by a writer that no longer runs.
const LEFTOVER: Duration = Duration::from_secs(36 * 3600);
/// Folders with a quota: bytes, and age where age is a reason to delete.
const QUOTAS: [(&str, u64, Option<Duration>); 2] =
    [("bad", 64 << 20, None), ("held", 256 << 20, Some(Duration::from_secs(7 * 24 * 3600)))];
/// What a file counts at least: one of a single byte takes a block on disk, and a moment of each run.
const BLOCK: u64 = 4096;
/// Bytes of a file's name, at most (NAME_MAX).
const MAX_NAME: usize = 255;
/// Ends the name of the file that says why an item is in `bad` or `failed`.
const WHY: &str = ".why";

/// `inpackets` or `outpackets`.
pub struct Mailbox {
    root: PathBuf,
}

/// The name of bytes that came from outside: their SHA-256 in lower-case hexadecimal, 64 characters.
///
/// Commands that carry sealed bytes link no OpenSSL; hence a hash of another make than in [`crate::seal`].
pub fn name_of(bytes: &[u8]) -> String {
    name_for(&Sha256::digest(bytes).into())
}

/// The same name for a hash that is known.
pub fn name_for(sha256: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(sha256)
}

/// The hash in such a name.
pub fn hash_in(name: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(name.as_bytes()).ok()?.try_into().ok()
}

/// Whether a name that somebody else chose may become a file's: `[0-9a-z.]+`, no dot in front, at most 128 characters.
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'.';
    (1..=128).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(allowed)
}

/// Deletes files of a folder called `tmp` whose writer no longer runs.
pub fn delete_leftovers(tmp: &Path) -> Result<()> {
    let now = SystemTime::now();
    let entries = tmp.read_dir().map_err(|error| Error::io("open", tmp, error))?;
    for entry in entries {
        let path = entry.map_err(|error| Error::io("read", tmp, error))?.path();
        // Whoever deletes it first is right.
        let Ok(about) = path.symlink_metadata() else { continue };
        let age = about.modified().ok().and_then(|modified| now.duration_since(modified).ok());
        if about.is_file() && age.is_some_and(|age| age > LEFTOVER) {
            file::delete(&path)?;
        }
    }
    Ok(())
}

impl Mailbox {
    /// The mailbox at `root`, which has `tmp` and `new` at least.
    pub fn open(root: &Path) -> Result<Self> {
        for folder in ["tmp", "new"] {
            let path = root.join(folder);
            let about = path.metadata().map_err(|error| Error::io("open", &path, error))?;
            if !about.is_dir() {
                return Err(Error::new(Kind::Io, format!("'{}' is not a folder", path.display())));
            }
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of an item in one of its folders: `new`, `held`, `bad`, `sent`, `failed`.
    pub fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.root.join(folder).join(name)
    }

    /// Names in a folder, in no particular order, without reading it whole. Names with a dot in front and those that
    /// end in `.why` are not items. [`Kind::Malformed`]: a folder, or a name that is not UTF-8; somebody put it there by
    /// mistake, it is left where it is, and the others follow.
    pub fn names(&self, folder: &str) -> Result<Box<dyn Iterator<Item = Result<String>>>> {
        let path = self.root.join(folder);
        let entries = path.read_dir().map_err(|error| Error::io("open", &path, error))?;
        Ok(Box::new(entries.filter_map(move |entry| {
            let cannot_read = |error| Error::io("read", &path, error);
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(cannot_read(error))),
            };
            let left =
                |what: &str| Error::malformed(format!("left alone: '{}' {what}", entry.path().display()));
            match entry.file_name().into_string() {
                Ok(name) if name.starts_with('.') || name.ends_with(WHY) => None,
                Ok(name) => match entry.file_type() {
                    Ok(kind) if kind.is_dir() => Some(Err(left("is a folder"))),
                    Ok(_) => Some(Ok(name)),
                    // Whoever took it away meanwhile is right.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(error) => Some(Err(cannot_read(error))),
                },
                Err(_) => Some(Err(left("has a name that is not UTF-8"))),
            }
        })))
    }

    /// As [`Mailbox::names`], without telling what is left alone.
    pub fn items(&self, folder: &str) -> Result<Box<dyn Iterator<Item = Result<String>>>> {
        let left_alone =
            |name: &Result<String>| matches!(name, Err(error) if error.kind() == Kind::Malformed);
        Ok(Box::new(self.names(folder)?.filter(move |name| !left_alone(name))))
    }

    /// Begins a delivery of files.
    pub fn batch(&self) -> Batch<'_> {
        Batch { mailbox: self, filesystem: None, open: Vec::new(), items: Vec::new(), committed: 0 }
    }

    /// Renames an item from one folder to another; the target folder is synced by [`Mailbox::sync`].
    pub fn shift(&self, name: &str, from: &str, to: &str) -> Result<()> {
        let path = self.path(from, name);
        fs::rename(&path, self.path(to, name)).map_err(|error| Error::io("move", &path, error))
    }

    /// Moves an item of `new` to `bad`, with one line in `NAME.why`.
    pub fn reject(&self, name: &str, why: &str) -> Result<()> {
        self.set_aside(name, "new", "bad", why)
    }

    /// Moves an item of `new` to `failed`, with one line in `NAME.why`.
    pub fn give_up(&self, name: &str, why: &str) -> Result<()> {
        self.set_aside(name, "new", "failed", why)
    }

    /// Moves an item of `sent` to `failed`, with one line in `NAME.why`.
    pub fn give_up_sent(&self, name: &str, why: &str) -> Result<()> {
        self.set_aside(name, "sent", "failed", why)
    }

    // The reason comes first: killed in between, the item is still where it was and comes here again. A name that has no
    // room for `.why` after it is replaced by its hash.
    fn set_aside(&self, name: &str, from: &str, to: &str, why: &str) -> Result<()> {
        let kept = if name.len() + WHY.len() <= MAX_NAME { name } else { &name_of(name.as_bytes()) };
        let path = self.path(to, &format!("{kept}{WHY}"));
        let line = format!("{}\n", crate::text::one_line(why));
        fs::write(&path, line).map_err(|error| Error::io("write", &path, error))?;
        let from = self.path(from, name);
        fs::rename(&from, self.path(to, kept)).map_err(|error| Error::io("move", &from, error))
    }

    /// Deletes an item, and why it was where it was; one that is gone already is fine.
    pub fn remove(&self, folder: &str, name: &str) -> Result<()> {
        self.files_of(folder, name).try_for_each(|path| file::delete(&path))
    }

    /// As [`Mailbox::remove`], for many.
    pub fn remove_all(&self, folder: &str, names: &[String]) -> Result<()> {
        file::delete_all(&names.iter().flat_map(|name| self.files_of(folder, name)).collect::<Vec<_>>())
    }

    fn files_of(&self, folder: &str, name: &str) -> impl Iterator<Item = PathBuf> {
        // For what is new nobody has to say why.
        let why = (folder != "new").then(|| self.path(folder, &format!("{name}{WHY}")));
        std::iter::once(self.path(folder, name)).chain(why)
    }

    /// Syncs a folder, so that renames and deletions in it are durable.
    pub fn sync(&self, folder: &str) -> Result<()> {
        sync_folder(&self.root.join(folder))
    }

    /// Deletes what crashed writers left in `tmp`, and the oldest of what `bad` and `held` have too much of.
    pub fn tidy(&self) -> Result<()> {
        let now = SystemTime::now();
        delete_leftovers(&self.root.join("tmp"))?;
        for (folder, quota, longest) in QUOTAS {
            if !self.root.join(folder).is_dir() {
                continue;
            }
            let mut entries = self.entries(folder)?;
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.modified));
            let mut total = 0;
            for entry in entries {
                total += entry.size.max(BLOCK);
                if total > quota || longest.is_some_and(|longest| entry.age(now) > longest) {
                    self.remove(folder, &entry.name)?;
                }
            }
        }
        Ok(())
    }

    fn entries(&self, folder: &str) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for name in self.items(folder)? {
            let name = name?;
            // Whoever deletes it first is right.
            let Ok(about) = self.path(folder, &name).symlink_metadata() else { continue };
            let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            entries.push(Entry { name, size: about.len(), modified });
        }
        Ok(entries)
    }
}

struct Entry {
    name: String,
    size: u64,
    modified: SystemTime,
}

impl Entry {
    fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.modified).unwrap_or_default()
    }
}

/// Files on their way into `new`. Dropped without [`Batch::commit`], it leaves nothing behind.
pub struct Batch<'a> {
    mailbox: &'a Mailbox,
    /// Opened before the first write: syncfs(2) reports to a descriptor only what failed since it was opened.
    filesystem: Option<File>,
    /// The first files, still open to be synced one by one.
    open: Vec<File>,
    /// Where each is in `tmp`, and its name.
    items: Vec<(PathBuf, String)>,
    /// How many of them are in `new` already.
    committed: usize,
}

impl Batch<'_> {
    /// Writes an item in `tmp`. The same name again replaces it, in this batch and in `new`.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let tmp = self.mailbox.root.join("tmp");
        if self.filesystem.is_none() {
            self.filesystem = Some(File::open(&tmp).map_err(|error| Error::io("open", &tmp, error))?);
        }
        let (mut file, path) = exclusive(&tmp, OsStr::new(name), 0o600)?;
        self.items.push((path, name.to_owned()));
        let target = || self.mailbox.path("new", name);
        file.write_all(bytes).map_err(|error| Error::io("write", &target(), error))?;
        if self.items.len() <= SYNCED_ONE_BY_ONE {
            self.open.push(file);
        }
        Ok(())
    }

    /// How many items it has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Syncs, renames all into `new`, syncs the folder: from then on they are there. Gives the path of each, in order.
    pub fn commit(mut self) -> Result<Vec<PathBuf>> {
        let Some(filesystem) = &self.filesystem else { return Ok(Vec::new()) };
        let synced = if self.items.len() > SYNCED_ONE_BY_ONE {
            rustix::fs::syncfs(filesystem).map_err(io::Error::from)
        } else {
            self.open.iter().try_for_each(File::sync_data)
        };
        synced.map_err(|error| Error::io("sync", &self.mailbox.root.join("tmp"), error))?;
        let mut paths = Vec::with_capacity(self.items.len());
        for (tmp, name) in &self.items {
            let path = self.mailbox.path("new", name);
            fs::rename(tmp, &path).map_err(|error| Error::io("write", &path, error))?;
            self.committed += 1;
            paths.push(path);
        }
        self.mailbox.sync("new")?;
        Ok(paths)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for (tmp, _) in &self.items[self.committed..] {
            // What can't be deleted now is a leftover, which `tidy` finds.
            let _ = fs::remove_file(tmp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::FileTimes;
    use tempfile::{TempDir, tempdir};

    fn mailbox() -> (TempDir, Mailbox) {
        let dir = tempdir().unwrap();
        for folder in ["tmp", "new", "held", "bad"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let mailbox = Mailbox::open(dir.path()).unwrap();
        (dir, mailbox)
    }

    fn list(mailbox: &Mailbox, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = mailbox.names(folder).unwrap().map(Result::unwrap).collect();
        names.sort();
        names
    }

    fn make_older(path: &Path, age: Duration) {
        let then = SystemTime::now() - age;
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_times(FileTimes::new().set_modified(then))
            .unwrap();
    }

    #[test]
    fn nothing_is_in_new_before_the_commit_and_nothing_in_tmp_after() {
        for count in [1, SYNCED_ONE_BY_ONE, SYNCED_ONE_BY_ONE + 1] {
            let (_dir, mailbox) = mailbox();
            let mut batch = mailbox.batch();
            for number in 0..count {
                batch.add(&number.to_string(), b"from alice").unwrap();
            }
            assert!(list(&mailbox, "new").is_empty());
            let paths = batch.commit().unwrap();
            assert_eq!(paths.len(), count);
            assert!(paths.iter().all(|path| fs::read(path).unwrap() == b"from alice"));
            assert!(list(&mailbox, "tmp").is_empty());
        }
    }

    #[test]
    fn a_batch_that_is_given_up_leaves_nothing() {
        let (_dir, mailbox) = mailbox();
        let mut batch = mailbox.batch();
        batch.add("a", b"1").unwrap();
        drop(batch);
        assert!(list(&mailbox, "tmp").is_empty() && list(&mailbox, "new").is_empty());
    }

    #[test]
    fn the_same_name_again_replaces() {
        let (_dir, mailbox) = mailbox();
        let mut batch = mailbox.batch();
        batch.add("a", b"1").unwrap();
        batch.add("a", b"2").unwrap();
        batch.commit().unwrap();
        assert_eq!(fs::read(mailbox.path("new", "a")).unwrap(), b"2");
    }

    #[test]
    fn a_rejected_item_is_in_bad_with_its_reason_on_one_line() {
        let (_dir, mailbox) = mailbox();
        fs::write(mailbox.path("new", "a"), b"x").unwrap();
        mailbox.reject("a", "two\nlines").unwrap();
        assert!(list(&mailbox, "new").is_empty());
        assert_eq!(list(&mailbox, "bad"), ["a"]);
        let why = fs::read_to_string(mailbox.path("bad", "a.why")).unwrap();
        assert_eq!(why.matches('\n').count(), 1);
        mailbox.remove("bad", "a").unwrap();
        assert_eq!(mailbox.root().join("bad").read_dir().unwrap().count(), 0);
    }

    #[test]
    fn tidy_deletes_what_is_old_and_leaves_what_is_new() {
        let (_dir, mailbox) = mailbox();
        for (folder, days) in [("tmp", 2), ("held", 8), ("bad", 8), ("new", 400)] {
            for name in ["old", "young"] {
                fs::write(mailbox.path(folder, name), b"x").unwrap();
            }
            make_older(&mailbox.path(folder, "old"), Duration::from_secs(days * 24 * 3600));
        }
        mailbox.tidy().unwrap();
        assert_eq!(list(&mailbox, "tmp"), ["young"]);
        assert_eq!(list(&mailbox, "held"), ["young"]);
        assert_eq!(list(&mailbox, "bad"), ["old", "young"]);
        assert_eq!(list(&mailbox, "new"), ["old", "young"]);
    }

    #[test]
    fn beyond_the_quota_the_oldest_go_first() {
        let (_dir, mailbox) = mailbox();
        // Sparse: the quota counts lengths.
        for (name, age) in [("first", 3), ("second", 2), ("third", 1)] {
            let path = mailbox.path("bad", name);
            File::create(&path).unwrap().set_len(30 << 20).unwrap();
            make_older(&path, Duration::from_secs(age * 60));
        }
        mailbox.tidy().unwrap();
        assert_eq!(list(&mailbox, "bad"), ["second", "third"]);
    }

    #[test]
    fn many_tiny_files_fill_the_quota_too() {
        let (_dir, mailbox) = mailbox();
        let room = (64 << 20) / BLOCK as usize;
        for number in 0..=room {
            File::create(mailbox.path("bad", &number.to_string())).unwrap();
        }
        mailbox.tidy().unwrap();
        assert_eq!(list(&mailbox, "bad").len(), room);
    }

    #[test]
    fn a_folder_or_a_nameless_thing_is_told_and_the_rest_is_found() {
        use std::os::unix::ffi::OsStrExt;
        let (_dir, mailbox) = mailbox();
        fs::create_dir(mailbox.path("new", "folder")).unwrap();
        fs::write(mailbox.root().join("new").join(OsStr::from_bytes(b"\xff")), b"x").unwrap();
        fs::write(mailbox.path("new", "a"), b"x").unwrap();
        let (found, told): (Vec<_>, Vec<_>) = mailbox.names("new").unwrap().partition(Result::is_ok);
        assert_eq!(found, [Ok("a".to_owned())]);
        assert!(told.iter().all(|it| it.as_ref().is_err_and(|error| error.kind() == Kind::Malformed)));
        assert_eq!(told.len(), 2);
        assert_eq!(mailbox.items("new").unwrap().collect::<Vec<_>>(), [Ok("a".to_owned())]);
    }

    #[test]
    fn names_from_outside_are_checked() {
        for good in ["0", "a.b", &name_of(b"x")] {
            assert!(is_name(good), "{good}");
        }
        for wrong in ["", ".", "..", ".a", "a/b", "../a", "A", "a\n", "a\0", "ä", &"a".repeat(129)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_mailbox_has_its_folders() {
        let dir = tempdir().unwrap();
        assert_eq!(Mailbox::open(dir.path()).err().unwrap().kind(), Kind::Io);
    }
}
