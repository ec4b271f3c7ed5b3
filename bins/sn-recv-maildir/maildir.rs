//! A Maildir that other programs fill and read at the same time. A mail's name up to the colon is its own for ever; what
//! is behind it are its flags, and others may change them, or move it from `new` to `cur`, at any moment.

use socialnet::{Error, Kind, Result, cli, file, mailbox::Mailbox, text};
use socialnet_mail::{
    arrivals::Arrivals,
    find::{MAX_MAIL, find},
    policy::{Policy, now},
    seen::Seen,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Mails that are looked at until they are remembered, at most: whoever has very many of them on a slow disk may be ended
/// for its silence before all are, and goes on from there.
const REMEMBERED: usize = 1000;
/// Coarser than any file system's clock.
const TICK: Duration = Duration::from_secs(2);

/// Looks without fetching: prints facts (socialnet-driver(7)).
pub fn check(folder: &Path, policy: &Policy) -> Result<()> {
    for sub in ["new", "cur"] {
        let sub = folder.join(sub);
        sub.read_dir().map_err(|error| Error::io("open", &sub, error))?;
    }
    let mut out = cli::output();
    writeln!(out, "version=1")?;
    if let Policy::Move(to) = policy
        && !Path::new(to).join("cur").is_dir()
    {
        writeln!(out, "missing={}", text::one_line(to))?;
    }
    cli::finish(out)
}

/// One Maildir as a source.
pub struct Maildir {
    /// It has `new` and `cur`.
    pub folder: PathBuf,
    /// Where packets go.
    pub mailbox: Mailbox,
    /// What becomes of our mails.
    pub policy: Policy,
    /// What was looked at.
    pub seen: Seen,
    /// When `new` and `cur` were last changed before the last look.
    pub changed: Option<[SystemTime; 2]>,
}

impl Maildir {
    /// Looks at what is new.
    pub fn fetch(&mut self, console: &mut cli::Console) -> Result<()> {
        let changed = [self.changed_at("new")?, self.changed_at("cur")?];
        if self.changed == Some(changed) && !self.seen.own().any(|(_, since)| self.policy.is_due(since)) {
            return Ok(());
        }
        let mails = self.mails()?;
        let mut arrivals = Arrivals::new(&self.mailbox);
        let mut looked = Vec::new();
        for (id, path) in &mails {
            if self.seen.has(id) {
                continue;
            }
            match file::read(path, MAX_MAIL) {
                Ok(mail) => {
                    let finds = find(&mail);
                    arrivals.add(finds.found)?;
                    looked.push((id, finds.ours_alone));
                }
                // Moved or deleted meanwhile: it comes again, or does not.
                Err(_) if !path.exists() => continue,
                Err(error) if error.kind() == Kind::Malformed => looked.push((id, false)),
                Err(error) => console.failed(&error),
            }
            if arrivals.is_full() || looked.len() >= REMEMBERED {
                arrivals.commit()?;
                arrivals = Arrivals::new(&self.mailbox);
                settle(&self.policy, &mut self.seen, &mails, &mut looked)?;
            }
        }
        arrivals.commit()?;
        settle(&self.policy, &mut self.seen, &mails, &mut looked)?;
        self.delete_due(&mails)?;
        self.seen.keep(|name| mails.contains_key(name));
        self.seen.save()?;
        // Something may have come in the same tick of the clock, and change nothing any more.
        let settled = |then: &SystemTime| then.elapsed().is_ok_and(|elapsed| elapsed > TICK);
        self.changed = changed.iter().all(settled).then_some(changed);
        Ok(())
    }

    fn changed_at(&self, sub: &str) -> Result<SystemTime> {
        let path = self.folder.join(sub);
        let changed = path.metadata().and_then(|about| about.modified());
        changed.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(Kind::Again, format!("there is no Maildir '{}'", self.folder.display()))
            }
            _ => Error::io("open", &path, error),
        })
    }

    /// Where each mail is. Names that no Maildir program would give are not mails.
    fn mails(&self) -> Result<BTreeMap<String, PathBuf>> {
        let mut mails = BTreeMap::new();
        for sub in ["new", "cur"] {
            let folder = self.folder.join(sub);
            for entry in folder.read_dir().map_err(|error| Error::io("open", &folder, error))? {
                let path = entry.map_err(|error| Error::io("read", &folder, error))?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let id = name.split(':').next().unwrap_or_default();
                if !id.is_empty() && !id.starts_with('.') && !id.contains(char::is_control) {
                    mails.insert(id.to_owned(), path);
                }
            }
        }
        Ok(mails)
    }

    fn delete_due(&mut self, mails: &BTreeMap<String, PathBuf>) -> Result<()> {
        for (id, since) in self.seen.own() {
            if self.policy.is_due(since)
                && let Some(path) = mails.get(id)
                // Its flags may have changed since it was listed.
                && let Some(path) = [path.clone(), marked(path)].into_iter().find(|path| path.exists())
            {
                file::delete(&path)?;
            }
        }
        Ok(())
    }
}

/// Deals with mails that were looked at, and whose packets are durable, and remembers them.
fn settle(
    policy: &Policy,
    seen: &mut Seen,
    mails: &BTreeMap<String, PathBuf>,
    looked: &mut Vec<(&String, bool)>,
) -> Result<()> {
    for (id, ours) in looked.drain(..) {
        if let Some(path) = mails.get(id).filter(|_| ours) {
            match policy {
                Policy::Keep => {}
                Policy::Move(to) => shift(path, &Path::new(to).join("cur").join(read_name(path)))?,
                Policy::Seen | Policy::Delete(_) => shift(path, &marked(path))?,
            }
        }
        seen.add(id, ours.then(now));
    }
    seen.save()
}

/// The mail's path once it is marked as read.
fn marked(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join("cur").join(read_name(path))
}

/// A mail's name with the flag S: flags are letters in alphabetical order behind `:2,`.
fn read_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (id, flags) = name.split_once(":2,").unwrap_or((&name, ""));
    let flags: BTreeSet<char> = flags.chars().chain(['S']).collect();
    format!("{id}:2,{}", flags.into_iter().collect::<String>())
}

fn shift(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        // Somebody else was faster; if it is the folder that is missing, the mail is still there.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !from.exists() => Ok(()),
        done => done.map_err(|error| Error::io("write", to, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_marked_as_read_where_programs_look_for_it() {
        for (path, read) in [
            ("/m/new/1.host", "/m/cur/1.host:2,S"),
            ("/m/cur/1.host:2,FT", "/m/cur/1.host:2,FST"),
            ("/m/cur/1.host:2,S", "/m/cur/1.host:2,S"),
        ] {
            assert_eq!(marked(Path::new(path)), Path::new(read));
        }
    }
}
