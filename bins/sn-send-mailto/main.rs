//! sn-send-mailto(1): the driver that sends envelopes and chunks by mail.
//!
//! | file | knows |
//! |---|---|
//! | `address.rs` | `mailto:` URIs |
//! | `message.rs` | how a mail looks |
//! | `smtp.rs` | one connection to a server |
//! | `verdict.rs` | what a server's answer means |
//! | `standing.rs` | whether it is us whom it refuses |
//! | `budget.rs` | how many mails may leave in a day |
//! | `jobs.rs` | which jobs are looked at together |
//! | `mail.rs` | which of them share a mail |
//! | `carry.rs` | who carries them, and what happens when a connection breaks |

mod address;
mod args;
mod budget;
mod carry;
mod jobs;
mod mail;
mod message;
mod smtp;
mod standing;
mod verdict;

use carry::{Carrier, RECIPIENTS};
use jobs::Jobs;
use socialnet::{cli, driver::MAX_BYTES};
use socialnet_mail::Settings;
use std::{io::Write, process::ExitCode};

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
        let jobs = Jobs::read();
        let mut carrier = None;
        while let Some(batch) = jobs.next(console) {
            let carrier = match &mut carrier {
                Some(carrier) => carrier,
                // Without jobs nobody asks for settings.
                None => carrier.insert(Carrier::new(&Settings::from_env()?)?),
            };
            carrier.carry(batch)?;
        }
        carrier.map_or(Ok(()), |carrier| carrier.end())
    })
}
