//! sn-send-mailto(1): the driver that sends envelopes and chunks by mail.
//!
//! | file | knows |
//! |---|---|
//! | `address.rs` | `mailto:` URIs |
//! | `message.rs` | how a mail looks |
//! | `smtp.rs` | one connection to a server |
//! | `verdict.rs` | what a server's answer means |
//! | `budget.rs` | how many mails may leave in a day |
//! | `mail.rs` | which jobs share a mail |
//! | `carry.rs` | who carries them, and what happens when a connection breaks |

mod address;
mod args;
mod budget;
mod carry;
mod mail;
mod message;
mod smtp;
mod verdict;

use carry::{Carrier, RECIPIENTS};
use socialnet::{
    Error, Kind, Result, cli,
    driver::{JobLine, MAX_BYTES, MAX_LINE, Report},
};
use socialnet_mail::Settings;
use std::{
    io::{BufRead, Read, Write, stdin, stdout},
    process::ExitCode,
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

/// Jobs that are looked at together, at most.
const BATCH: usize = 1000;
/// How long to wait for another job before those that are there are done. The caller writes all at once.
const MOMENT: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        if args.capabilities {
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={MAX_BYTES}\nmax-recipients={RECIPIENTS}")?;
            return cli::finish(out);
        }
        if args.check {
            let mut out = cli::output();
            writeln!(out, "version=1\nmax-bytes={}", Carrier::new(&Settings::from_env()?)?.room()?)?;
            return cli::finish(out);
        }
        serve(console)
    })
}

fn serve(console: &mut cli::Console) -> Result<()> {
    let lines = read_lines();
    let mut carrier = None;
    loop {
        let mut jobs = Vec::new();
        for line in batch(&lines) {
            match line?.trim_end_matches('\n').parse::<JobLine>() {
                Ok(job) => jobs.push(job),
                Err(error) => console.failed(&error),
            }
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let carrier = match &mut carrier {
            Some(carrier) => carrier,
            // Without jobs nobody asks for settings.
            None => carrier.insert(Carrier::new(&Settings::from_env()?)?),
        };
        carrier.carry(jobs)?;
    }
}

/// What comes next, and all that comes within a moment of each other; nothing at the end.
fn batch(lines: &Receiver<Result<String>>) -> Vec<Result<String>> {
    let mut batch: Vec<_> = lines.recv().into_iter().collect();
    while !batch.is_empty() && batch.len() < BATCH {
        match lines.recv_timeout(MOMENT) {
            Ok(line) => batch.push(line),
            Err(_) => break,
        }
    }
    batch
}

/// Standard input, read by a thread of its own: a report must not wait for the next job.
fn read_lines() -> Receiver<Result<String>> {
    let (sender, lines) = sync_channel(BATCH);
    thread::spawn(move || {
        let mut input = stdin().lock();
        loop {
            let mut line = String::new();
            let read = match input.by_ref().take(MAX_LINE as u64).read_line(&mut line) {
                Ok(0) => return,
                Ok(_) => Ok(line),
                Err(error) => Err(Error::new(Kind::Io, format!("cannot read jobs: {error}"))),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                return;
            }
        }
    });
    lines
}

/// Prints a report, flushed.
fn tell(job: &str, report: &Report) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", report.line(job))?;
    Ok(out.flush()?)
}
