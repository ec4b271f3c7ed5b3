//! Finds, runs and reads `sn-send-SCHEME` and `sn-recv-SCHEME`. socialnet-driver(7) is the authority.
//!
//! | file | knows |
//! |---|---|
//! | `allowed.rs` | where an address may lead |
//! | `job.rs` | the lines a driver is given |
//! | `report.rs` | the lines it prints |
//! | `source.rs` | places to fetch from |
//! | `note.rs` | what it heard of deliveries, which may be true |
//! | [`check`] | what a driver finds when it only looks |
//! | [`serve`] | the driver's own side: its jobs, its reports, its caller |

mod allowed;
pub mod check;
mod job;
mod note;
mod report;
pub mod serve;
mod source;

pub use allowed::{allowed, is_local};
pub use job::{Cargo, JobLine};
pub use note::{MAX_NOTE, Note};
pub use report::Report;

use crate::{
    Error, Kind, Result, file,
    home::{Home, Table, parse_duration, setting},
    mailbox::name_of,
    program::{Conversation, is_program},
};
use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

/// Bytes of one envelope or chunk, at most.
pub const MAX_BYTES: usize = 8 << 20;
/// A driver that says nothing for so long is ended, unless its table has a `timeout`.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// Names and lines that receiving drivers may be ahead of their listener; then they wait.
const HEARD: usize = 100;

/// One thing to hand over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Envelope or blob.
    pub cargo: Cargo,
    /// Where to: a URI of the driver's scheme that is [`allowed`].
    pub address: String,
    /// The bytes, or the file that has them.
    pub payload: Payload,
}

/// Where a job's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which is linked (else copied) into the driver's working folder.
    File(PathBuf),
}

/// Runs one driver over many jobs; `report` hears of each job once, by its index, as soon as it is known. A job the
/// driver said nothing of is [`Report::Later`], also when the driver could not run. `note` gets what is for people.
pub fn send(
    home: &Home,
    scheme: &str,
    jobs: &[Job],
    report: &mut dyn FnMut(usize, Report),
    note: &mut dyn FnMut(&str),
) -> Result<()> {
    let mut waiting = vec![true; jobs.len()];
    let mut once = |index: usize, what| {
        if waiting.get(index) == Some(&true) {
            waiting[index] = false;
            report(index, what);
            return true;
        }
        false
    };
    let ended = hand_over(home, scheme, jobs, &mut once, note);
    let why = ended.as_ref().err().map_or("the driver said nothing about it", Error::message).to_owned();
    for (index, _) in waiting.iter().enumerate().filter(|(_, waiting)| **waiting) {
        report(index, Report::Later(0, why.clone()));
    }
    ended
}

fn hand_over(
    home: &Home,
    scheme: &str,
    jobs: &[Job],
    once: &mut dyn FnMut(usize, Report) -> bool,
    note: &mut dyn FnMut(&str),
) -> Result<()> {
    let table = home.config.send.get(scheme).ok_or_else(|| allowed::no_table(scheme))?;
    let program = format!("sn-send-{scheme}");
    let driver = Surroundings::prepare(home, &program, &format!("send-{scheme}"), table)?;
    let mut lines = Vec::new();
    let mut placed = HashMap::new();
    for (index, job) in jobs.iter().enumerate() {
        let file = match &job.payload {
            Payload::Bytes(bytes) => driver.put(index, bytes),
            Payload::File(path) => match placed.get(path) {
                Some(first) => Ok(*first),
                None => driver.link(index, path),
            },
        };
        match file {
            Ok(file) => {
                let line = JobLine {
                    id: index.to_string(),
                    cargo: job.cargo,
                    address: job.address.clone(),
                    file: file.to_string(),
                };
                lines.push(format!("{line}\n"));
                if let Payload::File(path) = &job.payload {
                    placed.insert(path, file);
                }
            }
            Err(error) => {
                once(index, Report::Later(0, error.message().to_owned()));
            }
        }
    }
    let timeout = Some(timeout(table)?);
    let jobs = Some(lines.concat().into_bytes());
    let conversation = Conversation { name: &program, command: driver.command(), jobs, timeout, limit: None };
    conversation.run(
        &mut |line| {
            Ok(report::read(line).is_some_and(|(id, report)| {
                id.parse().is_ok_and(|index: usize| index.to_string() == id && once(index, report))
            }))
        },
        note,
    )
}

/// What comes from the receiving drivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A committed file.
    File(PathBuf),
    /// A line for people.
    Note(String),
    /// One source failed; the others go on.
    Failed(Error),
}

/// Runs the receiving drivers of all `[[receive]]` tables at once, so that one that hangs holds up nobody. `heard` ends
/// them all by failing.
pub fn receive(home: &Arc<Home>, watch: bool, heard: &mut dyn FnMut(Heard) -> Result<()>) -> Result<()> {
    let (sender, inbox) = mpsc::sync_channel(HEARD);
    for table in home.config.receive.clone() {
        let (home, sender) = (Arc::clone(home), sender.clone());
        // Not joined: when nobody listens any more, the process ends, which ends the drivers' standard input.
        thread::spawn(move || {
            let gone = |_| Error::new(Kind::ClosedPipe, "nobody listens");
            let mut found = |path, _: &str| sender.send(Heard::File(path)).map_err(gone);
            let mut note = |line: &str| drop(sender.send(Heard::Note(line.to_owned())));
            if let Err(error) = fetch(&home, &table, watch, &mut found, &mut note) {
                let _ = sender.send(Heard::Failed(error));
            }
        });
    }
    drop(sender);
    inbox.into_iter().try_for_each(heard)
}

/// Runs the driver of one `[[receive]]` table. `found` hears each committed file, and where it was found if the driver
/// says so; it ends the run by failing.
pub fn fetch(
    home: &Home,
    table: &Table,
    watch: bool,
    found: &mut dyn FnMut(PathBuf, &str) -> Result<()>,
    note: &mut dyn FnMut(&str),
) -> Result<()> {
    let inpackets = home.inpackets()?;
    let (source, scheme) = source::read(table)?;
    let program = format!("sn-recv-{scheme}");
    let driver = Surroundings::prepare(home, &program, &state_of(scheme, source), table)?;
    let mut command = driver.command();
    if watch {
        command.arg("--watch");
    }
    command.arg(source).arg(inpackets.root());
    let timeout = if watch { None } else { Some(timeout(table)?) };
    let conversation = Conversation { name: &program, command, jobs: None, timeout, limit: None };
    conversation.run(
        &mut |line| match report::read_name(line) {
            Some((name, place)) => found(inpackets.path("new", name), place).map(|()| true),
            None => Ok(false),
        },
        note,
    )
}

/// The folder in `state/` of a source: two of them must not share one, and a URI is no file name.
fn state_of(scheme: &str, source: &str) -> String {
    format!("recv-{scheme}-{}", &name_of(source.as_bytes())[..16])
}

fn timeout(table: &Table) -> Result<Duration> {
    table.get("timeout").and_then(toml::Value::as_str).map_or(Ok(SILENCE), parse_duration)
}

/// What a driver finds around itself: its program, folders and settings. The working folder goes when this is dropped.
struct Surroundings {
    program: PathBuf,
    state: PathBuf,
    work: PathBuf,
    settings: Vec<(String, String)>,
    _lock: crate::home::Lock,
}

impl Surroundings {
    fn prepare(home: &Home, program: &str, state: &str, table: &Table) -> Result<Self> {
        let program = find(program)?;
        let lock = home.lock(state)?;
        // With the lock held, what is there was left by a run that was killed.
        let work = home.path().join("state").join(format!("{state}.work"));
        if work.exists() {
            fs::remove_dir_all(&work).map_err(|error| Error::io("delete", &work, error))?;
        }
        fs::create_dir(&work).map_err(|error| Error::io("make folder", &work, error))?;
        let variable = |key: &str| format!("SN_CONF_{}", key.to_ascii_uppercase().replace('-', "_"));
        let settings = table
            .iter()
            .filter(|(key, _)| *key != "source")
            .filter_map(|(key, value)| setting(value).map(|value| (variable(key), value)))
            .collect();
        Ok(Self { program, state: home.state(state)?, work, settings, _lock: lock })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"SN_")) {
            command.env_remove(name);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env("SN_STATE", &self.state).current_dir(&self.work);
        command
    }

    /// Puts bytes into the working folder, as a file named by the job's index.
    fn put(&self, index: usize, bytes: &[u8]) -> Result<usize> {
        let path = self.work.join(index.to_string());
        fs::write(&path, bytes).map_err(|error| Error::io("write", &path, error))?;
        Ok(index)
    }

    fn link(&self, index: usize, file: &Path) -> Result<usize> {
        let path = self.work.join(index.to_string());
        // Not every file system links, nor as often as wanted.
        if fs::hard_link(file, &path).is_err() {
            fs::copy(file, &path).map_err(|error| Error::io("copy", file, error))?;
        }
        Ok(index)
    }
}

impl Drop for Surroundings {
    fn drop(&mut self) {
        // What stays is deleted by the next run.
        let files = fs::read_dir(&self.work).into_iter().flatten().flatten().map(|entry| entry.path());
        let _ = file::delete_all(&files.collect::<Vec<_>>());
        let _ = fs::remove_dir_all(&self.work);
    }
}

/// A driver's program: in `$SN_DRIVERS`, beside the running command, in `PATH`. One program may do for a scheme with TLS
/// and for the same without: `imaps` is looked for as `imap` too.
fn find(name: &str) -> Result<PathBuf> {
    let beside = env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let folders = |variable| {
        let list = env::var_os(variable).unwrap_or_default();
        env::split_paths(&list).filter(|folder| folder.is_absolute()).collect::<Vec<_>>()
    };
    let places = folders("SN_DRIVERS").into_iter().chain(beside).chain(folders("PATH"));
    let places: Vec<_> = places.collect();
    let at = |name: &str| places.iter().map(|folder| folder.join(name)).find(|path| is_program(path));
    at(name).or_else(|| at(name.strip_suffix('s')?)).ok_or_else(|| {
        Error::new(Kind::Unavailable, format!("there is no program '{name}'"))
            .hint("install the driver, or take its table out of config.toml")
    })
}
