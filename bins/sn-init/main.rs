//! sn-init(1): makes an account: folder, identity, profile, database; or lets one that was moved count anew.

mod args;

use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    protocol::{moved, start},
    store::Store,
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, _| init(args))
}

fn init(args: args::Args) -> Result<()> {
    if args.moved {
        let home = Home::open()?;
        return moved::here(&mut Store::open(&home.database())?, Timestamp::now());
    }
    let path = Home::locate()?;
    let owner =
        start::Owner { name: args.name.unwrap_or_default(), about: args.about, addresses: args.addresses };
    let fingerprint = start::account(&path, owner, Timestamp::now())?;
    let mut out = cli::output();
    writeln!(out, "{fingerprint}")?;
    cli::finish(out)
}
