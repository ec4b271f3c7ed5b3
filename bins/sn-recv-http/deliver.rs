//! Items from the box into the mailbox: several requests at once, one sync for all, and only then they are deleted.
//!
//! Several at once hide how far away the server is. On a slow line they only share it, until each takes longer than a
//! request may: then they are asked for one at a time, of which each has the whole line.

use crate::source::{Item, Source};
use socialnet::{Error, Kind, Result, cli::Console, mailbox::Mailbox};
use std::{
    collections::BTreeSet,
    io::{Write, stdout},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Requests at once.
const WORKERS: usize = 8;
/// How long a batch goes on asking for more. What takes longer than that comes through a slow line.
const PATIENCE: Duration = Duration::from_secs(60);
/// Items and bytes that are delivered and synced together.
const BATCH_ITEMS: usize = 256;
const BATCH_BYTES: usize = 16 << 20;
/// Items left alone, or that did not come, at most: a source with more is not what it should be.
const MOST_LEFT: usize = 1000;
/// So many in succession without an answer: the others would have none either.
const MOST_SILENT: usize = 3;

/// The mailbox, and what is not asked for again.
pub struct Delivery {
    mailbox: Mailbox,
    /// Left alone at the source.
    left: BTreeSet<String>,
    /// Deleted there a moment ago, by us or by somebody else.
    deleted: BTreeSet<String>,
    /// Did not come in this round, and are not asked for again in it.
    failed: BTreeSet<String>,
    /// Did not come in a round before, which was said: asked for after all others.
    failed_before: BTreeSet<String>,
    /// Were asked for without an answer, in succession.
    silent: usize,
    /// Requests at once.
    workers: usize,
}

/// What is in the box when everything is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Nothing,
    LeftAlone,
}

impl Delivery {
    /// Nothing is left alone so far.
    pub fn new(mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            left: BTreeSet::new(),
            deleted: BTreeSet::new(),
            failed: BTreeSet::new(),
            failed_before: BTreeSet::new(),
            silent: 0,
            workers: WORKERS,
        }
    }

    /// Fetches until the box is empty, or has only what is left alone; says which. An item that does not come fails this
    /// round once all others were asked for.
    pub fn all(&mut self, source: &Source, console: &mut Console) -> Result<Rest> {
        let begun = Instant::now();
        self.deleted.clear();
        self.failed_before.append(&mut self.failed);
        self.silent = 0;
        loop {
            let names: BTreeSet<String> = source.names()?.into_iter().collect();
            // A server that lists for ever what it has deleted would be asked for ever.
            if !names.is_disjoint(&self.deleted) {
                return Err(Error::new(Kind::Again, "the server lists what it was told to delete"));
            }
            let wanted =
                names.iter().filter(|name| !self.left.contains(*name) && !self.failed.contains(*name));
            let mut wanted: Vec<String> = wanted.cloned().collect();
            self.failed_before.retain(|name| names.contains(name));
            wanted.sort_by_key(|name| self.failed_before.contains(name));
            wanted.truncate(BATCH_ITEMS);
            if wanted.is_empty() {
                if begun.elapsed() < PATIENCE {
                    self.workers = WORKERS;
                }
                if !self.failed.is_empty() {
                    return Err(Error::new(
                        Kind::Again,
                        format!("{} of the items did not come", self.failed.len()),
                    ));
                }
                return Ok(if names.is_empty() { Rest::Nothing } else { Rest::LeftAlone });
            }
            self.batch(source, &wanted, console)?;
        }
    }

    fn batch(&mut self, source: &Source, names: &[String], console: &mut Console) -> Result<()> {
        let (begun, size) = (Instant::now(), AtomicUsize::new(0));
        let fetched = at_once(self.workers, names, |name| {
            if size.load(Ordering::Relaxed) >= BATCH_BYTES || begun.elapsed() >= PATIENCE {
                // There is enough to deliver first.
                return Ok(None);
            }
            let item = source.item(name)?;
            if let Item::Bytes(bytes) = &item {
                size.fetch_add(bytes.len(), Ordering::Relaxed);
            }
            Ok(Some(item))
        });
        let mut batch = self.mailbox.batch();
        let (mut delivered, mut gone, mut wrong, mut failed) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut late, mut stopped) = (false, None);
        for (name, item) in fetched {
            match item {
                // Several at once are not in succession.
                Ok(Some(Item::Silent(_))) if self.workers == 1 => self.silent += 1,
                Ok(Some(_)) => self.silent = 0,
                Ok(None) | Err(_) => {}
            }
            match item {
                Ok(None) => {}
                Ok(Some(Item::Bytes(bytes))) => {
                    batch.add(name, &bytes)?;
                    delivered.push(name.clone());
                }
                Ok(Some(Item::Gone)) => gone.push(name.clone()),
                Ok(Some(Item::Wrong(why))) => {
                    console.note(&format!("left alone: {name}: {}", why.message()));
                    wrong.push(name);
                }
                // Again, alone.
                Ok(Some(Item::Late(_) | Item::Silent(_))) if self.workers > 1 => late = true,
                Ok(Some(Item::Late(why) | Item::Silent(why) | Item::Refused(why))) => {
                    if !self.failed_before.contains(name) {
                        console.note(&format!("not fetched: {name}: {}", why.message()));
                    }
                    failed.push(name);
                    if self.silent >= MOST_SILENT {
                        stopped = Some(why);
                    }
                }
                // What did come is delivered first.
                Err(error) => stopped = Some(error),
            }
        }
        if late || begun.elapsed() >= PATIENCE {
            self.workers = 1;
        }
        batch.commit()?;
        let mut out = stdout().lock();
        for name in &delivered {
            writeln!(out, "{name}")?;
        }
        out.flush()?;
        let deleted = at_once(self.workers, &delivered, |name| source.delete(name));
        let not_deleted = deleted.into_iter().find_map(|(_, deleted)| deleted.err());
        self.deleted = delivered.into_iter().chain(gone).collect();
        wrong.into_iter().try_for_each(|name| add(&mut self.left, name))?;
        failed.into_iter().try_for_each(|name| add(&mut self.failed, name))?;
        stopped.or(not_deleted).map_or(Ok(()), Err)
    }
}

/// Remembers a name, unless there are too many.
fn add(names: &mut BTreeSet<String>, name: &str) -> Result<()> {
    if names.len() >= MOST_LEFT {
        return Err(Error::new(Kind::Again, "the server lists too much that can not be fetched"));
    }
    names.insert(name.to_owned());
    Ok(())
}

/// Does something with each, so many at once; what fails would fail for the others, too.
fn at_once<T: Send>(
    workers: usize,
    names: &[String],
    work: impl Fn(&str) -> Result<T> + Sync,
) -> Vec<(&String, Result<T>)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(names.len()));
    thread::scope(|scope| {
        for _ in 0..workers.min(names.len()) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = work(name);
                    let failed = outcome.is_err();
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((name, outcome));
                    if failed {
                        next.store(names.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
