//! Items from the box into the mailbox: several requests at once, one sync for all, and only then they are deleted.

use crate::source::Source;
use socialnet::{Error, Kind, Result, cli::Console, mailbox::Mailbox};
use std::{
    collections::BTreeSet,
    io::{Write, stdout},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Requests at once.
const WORKERS: usize = 8;
/// Items and bytes that are delivered and synced together.
const BATCH_ITEMS: usize = 256;
const BATCH_BYTES: usize = 16 << 20;
/// Items left alone, at most: a source with more is not what it should be.
const MOST_LEFT: usize = 1000;

/// The mailbox, and what is not asked for again.
pub struct Delivery {
    mailbox: Mailbox,
    /// Left alone at the source.
    left: BTreeSet<String>,
    /// Deleted there a moment ago, by us or by somebody else.
    deleted: BTreeSet<String>,
}

/// What is in the box when everything is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Nothing,
    LeftAlone,
}

/// What came of asking for an item.
enum Item {
    Bytes(Vec<u8>),
    /// Somebody else was quicker.
    Gone,
    /// There is enough to deliver first.
    NotYet,
}

impl Delivery {
    /// Nothing is left alone so far.
    pub fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, left: BTreeSet::new(), deleted: BTreeSet::new() }
    }

    /// Fetches until the box is empty, or has only what is left alone; says which.
    pub fn all(&mut self, source: &Source, console: &mut Console) -> Result<Rest> {
        self.deleted.clear();
        loop {
            let names: BTreeSet<String> = source.names()?.into_iter().collect();
            // A server that lists for ever what it has deleted would be asked for ever.
            if !names.is_disjoint(&self.deleted) {
                return Err(Error::new(Kind::Again, "the server lists what it was told to delete"));
            }
            let wanted: Vec<String> = names.difference(&self.left).take(BATCH_ITEMS).cloned().collect();
            if wanted.is_empty() {
                return Ok(if names.is_empty() { Rest::Nothing } else { Rest::LeftAlone });
            }
            self.batch(source, &wanted, console)?;
        }
    }

    fn leave(&mut self, name: &str) -> Result<()> {
        if self.left.len() >= MOST_LEFT {
            return Err(Error::new(Kind::Again, "the server lists too much that is not what it is called"));
        }
        self.left.insert(name.to_owned());
        Ok(())
    }

    fn batch(&mut self, source: &Source, names: &[String], console: &mut Console) -> Result<()> {
        let size = AtomicUsize::new(0);
        let fetched = at_once(names, |name| {
            if size.load(Ordering::Relaxed) >= BATCH_BYTES {
                return Ok(Item::NotYet);
            }
            let bytes = source.item(name)?;
            size.fetch_add(bytes.as_ref().map_or(0, Vec::len), Ordering::Relaxed);
            Ok(bytes.map_or(Item::Gone, Item::Bytes))
        });
        let mut batch = self.mailbox.batch();
        let (mut delivered, mut gone, mut wrong, mut failed) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (name, item) in fetched {
            match item {
                Ok(Item::Bytes(bytes)) => {
                    batch.add(name, &bytes)?;
                    delivered.push(name.clone());
                }
                Ok(Item::Gone) => gone.push(name.clone()),
                Ok(Item::NotYet) => {}
                Err(error) if error.kind() == Kind::Malformed => {
                    console.note(&format!("left alone: {name}: {}", error.message()));
                    wrong.push(name);
                }
                // What did come is delivered first.
                Err(error) => failed = Some(error),
            }
        }
        batch.commit()?;
        let mut out = stdout().lock();
        for name in &delivered {
            writeln!(out, "{name}")?;
        }
        out.flush()?;
        let deleted = at_once(&delivered, |name| source.delete(name));
        let not_deleted = deleted.into_iter().find_map(|(_, deleted)| deleted.err());
        self.deleted = delivered.into_iter().chain(gone).collect();
        wrong.into_iter().try_for_each(|name| self.leave(name))?;
        failed.or(not_deleted).map_or(Ok(()), Err)
    }
}

/// Does something with each, several at once.
fn at_once<T: Send>(names: &[String], work: impl Fn(&str) -> Result<T> + Sync) -> Vec<(&String, Result<T>)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(names.len()));
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(names.len()) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = work(name);
                    let failed = outcome.as_ref().is_err_and(|error| error.kind() != Kind::Malformed);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((name, outcome));
                    if failed {
                        // What one was refused, the others would be too.
                        next.store(names.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
