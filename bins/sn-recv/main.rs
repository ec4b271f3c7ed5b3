//! sn-recv(1): drivers into inpackets; prints the new files.

mod args;

use jiff::Timestamp;
use socialnet::{
    Result, cli,
    driver::{self, Heard},
    home::Home,
};
use std::{
    io::{Write, stdout},
    os::unix::ffi::OsStrExt,
    path::Path,
    process::ExitCode,
    sync::Arc,
};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, fetch)
}

fn fetch(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Arc::new(Home::open()?);
    home.inpackets()?.tidy()?;
    let begun = Timestamp::now();
    let mut to_the_end = !args.watch;
    let print = |path: &Path| -> Result<()> {
        let mut out = stdout().lock();
        out.write_all(path.as_os_str().as_bytes())?;
        out.write_all(if args.null { b"\0" } else { b"\n" })?;
        // Whoever reads may start with the first file while the next one is fetched.
        Ok(out.flush()?)
    };
    let mut heard = |heard| match heard {
        Heard::File(path) => print(&path),
        Heard::Note(line) => {
            console.note(&line);
            Ok(())
        }
        Heard::Failed(error) => {
            to_the_end = false;
            console.failed(&error);
            Ok(())
        }
    };
    driver::receive(&home, args.watch, &mut heard)?;
    if to_the_end { home.mark_round(begun) } else { Ok(()) }
}
