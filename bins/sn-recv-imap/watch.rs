//! Staying: IDLE (RFC 2177) where the server has it, looking again at growing intervals where it has not, and connecting
//! again when the connection breaks.

use crate::{
    driver::{Driver, Fetched},
    wire::{Account, SMALL},
};
use imap::types::UnsolicitedResponse;
use socialnet::{Kind, Result, cli, driver::serve::Caller};
use socialnet_mail::Settings;
use std::time::{Duration, Instant};

/// Routers between here and there forget a silent connection after some minutes.
const IDLE: Duration = Duration::from_secs(4 * 60);
/// The longest `idle`.
const LONGEST_IDLE: Duration = Duration::from_secs(5 * 60);
/// The first wait without IDLE and after a failure; it doubles up to [`LONGEST`] while nothing comes.
const FIRST: Duration = Duration::from_secs(60);
const FIRST_AFTER_FAILURE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A connection, or an IDLE, that breaks sooner than that was of no use.
const LIVED: Duration = Duration::from_secs(60);
/// So many of IDLE in a row, and the server is taken for one that has none.
const BREAKS: u32 = 2;
/// For so long: it may have been a laptop that slept.
const WITHOUT: Duration = Duration::from_secs(60 * 60);

/// How long to wait for news.
pub struct Patience {
    /// One IDLE.
    idle: Duration,
    /// Between two looks without IDLE, at most.
    longest: Duration,
}

impl Patience {
    /// From the settings `idle` and `poll`.
    pub fn read(settings: &Settings) -> Result<Self> {
        Ok(Self {
            idle: settings.duration("idle")?.unwrap_or(IDLE).min(LONGEST_IDLE),
            longest: settings.duration("poll")?.unwrap_or(LONGEST),
        })
    }
}

/// Fetches, and waits for more, until the caller goes.
pub fn watch(driver: &Driver, caller: &Caller, patience: Patience, console: &mut cli::Console) -> Result<()> {
    let mut waiting = Waiting {
        idle: patience.idle,
        usefulness: Usefulness::default(),
        longest: patience.longest,
        useful: None,
    };
    // What was told: that the connection broke, and that we were refused.
    let (mut pause, mut told) = (FIRST_AFTER_FAILURE, [false; 2]);
    while !caller.is_gone() {
        let ended = connected(driver, &mut waiting, caller, console);
        if waiting.useful.take().is_some_and(|since| since.elapsed() >= LIVED) {
            (pause, told) = (FIRST_AFTER_FAILURE, [false; 2]);
        }
        match ended {
            // The socket was shut because the caller has gone.
            _ if caller.is_gone() => return Ok(()),
            Ok(()) => {}
            Err(error) if error.kind() == Kind::Again => {
                // Said once: a server that is away stays away for a while.
                if !std::mem::replace(&mut told[usize::from(driver.refused.get())], true) {
                    console.note(error.message());
                }
            }
            Err(error) => return Err(error),
        }
        caller.wait(pause);
        pause = (pause * 2).min(LONGEST);
    }
    Ok(())
}

/// How news are waited for.
struct Waiting {
    /// One IDLE.
    idle: Duration,
    /// Whether there is any use in it.
    usefulness: Usefulness,
    /// Between two looks without IDLE, at most.
    longest: Duration,
    /// Since when this connection is of use: all was read once.
    useful: Option<Instant>,
}

/// Everything on one connection, until it breaks.
fn connected(
    driver: &Driver,
    waiting: &mut Waiting,
    caller: &Caller,
    console: &mut cli::Console,
) -> Result<()> {
    let mut account = driver.open()?;
    let longest = waiting.longest;
    let mut wait = FIRST.min(longest);
    loop {
        let any;
        Fetched { account, any, .. } = driver.fetch(account, console)?;
        waiting.useful.get_or_insert_with(Instant::now);
        if caller.is_gone() {
            return Ok(());
        }
        if account.offers("IDLE") && waiting.usefulness.is_likely(Instant::now()) {
            // What was told of while the folder was read must not be waited for.
            let told = account.run(SMALL, |session| {
                let arrived = |news| matches!(news, UnsolicitedResponse::Exists(_));
                Ok(session.take_all_unsolicited().any(arrived))
            })?;
            if !told && !waiting.idle(&mut account)? {
                account = driver.open()?;
            }
        } else {
            caller.wait(wait);
            wait = if any { FIRST.min(longest) } else { (wait * 2).min(longest) };
        }
    }
}

impl Waiting {
    /// One IDLE. False: the server refuses it, and the connection is of no more use.
    fn idle(&mut self, account: &mut Account) -> Result<bool> {
        let begun = Instant::now();
        let done = account.idle(self.idle);
        self.usefulness.learn(&done, begun, Instant::now());
        done
    }
}

/// Whether IDLE is of use at a server that offers it.
#[derive(Default)]
struct Usefulness {
    /// Since when it is done without: the server has refused it, or breaks off.
    without: Option<Instant>,
    /// How often in a row it broke off.
    breaks: u32,
}

impl Usefulness {
    fn is_likely(&self, now: Instant) -> bool {
        self.without.is_none_or(|since| now.duration_since(since) >= WITHOUT)
    }

    /// By how one went.
    fn learn(&mut self, done: &Result<bool>, begun: Instant, ended: Instant) {
        self.breaks = if done.is_err() && ended.duration_since(begun) < LIVED { self.breaks + 1 } else { 0 };
        if self.breaks >= BREAKS || matches!(done, Ok(false)) {
            self.without = Some(ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::Error;

    const MOMENT: Duration = Duration::from_millis(1);

    fn broken() -> Result<bool> {
        Err(Error::new(Kind::Again, "the server hung up"))
    }

    #[test]
    fn idle_that_failed_is_tried_again_after_an_hour() {
        for (failure, times) in [(broken(), 2), (Ok(false), 1)] {
            let (mut usefulness, begun) = (Usefulness::default(), Instant::now());
            let mut ended = begun;
            for _ in 0..times {
                assert!(usefulness.is_likely(ended));
                ended += MOMENT;
                usefulness.learn(&failure, ended - MOMENT, ended);
            }
            assert!(!usefulness.is_likely(ended));
            assert!(!usefulness.is_likely(ended + WITHOUT - MOMENT));
            // Once it is tried again, one more failure is enough, and one success.
            let again = ended + WITHOUT;
            assert!(usefulness.is_likely(again));
            usefulness.learn(&failure, again, again + MOMENT);
            assert!(!usefulness.is_likely(again + WITHOUT));
            let again = again + MOMENT + WITHOUT;
            usefulness.learn(&Ok(true), again, again + MOMENT);
            assert!(usefulness.is_likely(again + MOMENT));
            usefulness.learn(&broken(), again, again + MOMENT);
            assert!(usefulness.is_likely(again + MOMENT));
        }
    }

    #[test]
    fn an_idle_that_broke_after_a_while_was_of_use() {
        let (mut usefulness, begun) = (Usefulness::default(), Instant::now());
        for _ in 0..BREAKS * 2 {
            usefulness.learn(&broken(), begun, begun + LIVED);
        }
        assert!(usefulness.is_likely(begun + LIVED));
    }
}
