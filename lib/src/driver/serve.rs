//! The driver's own side of socialnet-driver(7), which is the same in each: the jobs that it is given, the reports that it
//! prints, and whoever started it.

use super::{JobLine, Report};
use crate::{Error, Kind, Result, program::MAX_LINE};
use std::{
    io::{self, BufRead, Read, Write, stdin, stdout},
    iter,
    net::{Shutdown, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

/// The jobs on standard input, until it ends. A line that is no job is [`Kind::Malformed`], and the next one follows; anything
/// else is a failure to read, and the end.
pub fn jobs() -> impl Iterator<Item = Result<JobLine>> {
    let mut input = stdin().lock();
    let mut failed = false;
    iter::from_fn(move || job(&mut input, &mut failed))
}

fn job(input: &mut impl BufRead, failed: &mut bool) -> Option<Result<JobLine>> {
    if *failed {
        return None;
    }
    let mut line = Vec::new();
    match input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line) {
        Ok(0) => None,
        Ok(_) => Some(String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).parse()),
        Err(error) => {
            *failed = true;
            Some(Err(Error::from(error).context("cannot read jobs")))
        }
    }
}

/// Prints the report of the job `id`, flushed.
pub fn report(id: &str, report: &Report) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", report.line(id))?;
    Ok(out.flush()?)
}

/// Whoever started a driver that watches: it never writes, and when it goes, standard input ends.
pub struct Caller {
    alive: Receiver<()>,
    socket: Arc<Mutex<Option<TcpStream>>>,
}

impl Caller {
    /// Listens from now on; nobody else may read standard input.
    pub fn listen() -> Self {
        let (sender, alive) = mpsc::channel();
        let socket = Arc::new(Mutex::new(None::<TcpStream>));
        let shared = Arc::clone(&socket);
        thread::spawn(move || {
            let _ = io::copy(&mut stdin().lock(), &mut io::sink());
            drop(sender);
            if let Some(socket) = &*shared.lock().unwrap_or_else(PoisonError::into_inner) {
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
        Self { alive, socket }
    }

    /// From now on it is this connection that is shut when the caller goes, which ends whatever waits for it.
    pub fn would_shut(&self, socket: &TcpStream) -> io::Result<()> {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(socket.try_clone()?);
        Ok(())
    }

    /// Whether it has gone.
    pub fn is_gone(&self) -> bool {
        self.alive.try_recv() == Err(mpsc::TryRecvError::Disconnected)
    }

    /// Waits so long, or until it goes.
    pub fn wait(&self, time: Duration) {
        // Nothing is ever sent: it is the time, or the end.
        let _: std::result::Result<(), mpsc::RecvTimeoutError> = self.alive.recv_timeout(time);
    }
}

/// Whether a source that is watched was away when it was looked at last: that is told once, until it was there again.
#[derive(Debug, Default)]
pub struct Away(bool);

impl Away {
    /// What a look came to; `None`: the source is away for now ([`Kind::Again`]), of which `note` hears if it is news.
    pub fn or<T>(&mut self, looked: Result<T>, note: impl FnOnce(&str)) -> Result<Option<T>> {
        match looked {
            Err(error) if error.kind() == Kind::Again => {
                if !std::mem::replace(&mut self.0, true) {
                    note(error.message());
                }
                Ok(None)
            }
            looked => {
                self.0 = false;
                looked.map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_job_keeps_nobody_from_the_next() {
        let long = format!("{}\n", "x".repeat(MAX_LINE + 10));
        let lines =
            ["1\tblob\tfile:///x\t1\n", "nonsense\n", "\n", "\u{fffd}\n", &long, "2\tblob\tfile:///x\t2"];
        let mut input = lines.concat().replace('\u{fffd}', "?").into_bytes();
        input.iter_mut().filter(|byte| **byte == b'?').for_each(|byte| *byte = 0xff);
        let (mut input, mut failed) = (input.as_slice(), false);
        let jobs: Vec<_> = iter::from_fn(|| job(&mut input, &mut failed)).collect();
        let ids: Vec<_> = jobs.iter().flatten().map(|job| job.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert!(jobs.iter().flat_map(|job| job.as_ref().err()).all(|error| error.kind() == Kind::Malformed));
    }

    #[test]
    fn jobs_that_can_not_be_read_are_the_end() {
        let mut input = io::BufReader::new(io::Read::chain(&b"1\tblob\tfile:///x\t1\n"[..], Broken));
        let mut failed = false;
        let jobs: Vec<_> = iter::from_fn(|| job(&mut input, &mut failed)).collect();
        assert_eq!(jobs.len(), 2);
        assert_eq!(jobs[1].as_ref().unwrap_err().message(), "cannot read jobs: Input/output error");
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }

    #[test]
    fn who_is_away_is_told_once() {
        let (mut away, mut told) = (Away::default(), Vec::new());
        let mut look = |looked: Result<u8>| away.or(looked, |what| told.push(what.to_owned()));
        let gone = || Err(Error::new(Kind::Again, "no stick"));
        assert_eq!(look(gone()), Ok(None));
        assert_eq!(look(gone()), Ok(None));
        assert_eq!(look(Ok(7)), Ok(Some(7)));
        assert_eq!(look(gone()), Ok(None));
        assert_eq!(look(Err(Error::new(Kind::Config, "no such thing"))).unwrap_err().kind(), Kind::Config);
        assert_eq!(told, ["no stick", "no stick"]);
    }
}
