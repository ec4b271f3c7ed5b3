//! sn-ingest(1): inpackets, or named files, into contacts and feed, and into what the protocol says we now owe.

mod args;

use jiff::Timestamp;
use socialnet::{Result, cli, home::Home, hooks, protocol::ingest::Ingest, store::streams, unlock};
use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, take_in)
}

fn take_in(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let one_at_a_time = home.lock("ingest")?;
    let (keyring, mut store) = unlock(&home)?;
    hooks::settle(&home, &mut store)?;
    let mut ingest = Ingest::new(&home, &mut store, &keyring, Timestamp::now())?;
    let mut refused = |error| console.failed(&error);
    if args.again {
        ingest.again(&mut refused)
    } else if args.null || args.files == [Path::new("-")] {
        ingest.files(cli::read_names(args.null)?, &mut refused)
    } else if args.files.is_empty() {
        ingest.inbox(&mut refused)
    } else {
        ingest.files(args.files, &mut refused)
    }?;
    // A hook may take its time, and may run commands that take things in.
    drop(one_at_a_time);
    hooks::run(&home, &mut store, Timestamp::now(), &mut |line| console.note(line))?;
    match streams::alarm(store.read())? {
        Some(alarm) => Err(alarm),
        None => Ok(()),
    }
}
