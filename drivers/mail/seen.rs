//! Which mails of a source were looked at before, and which of our own are still there, in a file of `$SN_STATE`: a line
//! for each, its identifier at the source and, after a TAB, when one of ours was fetched.

use socialnet::{Error, Result, file};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Bytes of the file, at most: half a million mails.
const MAX_BYTES: usize = 64 << 20;

/// The mails of one source by their identifiers, which have no control characters.
pub struct Seen {
    path: PathBuf,
    /// When it was fetched, in seconds since 1970, if it is one of ours.
    mails: BTreeMap<String, Option<u64>>,
    changed: bool,
}

impl Seen {
    /// Of the source whose private folder is `state`.
    pub fn open(state: &Path) -> Result<Self> {
        let path = state.join("seen");
        let mut mails = BTreeMap::new();
        if path.exists() {
            let text = String::from_utf8(file::read(&path, MAX_BYTES)?)
                .map_err(|_| Error::malformed(format!("'{}' is not UTF-8", path.display())))?;
            for line in text.lines() {
                let (id, since) = line.split_once('\t').unwrap_or((line, ""));
                mails.insert(id.to_owned(), since.parse().ok());
            }
        }
        Ok(Self { path, mails, changed: false })
    }

    /// Whether a mail was looked at before.
    pub fn has(&self, id: &str) -> bool {
        self.mails.contains_key(id)
    }

    /// A mail was looked at; `since` if it is one of ours.
    pub fn add(&mut self, id: &str, since: Option<u64>) {
        self.mails.insert(id.to_owned(), since);
        self.changed = true;
    }

    /// Our own, with when they were fetched.
    pub fn own(&self) -> impl Iterator<Item = (&str, u64)> {
        self.mails.iter().filter_map(|(id, since)| Some((id.as_str(), (*since)?)))
    }

    /// Forgets those that are not at the source any more.
    pub fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        let before = self.mails.len();
        self.mails.retain(|id, _| is_there(id));
        self.changed |= self.mails.len() != before;
    }

    /// Durable when it returns.
    pub fn save(&mut self) -> Result<()> {
        if std::mem::take(&mut self.changed) {
            let line = |(id, since): (&String, &Option<u64>)| match since {
                Some(since) => format!("{id}\t{since}\n"),
                None => format!("{id}\n"),
            };
            file::replace(&self.path, self.mails.iter().map(line).collect::<String>().as_bytes(), 0o600)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_known_the_next_time() {
        let state = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(state.path()).unwrap();
        seen.add("theirs", None);
        seen.add("ours", Some(7));
        seen.save().unwrap();
        let mut seen = Seen::open(state.path()).unwrap();
        assert!(seen.has("theirs") && seen.has("ours") && !seen.has("new"));
        assert_eq!(seen.own().collect::<Vec<_>>(), [("ours", 7)]);
        seen.keep(|id| id == "theirs");
        seen.save().unwrap();
        assert!(!Seen::open(state.path()).unwrap().has("ours"));
    }
}
