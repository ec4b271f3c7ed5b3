//! Staying: IDLE (RFC 2177) where the server has it, looking again at growing intervals where it has not, and connecting
//! again when the connection breaks.

use crate::{Driver, wire::SMALL};
use imap::types::UnsolicitedResponse;
use socialnet::{Kind, Result, cli};
use socialnet_mail::{Settings, caller::Caller};
use std::time::Duration;

/// Routers between here and there forget a silent connection after some minutes.
const IDLE: Duration = Duration::from_secs(4 * 60);
/// The longest `idle`.
const LONGEST_IDLE: Duration = Duration::from_secs(5 * 60);
/// The first wait without IDLE and after a failure; it doubles up to [`LONGEST`] while nothing comes.
const FIRST: Duration = Duration::from_secs(60);
const FIRST_AFTER_FAILURE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(15 * 60);

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
pub fn watch(driver: &Driver, patience: Patience, console: &mut cli::Console) -> Result<()> {
    let (mut idle, longest) = (Some(patience.idle), patience.longest);
    let caller = Caller::listen();
    let (mut pause, mut told) = (FIRST_AFTER_FAILURE, false);
    while !caller.is_gone() {
        let ended = connected(driver, &mut idle, longest, &caller, &mut pause, console);
        match ended {
            // The socket was shut because the caller has gone.
            _ if caller.is_gone() => return Ok(()),
            Ok(()) => told = false,
            Err(error) if error.kind() == Kind::Again => {
                // Said once: a server that is away stays away for a while.
                if !told {
                    console.note(error.message());
                }
                told = pause > FIRST_AFTER_FAILURE;
            }
            Err(error) => return Err(error),
        }
        caller.wait(pause);
        pause = (pause * 2).min(LONGEST);
    }
    Ok(())
}

/// Everything on one connection, until it breaks. There is no `idle` any more once a server has offered and refused it.
fn connected(
    driver: &Driver,
    idle: &mut Option<Duration>,
    longest: Duration,
    caller: &Caller,
    pause: &mut Duration,
    console: &mut cli::Console,
) -> Result<()> {
    let mut account = driver.open()?;
    let mut wait = FIRST.min(longest);
    loop {
        caller.would_shut(&account.socket)?;
        let any;
        (account, any) = driver.fetch(account, console)?;
        *pause = FIRST_AFTER_FAILURE;
        if caller.is_gone() {
            return Ok(());
        }
        if let Some(time) = idle.filter(|_| account.offers("IDLE")) {
            // What was told of while the folder was read must not be waited for.
            let told = account.run(SMALL, |session| {
                let arrived = |news| matches!(news, UnsolicitedResponse::Exists(_));
                Ok(session.take_all_unsolicited().any(arrived))
            })?;
            if !told && !account.idle(time)? {
                *idle = None;
                account = driver.open()?;
            }
        } else {
            caller.wait(wait);
            wait = if any { FIRST.min(longest) } else { (wait * 2).min(longest) };
        }
    }
}
