//! Makes what came durable: one thread, one sync for all requests that wait at that moment. Only then they are answered.
//!
//! Syncing costs the same for one file as for a hundred, so while one batch is synced the next gathers by itself.

use crate::{
    arrivals::Arrivals,
    boxes::Place,
    counters::Counters,
    quota::Quotas,
    upload::{Unfinished, Upload},
};
use socialnet::{Error, Result, file};
use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    fs::File,
    io, mem,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};

/// Requests of one batch, at most.
const BATCH: usize = 512;
/// Beyond so many files or folders one syncfs(2) is cheaper than a sync of each.
const ONE_BY_ONE: usize = 1;

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Durably in the box.
    New,
    /// It was there already, and is durable.
    Known,
    /// There is no room for it in the box.
    Full,
}

/// An upload to be stored, and who waits for it.
pub struct Delivery {
    /// Where.
    pub place: Place,
    /// What.
    pub upload: Upload,
    /// Who is told.
    pub done: oneshot::Sender<Result<Stored>>,
}

/// What the thread tells, and needs to know.
pub struct Surroundings {
    /// How full boxes are.
    pub quotas: Arc<Quotas>,
    /// Who waits.
    pub arrivals: Arc<Arrivals>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

/// Starts the thread; it ends when the last sender has gone and all is stored.
pub fn start(around: Surroundings) -> (mpsc::Sender<Delivery>, JoinHandle<()>) {
    let (sender, mut inbox) = mpsc::channel(BATCH);
    let thread = thread::spawn(move || {
        let mut committer = Committer { around, filesystems: HashMap::new() };
        let mut batch = Vec::new();
        while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
            committer.store(mem::take(&mut batch));
        }
    });
    (sender, thread)
}

struct Committer {
    around: Surroundings,
    /// One descriptor of each: syncfs(2) reports to it whatever failed since it was opened.
    filesystems: HashMap<u64, File>,
}

/// A delivery that is being stored.
struct Item {
    place: Place,
    /// In `new`, once its name is known and there is room.
    path: Option<PathBuf>,
    size: u64,
    outcome: Result<Stored>,
    done: oneshot::Sender<Result<Stored>>,
}

impl Committer {
    fn store(&mut self, batch: Vec<Delivery>) {
        let mut unfinished = Vec::new();
        let mut items = Vec::with_capacity(batch.len());
        for Delivery { place, upload, done } in batch {
            let mut item =
                Item { size: upload.size() as u64, path: None, outcome: Ok(Stored::Full), place, done };
            match self.begin(&mut item, upload) {
                Ok(Some(file)) => unfinished.push((items.len(), file)),
                Ok(None) => {}
                Err(error) => item.outcome = Err(error),
            }
            items.push(item);
        }
        self.commit(&mut items, unfinished);
        // Also for what was there already: whoever stored it may have been killed before this sync.
        let folders = items
            .iter()
            .filter(|item| item.outcome.is_ok())
            .filter_map(|item| item.path.as_deref()?.parent());
        let synced = self.sync_folders(&folders.collect());
        self.around.counters.batches.add(1);
        for item in items {
            self.tell(item, &synced);
        }
    }

    /// Writes it in `tmp`, unless it is known already or there is no room.
    fn begin(&mut self, item: &mut Item, upload: Upload) -> Result<Option<Unfinished>> {
        self.open_filesystem(&item.place)?;
        let (file, name) = upload.finish()?;
        let path = item.place.mailbox.join("new").join(name);
        if path.exists() {
            item.outcome = Ok(Stored::Known);
        } else if self.around.quotas.take(&item.place, item.size)? {
            item.outcome = Ok(Stored::New);
        } else {
            return Ok(None);
        }
        item.path = Some(path);
        Ok(Some(file).filter(|_| item.outcome == Ok(Stored::New)))
    }

    /// Syncs what was written, then gives each its name.
    fn commit(&self, items: &mut [Item], unfinished: Vec<(usize, Unfinished)>) {
        let places = unfinished.iter().map(|(at, _)| items[*at].place.mailbox.as_path());
        let synced = match unfinished.as_slice() {
            few if few.len() <= ONE_BY_ONE => few.iter().try_for_each(|(_, file)| file.sync()),
            _ => self.sync_filesystems(&places.collect()),
        };
        for (at, file) in unfinished {
            let item = &mut items[at];
            let Some(path) = &item.path else { continue };
            if let Err(error) = synced.clone().and_then(|()| file.rename(path)) {
                self.around.quotas.give(&item.place, item.size);
                item.outcome = Err(error);
            }
        }
    }

    fn sync_folders(&self, folders: &BTreeSet<&Path>) -> Result<()> {
        match folders.len() {
            few if few <= ONE_BY_ONE => folders.iter().try_for_each(|folder| file::sync_folder(folder)),
            _ => self.sync_filesystems(folders),
        }
    }

    fn open_filesystem(&mut self, place: &Place) -> Result<()> {
        let about = place.mailbox.metadata().map_err(|error| Error::io("open", &place.mailbox, error))?;
        if let Entry::Vacant(free) = self.filesystems.entry(about.dev()) {
            let folder =
                File::open(&place.mailbox).map_err(|error| Error::io("open", &place.mailbox, error))?;
            free.insert(folder);
        }
        Ok(())
    }

    fn sync_filesystems(&self, folders: &BTreeSet<&Path>) -> Result<()> {
        let devices: BTreeSet<u64> = match self.filesystems.len() {
            1 => self.filesystems.keys().copied().collect(),
            _ => {
                folders.iter().filter_map(|folder| folder.metadata().ok()).map(|about| about.dev()).collect()
            }
        };
        for filesystem in devices.iter().filter_map(|device| self.filesystems.get(device)) {
            let synced = rustix::fs::syncfs(filesystem).map_err(io::Error::from);
            synced.map_err(|error| Error::from(error).context("cannot sync"))?;
        }
        Ok(())
    }

    fn tell(&self, item: Item, synced: &Result<()>) {
        let outcome = match item.outcome {
            Ok(Stored::Full) => Ok(Stored::Full),
            Ok(stored) => synced.clone().map(|()| stored),
            Err(error) => Err(error),
        };
        let counters = &self.around.counters;
        match &outcome {
            Ok(Stored::New) => {
                counters.stored.add(1);
                counters.stored_bytes.add(item.size);
                self.around.arrivals.tell(&item.place.name);
            }
            Ok(Stored::Known) => counters.known.add(1),
            Ok(Stored::Full) => counters.full.add(1),
            Err(_) => counters.failed.add(1),
        }
        // Whoever asked may have gone; it is stored all the same, and known when it comes again.
        let _ = item.done.send(outcome);
    }
}
