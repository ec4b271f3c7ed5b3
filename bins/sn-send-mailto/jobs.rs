//! Which jobs are looked at together: those that come within a moment of each other, so that they can share mails.

use socialnet::{
    Result,
    cli::Console,
    driver::{JobLine, serve},
};
use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

/// Jobs that are looked at together, at most.
const BATCH: usize = 1000;
/// How long to wait for another job before those that are there are done. The caller writes all at once.
const MOMENT: Duration = Duration::from_millis(50);

/// The jobs on standard input, read by a thread of its own: a report must not wait for the next job.
pub struct Jobs(Receiver<Result<JobLine>>);

impl Jobs {
    /// Reads from now on.
    pub fn read() -> Self {
        let (sender, jobs) = sync_channel(BATCH);
        thread::spawn(move || {
            for job in serve::jobs() {
                if sender.send(job).is_err() {
                    return;
                }
            }
        });
        Self(jobs)
    }

    /// What comes next, and all that comes within a moment of each other; none at the end. Lines that are no jobs are told.
    pub fn next(&self, console: &mut Console) -> Option<Vec<JobLine>> {
        let mut jobs = Vec::new();
        loop {
            let next = match jobs.len() {
                0 => self.0.recv().ok(),
                BATCH.. => None,
                _ => self.0.recv_timeout(MOMENT).ok(),
            };
            match next {
                Some(Ok(job)) => jobs.push(job),
                Some(Err(error)) => console.failed(&error),
                None => return Some(jobs).filter(|jobs| !jobs.is_empty()),
            }
        }
    }
}
