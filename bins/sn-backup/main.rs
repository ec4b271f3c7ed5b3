//! sn-backup(1): a whole account in one encrypted file, and back.

mod args;

use args::Verb;
use jiff::Timestamp;
use socialnet::{
    Result,
    backup::{self, Summary},
    cli, file,
    home::Home,
    store::Store,
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, back_up)
}

fn back_up(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let passphrase = cli::Passphrase::from(args.passphrase_command);
    let now = Timestamp::now();
    match args.verb {
        Verb::Create { without_blobs, file } => {
            let home = Home::open()?;
            let store = Store::open(&home.database())?;
            let write = |out: &mut dyn Write| -> Result<Summary> {
                backup::create(&home, &store, out, &passphrase.new_one()?, !without_blobs, now)
            };
            let summary = if file == Path::new("-") {
                write(&mut io::stdout().lock())?
            } else {
                let mut summary = None;
                file::create_with(&file, 0o600, |mut out| {
                    summary = Some(write(&mut out)?);
                    Ok(out.sync_all()?)
                })?;
                return tell(summary);
            };
            console.note(&format!("{} files, {} bytes", summary.files, summary.bytes));
            Ok(())
        }
        Verb::Verify { file } => tell(Some(backup::verify(&file, &passphrase.known()?)?)),
        Verb::Restore { file } => {
            tell(Some(backup::restore(&file, &passphrase.known()?, &Home::locate()?, now)?))
        }
    }
}

fn tell(summary: Option<Summary>) -> Result<()> {
    let mut out = cli::output();
    if let Some(summary) = summary {
        let Summary { account, made, files, bytes } = summary;
        writeln!(out, "account  {account}\nmade     {made}\nfiles    {files}\nbytes    {bytes}")?;
    }
    cli::finish(out)
}
