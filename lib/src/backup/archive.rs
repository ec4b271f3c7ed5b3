//! What is in a backup: a tar archive of plain files, each in its one place, so that reading one can write nowhere else.

use crate::{
    Context, Error, Fingerprint, Result, blob, file,
    home::{Config, Home},
    mailbox,
};
use jiff::Timestamp;
use openssl::sha::Sha256;
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tar::{Archive, Builder, EntryType, Header};

/// The first file: what this is, whose it is, and when it was made.
const NOTE: &str = "backup";
pub const DATABASE: &str = "socialnet.db";
pub const SETTINGS: &str = "config.toml";
/// Folders of which every file is in it, in this order around the database: what was received and not yet read comes
/// before, or a file that is read meanwhile would be in neither; chunks come after, so that all those that the database
/// names are there.
const BEFORE: [&str; 3] = ["identity", "inpackets/new", "inpackets/held"];
const AFTER: [&str; 1] = ["outpackets/new"];
const BLOBS: &str = "blobs";
/// Must be there.
const NEEDED: [&str; 4] = [SETTINGS, "identity/identity.key", "identity/identity.crt", DATABASE];
/// Bytes of a note or of settings, at most.
const MAX_TEXT: u64 = 1 << 20;
/// Bytes of a name, at most.
const MAX_NAME: u64 = 300;

/// Whose backup it is, when it was made, and how much is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The owner.
    pub account: Fingerprint,
    /// When it was begun; whole seconds.
    pub made: Timestamp,
    /// Files in it.
    pub files: u64,
    /// Bytes in these files.
    pub bytes: u64,
}

/// Writes an account. `database` makes a copy of the database at one moment, and says where.
pub fn write<W: Write>(
    out: W,
    home: &Home,
    summary: &mut Summary,
    with_blobs: bool,
    database: impl FnOnce() -> Result<std::path::PathBuf>,
) -> Result<W> {
    let mut archive = Builder::new(out);
    let note = format!("socialnet-backup 1\naccount {}\nmade {}\n", summary.account, summary.made);
    let header = header(note.len() as u64, summary.made.as_second().unsigned_abs());
    archive.append_data(&mut header.clone(), NOTE, note.as_bytes())?;
    let mut add = |archive: &mut Builder<W>, name: &str, path: &Path| -> Result<()> {
        // Whatever is not there any more has gone its way since the folder was listed.
        if !path.try_exists().is_ok_and(|there| there) {
            return Ok(());
        }
        let from = file::open(path)?;
        let about = from.metadata()?;
        let modified = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let size = about.len();
        let mut from = Counted { from: from.take(size), left: size, path };
        archive.append_data(&mut self::header(size, modified), name, &mut from)?;
        if from.left > 0 {
            return Err(Error::malformed(format!("'{}' became shorter while it was read", path.display())));
        }
        summary.files += 1;
        summary.bytes += size;
        Ok(())
    };
    let mut folder = |archive: &mut Builder<W>, folder: &str| -> Result<()> {
        let path = home.path().join(folder);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(|error| Error::io("open", &path, error))? {
            let entry = entry.map_err(|error| Error::io("read", &path, error))?;
            let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            names.extend(entry.file_name().into_string().ok().filter(|name| plain && is_plain(name)));
        }
        names.sort_unstable();
        names.iter().try_for_each(|name| add(archive, &format!("{folder}/{name}"), &path.join(name)))
    };
    BEFORE.iter().try_for_each(|name| folder(&mut archive, name))?;
    let copy = database()?;
    AFTER.iter().try_for_each(|name| folder(&mut archive, name))?;
    if with_blobs {
        folder(&mut archive, BLOBS)?;
    }
    add(&mut archive, SETTINGS, &home.path().join(SETTINGS))?;
    add(&mut archive, DATABASE, &copy)?;
    Ok(archive.into_inner()?)
}

fn header(size: u64, modified: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(modified);
    header
}

/// Knows whether all came that was announced, and says of what it could not read; where it is copied to may fail as well.
struct Counted<'a, R> {
    from: R,
    left: u64,
    path: &'a Path,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let failed = |error| Error::through_io(format!("cannot read '{}'", self.path.display()), error);
        let count = self.from.read(out).map_err(failed)?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Reads an archive to its end and checks all of it. With `into`, an empty folder of an account, its files are written
/// there; they are worth nothing unless this succeeds.
pub fn read(from: impl Read, into: Option<&Path>) -> Result<Summary> {
    let mut archive = Archive::new(from);
    let mut seen = BTreeSet::new();
    let mut summary: Option<Summary> = None;
    let mut long_name = None;
    // Raw: all else that tar knows has no place here, and nothing says how long it is before the seal's end was read.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        if entry.header().entry_type() == EntryType::GNULongName && long_name.is_none() {
            long_name = Some(read_name(&mut entry)?);
            continue;
        }
        let size = entry.size();
        let modified = entry.header().mtime()?;
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = place(&name, entry.header().entry_type())?;
        if !seen.insert(name.clone()) {
            return Err(Error::malformed(format!("the backup has '{name}' twice")));
        }
        let Some(summary) = &mut summary else {
            summary = Some(read_note(&name, &mut entry)?);
            continue;
        };
        summary.files += 1;
        summary.bytes += size;
        let mut file = match into {
            Some(folder) => Some(new_file(&folder.join(&name))?),
            None => None,
        };
        check(&name, size, &mut entry, file.as_mut())?;
        if let Some(file) = file {
            // The order in which things came.
            file.set_modified(
                SystemTime::UNIX_EPOCH + Duration::from_secs(modified.min(u64::from(u32::MAX))),
            )?;
        }
    }
    let missing = NEEDED.iter().find(|name| !seen.contains(**name));
    if let Some(missing) = missing {
        return Err(Error::malformed(format!("the backup has no '{missing}'")));
    }
    // The archive ends before the seal does, and only the seal's end says that all of it is genuine.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    summary.ok_or_else(|| Error::malformed("an empty backup"))
}

fn new_file(path: &Path) -> Result<fs::File> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map_err(|error| Error::io("create", path, error))
}

/// The name of an entry, if it is a plain file in one of the places that an account has.
fn place(name: &[u8], kind: EntryType) -> Result<String> {
    let name = std::str::from_utf8(name).unwrap_or_default();
    let refused = || Error::malformed(format!("the backup has '{name}', which is nothing of an account"));
    if kind != EntryType::Regular {
        return Err(refused());
    }
    let folders = BEFORE.iter().chain(&AFTER).chain([&BLOBS]);
    let plain = [NOTE, SETTINGS, DATABASE].contains(&name)
        || name
            .rsplit_once('/')
            .is_some_and(|(folder, file)| folders.clone().any(|it| *it == folder) && is_plain(file));
    if plain { Ok(name.to_owned()) } else { Err(refused()) }
}

/// A name of a file and of nothing else; leftovers, which begin with a dot, stay behind.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && !name.contains(['/', '\0'])
}

/// A name for which a header has no room, before the file it belongs to. It ends with a zero byte.
fn read_name(entry: &mut impl Read) -> Result<Vec<u8>> {
    let mut name = Vec::new();
    entry.take(MAX_NAME + 1).read_to_end(&mut name)?;
    if name.len() as u64 > MAX_NAME {
        return Err(Error::malformed("the backup has a name that is too long"));
    }
    name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
    Ok(name)
}

fn read_note(name: &str, entry: &mut impl Read) -> Result<Summary> {
    let unknown = || Error::malformed("a backup of another version");
    if name != NOTE {
        return Err(unknown());
    }
    let mut note = String::new();
    entry.take(MAX_TEXT).read_to_string(&mut note)?;
    let rest = note.strip_prefix("socialnet-backup 1\naccount ").ok_or_else(unknown)?;
    let (account, made) = rest.trim_end().split_once("\nmade ").ok_or_else(unknown)?;
    let made = made.parse().map_err(|_| unknown())?;
    Ok(Summary { account: account.parse()?, made, files: 0, bytes: 0 })
}

// What can be told of a file by itself.
fn check(name: &str, size: u64, entry: &mut impl Read, mut out: Option<&mut fs::File>) -> Result<()> {
    let wrong = |why: &str| Error::malformed(format!("the backup's '{name}' {why}"));
    if name == SETTINGS && size > MAX_TEXT {
        return Err(wrong("is too long"));
    }
    let mut digest = Sha256::new();
    let mut begin = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = entry.read(&mut buffer)?;
        let bytes = &buffer[..count];
        if count == 0 {
            break;
        }
        digest.update(bytes);
        if begin.len() < MAX_TEXT as usize && (name == SETTINGS || begin.len() < 100) {
            begin.extend_from_slice(bytes);
        }
        if let Some(out) = &mut out {
            out.write_all(bytes).context(|| format!("cannot write '{name}'"))?;
        }
    }
    match name.strip_prefix("blobs/") {
        Some(chunk) if mailbox::hash_in(chunk) != Some(digest.finish()) => {
            return Err(wrong("is another chunk"));
        }
        Some(_) if size > blob::CHUNK as u64 => return Err(wrong("is too long")),
        _ => {}
    }
    if name == DATABASE && !is_database(&begin, size) {
        return Err(wrong("is no whole database"));
    }
    if name == SETTINGS {
        let text = String::from_utf8(begin).map_err(|_| wrong("is not UTF-8"))?;
        Config::read(&text, Path::new(SETTINGS))?;
    }
    Ok(())
}

/// The header of SQLite's file format (section 1.3 of its page): page size at 16, number of pages at 28.
fn is_database(begin: &[u8], size: u64) -> bool {
    let number = |at: usize, length: usize| {
        begin
            .get(at..at + length)
            .map_or(0, |bytes| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    };
    let page = match number(16, 2) {
        1 => 1 << 16,
        size => size,
    };
    begin.starts_with(b"SQLite format 3\0") && size > 0 && page * number(28, 4) == size
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with one entry after its note.
    fn archive(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        let account = Fingerprint::from_bytes([1; 32]);
        let note = format!("socialnet-backup 1\naccount {account}\nmade 2026-11-22T10:15:00Z\n");
        archive.append_data(&mut header(note.len() as u64, 0), NOTE, note.as_bytes()).unwrap();
        let mut head = header(content.len() as u64, 0);
        head.set_entry_type(kind);
        // As bytes: what writes archives refuses such names too.
        head.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        head.set_cksum();
        archive.append(&head, content).unwrap();
        archive.into_inner().unwrap()
    }

    #[test]
    fn nothing_is_written_outside_of_an_account() {
        for name in [
            "../config.toml",
            "/etc/passwd",
            "identity/../../x",
            "identity/..",
            "identity/",
            "blobs/a/b",
            "./config.toml",
            "inpackets/tmp/x",
            "state/x",
            "identity/.x",
            "other",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let into = dir.path().join("account");
            fs::create_dir_all(into.join("identity")).unwrap();
            let refused = read(archive(name, EntryType::Regular, b"x").as_slice(), Some(&into)).unwrap_err();
            assert!(refused.message().contains("nothing of an account"), "{name}: {refused}");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
            assert_eq!(fs::read_dir(into.join("identity")).unwrap().count(), 0);
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo] {
            assert!(read(archive(SETTINGS, kind, b"").as_slice(), None).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn long_names_are_read_and_endless_ones_are_not() {
        let name = format!("inpackets/new/{}", "n".repeat(200));
        let mut long = Builder::new(Vec::new());
        long.append_data(&mut header(1, 0), &name, b"x".as_slice()).unwrap();
        let mut entries = archive(SETTINGS, EntryType::Regular, b"");
        entries.truncate(2 << 9);
        entries.extend(long.into_inner().unwrap());
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("inpackets/new")).unwrap();
        let refused = read(entries.as_slice(), Some(dir.path())).unwrap_err();
        assert!(refused.message().contains("has no 'config.toml'"), "{refused}");
        assert_eq!(fs::read(dir.path().join(name)).unwrap(), b"x");
        for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
            let refused = read(archive("x", kind, &[b'n'; 1 << 20]).as_slice(), None).unwrap_err();
            assert!(!refused.message().contains("has no"), "{kind:?}: {refused}");
        }
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let chunk = format!("blobs/{}", mailbox::name_for(&blob::sha256(b"one")));
        for (name, content, why) in [
            (chunk.as_str(), b"two".as_slice(), "another chunk"),
            (DATABASE, b"SQLite format 3\0", "no whole database"),
            (SETTINGS, b"[nonsense]", "nonsense"),
            (SETTINGS, b"", "has no 'identity/identity.key'"),
            (NOTE, b"x", "twice"),
        ] {
            let refused = read(archive(name, EntryType::Regular, content).as_slice(), None).unwrap_err();
            assert!(refused.message().contains(why), "{name}: {refused}");
        }
    }
}
