//! sn-backup(1): a whole account in one encrypted file, and back.

mod args;
mod output;

use args::Verb;
use jiff::Timestamp;
use output::Named;
use socialnet::{
    Result,
    backup::{self, Summary},
    cli,
    home::Home,
    store::Store,
};
use std::{io::Write, path::Path, process::ExitCode};

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
            let to_stdout = file == Path::new("-");
            if !to_stdout {
                output::refuse(&file)?;
            }
            let passphrase = passphrase.new_one()?;
            let write = |out: Named<'_>| backup::create(&home, &store, out, &passphrase, !without_blobs, now);
            if to_stdout {
                let summary = output::to_stdout(write)?;
                console.note(&format!("{} files, {} bytes", summary.files, summary.bytes));
                return Ok(());
            }
            tell(output::to_file(&file, write)?)
        }
        Verb::Verify { file } => tell(backup::verify(&file, || passphrase.known())?),
        Verb::Restore { file } => tell(backup::restore(&file, || passphrase.known(), &Home::locate()?, now)?),
    }
}

fn tell(summary: Summary) -> Result<()> {
    let mut out = cli::output();
    let Summary { account, made, files, bytes } = summary;
    writeln!(out, "account  {account}\nmade     {made}\nfiles    {files}\nbytes    {bytes}")?;
    cli::finish(out)
}
