//! Waits until somebody else has changed something: for whoever follows, asleep while nothing happens.
//!
//! A commit is written to the log, and counts once the index of the log says so, some time and a sync later. That index
//! is memory, of which nobody is told; the log is a file (https://sqlite.org/walformat.html). So this sleeps until the log is
//! written, and then looks again and again, each time after a pause as long as that is ago.

use super::Store;
use crate::Result;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
};
use std::{
    io,
    os::fd::OwnedFd,
    thread,
    time::{Duration, Instant},
};

/// The shortest pause between two looks, and the longest: a file system may be one that does not tell.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(1);
/// The longest where nobody is told.
const UNTOLD: Duration = Duration::from_millis(50);

impl Store {
    /// Waits until [`Store::version`] is no longer `version`, and gives the new one.
    pub fn changed(&self, version: i64) -> Result<i64> {
        self.changed_as_told_by(&Log::watch(self), version)
    }

    fn changed_as_told_by(&self, log: &Log, version: i64) -> Result<i64> {
        let mut written = Instant::now();
        loop {
            match self.version()? {
                now if now != version => return Ok(now),
                _ if log.written_within(written.elapsed().max(SHORTEST))? => written = Instant::now(),
                _ => {}
            }
        }
    }
}

/// The log, which tells when it is written; or does not: on another system, or where too many are told already
/// (inotify(7), `max_user_instances`).
struct Log(Option<OwnedFd>);

impl Log {
    #[cfg(target_os = "linux")]
    fn watch(store: &Store) -> Self {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let log = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok();
        Self(log.filter(|log| add_watch(log, &store.log, WatchFlags::MODIFY).is_ok()))
    }

    #[cfg(not(target_os = "linux"))]
    fn watch(_: &Store) -> Self {
        Self(None)
    }

    /// Whether it was written; waits for that, but no longer than `pause`.
    fn written_within(&self, pause: Duration) -> Result<bool> {
        let Some(log) = &self.0 else {
            thread::sleep(pause.min(UNTOLD));
            return Ok(false);
        };
        let pause = Timespec::try_from(pause.min(LONGEST)).ok();
        match poll(&mut [PollFd::new(log, PollFlags::IN)], pause.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        // A commit writes its pages one by one: one look for all.
        thread::sleep(SHORTEST);
        while read(log, &mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {}
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::Log;
    use crate::store::{Store, account, sample};
    use std::{os::unix::fs::symlink, sync::mpsc, thread, time::Duration};

    #[test]
    fn who_follows_hears_of_what_somebody_else_commits() {
        for watch in [Log::watch, |_: &Store| Log(None)] {
            let (dir, mut writer) = sample::store();
            // The log is beside the file, not beside a link to it.
            let link = dir.path().join("link.db");
            symlink(dir.path().join("socialnet.db"), &link).unwrap();
            let reader = Store::open(&link).unwrap();
            assert!(reader.log.exists());
            let begun = reader.version().unwrap();
            // It may begin to wait before the commit or after it.
            let (said, heard) = mpsc::channel();
            thread::spawn(move || said.send(reader.changed_as_told_by(&watch(&reader), begun).unwrap()));
            let write = writer.begin().unwrap();
            let account = account::get(&write).unwrap();
            account::put(&write, &account).unwrap();
            write.commit().unwrap();
            let now = heard.recv_timeout(Duration::from_secs(60)).expect("it is told of");
            assert_ne!(now, begun);
        }
    }
}
