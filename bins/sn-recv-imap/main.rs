//! sn-recv-imap(1): the driver that fetches packets from a mailbox by IMAP.

mod args;
mod aside;
mod bounds;
mod check;
mod cursor;
mod driver;
mod folder;
mod look;
mod policy;
mod there;
mod wanted;
mod watch;
mod wire;

use driver::{Driver, Fetched};
use socialnet::{Error, Kind, cli, driver::serve::Caller, mailbox::Mailbox};
use socialnet_mail::{
    Settings,
    attempts::{Attempts, state},
    policy::Policy,
    source::Source,
};
use std::{cell::Cell, process::ExitCode};
use watch::Patience;
use wire::{Account, SMALL};

/// What is read if nothing is set: where mail comes in, and where a filter puts what it does not like.
const FOLDERS: [&str; 2] = ["INBOX", r"\Junk"];

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let settings = Settings::from_env()?;
        let source = Source::read(&args.source, ("imaps", 993), ("imap", 143), &settings)?;
        let login = settings
            .login(&source.user)?
            .ok_or_else(|| Error::new(Kind::Config, "neither password-command nor token-command is set"))?;
        let state = state()?;
        let attempts = Attempts::new(&state);
        let folders: Vec<String> = settings.list("folders").map(str::to_owned).collect();
        let folders = if folders.is_empty() { FOLDERS.map(str::to_owned).into() } else { folders };
        let policy = Policy::read(&settings, "seen")?;
        let patience = Patience::read(&settings)?;
        if args.check {
            return check::check(&mut Account::open(&source, &login, &attempts)?, &folders, &policy);
        }
        let driver = Driver {
            attempts,
            policy,
            mailbox: Mailbox::open(&args.mailbox.unwrap_or_default())?,
            folders,
            source,
            login,
            state,
            welcomed: Cell::new(false),
            refused: Cell::new(false),
            caller: args.watch.then(Caller::listen),
        };
        if let Some(caller) = &driver.caller {
            watch::watch(&driver, caller, patience, console)
        } else {
            let Fetched { mut account, hoped_for, .. } = driver.fetch(driver.open()?, console)?;
            // Everything is done; a server that is not polite changes nothing.
            let _ = account.run(SMALL, imap::Session::logout);
            match hoped_for {
                0 => Ok(()),
                1 => Err(Error::new(Kind::Again, "one mail can't be had from the server yet")),
                more => {
                    Err(Error::new(Kind::Again, format!("{more} mails can't be had from the server yet")))
                }
            }
        }
    })
}
