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
const WORKERS: usize = 96;

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
    /// Workers that wait for a job or are about to, those that have just been started among them; and all.
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
        let mut state = self.wait(self.lock());
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
                self.changed.notify_all();
            }
            let lane = state.lanes.entry(host).or_default();
            lane.under_way -= 1;
            if let Fate::Host(what) = fate {
                lane.down.get_or_insert(what);
            }
            // The room that there is now in this lane is taken by this worker: nobody need be woken.
            state.idle += 1;
            state = self.wait(state);
        }
        state.workers -= 1;
    }

    /// Waits until there is a job to take, or none will come; whoever calls it counts as idle.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
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
        self.open(per_host) > 0
    }

    /// Jobs that could be begun now.
    fn open(&self, per_host: usize) -> usize {
        self.lanes.values().map(|lane| lane.waiting.len().min(per_host - lane.under_way)).sum()
    }

    fn next(&mut self, per_host: usize) -> Option<(String, JobLine)> {
        if self.failed.is_some() {
            return None;
        }
        // The emptiest lane first, so that each host gets its share of the workers.
        let open = self.lanes.iter_mut().filter(|(_, it)| it.under_way < per_host && !it.waiting.is_empty());
        let (host, lane) = open.min_by_key(|(_, lane)| lane.under_way)?;
        lane.under_way += 1;
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
        if state.open(self.lanes.per_host) > state.idle && state.workers < WORKERS {
            state.workers += 1;
            state.idle += 1;
            (self.start)();
        }
        self.lanes.changed.notify_one();
    }
}

/// The scheme and authority, which a server's limits are about.
fn host(address: &str) -> String {
    address.splitn(4, '/').take(3).collect::<Vec<_>>().join("/").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, time::Duration};

    fn job(number: usize, host: &str) -> JobLine {
        format!("{number}\tenvelope\thttps://{host}/in/box\tfile").parse().unwrap()
    }

    /// Runs jobs, so many at once for a host: which were reported, and how many threads worked on them.
    fn run(
        per_host: usize,
        jobs: Vec<JobLine>,
        work: impl Fn(&JobLine) -> Fate + Sync,
    ) -> (Vec<usize>, usize) {
        let (reported, threads) = (Mutex::new(Vec::new()), Mutex::new(HashSet::new()));
        let feed = |feed: &Feed<'_, '_>| {
            jobs.into_iter().for_each(|job| feed.add(job));
            Ok(())
        };
        let work = |job: &JobLine| {
            threads.lock().unwrap().insert(thread::current().id());
            work(job)
        };
        let report = |job: &JobLine, _: &Report| {
            reported.lock().unwrap().push(job.id.parse().unwrap());
            Ok(())
        };
        Lanes::new(per_host).run(feed, work, report).unwrap();
        let mut reported = reported.into_inner().unwrap();
        reported.sort_unstable();
        (reported, threads.into_inner().unwrap().len())
    }

    #[test]
    fn a_host_has_no_more_workers_than_it_may_have_requests() {
        let (now, most) = (Mutex::new(0), Mutex::new(0));
        let jobs = (0..200).map(|number| job(number, "example.net")).collect();
        let (reported, threads) = run(3, jobs, |_| {
            let under_way = {
                let mut now = now.lock().unwrap();
                *now += 1;
                *now
            };
            let mut most = most.lock().unwrap();
            *most = under_way.max(*most);
            drop(most);
            thread::yield_now();
            *now.lock().unwrap() -= 1;
            Fate::Job(Report::Sent)
        });
        assert_eq!(reported, (0..200).collect::<Vec<_>>());
        assert!(threads <= 3 && *most.lock().unwrap() <= 3, "{threads} threads");
    }

    #[test]
    fn one_that_does_not_answer_holds_up_nobody() {
        let jobs =
            (0..100).map(|number| job(number, if number < 50 { "slow.example" } else { "quick.example" }));
        let quick = (Mutex::new(0), Condvar::new());
        let (reported, _) = run(2, jobs.collect(), |job| {
            let (done, changed) = &quick;
            if job.address.contains("quick") {
                *done.lock().unwrap() += 1;
                changed.notify_all();
                return Fate::Job(Report::Sent);
            }
            // Gives no answer before all others have theirs.
            let patience = Duration::from_secs(60);
            let waited =
                changed.wait_timeout_while(done.lock().unwrap(), patience, |done| *done < 50).unwrap();
            assert!(!waited.1.timed_out());
            Fate::Host(Report::Later(0, "away".to_owned()))
        });
        assert_eq!(reported, (0..100).collect::<Vec<_>>());
    }
}
