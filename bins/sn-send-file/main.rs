//! sn-send-file(1): the driver that puts envelopes and chunks into a folder.

mod args;

use rustix::{fs::Mode, process::umask};
use socialnet::{
    Error, Kind, Result,
    address::local_path,
    cli,
    driver::{JobLine, MAX_BYTES, Report, serve},
    file,
    mailbox::name_of,
};
use std::{env, io::Write, path::Path, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        if args.capabilities {
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={MAX_BYTES}")?;
            return cli::finish(out);
        }
        if args.check {
            return check();
        }
        // The reader may be another user of this machine. The bytes are sealed: the folder's rights decide who gets them.
        umask(Mode::from_raw_mode(0o022));
        for job in serve::jobs() {
            match job {
                Ok(job) => serve::report(&job.id, &hand_over(&job))?,
                Err(error) => console.failed(&error),
            }
        }
        Ok(())
    })
}

/// Looks without writing: which of the folders beneath which this account may write are there.
fn check() -> Result<()> {
    let mut out = cli::output();
    writeln!(out, "version=1\nmax-bytes={MAX_BYTES}")?;
    let roots = env::var("SN_CONF_ROOTS").unwrap_or_default();
    for root in roots.lines().filter(|root| !Path::new(root).is_dir()) {
        writeln!(out, "missing={root}")?;
    }
    cli::finish(out)
}

fn hand_over(job: &JobLine) -> Report {
    // A wrong address stays wrong. A stick that is not there, a full disk, missing rights: all that may change.
    match local_path(&job.address) {
        Err(error) => Report::Never(error.message().to_owned()),
        Ok(folder) => match store(&folder, Path::new(&job.file)) {
            Ok(()) => Report::Sent,
            Err(error) => Report::Later(0, error.message().to_owned()),
        },
    }
}

fn store(folder: &Path, file: &Path) -> Result<()> {
    // Never made here: where a stick is not mounted, its folder would hide the stick later.
    if !folder.is_dir() {
        return Err(Error::new(Kind::Again, format!("there is no folder '{}'", folder.display())));
    }
    let bytes = file::read(file, MAX_BYTES)?;
    file::replace(&folder.join(format!("{}.sn", name_of(&bytes))), &bytes, 0o644)
}
