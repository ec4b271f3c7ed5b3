//! sn-recv-pop3(1): the driver that fetches packets from a mailbox by POP3.

mod args;
mod fetch;
mod pop3;

use fetch::Driver;
use pop3::Pop3;
use socialnet::{
    Error, Kind, Result, cli,
    driver::serve::{Away, Caller},
    mailbox::Mailbox,
};
use socialnet_mail::{
    Login, Settings,
    attempts::{Attempts, state},
    policy::Policy,
    source::Source,
};
use std::{cell::Cell, io::Write, process::ExitCode, time::Duration};

/// How soon a mailbox is looked into again; that doubles up to the setting `poll` while nothing comes.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(15 * 60);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let settings = Settings::from_env()?;
        let source = Source::read(&args.source, ("pop3s", 995), ("pop3", 110), &settings)?;
        let login = settings
            .login(&source.user)?
            .ok_or_else(|| Error::new(Kind::Config, "neither password-command nor token-command is set"))?;
        let state = state()?;
        let policy = Policy::read(&settings, "keep")?;
        if matches!(policy, Policy::Seen | Policy::Move(_)) {
            return Err(Error::new(Kind::Config, "by POP3 mails can be kept or deleted, and nothing else"));
        }
        let longest = settings.duration("poll")?.unwrap_or(LONGEST);
        let attempts = Attempts::new(&state);
        if args.check {
            return check(&source, &login, &attempts);
        }
        let driver = Driver {
            attempts,
            mailbox: Mailbox::open(&args.mailbox.unwrap_or_default())?,
            policy,
            source,
            login,
            state,
            welcomed: Cell::new(false),
            refused: Cell::new(false),
        };
        if !args.watch {
            return match driver.fetch(console)?.hoped_for {
                0 => Ok(()),
                1 => Err(Error::new(Kind::Again, "one mail can't be had from the server yet")),
                more => {
                    Err(Error::new(Kind::Again, format!("{more} mails can't be had from the server yet")))
                }
            };
        }
        watch(&driver, longest, console)
    })
}

/// Looks without fetching: prints facts (socialnet-driver(7)).
fn check(source: &Source, login: &Login, attempts: &Attempts) -> Result<()> {
    let session = Pop3::open(source, login, attempts)?;
    let mut out = cli::output();
    writeln!(out, "version=1\nidle=no")?;
    session.quit()?;
    cli::finish(out)
}

fn watch(driver: &Driver, longest: Duration, console: &mut cli::Console) -> Result<()> {
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
