//! sn-sync(1) in the background: one at a time, and what it said. It is the program itself that runs, so that what cron
//! does and what a button does is one thing.

use jiff::Timestamp;
use socialnet::{Error, home::Home};
use std::{
    io::{self, Read},
    mem,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Bytes that are kept of what a round said.
const KEPT: u64 = 16 << 10;

/// The rounds of one account.
pub struct Rounds {
    home: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: bool,
    /// Something came while it ran that it may have missed.
    again: bool,
    last: Option<Round>,
}

/// A round that has ended.
#[derive(Clone)]
pub struct Round {
    /// When.
    pub ended: Timestamp,
    /// Whether each step went well.
    pub well: bool,
    /// What the steps said.
    pub said: String,
}

impl Rounds {
    /// None so far.
    pub fn new(home: &Home) -> Self {
        Self { home: home.path().to_owned(), state: Mutex::default() }
    }

    /// Starts a round; while one runs, another one after it.
    pub fn start(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.running {
            state.again = true;
            return;
        }
        let rounds = Arc::clone(self);
        // Without a thread there is no round; the next one that is asked for tries again.
        state.running = thread::Builder::new().spawn(move || rounds.run()).is_ok();
    }

    fn run(&self) {
        loop {
            let last = self.round();
            let mut state = self.lock();
            state.last = Some(last);
            if !mem::take(&mut state.again) {
                state.running = false;
                return;
            }
        }
    }

    /// Whether one runs, and the one that ended last.
    pub fn state(&self) -> (bool, Option<Round>) {
        let state = self.lock();
        (state.running, state.last.clone())
    }

    fn round(&self) -> Round {
        let mut said = String::new();
        let mut well = false;
        let child = Command::new("sn-sync")
            .env("SN_HOME", &self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            Err(error) => said = format!("cannot run sn-sync: {}", Error::from(error)),
            Ok(mut child) => {
                if let Some(mut stderr) = child.stderr.take() {
                    let mut kept = Vec::new();
                    // The rest is read, too: a pipe that is full would stop the round.
                    let _ = stderr.by_ref().take(KEPT).read_to_end(&mut kept);
                    let _ = io::copy(&mut stderr, &mut io::sink());
                    said = String::from_utf8_lossy(&kept).into_owned();
                }
                well = child.wait().is_ok_and(|status| status.success());
            }
        }
        Round { ended: Timestamp::now(), well, said }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
