//! One run: connections for a caller who is still there, and rounds through all folders.

use crate::{
    folder::Round,
    wire::{Account, SMALL, is_no},
};
use imap_proto::NameAttribute;
use socialnet::{Error, Kind, Result, cli, driver::serve::Caller, mailbox::Mailbox};
use socialnet_mail::{Login, attempts::Attempts, policy::Policy, source::Source};
use std::{cell::Cell, path::PathBuf};

/// All that a run needs.
pub struct Driver {
    /// Where the mailbox is.
    pub source: Source,
    /// Who logs in.
    pub login: Login,
    /// How often a login was refused.
    pub attempts: Attempts,
    /// Where cursors are kept, and what can't be had.
    pub state: PathBuf,
    /// Where packets go.
    pub mailbox: Mailbox,
    /// What becomes of our mails at the server.
    pub policy: Policy,
    /// What is read, the most important first.
    pub folders: Vec<String>,
    /// Whether a login went well in this run.
    pub welcomed: Cell<bool>,
    /// Whether the last one was refused all the same.
    pub refused: Cell<bool>,
    /// Who is watched for: connections are shut when they go.
    pub caller: Option<Caller>,
}

/// What a round came to.
pub struct Fetched {
    /// The connection, or the one that took its place.
    pub account: Account,
    /// Whether there was anything.
    pub any: bool,
    /// How many mails the server could not hand out, and may yet.
    pub hoped_for: usize,
}

impl Driver {
    /// Connects and logs in, for a caller who is still there. Whoever was let in before has the right password: then a
    /// refusal is for now, until there are too many in a row.
    pub fn open(&self) -> Result<Account> {
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
    pub fn fetch(&self, mut account: Account, console: &mut cli::Console) -> Result<Fetched> {
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
pub fn name_of(account: &mut Account, folder: &str) -> Result<Option<String>> {
    if !folder.starts_with('\\') {
        return Ok(Some(folder.to_owned()));
    }
    let names = account.run(SMALL, |session| session.list(None, Some("*")))?;
    let is_it = |attribute: &NameAttribute| format!("\\{attribute:?}").eq_ignore_ascii_case(folder);
    let found = names.iter().find(|name| name.attributes().iter().any(is_it));
    Ok(found.map(|name| name.name().to_owned()))
}
