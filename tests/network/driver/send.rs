//! sn-send-lossy: a folder as sn-send-file(1) knows it, in bad weather. Addresses are `lossy:/FOLDER`.
//!
//! A file's name begins with the time at which it arrives. Nothing arrives within the hour: so those who are at work in the
//! same hour can't tell in which order they are, and a run with the same seed goes the same way on any machine.

mod weather;

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use socialnet::{
    Error, Kind, Result,
    address::local_path,
    cli,
    driver::{JobLine, MAX_BYTES, Report},
    file,
};
use std::{
    io::{BufRead, Write, stdin, stdout},
    path::Path,
    process::ExitCode,
};
use weather::{Fate, Weather, kill_caller};

const FATES: [(Fate, u8, u16); 6] = [
    (Fate::Lost, b'l', 120),
    (Fate::Doubled, b'd', 80),
    (Fate::Late, b't', 150),
    (Fate::Busy, b'b', 40),
    (Fate::Dies, b'e', 15),
    (Fate::Kills, b'k', 5),
];
/// How long anything is on its way: till the reader's next round.
const SOON: SignedDuration = SignedDuration::from_hours(1);
/// Hours that something may be late.
const LATE: std::ops::Range<i64> = 12..120;

/// Put envelopes and chunks into a folder, in bad weather
#[derive(Parser)]
#[command(name = "sn-send-lossy", version)]
struct Args {
    /// Print what it can do
    #[arg(long)]
    capabilities: bool,
}

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: Args, _| {
        if args.capabilities {
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={MAX_BYTES}")?;
            return cli::finish(out);
        }
        serve()
    })
}

fn serve() -> Result<()> {
    let weather = Weather::look()?;
    let soon = if weather.storm.is_none() { SignedDuration::ZERO } else { SOON };
    let mut reports = stdout().lock();
    for line in stdin().lock().lines() {
        let job: JobLine = line?.parse()?;
        let (fate, mut dice) = weather.draw(&job.address, &FATES)?;
        let report = match local_path(&job.address) {
            Err(error) => Report::Never(error.message().to_owned()),
            Ok(_) if fate == Fate::Busy => Report::Later(60, "busy".to_owned()),
            Ok(_) if fate == Fate::Lost => Report::Sent,
            Ok(folder) => {
                let times = if fate == Fate::Doubled { 2 } else { 1 };
                let put = (0..times).try_for_each(|time| {
                    let late = fate == Fate::Late || time > 0;
                    let wait = if late { SignedDuration::from_hours(dice.i64(LATE)) } else { soon };
                    put(&folder, Path::new(&job.file), Timestamp::now() + wait, dice.u64(..))
                });
                put.map_or_else(|error| Report::Later(0, error.message().to_owned()), |()| Report::Sent)
            }
        };
        match fate {
            Fate::Dies => return Err(Error::new(Kind::Again, "the line is dead")),
            Fate::Kills => kill_caller()?,
            _ => writeln!(reports, "{}", report.line(&job.id))?,
        }
        reports.flush()?;
    }
    Ok(())
}

fn put(folder: &Path, from: &Path, arrives: Timestamp, order: u64) -> Result<()> {
    if !folder.is_dir() {
        return Err(Error::new(Kind::Again, format!("there is no folder '{}'", folder.display())));
    }
    let name = format!("{:012}-{order:016x}.sn", arrives.as_second());
    file::replace(&folder.join(name), &file::read(from, MAX_BYTES)?, 0o644)
}
