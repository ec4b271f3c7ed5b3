//! sn-recv-imap(1): the driver that fetches packets from a mailbox by IMAP.

mod args;
mod aside;
mod bounds;
mod check;
mod cursor;
mod folder;
mod look;
mod policy;
mod there;
mod wanted;
mod watch;
mod wire;

use folder::Round;
use imap_proto::NameAttribute;
use socialnet::{Error, Kind, Result, cli, driver::serve::Caller, mailbox::Mailbox};
use socialnet_mail::{
    Login, Settings,
    attempts::{Attempts, state},
    policy::Policy,
    source::Source,
};
use std::{cell::Cell, path::PathBuf, process::ExitCode};
use watch::Patience;
use wire::{Account, SMALL, is_no};

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

struct Driver {
    source: Source,
    login: Login,
    attempts: Attempts,
    state: PathBuf,
    mailbox: Mailbox,
    policy: Policy,
    folders: Vec<String>,
    /// Whether a login went well in this run.
    welcomed: Cell<bool>,
    /// Whether the last one was refused all the same.
    refused: Cell<bool>,
    /// Who is watched for: connections are shut when they go.
    caller: Option<Caller>,
}

/// What a round came to.
struct Fetched {
    /// The connection, or the one that took its place.
    account: Account,
    /// Whether there was anything.
    any: bool,
    /// How many mails the server could not hand out, and may yet.
    hoped_for: usize,
}

impl Driver {
    /// Connects and logs in, for a caller who is still there. Whoever was let in before has the right password: then a
    /// refusal is for now, until there are too many in a row.
    fn open(&self) -> Result<Account> {
        self.is_called()?;
        self.refused.set(false);
        let account = match Account::open(&self.source, &self.login, &self.attempts) {
            Err(error) if self.welcomed.get() && error.kind() == Kind::NotAllowed => {
                self.refused.set(true);
                return Err(if self.attempts.are_hopeless()? { error } else { error.of_kind(Kind::Again) });
            }
            opened => opened?,
        };
        self.welcomed.set(true);
        if let Some(caller) = &self.caller {
            caller.would_shut(&account.socket)?;
        }
        // Whoever went before that has shut another one.
        self.is_called()?;
        Ok(account)
    }

    /// [`Kind::Again`] once the caller of one that watches has gone.
    fn is_called(&self) -> Result<()> {
        if self.caller.as_ref().is_some_and(Caller::is_gone) {
            return Err(Error::new(Kind::Again, "standard input has ended"));
        }
        Ok(())
    }

    /// Reads every folder to its end, the first one last.
    fn fetch(&self, mut account: Account, console: &mut cli::Console) -> Result<Fetched> {
        let open = || self.open();
        let is_called = || self.is_called();
        let round = Round {
            mailbox: &self.mailbox,
            state: &self.state,
            policy: &self.policy,
            open: &open,
            is_called: &is_called,
        };
        let (mut any, mut hoped_for) = (false, 0);
        for (index, folder) in self.folders.iter().enumerate().rev() {
            let Some(name) = name_of(&mut account, folder)? else { continue };
            match round.read(&mut account, &name, console) {
                Ok(outcome) => {
                    any |= outcome.any;
                    hoped_for += outcome.hoped_for;
                }
                // A folder beside the first one that is not there, say, must not keep mail from being read.
                Err(error) if index > 0 && error.kind() == Kind::Again => {
                    self.is_called()?;
                    let refused = is_no(&error);
                    console.failed(&error.context(format!("cannot read the folder '{name}'")));
                    if !refused {
                        account = self.open()?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Fetched { account, any, hoped_for })
    }
}

/// The name of a folder at the server; `\Junk` and its like are found by what they are for (RFC 6154), if they are there.
fn name_of(account: &mut Account, folder: &str) -> Result<Option<String>> {
    if !folder.starts_with('\\') {
        return Ok(Some(folder.to_owned()));
    }
    let names = account.run(SMALL, |session| session.list(None, Some("*")))?;
    let is_it = |attribute: &NameAttribute| format!("\\{attribute:?}").eq_ignore_ascii_case(folder);
    let found = names.iter().find(|name| name.attributes().iter().any(is_it));
    Ok(found.map(|name| name.name().to_owned()))
}
