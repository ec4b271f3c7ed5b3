//! sn-recv-lossy: fetches what has arrived by now, in any order, and now and then forgets that it did.

mod weather;

use clap::Parser;
use jiff::Timestamp;
use socialnet::{
    Error, Result,
    address::local_path,
    cli,
    driver::MAX_BYTES,
    file,
    mailbox::{Mailbox, name_of},
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};
use weather::{Fate, Weather, kill_caller};

const FATES: [(Fate, u8, u16); 2] = [(Fate::Doubled, b'd', 60), (Fate::Kills, b'k', 5)];

/// How often a folder is looked into while watching.
const POLL: Duration = Duration::from_secs(1);

/// Fetch what has arrived in a folder
#[derive(Parser)]
#[command(name = "sn-recv-lossy", version)]
struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    watch: bool,
    /// lossy:/FOLDER
    source: String,
    /// Where to put it
    mailbox: PathBuf,
}

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: Args, _| {
        // The caller never writes; when it goes, the pipe ends, and with it the sender of this channel.
        let (alive, caller) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            drop(alive);
        });
        loop {
            fetch(&args.source, &args.mailbox)?;
            if !args.watch || caller.recv_timeout(POLL) != Err(RecvTimeoutError::Timeout) {
                return Ok(());
            }
        }
    })
}

fn fetch(source: &str, mailbox: &Path) -> Result<()> {
    let folder = local_path(source)?;
    let weather = Weather::look()?;
    let mut arrived = Vec::new();
    for entry in folder.read_dir().map_err(|error| Error::io("open", &folder, error))? {
        let path = entry.map_err(|error| Error::io("read", &folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((time, order)) = name.split_once('-') else { continue };
        if time.parse().is_ok_and(|time: i64| time <= Timestamp::now().as_second()) {
            arrived.push((order.to_owned(), path.clone()));
        }
    }
    arrived.sort();
    let mailbox = Mailbox::open(mailbox)?;
    let mut batch = mailbox.batch();
    let (mut names, mut keep, mut kill) = (Vec::new(), Vec::new(), false);
    for (_, path) in &arrived {
        let bytes = file::read(path, MAX_BYTES)?;
        names.push(name_of(&bytes));
        batch.add(&name_of(&bytes), &bytes)?;
        let (fate, _) = weather.draw(source, &FATES)?;
        keep.push(fate == Fate::Doubled);
        kill |= fate == Fate::Kills;
    }
    batch.commit()?;
    if kill {
        kill_caller()?;
    }
    let mut out = std::io::stdout().lock();
    names.iter().try_for_each(|name| writeln!(out, "{name}"))?;
    out.flush()?;
    for (path, keep) in arrived.iter().map(|(_, path)| path).zip(keep) {
        if !keep {
            fs::remove_file(path).map_err(|error| Error::io("delete", path, error))?;
        }
    }
    Ok(())
}
