//! Mails by SMTP, to smtp-sink(1) on this machine, and to the same one as if it were further away.

use crate::{
    run::{Run, best},
    table::{self, Goal},
    world::World,
};
use socialnet::{Error, Kind, Result};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Mails for the sink here, for the one that is 20 ms away, and runs of msmtp that stand for a thousand.
const HERE: u32 = 1000;
const AWAY: u32 = 200;
const MSMTP: u32 = 50;
/// Bytes of an envelope with one short packet.
const ENVELOPE: usize = 5000;
const MEBIBYTE: u64 = 1 << 20;

/// The rows.
pub fn rows(world: &World) -> Result<()> {
    table::section("Mails of 5 kB by SMTP, each to another reader");
    let (here, away) = (port()?, port()?);
    let _sink = Server::start(sink(here)?, here)?;
    let mut delay = Command::new("tests/servers/delay.py");
    delay.args(["10".to_owned(), away.to_string(), here.to_string()]);
    let _delay = Server::start(delay, away)?;

    let ours = driver(world, here, HERE)?;
    let took = ours.best(5)?;
    all_sent(world, HERE)?;
    let letter = letter(world)?;
    let lock_step = |port: u16, count: u32| {
        let run =
            Run::new("python3 tests/bench/smtplib-send.py").word(port.to_string()).word(count.to_string());
        run.reads(&letter)
    };
    let msmtp = msmtp(world, here, &letter)?;
    table::time(
        "sn-send-mailto, 1,000 mails",
        took,
        "msmtp for each (50, times 20)",
        msmtp,
        Goal::TimesFaster(30.0),
    );
    let smtplib = lock_step(here, HERE).best(3)?;
    table::time("", took, "smtplib on one connection", smtplib, Goal::AtMost(1.5));
    table::memory("", ours.peak(&world.file("peak"))?, 32 * MEBIBYTE);
    let took = driver(world, away, AWAY)?.best(3)?;
    all_sent(world, AWAY)?;
    let smtplib = lock_step(away, AWAY).best(1)?;
    table::time(
        "sn-send-mailto, 200 mails, 20 ms away",
        took,
        "smtplib on one connection",
        smtplib,
        Goal::TimesFaster(4.0),
    );
    Ok(())
}

/// The driver with so many jobs.
fn driver(world: &World, port: u16, count: u32) -> Result<Run> {
    let envelope = world.write("envelope", &vec![7; ENVELOPE])?;
    let job = |number| format!("{number}\tenvelope\tmailto:reader{number}@example.org\tenvelope\n");
    let jobs = world.write("jobs", (0..count).map(job).collect::<String>().as_bytes())?;
    // The file of a job is looked for in the working folder.
    let folder = envelope.parent().map_or_else(PathBuf::new, PathBuf::from);
    Ok(Run::new("env -C")
        .word(folder.display().to_string())
        .word("sn-send-mailto")
        .with("SN_CONF_HOST", "127.0.0.1")
        .with("SN_CONF_PORT", port.to_string())
        .with("SN_CONF_SECURITY", "none")
        .with("SN_CONF_FROM", "alice@example.org")
        .reads(jobs)
        .writes(world.file("reports")))
}

/// A driver that gives up is fast, too.
fn all_sent(world: &World, count: u32) -> Result<()> {
    let reports = fs::read_to_string(world.file("reports"))?;
    if reports.lines().filter(|line| line.starts_with("sent\t")).count() == count as usize {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "sn-send-mailto did not send all of them"))
}

/// What the others send: as large as a mail of ours.
fn letter(world: &World) -> Result<PathBuf> {
    let body = openssl::base64::encode_block(&[7; ENVELOPE]);
    let lines: Vec<_> = body.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    let head = "From: alice@example.org\r\nSubject: Sealed packets\r\n";
    world.write("letter", format!("{head}\r\n{}\r\n", lines.join("\r\n")).as_bytes())
}

/// As long as msmtp takes for as many mails.
fn msmtp(world: &World, port: u16, letter: &PathBuf) -> Result<Duration> {
    let settings = format!("account default\nhost 127.0.0.1\nport {port}\nfrom alice@example.org\n");
    let settings = world.write("msmtprc", settings.as_bytes())?;
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o600))?;
    let run =
        Run::new("msmtp -C").word(settings.display().to_string()).word("reader@example.org").reads(letter);
    best(1, || {
        let all: Result<Vec<Duration>> = (0..MSMTP).map(|_| run.once()).collect();
        Ok(all?.iter().sum::<Duration>() * (HERE / MSMTP))
    })
}

/// Takes any mail, and keeps none.
fn sink(port: u16) -> Result<Command> {
    let mut sink = Command::new("/usr/sbin/smtp-sink");
    if fs::metadata("/proc/self")?.uid() == 0 {
        sink.args(["-u", "nobody"]);
    }
    sink.args([format!("127.0.0.1:{port}"), "100".to_owned()]);
    Ok(sink)
}

/// A port that nobody listened on a moment ago.
fn port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program that is ended with this.
struct Server(Child);

impl Server {
    fn start(mut command: Command, port: u16) -> Result<Self> {
        let server = Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Error::new(Kind::Unavailable, format!("{command:?} does not listen")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
