//! How many requests are under way at once: a lane for each host, so that one that does not answer holds up nobody else,
//! and a few workers that take from whichever lane has room.

use socialnet::{
    Error, Result,
    driver::{JobLine, Report},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Requests under way to all hosts together.
const WORKERS: usize = 64;

/// What became of a job, and what that says of the others for the same host.
pub enum Fate {
    /// This job alone.
    Job(Report),
    /// The host: whatever waits for it gets the same report without another attempt.
    Host(Report),
}

/// Jobs that wait, by host.
pub struct Lanes {
    state: Mutex<State>,
    changed: Condvar,
    per_host: usize,
}

#[derive(Default)]
struct State {
    lanes: BTreeMap<String, Lane>,
    /// Jobs that wait in all lanes.
    queued: usize,
    /// Workers that are waiting for a job, and all of them.
    idle: usize,
    workers: usize,
    /// No job comes any more.
    closed: bool,
    /// Reports can't be written: the caller has gone.
    failed: Option<Error>,
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<JobLine>,
    under_way: usize,
    /// Set when the host is known not to take anything now.
    down: Option<Report>,
}

impl Lanes {
    /// Lanes with at most so many requests to one host at once.
    pub fn new(per_host: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), per_host }
    }

    /// Runs `feed`, which adds jobs, and at the same time `work` on them; `report` hears of each once. Ends when all jobs
    /// are reported.
    pub fn run(
        &self,
        feed: impl FnOnce(&Feed<'_, '_>) -> Result<()>,
        work: impl Fn(&JobLine) -> Fate + Sync,
        report: impl Fn(&JobLine, &Report) -> Result<()> + Sync,
    ) -> Result<()> {
        let worker = || self.serve(&work, &report);
        let fed = thread::scope(|scope| {
            let start = || drop(scope.spawn(worker));
            let fed = feed(&Feed { lanes: self, start: &start });
            self.lock().closed = true;
            self.changed.notify_all();
            fed
        });
        fed.and(self.lock().failed.take().map_or(Ok(()), Err))
    }

    fn serve(&self, work: &impl Fn(&JobLine) -> Fate, report: &impl Fn(&JobLine, &Report) -> Result<()>) {
        let mut state = self.lock();
        while let Some((host, job)) = state.next(self.per_host) {
            let down = state.lanes.get(&host).and_then(|lane| lane.down.clone());
            drop(state);
            let fate = down.map_or_else(|| work(&job), Fate::Job);
            let what = match &fate {
                Fate::Job(what) | Fate::Host(what) => what,
            };
            let reported = report(&job, what);
            state = self.lock();
            if let Err(error) = reported {
                state.failed.get_or_insert(error);
            }
            let lane = state.lanes.entry(host).or_default();
            lane.under_way -= 1;
            if let Fate::Host(what) = fate {
                lane.down.get_or_insert(what);
            }
            // There is room in this lane now, and perhaps nothing left at all.
            self.changed.notify_all();
            state = self.wait(state);
        }
        state.workers -= 1;
    }

    /// Waits until there is a job to take, or none will come.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.idle += 1;
        while !state.closed && state.failed.is_none() && !state.has_next(self.per_host) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle -= 1;
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_next(&self, per_host: usize) -> bool {
        self.lanes.values().any(|lane| lane.under_way < per_host && !lane.waiting.is_empty())
    }

    fn next(&mut self, per_host: usize) -> Option<(String, JobLine)> {
        if self.failed.is_some() {
            return None;
        }
        // The emptiest lane first, so that each host gets its share of the workers.
        let open = self.lanes.iter_mut().filter(|(_, it)| it.under_way < per_host && !it.waiting.is_empty());
        let (host, lane) = open.min_by_key(|(_, lane)| lane.under_way)?;
        lane.under_way += 1;
        self.queued -= 1;
        lane.waiting.pop_front().map(|job| (host.clone(), job))
    }
}

/// Where jobs go in.
pub struct Feed<'a, 'f> {
    lanes: &'a Lanes,
    start: &'f dyn Fn(),
}

impl Feed<'_, '_> {
    /// Adds a job to its host's lane.
    pub fn add(&self, job: JobLine) {
        let mut state = self.lanes.lock();
        state.lanes.entry(host(&job.address)).or_default().waiting.push_back(job);
        state.queued += 1;
        if state.queued > state.idle && state.workers < WORKERS {
            state.workers += 1;
            (self.start)();
        }
        self.lanes.changed.notify_one();
    }
}

/// The scheme and authority, which a server's limits are about.
fn host(address: &str) -> String {
    address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase()
}
