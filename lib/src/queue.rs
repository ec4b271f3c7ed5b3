//! The queue: outpackets, what is known of its files, and the drivers that carry them away. socialnet-home(5) has the
//! state of every file after every step.
//!
//! | file | knows |
//! |---|---|
//! | here | the order of a run: files, rows, drivers, reports, renames |
//! | `fate.rs` | what follows from what a driver reports |
//! | `intake.rs` | how a sealed block becomes a file and its rows |
//! | `cancelled.rs` | what the owner has called off by deleting its file |
//! | `route.rs` | which of a reader's addresses is taken |
//!
//! The file is the truth. Rows are made from it when they are missing and dropped when it is gone; a rename follows the
//! commit of what it is about. So a run that is killed anywhere is finished by the next one.

mod cancelled;
mod fate;
mod intake;
mod route;

pub use cancelled::forget_cancelled;
pub use intake::add;

use crate::{
    Error, Result, address,
    driver::{self, Cargo, Job, Payload, Report},
    envelope::{GIVE_UP, TRY_AGAIN},
    home::Home,
    mailbox::{Mailbox, delete_leftovers, hash_in, name_for},
    packet::Digest,
    store::{
        Store,
        delivery::{self, Delivery, Outcome, Reader, Standing},
        former, unconfirmed,
    },
};
use fate::{Fate, judge};
use jiff::Timestamp;
use route::{Route, route};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Deliveries, and bytes of their envelopes, that are handed to drivers at once.
const WINDOW: u32 = 2000;
const WINDOW_BYTES: usize = 16 << 20;
/// Bytes of chunks that are handed over at once, each counted once however many readers it has: what is queued meanwhile
/// waits for no more than these, however slow a host is and however large a file.
const WINDOW_CHUNKS: u64 = 16 << 20;
/// Reports that are committed together, at most, and how long the first of them waits for the rest: a commit costs about
/// as much. What was not committed when a run is killed is handed over again.
const REPORTS: usize = 250;
const TOGETHER: Duration = Duration::from_millis(100);

/// Runs the queue: takes in what lies in `outpackets/new`, tries all that is due, and files what is finished. `note`
/// gets what a person should know; it is `now` when the run begins. Does nothing while another run is at it: that one, or the next, sends what is there.
pub fn run(home: &Home, store: &mut Store, now: Timestamp, note: &mut dyn FnMut(&str)) -> Result<()> {
    let Some(_lock) = home.lock_if_free("queue")? else { return Ok(()) };
    let clock = Clock { begun: now, ticks: Instant::now() };
    let mut run = Run {
        home,
        store,
        clock,
        outpackets: home.outpackets()?,
        broken: BTreeMap::new(),
        put_off: HashMap::new(),
        moved: BTreeSet::new(),
        note,
    };
    run.outpackets.tidy()?;
    delete_leftovers(&home.blobs().join("tmp"))?;
    run.settle()?;
    run.look()?;
    while run.window()? {}
    // Once for all renames: one that a crash undoes is done again, as the rows tell.
    run.moved.iter().try_for_each(|folder| run.outpackets.sync(folder))
}

struct Run<'a> {
    home: &'a Home,
    store: &'a mut Store,
    clock: Clock,
    outpackets: Mailbox,
    /// Schemes whose driver failed in this run, and how: asked again by the next run.
    broken: BTreeMap<String, String>,
    /// Addresses that have put a delivery off in this run, until when, and why: until then they get no chunks. Who does not
    /// answer would make each window wait.
    put_off: HashMap<String, (Timestamp, String)>,
    /// Folders into which files were renamed in this run.
    moved: BTreeSet<&'static str>,
    note: &'a mut dyn FnMut(&str),
}

/// The time now: the run began at a known instant, and drivers take a while.
struct Clock {
    begun: Timestamp,
    ticks: Instant,
}

impl Clock {
    fn now(&self) -> Timestamp {
        self.begun.saturating_add(self.ticks.elapsed()).unwrap_or(Timestamp::MAX)
    }
}

/// The name of an envelope's file.
fn file_name(envelope: &Digest) -> String {
    format!("{}.pem", name_for(envelope))
}

/// The envelope whose file has this name.
fn envelope_of(name: &str) -> Option<Digest> {
    hash_in(name.strip_suffix(".pem")?)
}

impl Run<'_> {
    /// Deletes what was confirmed, and what is known of failures whose file the owner deleted.
    fn settle(&mut self) -> Result<()> {
        let now = self.clock.now();
        self.fail_unconfirmed(now)?;
        self.send_chunks_again(now)?;
        let write = self.store.begin()?;
        let finished = delivery::settle(&write, now, now - GIVE_UP)?;
        write.commit()?;
        // The file goes first: rows without a file are dropped some time, a file without rows would be sent again.
        let names: Vec<_> = finished.iter().map(file_name).collect();
        // Still in `new`, if the run that should have renamed it was killed.
        ["new", "sent", "failed"].iter().try_for_each(|folder| self.outpackets.remove_all(folder, &names))?;
        let gone = |envelope: &Digest| {
            let name = file_name(envelope);
            !["new", "failed"].iter().any(|folder| self.outpackets.path(folder, &name).exists())
        };
        let failed = delivery::failed(self.store.read())?;
        let write = self.store.begin()?;
        for envelope in finished.iter().chain(failed.iter().filter(|envelope| gone(envelope))) {
            delivery::forget(&write, envelope)?;
        }
        Ok(write.commit()?)
    }

    // The file first: killed in between, the next run finds the rows and does it again.
    fn fail_unconfirmed(&mut self, now: Timestamp) -> Result<()> {
        const WHY: &str = "never confirmed";
        let envelopes = unconfirmed::never_confirmed(self.store.read(), now - GIVE_UP)?;
        let incomplete = unconfirmed::never_complete(self.store.read(), now - GIVE_UP)?;
        if envelopes.is_empty() && incomplete.is_empty() {
            return Ok(());
        }
        for name in envelopes.iter().chain(&incomplete).map(file_name) {
            if self.outpackets.path("sent", &name).exists() {
                (self.note)(&format!("'{name}' failed: {WHY}"));
                self.outpackets.give_up_sent(&name, WHY)?;
            }
        }
        self.outpackets.sync("failed")?;
        let write = self.store.begin()?;
        envelopes.iter().try_for_each(|envelope| unconfirmed::fail(&write, envelope, WHY))?;
        incomplete.iter().try_for_each(|envelope| unconfirmed::fail_chunks(&write, envelope, WHY))?;
        Ok(write.commit()?)
    }

    // The file first: what waits is in `new`. Killed in between, it is done again.
    fn send_chunks_again(&mut self, now: Timestamp) -> Result<()> {
        let mut late = unconfirmed::chunks_overdue(self.store.read(), now - TRY_AGAIN)?;
        for name in late.iter().map(file_name) {
            if self.outpackets.path("sent", &name).exists() {
                self.outpackets.shift(&name, "sent", "new")?;
            }
        }
        late.retain(|envelope| self.outpackets.path("new", &file_name(envelope)).exists());
        if late.is_empty() {
            return Ok(());
        }
        self.outpackets.sync("new")?;
        let write = self.store.begin()?;
        late.iter().try_for_each(|envelope| unconfirmed::send_chunks_again(&write, envelope, now))?;
        Ok(write.commit()?)
    }

    /// Looks at each file of `new`: rows for those that have none, the rename for those that are finished. What waits without
    /// a file is cancelled.
    fn look(&mut self) -> Result<()> {
        let (mut strangers, mut unknown, mut finished) = (Vec::new(), Vec::new(), Vec::new());
        let mut there = HashSet::new();
        // One transaction: each of its own would ask for the lock again, 100,000 times for as many files.
        let read = self.store.read().unchecked_transaction()?;
        for name in self.outpackets.names("new")? {
            match name {
                Err(error) => (self.note)(error.message()),
                Ok(name) => match envelope_of(&name) {
                    None => strangers.push(name),
                    Some(envelope) => match delivery::standing(&read, &envelope)? {
                        Standing::Unknown => unknown.push(envelope),
                        Standing::Waiting => drop(there.insert(envelope)),
                        Standing::Sent | Standing::Failed(_) => finished.push(envelope),
                    },
                },
            }
        }
        drop(read);
        let gone = cancelled::find(self.store, &self.outpackets, &there)?;
        cancelled::forget(self.store, &self.outpackets, &gone)?;
        self.finish(finished)?;
        for name in strangers {
            self.adopt(&name)?;
        }
        self.enter(&unknown)
    }

    /// Hands one window of what is due to the drivers. False when nothing is due any more.
    fn window(&mut self) -> Result<bool> {
        let due = delivery::due(self.store.read(), self.clock.now(), WINDOW)?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut readers = HashMap::new();
        let mut jobs: BTreeMap<String, Vec<(Delivery, Job)>> = BTreeMap::new();
        let (mut decided, mut cancelled, mut size) = (Vec::new(), Vec::new(), 0);
        let (mut chunk, mut chunk_bytes) = (None, 0);
        // Envelopes first: a chunk that comes before its envelope waits under a quota.
        let (chunks, envelopes): (Vec<_>, Vec<_>) = due.into_iter().partition(Delivery::is_chunk);
        for delivery in envelopes.into_iter().chain(chunks) {
            if size >= WINDOW_BYTES {
                // Still due: in the next window.
                break;
            }
            if delivery.is_chunk() && chunk != Some(delivery.item) {
                let file = self.home.blobs().join(name_for(&delivery.item));
                let bytes = file.metadata().map_or(0, |file| file.len());
                if chunk.is_some() && chunk_bytes + bytes > WINDOW_CHUNKS {
                    break;
                }
                chunk = Some(delivery.item);
                chunk_bytes += bytes;
            }
            let reader = match readers.get(&delivery.reader) {
                Some(reader) => reader,
                None => {
                    let found = delivery::reader(self.store.read(), delivery.reader)?;
                    readers.entry(delivery.reader).or_insert(found)
                }
            };
            match self.prepare(&delivery, reader.as_ref())? {
                Prepared::Job(job) => {
                    if let Payload::Bytes(bytes) = &job.payload {
                        size += bytes.len();
                    }
                    let scheme = address::scheme(&job.address).unwrap_or_default().to_owned();
                    jobs.entry(scheme).or_default().push((delivery, job));
                }
                Prepared::Not(address, fate) => decided.push((delivery, address, fate)),
                Prepared::Cancelled => cancelled.push(delivery.envelope),
            }
        }
        cancelled::forget(self.store, &self.outpackets, &cancelled)?;
        self.record(decided)?;
        self.hand_over(jobs)?;
        Ok(true)
    }

    fn prepare(&self, delivery: &Delivery, reader: Option<&Reader>) -> Result<Prepared> {
        let name = file_name(&delivery.envelope);
        let envelope = self.outpackets.path("new", &name);
        if !envelope.exists() {
            return Ok(Prepared::Cancelled);
        }
        let not = |fate| Ok(Prepared::Not(String::new(), fate));
        let reader = match reader {
            // What was in it is owed to the key that they have now.
            None if former::get(self.store.read(), delivery.reader)?.is_some()
                && unconfirmed::is_needless(self.store.read(), &delivery.envelope)? =>
            {
                self.outpackets.remove("new", &name)?;
                return Ok(Prepared::Cancelled);
            }
            None => return not(Fate::Failed("this reader is no contact".to_owned())),
            Some(reader) if reader.blocked => return not(Fate::Failed("this reader is blocked".to_owned())),
            Some(reader) => reader,
        };
        let address = match route(self.home, reader, delivery, self.clock.now()) {
            Route::Through(address) => address,
            Route::Later(why) => return not(Fate::Reported(Report::Later(0, why))),
            Route::Nowhere(why) => return not(Fate::Failed(why)),
        };
        let broken = address::scheme(&address).and_then(|scheme| self.broken.get(scheme));
        if let Some(why) = broken {
            return Ok(Prepared::Not(address, Fate::Reported(Report::Later(0, why.clone()))));
        }
        if delivery.is_chunk() {
            if let Some((until, why)) = self.put_off.get(&address)
                && self.clock.now() < *until
            {
                return Ok(Prepared::Not(address, Fate::Reported(Report::Later(0, why.clone()))));
            }
            let file = self.home.blobs().join(name_for(&delivery.item));
            if !file.exists() {
                return not(Fate::Failed(format!("there is no '{}'", file.display())));
            }
            return Ok(Prepared::Job(Job { cargo: Cargo::Blob, address, payload: Payload::File(file) }));
        }
        match intake::load(&envelope, &delivery.item) {
            Ok(pem) => {
                let payload = Payload::Bytes(pem.der);
                Ok(Prepared::Job(Job { cargo: Cargo::Envelope, address, payload }))
            }
            Err(error) => not(Fate::Failed(error.message().to_owned())),
        }
    }

    /// Runs the drivers side by side, so that a slow one holds up nobody, and records what they report as it comes.
    fn hand_over(&mut self, jobs: BTreeMap<String, Vec<(Delivery, Job)>>) -> Result<()> {
        // Bounded: what a driver says is written as fast as a person's terminal takes it.
        let (sender, inbox) = mpsc::sync_channel(REPORTS);
        let home = self.home;
        thread::scope(|scope| {
            // Dropped when recording fails, which ends whoever waits for room in it.
            let inbox = inbox;
            for (scheme, items) in jobs {
                let sender = sender.clone();
                scope.spawn(move || {
                    let (deliveries, jobs): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                    // A failed send means that recording failed, which ends this run.
                    let mut report = |index: usize, report| {
                        if let (Some(delivery), Some(job)) = (deliveries.get(index), jobs.get(index)) {
                            let delivery: &Delivery = delivery;
                            let job: &Job = job;
                            let _ = sender.send(Said::Report(delivery.clone(), job.address.clone(), report));
                        }
                    };
                    let mut note = |line: &str| drop(sender.send(Said::Note(line.to_owned())));
                    if let Err(error) = driver::send(home, &scheme, &jobs, &mut report, &mut note) {
                        let _ = sender.send(Said::Broken(scheme, error));
                    }
                });
            }
            drop(sender);
            while let Ok(first) = inbox.recv() {
                let mut reports = Vec::new();
                let until = Instant::now() + TOGETHER;
                let more = || inbox.recv_timeout(until.saturating_duration_since(Instant::now())).ok();
                for said in std::iter::once(first).chain(std::iter::from_fn(more)).take(REPORTS) {
                    match said {
                        Said::Report(delivery, address, report) => {
                            reports.push((delivery, address, Fate::Reported(report)));
                        }
                        Said::Note(line) => (self.note)(&line),
                        Said::Broken(scheme, error) => {
                            (self.note)(error.message());
                            self.broken.insert(scheme, error.message().to_owned());
                        }
                    }
                }
                self.record(reports)?;
            }
            Ok(())
        })
    }

    /// Commits what became of deliveries, then files the envelopes that this finished.
    fn record(&mut self, fates: Vec<(Delivery, String, Fate)>) -> Result<()> {
        if fates.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let write = self.store.begin()?;
        for (delivery, address, fate) in &fates {
            let (outcome, reason) = judge(&self.home.config.retry, delivery, address, fate, now);
            if let Outcome::Later(when) = outcome {
                self.put_off.insert(address.clone(), (when, reason.clone()));
            }
            delivery::record(&write, delivery, &outcome, address, &reason, now)?;
        }
        write.commit()?;
        let touched: BTreeSet<Digest> = fates.iter().map(|(delivery, ..)| delivery.envelope).collect();
        self.finish(touched)
    }

    /// Renames the files of those envelopes that are finished.
    fn finish(&mut self, envelopes: impl IntoIterator<Item = Digest>) -> Result<()> {
        let read = self.store.read().unchecked_transaction()?;
        let standings = envelopes.into_iter().map(|it| Ok((file_name(&it), delivery::standing(&read, &it)?)));
        let standings = standings.collect::<Result<Vec<_>>>()?;
        drop(read);
        for (name, standing) in standings {
            let there = || self.outpackets.path("new", &name).exists();
            match standing {
                Standing::Sent if there() => {
                    self.outpackets.shift(&name, "new", "sent")?;
                    self.moved.insert("sent");
                }
                Standing::Failed(why) if there() => {
                    (self.note)(&format!("'{name}' failed: {why}"));
                    self.outpackets.give_up(&name, &why)?;
                    self.moved.insert("failed");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a delivery came to before any driver was asked.
enum Prepared {
    Job(Job),
    /// The address that would have been asked, if there was one.
    Not(String, Fate),
    /// The file is gone: its owner deleted it, or nobody is left to get it.
    Cancelled,
}

/// What the threads that run drivers tell.
enum Said {
    Report(Delivery, String, Report),
    Note(String),
    Broken(String, Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_envelope_and_back() {
        let name = file_name(&[0xab; 32]);
        assert_eq!(envelope_of(&name), Some([0xab; 32]));
        for wrong in [&name[2..], &name.to_uppercase(), &name[..64], "notes.pem"] {
            assert_eq!(envelope_of(wrong), None, "{wrong}");
        }
    }
}
