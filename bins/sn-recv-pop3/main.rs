//! sn-recv-pop3(1): the driver that fetches packets from a mailbox by POP3.

mod args;
mod fetch;
mod pop3;
mod watch;

use fetch::Driver;
use pop3::Pop3;
use socialnet::{Error, Kind, Result, cli, mailbox::Mailbox};
use socialnet_mail::{
    Login, Settings,
    attempts::{Attempts, state},
    policy::Policy,
    source::Source,
};
use std::{cell::Cell, io::Write, process::ExitCode};

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
        let longest = watch::longest(&settings)?;
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
        watch::watch(&driver, longest, console)
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
