//! Waits until somebody else has changed something: for whoever follows, asleep while nothing happens.
//!
//! A commit is written to the log, and counts once the index of the log says so, some time and a sync later. That index
//! is memory, of which nobody is told; the log is a file (https://sqlite.org/walformat.html). So this sleeps until the log is
//! written, and then looks again and again, each time after a pause as long as that is ago.

use super::Store;
use crate::Result;
use std::time::{Duration, Instant};

/// The shortest pause between two looks.
const SHORTEST: Duration = Duration::from_millis(1);

impl Store {
    /// Waits until [`Store::version`] is no longer `version`, and gives the new one.
    pub fn changed(&self, version: i64) -> Result<i64> {
        let log = Log::watch(self)?;
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

/// The log, which tells when it is written.
#[cfg(target_os = "linux")]
struct Log(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Log {
    fn watch(store: &Store) -> Result<Self> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let log = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).map_err(std::io::Error::from)?;
        add_watch(&log, &store.log, WatchFlags::MODIFY).map_err(std::io::Error::from)?;
        Ok(Self(log))
    }

    /// Whether it was written; waits for that, but not longer than `pause` and a second: a file system may be one that
    /// does not tell.
    fn written_within(&self, pause: Duration) -> Result<bool> {
        use rustix::{
            event::{PollFd, PollFlags, Timespec, poll},
            io::{Errno, read},
        };
        let pause = Timespec::try_from(pause.min(Duration::from_secs(1))).ok();
        match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], pause.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        // A commit writes its pages one by one: one look for all.
        std::thread::sleep(SHORTEST);
        while read(&self.0, &mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {}
        Ok(true)
    }
}

/// The log, of which this system does not tell.
#[cfg(not(target_os = "linux"))]
struct Log;

#[cfg(not(target_os = "linux"))]
impl Log {
    fn watch(_: &Store) -> Result<Self> {
        Ok(Self)
    }

    fn written_within(&self, pause: Duration) -> Result<bool> {
        std::thread::sleep(pause.min(Duration::from_millis(50)));
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Store, account, sample};
    use std::{sync::mpsc, thread, time::Duration};

    #[test]
    fn who_follows_hears_of_what_somebody_else_commits() {
        let (dir, mut writer) = sample::store();
        let reader = Store::open(&dir.path().join("socialnet.db")).unwrap();
        let begun = reader.version().unwrap();
        // It may begin to wait before the commit or after it.
        let (said, heard) = mpsc::channel();
        thread::spawn(move || said.send(reader.changed(begun).unwrap()));
        let write = writer.begin().unwrap();
        let account = account::get(&write).unwrap();
        account::put(&write, &account).unwrap();
        write.commit().unwrap();
        let now = heard.recv_timeout(Duration::from_secs(60)).expect("it is told of");
        assert_ne!(now, begun);
    }
}
