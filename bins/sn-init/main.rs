//! sn-init(1): makes an account, or its successor under a new identity; makes recovery keys; lets an account that was moved
//! count anew.

mod args;

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
    cli::run(cli::Role::Filter, |args: Args, _| init(args))
}

fn init(args: Args) -> Result<()> {
    let now = Timestamp::now();
    if args.moved {
        let home = Home::open()?;
        return moved::here(&mut Store::open(&home.database())?, now);
    }
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
        let key = args.recovery_key.unwrap_or_default();
        let mut store = Store::open(&Home::open()?.database())?;
        return profile::commit_to_recovery(&mut store, || make(&key), now);
    };
    let owner = start::Owner { name, about: args.about, addresses: args.addresses };
    match (args.former, args.recovery_key) {
        (Some(former), Some(key)) => {
            let former = former.parse().map_err(|error: Error| Error::new(Kind::Usage, error.message()))?;
            print(successor::of_nothing(&path, owner, former, &read(&key)?, now)?)
        }
        (_, key) => {
            let recovery = key.as_deref().map(make).transpose()?;
            print(start::account(&path, owner, recovery, now)?)
        }
    }
}

fn print(fingerprint: Fingerprint) -> Result<()> {
    let mut out = cli::output();
    writeln!(out, "{fingerprint}")?;
    cli::finish(out)
}
