//! sn-init(1): makes an account, or its successor under a new identity; finds the servers of a mail address; makes recovery
//! keys; lets an account that was moved count anew.

mod args;
mod mail;
mod web;

use args::Args;
use jiff::Timestamp;
use socialnet::{
    Error, Fingerprint, Kind, Result, cli,
    home::Home,
    identity::Identity,
    protocol::{moved, profile, start, successor},
    store::Store,
};
use std::{io::Write, path::Path, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: Args, console| init(args, console))
}

fn init(args: Args, console: &mut cli::Console) -> Result<()> {
    let now = Timestamp::now();
    if args.moved {
        let home = Home::open()?;
        return moved::here(&mut Store::open(&home.database())?, now);
    }
    // Found before anything is made: an owner who must name a server first starts again with nothing half done.
    let email = args.email.as_ref().map(|email| mail::find(email, &args.mail, console)).transpose()?;
    let path = Home::locate()?;
    let encrypted = args.passphrase_command.is_some();
    let passphrase = cli::Passphrase::from(args.passphrase_command);
    let read = |key: &Path| Identity::read_recovery(key, || passphrase.known());
    let make = |key: &Path| {
        let passphrase = if encrypted { Some(passphrase.known()?) } else { None };
        Identity::create_recovery(key, passphrase.as_deref())
    };
    if let Some(old) = args.succeed {
        let recovery = args.recovery_key.as_deref().map(read).transpose()?;
        return print(successor::of_folder(&path, &old, recovery.as_ref(), now)?);
    }
    let Some(name) = args.name else {
        let mut home = Home::open()?;
        let mut store = Store::open(&home.database())?;
        email.map_or(Ok(()), |email| email.add_to(&mut home, &mut store, now, console))?;
        let Some(key) = args.recovery_key else { return Ok(()) };
        return profile::commit_to_recovery(&mut store, || make(&key), now);
    };
    let addresses = args.addresses.into_iter().chain(email.iter().map(|email| email.address.clone()));
    let addresses: Vec<String> = addresses.collect();
    let owner = start::Owner { name, about: args.about, addresses: addresses.clone() };
    let fingerprint = match (args.former, args.recovery_key) {
        (Some(former), Some(key)) => {
            let former = former.parse().map_err(|error: Error| error.of_kind(Kind::Usage))?;
            successor::of_nothing(&path, owner, former, &read(&key)?, now)?
        }
        (_, key) => start::account(&path, owner, || key.as_deref().map(make).transpose(), now)?,
    };
    let mut home = Home::open_at(&path)?;
    email.map_or(Ok(()), |email| email.write(&mut home, console))?;
    web::set_up(&mut home, &addresses, console)?;
    print(fingerprint)
}

fn print(fingerprint: Fingerprint) -> Result<()> {
    let mut out = cli::output();
    writeln!(out, "{fingerprint}")?;
    cli::finish(out)
}
