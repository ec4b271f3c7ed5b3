//! Files of `inpackets/` are opened on all cores while the batch before is committed. A file leaves `new` only after the
//! commit that took it in; killed anywhere, the next run finds it again and drops what it knows.

use super::{
    arrived::{Arrival, BATCH, Examined, Item, Unread, batches, examine},
    confirm,
    receive::Receiver,
    succession,
    verdict::{Judge, Room, Verdict, say_at},
};
use crate::{
    Error, Kind, Result, blob, file,
    home::Home,
    identity::Keyring,
    mailbox::{self, Mailbox},
    packet::Digest,
    store::{Store, account, changes, clock, packets},
};
use jiff::Timestamp;
use rayon::prelude::*;
use rustix::io::Errno;
use std::{
    collections::BTreeSet, fs, io, panic::resume_unwind, path::PathBuf, sync::mpsc, thread, time::SystemTime,
};

/// Names sorted by their age at a time.
const NAMES: usize = 1 << 16;

/// Takes files into the database.
pub struct Ingest<'a> {
    home: &'a Home,
    store: &'a mut Store,
    keyring: &'a Keyring,
    inpackets: Mailbox,
    /// Files of `new` that could not be read: left there for another run.
    unreadable: BTreeSet<String>,
    /// Others may still seal for the key that this account had before.
    succeeded: bool,
    now: Timestamp,
}

impl<'a> Ingest<'a> {
    /// Over an account.
    pub fn new(home: &'a Home, store: &'a mut Store, keyring: &'a Keyring, now: Timestamp) -> Result<Self> {
        let now = clock::now(store.read(), now)?;
        let succeeded = succession::is_recent(store.read(), now)?;
        let unreadable = BTreeSet::new();
        Ok(Self { inpackets: home.inpackets()?, home, store, keyring, unreadable, succeeded, now })
    }

    /// Takes in all of `inpackets/new`. `refused` hears of every file and packet that was not taken.
    pub fn inbox(&mut self, refused: &mut dyn FnMut(Error)) -> Result<()> {
        self.inpackets.tidy()?;
        let round = self.home.last_round()?;
        self.empty_inbox(refused)?;
        // What is left there may be sealed to the oldest keys.
        let Some(begun) = round.filter(|_| self.unreadable.is_empty()) else { return Ok(()) };
        let db = self.store.begin()?;
        account::set_last_round(&db, begun)?;
        Ok(db.commit()?)
    }

    fn empty_inbox(&mut self, refused: &mut dyn FnMut(Error)) -> Result<()> {
        self.expire()?;
        loop {
            self.release_held()?;
            let left_alone;
            loop {
                let (items, left) = self.waiting()?;
                if items.is_empty() {
                    left_alone = left;
                    break;
                }
                self.take(items, refused)?;
            }
            self.fetch_held_chunks()?;
            if !account::held_is_wanted(self.store.read())? {
                left_alone.into_iter().for_each(refused);
                return self.delete_chunks();
            }
        }
    }

    /// Takes in these files. Those of `inpackets/new` leave it, others stay where they are.
    pub fn files(&mut self, paths: Vec<PathBuf>, refused: &mut dyn FnMut(Error)) -> Result<()> {
        let new = fs::canonicalize(self.inpackets.path("new", "")).ok();
        let item = |path: PathBuf| {
            let inside = path.parent().and_then(|parent| fs::canonicalize(parent).ok()) == new;
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .filter(|name| inside && mailbox::is_name(name));
            let size = path.symlink_metadata().map_or(0, |about| about.len());
            Item { name: name.map(str::to_owned), path, size }
        };
        self.expire()?;
        self.take(paths.into_iter().map(item).collect(), refused)?;
        self.fetch_held_chunks()?;
        self.delete_chunks()
    }

    /// Tries again what could not be opened, and reads again what was not understood.
    pub fn again(&mut self, refused: &mut dyn FnMut(Error)) -> Result<()> {
        move_all(&self.inpackets, "bad")?;
        move_all(&self.inpackets, "held")?;
        self.inbox(refused)?;
        let receiver = self.receiver();
        let mut after = 0;
        loop {
            let batch = packets::not_understood(self.store.read(), after, BATCH as u32)?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = last.seq;
            let db = self.store.begin()?;
            for packet in batch {
                receiver.again(&db, packet)?.into_iter().for_each(&mut *refused);
            }
            db.commit()?;
        }
    }

    fn expire(&mut self) -> Result<()> {
        loop {
            let db = self.store.begin()?;
            let count = changes::expire(&db, self.now, BATCH as u32)?;
            db.commit()?;
            if count < BATCH {
                return Ok(());
            }
        }
    }

    // What no packet lists any more. A chunk is forgotten after its file: killed between, the next run finds it again.
    // Nobody can list it meanwhile, for there is one writer at a time.
    fn delete_chunks(&mut self) -> Result<()> {
        loop {
            let db = self.store.begin()?;
            let chunks = packets::unlisted_chunks(&db, BATCH as u32)?;
            for chunk in &chunks {
                let path = self.home.blobs().join(mailbox::name_for(chunk));
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error::io("delete", &path, error));
                    }
                    _ => packets::forget_chunk(&db, chunk)?,
                }
            }
            db.commit()?;
            if chunks.len() < BATCH {
                return Ok(());
            }
        }
    }

    fn receiver(&self) -> Receiver<'a> {
        let (me, config) = (self.keyring.identity.fingerprint, &self.home.config);
        Receiver { me, wait: &config.due, search: &config.search, now: self.now }
    }

    fn judge(&self) -> Judge<'a> {
        Judge {
            receiver: self.receiver(),
            room: Room::new(self.home),
            say: say_at(self.home, self.now),
            succeeded: self.succeeded,
        }
    }

    // A new friend may have written before they were one. The files come first: killed in between, it is done again.
    fn release_held(&mut self) -> Result<()> {
        if !account::held_is_wanted(self.store.read())? {
            return Ok(());
        }
        move_all(&self.inpackets, "held")?;
        let db = self.store.begin()?;
        account::held_is_released(&db)?;
        Ok(db.commit()?)
    }

    // The oldest first: arrival is the order of the feed. Also, what is no item and stays where it is.
    fn waiting(&self) -> Result<(Vec<Item>, Vec<Error>)> {
        let (mut items, mut left_alone) = (Vec::new(), Vec::new());
        for name in self.inpackets.names("new")? {
            if items.len() == NAMES {
                break;
            }
            let name = match name {
                Err(error) if error.kind() == Kind::Malformed => {
                    left_alone.push(error);
                    continue;
                }
                name => name?,
            };
            if self.unreadable.contains(&name) {
                continue;
            }
            let path = self.inpackets.path("new", &name);
            let about = path.symlink_metadata().ok();
            let modified = about.as_ref().and_then(|about| about.modified().ok());
            let size = about.map_or(0, |about| about.len());
            items.push((modified.unwrap_or(SystemTime::UNIX_EPOCH), Item { path, size, name: Some(name) }));
        }
        items.sort_by_key(|(modified, _)| *modified);
        Ok((items.into_iter().map(|(_, item)| item).collect(), left_alone))
    }

    fn take(&mut self, items: Vec<Item>, refused: &mut dyn FnMut(Error)) -> Result<()> {
        let keyring = self.keyring;
        let inpackets = self.home.inpackets()?;
        thread::scope(|scope| {
            // One batch waits while one is opened and one is committed.
            let (send, opened) = mpsc::sync_channel(1);
            scope.spawn(move || {
                for batch in batches(items) {
                    let open = |item: Item| (examine(&item.path, keyring), item);
                    let batch: Vec<_> = batch.into_par_iter().map(open).collect();
                    if send.send(batch).is_err() {
                        return;
                    }
                }
            });
            // A disk may take longer to delete a batch than to commit it: nobody waits for that before the end.
            let (taken, to_delete) = mpsc::channel::<Vec<String>>();
            let delete = move || to_delete.iter().try_for_each(|names| inpackets.remove_all("new", &names));
            let deleting = scope.spawn(delete);
            for batch in opened {
                if taken.send(self.commit(batch, refused)?).is_err() {
                    break;
                }
            }
            drop(taken);
            deleting.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    // Gives what is to be deleted of `inpackets/new`.
    fn commit(
        &mut self,
        mut batch: Vec<(Examined, Item)>,
        refused: &mut dyn FnMut(Error),
    ) -> Result<Vec<String>> {
        batch.sort_by_key(|(content, _)| match content {
            Ok(Arrival::Envelope(opened)) => Some((opened.envelope.sent, opened.envelope.counter)),
            _ => None,
        });
        let mut judge = self.judge();
        let mut done = Vec::with_capacity(batch.len());
        let db = self.store.begin()?;
        for (content, item) in batch {
            match content {
                Ok(content) => {
                    let verdict = judge.judge(&db, content, &item.path, refused)?;
                    done.push((item, verdict));
                }
                Err(Unread::Gone) if item.name.is_some() => {}
                Err(Unread::Gone) => {
                    let missing = io::Error::from_raw_os_error(Errno::NOENT.raw_os_error());
                    refused(Error::io("open", &item.path, missing));
                }
                Err(Unread::Failed(error)) => {
                    refused(error);
                    self.unreadable.extend(item.name);
                }
            }
        }
        db.commit()?;
        self.dispose(done)
    }

    fn dispose(&self, done: Vec<(Item, Verdict)>) -> Result<Vec<String>> {
        let mut moved = false;
        let mut deleted = Vec::with_capacity(done.len());
        for (item, verdict) in done {
            match (verdict, item.name) {
                (Verdict::MoveToBlobs(digest), Some(name)) => {
                    self.move_to_blobs(&digest, "new", &name)?;
                    moved = true;
                }
                (Verdict::MoveToBlobs(digest), None) => {
                    let bytes = file::read(&item.path, blob::CHUNK)?;
                    file::replace(&self.home.blobs().join(mailbox::name_for(&digest)), &bytes, 0o600)?;
                }
                (Verdict::Delete, Some(name)) => deleted.push(name),
                // By hand, chunks and what lists them come in any order.
                (Verdict::HoldChunk(digest), None) => {
                    let bytes = file::read(&item.path, blob::CHUNK)?;
                    let name = mailbox::name_for(&digest);
                    file::replace(&self.inpackets.path("held", &name), &bytes, 0o600)?;
                }
                (Verdict::Hold | Verdict::HoldChunk(_), Some(name)) => {
                    self.inpackets.shift(&name, "new", "held")?
                }
                (Verdict::Reject(why), Some(name)) => self.inpackets.reject(&name, &why)?,
                (Verdict::Delete | Verdict::Hold | Verdict::Reject(_), None) => {}
            }
        }
        if moved {
            file::sync_folder(&self.home.blobs())?;
        }
        Ok(deleted)
    }

    fn move_to_blobs(&self, digest: &Digest, folder: &str, name: &str) -> Result<()> {
        let from = self.inpackets.path(folder, name);
        fs::rename(&from, self.home.blobs().join(mailbox::name_for(digest)))
            .map_err(|error| Error::io("move", &from, error))
    }

    // Chunks that came before the packet that lists them.
    fn fetch_held_chunks(&mut self) -> Result<()> {
        let say = say_at(self.home, self.now);
        let mut moved = false;
        let mut room = Room::new(self.home);
        for name in self.inpackets.items("held")? {
            let name = name?;
            let Some(digest) = mailbox::hash_in(&name) else { continue };
            let path = self.inpackets.path("held", &name);
            let listed = packets::chunk_is_listed(self.store.read(), &digest)?;
            if !listed {
                continue;
            }
            let size = path.symlink_metadata().map_or(0, |about| about.len());
            let db = self.store.begin()?;
            if !room.takes(&db, &digest, size)?
                || file::read(&path, blob::CHUNK).is_ok_and(|bytes| blob::sha256(&bytes) != digest)
            {
                continue;
            }
            confirm::chunk_came(&db, (&digest, size), say)?;
            db.commit()?;
            self.move_to_blobs(&digest, "held", &name)?;
            moved = true;
        }
        if moved { file::sync_folder(&self.home.blobs()) } else { Ok(()) }
    }
}

// For this run to judge again.
fn move_all(inpackets: &Mailbox, folder: &str) -> Result<()> {
    for name in inpackets.items(folder)? {
        let name = name?;
        inpackets.shift(&name, folder, "new")?;
        // What is left of it: why it was in `bad`.
        inpackets.remove(folder, &name)?;
    }
    inpackets.sync("new")
}
