//! sn-backup(1): a whole account in one encrypted file, and back.

mod args;

use args::Verb;
use jiff::Timestamp;
use socialnet::{
    Context, Error, Kind, Result,
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
            let to_stdout = file == Path::new("-");
            if !to_stdout {
                refuse(&file)?;
            }
            let passphrase = passphrase.new_one()?;
            let write = |out: Named<'_>| backup::create(&home, &store, out, &passphrase, !without_blobs, now);
            if to_stdout {
                let mut out = io::stdout().lock();
                let summary = write(Named { out: &mut out, what: "cannot write to standard output".into() })?;
                console.note(&format!("{} files, {} bytes", summary.files, summary.bytes));
                return Ok(());
            }
            let mut summary = None;
            file::create_with(&file, 0o600, |mut out| {
                let what = format!("cannot write '{}'", file.display());
                summary = Some(write(Named { out: &mut out, what: what.clone() })?);
                out.sync_all().context(|| what)
            })?;
            tell(summary)
        }
        Verb::Verify { file } => tell(Some(backup::verify(&file, || passphrase.known())?)),
        Verb::Restore { file } => {
            tell(Some(backup::restore(&file, || passphrase.known(), &Home::locate()?, now)?))
        }
    }
}

/// Refuses, before a passphrase is asked for, a file that is there, and one in a folder that is not.
fn refuse(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(Error::new(Kind::CantCreate, format!("cannot create '{}': File exists", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.metadata().map(drop).map_err(|error| Error::io("create", file, error))
}

/// Says what could not be done when it can't be written to: much else is done meanwhile.
struct Named<'a> {
    out: &'a mut dyn Write,
    what: String,
}

impl Write for Named<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| Error::through_io(&self.what, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| Error::through_io(&self.what, error))
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
