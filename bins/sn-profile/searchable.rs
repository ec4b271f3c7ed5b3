//! By what the owner may be found, and by whom.

use crate::args::{Searchable, Who};
use jiff::Timestamp;
use socialnet::{
    Result, cli,
    protocol::searchable::{self, ListedHandle, WEAK_SECRET},
    render::searchable as render,
    search::Handle,
    secret,
    store::{Store, handles::Searchers},
};
use std::io::Write;

/// What `sn-profile searchable` does.
pub fn run(
    out: &mut impl Write,
    store: &mut Store,
    verb: Option<Searchable>,
    console: &cli::Console,
    now: Timestamp,
) -> Result<()> {
    match verb.unwrap_or(Searchable::List { json: false }) {
        Searchable::List { json } => {
            let (searchers, all) = searchable::list(store.read())?;
            render::list(out, searchers, &all, json)?;
        }
        Searchable::Add { secret_command, weak, details } => {
            let handle = Handle::parse(&details)?;
            let secret = secret_command
                .map(|command| secret::first_line("--secret-command", &command, ""))
                .transpose()?;
            let added = searchable::add(store, &handle, secret.as_deref(), weak, now)?;
            let one = ListedHandle { bits: handle.bits(), handle, secret: secret.is_some() };
            writeln!(out, "{}", render::line(&one))?;
            if one.secret && added < WEAK_SECRET {
                console
                    .note(&format!("the secret adds some {added:.0} bits; {WEAK_SECRET:.0} would be safe"));
            }
            if one.is_weak() {
                console.note("a contact who tries finds out what it is");
            }
        }
        Searchable::Withdraw { details } => searchable::withdraw(store, &Handle::parse(&details)?, now)?,
        Searchable::By { who } => {
            let searchers = match who {
                Who::Nobody => Searchers::Nobody,
                Who::Contacts => Searchers::Contacts,
                Who::Secret => Searchers::Secret,
            };
            searchable::allow(store, searchers, now)?;
        }
    }
    Ok(())
}
