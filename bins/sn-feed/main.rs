//! sn-feed(1): what has come, as text, JSON lines, Atom or a folder of pages.

mod args;
mod choice;
mod show;

use args::Args;
use jiff::Zoned;
use show::show;
use socialnet::{
    Result, cli,
    home::Home,
    identity::Identity,
    site,
    store::{Store, streams},
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: Args, console| read(&args, console))
}

fn read(args: &Args, console: &cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    // When cron runs the rounds, nobody reads what sn-ingest says.
    if let Some(alarm) = streams::alarm(store.read())? {
        console.note(alarm.message());
    }
    if let Some(folder) = &args.html {
        let own = Identity::fingerprint(&home.identity())?;
        return site::write(&home, &store, own, folder, &Zoned::now());
    }
    let mut version = store.version()?;
    let mut seen = show(args, &home, &mut store, None)?;
    if !args.follow {
        return Ok(());
    }
    loop {
        version = store.changed(version)?;
        seen = show(args, &home, &mut store, Some(seen))?;
    }
}
