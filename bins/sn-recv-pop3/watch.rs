//! Staying: POP3 tells no news, so the mailbox is looked into again, at growing intervals while nothing comes.

use crate::fetch::Driver;
use socialnet::{
    Result, cli,
    driver::serve::{Away, Caller},
};
use socialnet_mail::Settings;
use std::time::Duration;

/// How soon a mailbox is looked into again; that doubles up to the setting `poll` while nothing comes.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The setting `poll`, or what holds without it.
pub fn longest(settings: &Settings) -> Result<Duration> {
    Ok(settings.duration("poll")?.unwrap_or(LONGEST))
}

/// Fetches again and again, until the caller is gone or the server's refusal lasts.
pub fn watch(driver: &Driver, longest: Duration, console: &mut cli::Console) -> Result<()> {
    let caller = Caller::listen();
    let mut wait = FIRST.min(longest);
    // Two, so that a refusal is told also behind a session that broke.
    let (mut away, mut refused) = (Away::default(), Away::default());
    while !caller.is_gone() {
        let fetched = driver.fetch(console);
        let which = if driver.refused.get() { &mut refused } else { &mut away };
        let fetched = which.or(fetched, |what| console.note(what))?;
        if fetched.is_some() {
            refused = Away::default();
        }
        wait = if fetched.is_some_and(|fetched| fetched.any) { FIRST.min(longest) } else { wait };
        caller.wait(wait);
        wait = (wait * 2).min(longest);
    }
    Ok(())
}
