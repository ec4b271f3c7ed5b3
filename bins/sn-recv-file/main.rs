//! sn-recv-file(1): the driver that fetches envelopes and chunks from a folder.

mod args;
mod folder;

use folder::Source;
use socialnet::{
    Error, Kind, Result,
    address::local_path,
    cli,
    driver::serve::{Away, Caller},
    home::parse_duration,
    mailbox::Mailbox,
};
use std::{env, io::Write, process::ExitCode, time::Duration};

/// How often a folder is looked into while watching.
const POLL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let folder = local_path(&args.source).map_err(|error| error.of_kind(Kind::Config))?;
        if args.check {
            folder.read_dir().map_err(|error| Error::io("open", &folder, error))?;
            let mut out = cli::output();
            writeln!(out, "version=1")?;
            return cli::finish(out);
        }
        let mut source = Source::new(folder, Mailbox::open(&args.mailbox.unwrap_or_default())?);
        if args.watch { watch(&mut source, console) } else { source.fetch(console) }
    })
}

fn watch(source: &mut Source, console: &mut cli::Console) -> Result<()> {
    let poll = env::var("SN_CONF_POLL").map_or(Ok(POLL), |text| parse_duration(&text))?;
    let (caller, mut away) = (Caller::listen(), Away::default());
    loop {
        let fetched = source.fetch(console);
        away.or(fetched, |what| console.note(what))?;
        caller.wait(poll);
        if caller.is_gone() {
            return Ok(());
        }
    }
}
