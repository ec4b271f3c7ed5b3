//! The files of a site: a page is ours when it says so at its beginning, a picture when it lies in our folder of pictures
//! under a name that we give. Nothing else is ever written to or removed, and no link is followed.

use super::{places::FOLDERS, state::State};
use crate::{Context, Error, Fingerprint, Kind, Result, file};
use rustix::process::geteuid;
use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// How far the site has come; the mark by which its folder is known.
const STATE: &str = ".sn-feed";
/// Bytes of it, at most.
const MAX_STATE: usize = 64 << 20;
/// What our pages, and our style sheet, have near their beginning.
const MARKS: [&str; 2] = ["<meta name=\"generator\" content=\"sn-feed\"/>", "/* The one style sheet."];
/// How near, in bytes.
const NEAR: usize = 256;
/// Bytes of a page that is compared with what is there: larger ones are written.
const MAX_COMPARED: usize = 64 << 20;

/// A site's folder.
pub(super) struct Folder {
    path: PathBuf,
    /// The first files that were written: as many as tell how to sync them.
    fresh: Vec<PathBuf>,
    /// All that belongs there, as far as this run has seen it.
    kept: HashSet<String>,
    /// The first file under a name of ours that is not ours.
    foreign: Option<PathBuf>,
}

impl Folder {
    /// Makes it, or opens it if it is empty or the site of this account, by the key that it has or one that it had.
    pub fn open(
        path: &Path,
        own: Fingerprint,
        was_mine: impl Fn(Fingerprint) -> Result<bool>,
    ) -> Result<Self> {
        if let Err(error) = fs::create_dir(path)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(cannot_create(path, error));
        }
        let refused = |why: &str| Error::new(Kind::CantCreate, format!("'{}' {why}", path.display()));
        let about = fs::metadata(path).map_err(|error| Error::io("open", path, error))?;
        if !about.is_dir() {
            return Err(refused("is not a folder"));
        }
        if about.uid() != geteuid().as_raw() {
            return Err(refused("belongs to somebody else"));
        }
        let folder = Self { path: path.to_owned(), fresh: Vec::new(), kept: HashSet::new(), foreign: None };
        match folder.state()? {
            Some(state) => {
                let owner: Fingerprint = state.owner.parse()?;
                if owner != own && !was_mine(owner)? {
                    return Err(refused("is the site of another account"));
                }
            }
            None => {
                let mut inside = fs::read_dir(path).map_err(|error| Error::io("open", path, error))?;
                let others = |name: &OsStr| name.to_str().and_then(leftover_of) != Some(STATE);
                if inside.any(|entry| entry.map_or(true, |entry| others(&entry.file_name()))) {
                    return Err(refused("is not empty, and no site that sn-feed made")
                        .hint("name a folder that is empty, or not there yet"));
                }
                // From here on it is known as ours, however this run ends.
                folder.save(&State { owner: own.to_string(), ..State::default() })?;
            }
        }
        for name in FOLDERS {
            let beneath = path.join(name);
            match look(&beneath)? {
                None => fs::create_dir(&beneath).map_err(|error| cannot_create(&beneath, error))?,
                Some(about) if about.is_dir() => {}
                Some(_) => return Err(refused(&format!("has a '{name}' that is not a folder"))),
            }
        }
        Ok(folder)
    }

    /// How far it has come.
    pub fn state(&self) -> Result<Option<State>> {
        let path = self.path.join(STATE);
        if look(&path)?.is_none() {
            return Ok(None);
        }
        let state = serde_json::from_slice(&file::read(&path, MAX_STATE)?);
        let wrong = || Error::malformed("not the state of a site").context(format!("'{}'", path.display()));
        state.map(Some).map_err(|_| wrong().hint("delete the whole folder, and it is made anew"))
    }

    fn save(&self, state: &State) -> Result<()> {
        let json = serde_json::to_vec(state).map_err(io::Error::from)?;
        file::replace(&self.path.join(STATE), &json, 0o666)
    }

    /// Puts a page where it is not yet, or removes it.
    pub fn page(&mut self, name: &str, html: Option<&str>) -> Result<()> {
        let path = self.path.join(name);
        let there = look(&path)?;
        if there.is_some() && !is_ours(&path)? {
            self.foreign.get_or_insert(path);
            return Ok(());
        }
        let Some(html) = html else {
            return if there.is_some() { self.remove(&path) } else { Ok(()) };
        };
        self.kept.insert(name.to_owned());
        if there.is_some_and(|about| about.len() == html.len() as u64)
            && html.len() <= MAX_COMPARED
            && file::read(&path, html.len())? == html.as_bytes()
        {
            return Ok(());
        }
        file::replace_with(&path, 0o666, |mut out| Ok(io::Write::write_all(&mut out, html.as_bytes())?))?;
        self.wrote(path);
        Ok(())
    }

    /// Puts the style sheet there.
    pub fn style(&mut self, sheet: &str) -> Result<()> {
        self.page("style.css", Some(sheet))
    }

    /// Has a picture of so many bytes made, unless it is there.
    pub fn picture(&mut self, name: &str, size: u64, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let path = self.path.join(name);
        self.kept.insert(name.to_owned());
        match look(&path)? {
            Some(about) if about.is_file() && about.len() == size => return Ok(()),
            Some(_) => fs::remove_file(&path).map_err(|error| Error::io("delete", &path, error))?,
            None => {}
        }
        make(&path)?;
        if look(&path)?.is_some() {
            self.wrote(path);
        }
        Ok(())
    }

    /// Removes the pictures of packets that are shown no more, by their anchors.
    pub fn remove_pictures(&self, packets: &HashSet<String>) -> Result<()> {
        if packets.is_empty() {
            return Ok(());
        }
        self.remove_named("photos", |name| picture_of(name).is_some_and(|packet| packets.contains(packet)))
    }

    /// Removes all pages and pictures of ours that this run has not seen.
    pub fn sweep(&mut self) -> Result<()> {
        let kept = std::mem::take(&mut self.kept);
        self.remove_named("photos", |name| {
            picture_of(name).is_some() && !kept.contains(&format!("photos/{name}"))
                || leftover_of(name).is_some_and(|name| picture_of(name).is_some())
        })?;
        for folder in ["", "people", "threads"] {
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let path = self.path.join(folder);
            self.remove_named(folder, |name| {
                let gone = name.ends_with(".html") && !kept.contains(&format!("{prefix}{name}"));
                gone && is_ours(&path.join(name)).unwrap_or(false)
                    || leftover_of(name).is_some_and(|name| name == STATE || name.ends_with(".html"))
            })?;
        }
        Ok(())
    }

    fn remove_named(&self, folder: &str, is_gone: impl Fn(&str) -> bool) -> Result<()> {
        let folder = self.path.join(folder);
        let inside = fs::read_dir(&folder).map_err(|error| Error::io("open", &folder, error))?;
        for entry in inside {
            let entry = entry.map_err(|error| Error::io("read", &folder, error))?;
            if entry.file_name().to_str().is_some_and(&is_gone) {
                self.remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).map_err(|error| Error::io("delete", path, error))
    }

    fn wrote(&mut self, path: PathBuf) {
        if self.fresh.len() <= file::SYNCED_ONE_BY_ONE {
            self.fresh.push(path);
        }
    }

    /// Makes all of it durable, and then says how far it has come.
    pub fn finish(&mut self, state: &State) -> Result<()> {
        file::sync(&self.fresh)?;
        self.save(state)
    }

    /// Ends. [`Kind::CantCreate`]: there is a file where one of ours should be.
    pub fn close(self) -> Result<()> {
        match self.foreign {
            None => Ok(()),
            Some(path) => Err(Error::new(
                Kind::CantCreate,
                format!("cannot write '{}': sn-feed did not make what is there", path.display()),
            )),
        }
    }
}

/// What a name is, without following a link; none if there is nothing.
fn look(path: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(about) => Ok(Some(about)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open", path, error)),
    }
}

/// Whether a file says that it was made here. One that is empty was, before power was lost.
fn is_ours(path: &Path) -> Result<bool> {
    if !look(path)?.is_some_and(|about| about.is_file()) {
        return Ok(false);
    }
    let mut head = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file::open(path)?, NEAR as u64), &mut head)
        .context(|| format!("cannot read '{}'", path.display()))?;
    let head = String::from_utf8_lossy(&head);
    Ok(head.is_empty() || MARKS.iter().any(|mark| head.contains(mark)))
}

/// The name that a file would have got whose writing was cut short: `.NAME.PROCESS.NUMBER`, as `file.rs` has it.
fn leftover_of(name: &str) -> Option<&str> {
    let mut parts = name.strip_prefix('.')?.rsplitn(3, '.');
    let mut number = || parts.next().filter(|part| part.bytes().all(|digit| digit.is_ascii_digit()));
    number().and(number())?;
    parts.next()
}

/// The anchor of the packet whose picture has this name: `UUID-KEY-NUMBER.jpg`, `UUID-KEY-NUMBER-small.jpg`.
fn picture_of(name: &str) -> Option<&str> {
    const ANCHOR: usize = 36 + 1 + 16;
    let (anchor, rest) = name.split_at_checked(ANCHOR)?;
    let (number, ending) = rest.strip_prefix('-')?.split_once('.')?;
    let number = number.strip_suffix("-small").unwrap_or(number);
    let ours =
        number.bytes().all(|digit| digit.is_ascii_digit()) && ["jpg", "png", "webp", "gif"].contains(&ending);
    ours.then_some(anchor)
}

fn cannot_create(path: &Path, error: io::Error) -> Error {
    let reason = Error::from(error);
    reason.of_kind(Kind::CantCreate).context(format!("cannot create '{}'", path.display()))
}
