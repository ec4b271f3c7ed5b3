//! sn-recv-file(1): the driver that fetches envelopes and chunks from a folder.

mod args;

use socialnet::{
    Error, Kind, Result, cli,
    driver::{MAX_BYTES, local_path},
    file,
    home::parse_duration,
    mailbox::{Mailbox, name_of},
};
use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write, stdin, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// Files and bytes that are delivered and synced together.
const BATCH_FILES: usize = 256;
const BATCH_BYTES: usize = 16 << 20;
/// Files left alone that are told of.
const MOST_TOLD: usize = 1000;
/// How often a folder is looked into while watching.
const POLL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let folder = local_path(&args.source).map_err(|error| Error::new(Kind::Config, error.message()))?;
        if args.check {
            folder.read_dir().map_err(|error| Error::io("open", &folder, error))?;
            let mut out = cli::output();
            writeln!(out, "version=1")?;
            return cli::finish(out);
        }
        let mailbox = Mailbox::open(&args.mailbox.unwrap_or_default())?;
        let mut source = Source { folder, mailbox, left: BTreeSet::new() };
        if args.watch { watch(&mut source, console) } else { source.fetch(console) }
    })
}

fn watch(source: &mut Source, console: &mut cli::Console) -> Result<()> {
    let poll = env::var("SN_CONF_POLL").map_or(Ok(POLL), |text| parse_duration(&text))?;
    // The caller never writes; when it goes, the pipe ends, and with it the sender of this channel.
    let (alive, caller) = mpsc::channel::<()>();
    thread::spawn(move || {
        let _ = io::copy(&mut stdin().lock(), &mut io::sink());
        drop(alive);
    });
    let mut reachable = true;
    loop {
        match source.fetch(console) {
            Ok(()) => reachable = true,
            // A stick that is not there now: said once.
            Err(error) if error.kind() == Kind::Again => {
                if reachable {
                    console.note(error.message());
                }
                reachable = false;
            }
            Err(error) => return Err(error),
        }
        if caller.recv_timeout(poll) != Err(RecvTimeoutError::Timeout) {
            return Ok(());
        }
    }
}

struct Source {
    folder: PathBuf,
    mailbox: Mailbox,
    /// What was left alone, to be told once.
    left: BTreeSet<PathBuf>,
}

impl Source {
    fn fetch(&mut self, console: &mut cli::Console) -> Result<()> {
        let entries = self.folder.read_dir().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(Kind::Again, format!("there is no folder '{}'", self.folder.display()))
            }
            _ => Error::io("open", &self.folder, error),
        })?;
        let mut files = entries.filter_map(|entry| {
            let path =
                entry.map(|entry| entry.path()).map_err(|error| Error::io("read", &self.folder, error));
            Some(path).filter(|path| path.as_ref().map_or(true, |path| is_ours(path)))
        });
        while deliver(&self.mailbox, &mut files, &mut self.left, console)? {}
        Ok(())
    }
}

/// Only what sn-send-file(1) calls its files: somebody may point us at a folder with other things in it.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.ends_with(b".sn") && !name.starts_with(b".")
}

/// Delivers a batch: durable first, then printed, then deleted at the source. Says whether there may be more.
fn deliver(
    mailbox: &Mailbox,
    files: &mut impl Iterator<Item = Result<PathBuf>>,
    left: &mut BTreeSet<PathBuf>,
    console: &mut cli::Console,
) -> Result<bool> {
    let mut batch = mailbox.batch();
    let (mut fetched, mut size) = (Vec::new(), 0);
    for path in files.by_ref() {
        let path = path?;
        match file::read(&path, MAX_BYTES) {
            // Not there any more, or not filled yet by whatever keeps two folders alike.
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => {
                let name = name_of(&bytes);
                batch.add(&name, &bytes)?;
                size += bytes.len();
                fetched.push((name, path));
            }
            // Moved away by another hand.
            Err(_) if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) => {
            }
            Err(error) if error.kind() == Kind::Malformed => {
                if left.len() < MOST_TOLD && left.insert(path) {
                    console.note(&format!("left alone: {}", error.message()));
                }
            }
            // It may be one of ours, so this source was not read to its end.
            Err(error) => console.failed(&error),
        }
        if fetched.len() >= BATCH_FILES || size >= BATCH_BYTES {
            break;
        }
    }
    batch.commit()?;
    let mut out = stdout().lock();
    for (name, _) in &fetched {
        writeln!(out, "{name}")?;
    }
    out.flush()?;
    for (_, path) in &fetched {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // It would come again each time.
                console.failed(&Error::io("delete", path, error));
            }
            _ => {}
        }
    }
    Ok(!fetched.is_empty())
}
