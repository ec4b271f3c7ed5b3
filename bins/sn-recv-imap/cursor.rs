//! How far a folder was read, in a file of `$SN_STATE`: its UIDVALIDITY, the next UID (RFC 3501 section 2.3.1.1), and
//! which of our own mails are still there to be deleted later.

use socialnet::{Context, Error, Result, file, mailbox::name_of};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// Bytes of the file, at most: 200,000 mails that wait for their deletion.
const MAX_BYTES: usize = 4 << 20;

/// What is known of one folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Cursor {
    path: PathBuf,
    folder: String,
    /// When it changes, all UIDs mean something else.
    pub validity: u32,
    /// The first UID that was not looked at.
    pub next: u32,
    /// UIDs of our own mails and when they were fetched, in seconds since 1970.
    pub own: BTreeMap<u32, u64>,
}

impl Cursor {
    /// Of a folder, by its name at the server.
    pub fn open(state: &Path, folder: &str) -> Result<Self> {
        let path = state.join(format!("folder-{}", &name_of(folder.as_bytes())[..16]));
        let mut cursor = Self { path, folder: folder.to_owned(), validity: 0, next: 1, own: BTreeMap::new() };
        if cursor.path.exists() {
            let text = String::from_utf8(file::read(&cursor.path, MAX_BYTES)?).unwrap_or_default();
            cursor.parse(&text).ok_or_else(|| Error::malformed("not a cursor")).context(|| {
                format!("cannot read '{}'; without it the folder is read anew", cursor.path.display())
            })?;
        }
        Ok(cursor)
    }

    fn parse(&mut self, text: &str) -> Option<()> {
        for line in text.lines() {
            let (key, value) = line.split_once(' ')?;
            match key {
                "uidvalidity" => self.validity = value.parse().ok()?,
                "uidnext" => self.next = value.parse().ok()?,
                "own" => {
                    let (uid, since) = value.split_once(' ')?;
                    self.own.insert(uid.parse().ok()?, since.parse().ok()?);
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Takes note of the folder's UIDVALIDITY: another one than before means to begin anew.
    pub fn of_validity(&mut self, validity: u32) {
        if self.validity != validity {
            (self.validity, self.next) = (validity, 1);
            self.own.clear();
        }
    }

    /// Durable when it returns.
    pub fn save(&self) -> Result<()> {
        let mut text =
            format!("folder {}\nuidvalidity {}\nuidnext {}\n", self.folder, self.validity, self.next);
        for (uid, since) in &self.own {
            // Writing to a String does not fail.
            let _ = writeln!(text, "own {uid} {since}");
        }
        file::replace(&self.path, text.as_bytes(), 0o600)
    }
}
