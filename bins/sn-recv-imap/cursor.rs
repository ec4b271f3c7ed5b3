//! How far a folder was read, in a file of `$SN_STATE`: its UIDVALIDITY, the next UID (RFC 3501 section 2.3.1.1), and
//! which of our own mails are still there to be deleted later. Mails that can't be had are in another, beside it.

use socialnet::{Context, Error, Result, file, mailbox::name_of};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

/// Bytes of the file, at most: 200,000 mails that wait for their deletion.
const MAX_BYTES: usize = 4 << 20;

/// How mails are asked for, among which is one that the server can't hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Careful {
    /// So many at once.
    pub at_once: usize,
    /// Up to the one with this UID.
    pub until: u32,
}

/// What is known of one folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Cursor {
    path: PathBuf,
    folder: String,
    /// When it changes, all UIDs mean something else.
    pub validity: u32,
    /// The first UID that was not looked at.
    pub next: u32,
    /// How the next ones are asked for, if not as usual.
    pub careful: Option<Careful>,
    /// UIDs of our own mails and when they were fetched, in seconds since 1970.
    pub own: BTreeMap<u32, u64>,
}

impl Cursor {
    /// Of a folder, by its name at the server.
    pub fn open(state: &Path, folder: &str) -> Result<Self> {
        let path = state.join(format!("folder-{}", short(folder)));
        let folder = folder.to_owned();
        let mut cursor = Self { path, folder, validity: 0, next: 1, careful: None, own: BTreeMap::new() };
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
                "careful" => {
                    let (at_once, until) = value.split_once(' ')?;
                    self.careful =
                        Some(Careful { at_once: at_once.parse().ok()?, until: until.parse().ok()? });
                }
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
            (self.validity, self.next, self.careful) = (validity, 1, None);
            self.own.clear();
        }
    }

    /// Durable when it returns.
    pub fn save(&self) -> Result<()> {
        let mut text =
            format!("folder {}\nuidvalidity {}\nuidnext {}\n", self.folder, self.validity, self.next);
        // Writing to a String does not fail.
        if let Some(Careful { at_once, until }) = self.careful {
            let _ = writeln!(text, "careful {at_once} {until}");
        }
        for (uid, since) in &self.own {
            let _ = writeln!(text, "own {uid} {since}");
        }
        file::replace(&self.path, text.as_bytes(), 0o600)
    }
}

/// The file of a folder's mails that the server can't hand out, beside its cursor.
pub fn stumbled(state: &Path, folder: &str) -> PathBuf {
    state.join(format!("stumbled-{}", short(folder)))
}

fn short(folder: &str) -> String {
    name_of(folder.as_bytes())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_came_is_known_the_next_time() {
        let state = tempfile::tempdir().unwrap();
        let mut cursor = Cursor::open(state.path(), "INBOX").unwrap();
        cursor.of_validity(7);
        (cursor.next, cursor.careful) = (9, Some(Careful { at_once: 50, until: 100 }));
        cursor.own.insert(3, 1000);
        cursor.save().unwrap();
        let mut again = Cursor::open(state.path(), "INBOX").unwrap();
        assert_eq!(again, cursor);
        again.of_validity(8);
        assert_eq!((again.next, again.careful, again.own.len()), (1, None, 0));
    }
}
