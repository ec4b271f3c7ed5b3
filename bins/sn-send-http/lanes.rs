//! How many requests are under way at once: a lane for each host, so that one that does not answer holds up nobody else,
//! and a few workers that take from whichever lane has room.
//!
//! Small ones gain by many at once: a server makes all of them durable by one sync. Large ones would only share the line,
//! until each takes longer than any server waits and none of them arrives: their bytes are bounded, too.

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
/// Bytes of a job that is small: it is counted, not weighed.
const SMALL: u64 = 64 << 10;
/// Bytes of larger ones under way to one host, and to all hosts together: through 1 Mbit/s the latter take two and a half
/// minutes, where servers wait for five.
const HOST_BYTES: u64 = 4 << 20;
const ALL_BYTES: u64 = 16 << 20;
/// So many in succession whose end is unclear speak of the host.
const UNCLEAR: usize = 3;

/// A job, and how long its bytes are.
pub struct Job {
    /// As the caller gave it.
    pub line: JobLine,
    /// Bytes of its file.
    pub size: u64,
}

/// What became of a job, and what that says of the others for the same host.
pub enum Fate {
    /// This job alone.
    Job(Report),
    /// Most likely this job alone, unless it is the same with those after it.
    Unclear(Report),
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
    /// Bytes of large jobs under way, to all hosts.
    bytes: u64,
    /// Jobs that were begun so far.
    begun: u64,
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
    small: VecDeque<Job>,
    large: VecDeque<Job>,
    under_way: usize,
    /// Bytes of large jobs under way.
    bytes: u64,
    /// The last that was begun, as a number of [`State::begun`].
    last: u64,
    /// How many ended unclear in succession.
    unclear: usize,
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
        work: impl Fn(&Job) -> Fate + Sync,
        report: impl Fn(&Job, &Report) -> Result<()> + Sync,
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

    fn serve(&self, work: &impl Fn(&Job) -> Fate, report: &impl Fn(&Job, &Report) -> Result<()>) {
        let mut state = self.wait(self.lock());
        while let Some((host, job)) = state.next(self.per_host) {
            let down = state.lanes.get(&host).and_then(|lane| lane.down.clone());
            drop(state);
            let fate = down.map_or_else(|| work(&job), Fate::Job);
            let what = match &fate {
                Fate::Job(what) | Fate::Unclear(what) | Fate::Host(what) => what,
            };
            let reported = report(&job, what);
            state = self.lock();
            if let Err(error) = reported {
                state.failed.get_or_insert(error);
                self.changed.notify_all();
            }
            state.end(host, &job, fate);
            // The room that there is now is taken by this worker: nobody need be woken, unless there may be room for more.
            if job.weight() > 0 {
                self.changed.notify_all();
            }
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
        self.lanes.values().any(|lane| lane.open(per_host, self.bytes) > 0)
    }

    /// Jobs that could be begun now, or a few more: what the lanes share is counted in each.
    fn open(&self, per_host: usize) -> usize {
        self.lanes.values().map(|lane| lane.open(per_host, self.bytes)).sum()
    }

    fn next(&mut self, per_host: usize) -> Option<(String, Job)> {
        if self.failed.is_some() {
            return None;
        }
        // The emptiest lane first, so that each host gets its share of the workers; among such, in turn.
        let open = self.lanes.iter_mut().filter(|(_, lane)| lane.open(per_host, self.bytes) > 0);
        let (host, lane) = open.min_by_key(|(_, lane)| (lane.under_way, lane.last))?;
        let job = lane.small.pop_front().or_else(|| lane.large.pop_front())?;
        lane.under_way += 1;
        lane.bytes += job.weight();
        self.bytes += job.weight();
        self.begun += 1;
        lane.last = self.begun;
        Some((host.clone(), job))
    }

    fn add(&mut self, job: Job) {
        let lane = self.lanes.entry(host(&job.line.address)).or_default();
        if job.weight() > 0 { lane.large.push_back(job) } else { lane.small.push_back(job) }
    }

    /// Makes room for the next, and remembers what this one says of them.
    fn end(&mut self, host: String, job: &Job, fate: Fate) {
        self.bytes -= job.weight();
        let lane = self.lanes.entry(host).or_default();
        lane.under_way -= 1;
        lane.bytes -= job.weight();
        lane.unclear = if matches!(fate, Fate::Unclear(_)) { lane.unclear + 1 } else { 0 };
        match fate {
            Fate::Unclear(what) if lane.unclear >= UNCLEAR => drop(lane.down.get_or_insert(what)),
            Fate::Host(what) => drop(lane.down.get_or_insert(what)),
            Fate::Job(_) | Fate::Unclear(_) => {}
        }
    }
}

impl Lane {
    /// Jobs that could be begun now, while so many bytes are under way to all hosts. Those that are small go first.
    fn open(&self, per_host: usize, mut all: u64) -> usize {
        let room = per_host - self.under_way;
        let small = self.small.len().min(room);
        let mut own = self.bytes;
        let fits = |under_way: u64, size, most| under_way == 0 || under_way + size <= most;
        let large = self.large.iter().take(room - small).take_while(|job| {
            let fits = fits(own, job.size, HOST_BYTES) && fits(all, job.size, ALL_BYTES);
            own += job.size;
            all += job.size;
            fits
        });
        small + large.count()
    }
}

impl Job {
    fn weight(&self) -> u64 {
        if self.size > SMALL { self.size } else { 0 }
    }
}

/// Where jobs go in.
pub struct Feed<'a, 'f> {
    lanes: &'a Lanes,
    start: &'f dyn Fn(),
}

impl Feed<'_, '_> {
    /// Adds a job to its host's lane.
    pub fn add(&self, job: Job) {
        let mut state = self.lanes.lock();
        state.add(job);
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

    fn job(number: usize, host: &str) -> Job {
        let line = format!("{number}\tenvelope\thttps://{host}/in/box\tfile").parse().unwrap();
        Job { line, size: SMALL }
    }

    fn large(number: usize, host: &str) -> Job {
        Job { size: HOST_BYTES, ..job(number, host) }
    }

    /// Runs jobs, so many at once for a host: which were reported, and how many threads worked on them.
    fn run(per_host: usize, jobs: Vec<Job>, work: impl Fn(&Job) -> Fate + Sync) -> (Vec<usize>, usize) {
        let (reported, threads) = (Mutex::new(Vec::new()), Mutex::new(HashSet::new()));
        let feed = |feed: &Feed<'_, '_>| {
            jobs.into_iter().for_each(|job| feed.add(job));
            Ok(())
        };
        let work = |job: &Job| {
            threads.lock().unwrap().insert(thread::current().id());
            work(job)
        };
        let report = |job: &Job, _: &Report| {
            reported.lock().unwrap().push(job.line.id.parse().unwrap());
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
            if job.line.address.contains("quick") {
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

    #[test]
    fn large_ones_share_a_line() {
        let jobs = (0..80).map(|number| large(number, &format!("h{}.example", number % 8))).collect();
        let (under_way, most) = (Mutex::new(BTreeMap::<String, u64>::new()), Mutex::new((0, 0)));
        let (reported, _) = run(48, jobs, |job| {
            let host = host(&job.line.address);
            {
                let mut under_way = under_way.lock().unwrap();
                *under_way.entry(host.clone()).or_default() += job.size;
                let mut most = most.lock().unwrap();
                *most = (most.0.max(under_way[&host]), most.1.max(under_way.values().sum()));
            }
            thread::yield_now();
            *under_way.lock().unwrap().get_mut(&host).unwrap() -= job.size;
            Fate::Job(Report::Sent)
        });
        assert_eq!(reported, (0..80).collect::<Vec<_>>());
        let (host, all) = *most.lock().unwrap();
        assert!(host <= HOST_BYTES && all <= ALL_BYTES, "{host}, {all}");
    }

    #[test]
    fn one_larger_than_all_may_be_goes_alone_and_small_ones_do_not_wait_for_it() {
        let jobs = (0..20).map(|number| match number {
            0 => Job { size: 2 * ALL_BYTES, ..job(0, "example.net") },
            1..5 => large(number, "example.net"),
            _ => job(number, "example.net"),
        });
        let small = (Mutex::new(0), Condvar::new());
        let (reported, _) = run(4, jobs.collect(), |job| {
            let (done, changed) = &small;
            if job.size == SMALL {
                *done.lock().unwrap() += 1;
                changed.notify_all();
            } else {
                let patience = Duration::from_secs(60);
                let waited =
                    changed.wait_timeout_while(done.lock().unwrap(), patience, |done| *done < 15).unwrap();
                assert!(!waited.1.timed_out());
            }
            Fate::Job(Report::Sent)
        });
        assert_eq!(reported, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn hosts_take_turns() {
        let mut state = State::default();
        (0..50).for_each(|number| state.add(large(number, &format!("h{}.example", number % 5))));
        let mut under_way = VecDeque::new();
        let mut served = BTreeMap::<String, usize>::new();
        for _ in 0..50 {
            // Others may begin only when the first has ended.
            while let Some((host, job)) = state.next(48) {
                *served.entry(host.clone()).or_default() += 1;
                under_way.push_back((host, job));
            }
            let (host, job) = under_way.pop_front().unwrap();
            state.end(host, &job, Fate::Job(Report::Sent));
            let (most, least) = (served.values().max(), served.values().min());
            assert!(served.len() < 5 || most.unwrap() - least.unwrap() <= 1, "{served:?}");
        }
        assert!(under_way.is_empty() && state.next(48).is_none());
    }

    #[test]
    fn what_is_unclear_again_and_again_is_about_the_host() {
        let mut state = State::default();
        (0..9).for_each(|number| state.add(job(number, "example.net")));
        let mut is_down_after = |fate| {
            let (host, job) = state.next(1).unwrap();
            state.end(host.clone(), &job, fate);
            state.lanes[&host].down.is_some()
        };
        let unclear = || Fate::Unclear(Report::Later(0, "broke off".to_owned()));
        assert!(!is_down_after(unclear()) && !is_down_after(unclear()));
        assert!(!is_down_after(Fate::Job(Report::Sent)), "it answers");
        assert!(!is_down_after(unclear()) && !is_down_after(unclear()));
        assert!(is_down_after(unclear()));
    }
}
