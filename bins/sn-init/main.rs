//! sn-init(1): makes an account: folder, identity, profile, database.

mod args;

use jiff::Timestamp;
use socialnet::{Result, cli, home::Home, protocol::start};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, _| init(args))
}

fn init(args: args::Args) -> Result<()> {
    let path = Home::locate()?;
    let owner = start::Owner { name: args.name, about: args.about, addresses: args.addresses };
    let fingerprint = start::account(&path, owner, Timestamp::now())?;
    let mut out = cli::output();
    writeln!(out, "{fingerprint}")?;
    cli::finish(out)
}
