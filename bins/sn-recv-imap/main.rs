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
mod watch;
mod wire;

use folder::{Round, Stopped};
use imap_proto::NameAttribute;
use socialnet::{Error, Kind, Result, cli, mailbox::Mailbox};
use socialnet_mail::{
    Login, Settings,
    attempts::{Attempts, state},
    policy::Policy,
    source::Source,
};
use std::{path::PathBuf, process::ExitCode};
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
        };
        if args.watch {
            watch::watch(&driver, patience, console)
        } else {
            let (mut account, _) = driver.fetch(driver.open()?, console)?;
            // Everything is done; a server that is not polite changes nothing.
            let _ = account.run(SMALL, imap::Session::logout);
            Ok(())
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
}

impl Driver {
    fn open(&self) -> Result<Account> {
        Account::open(&self.source, &self.login, &self.attempts)
    }

    /// Reads every folder to its end, the first one last. Gives back the connection, or the one that took its place, and
    /// whether there was anything.
    fn fetch(&self, mut account: Account, console: &mut cli::Console) -> Result<(Account, bool)> {
        let round = Round { mailbox: &self.mailbox, state: &self.state, policy: &self.policy };
        let mut any = false;
        for (index, folder) in self.folders.iter().enumerate().rev() {
            let Some(name) = name_of(&mut account, folder)? else { continue };
            let read = match round.read(&mut account, &name, true) {
                Err(Stopped::Garbled(_)) => {
                    account = self.open()?;
                    round.read(&mut account, &name, false)
                }
                read => read,
            };
            match read {
                Ok(found) => any |= found,
                // A folder beside the first one that is not there, say, must not keep mail from being read.
                Err(Stopped::Failed(error)) if index > 0 && is_no(&error) => {
                    console.failed(&error.context(format!("cannot read the folder '{name}'")));
                }
                Err(Stopped::Failed(error) | Stopped::Garbled(error)) => return Err(error),
            }
        }
        Ok((account, any))
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
