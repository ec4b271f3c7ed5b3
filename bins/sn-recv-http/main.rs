//! sn-recv-http(1): the driver that fetches envelopes and chunks from a box. socialnet-http(7) has the protocol.
//!
//! | file | knows |
//! |---|---|
//! | here | when to look, and when to stop |
//! | `source.rs` | the box's requests, and its token |
//! | `deliver.rs` | many items at once, durable before they are deleted |

mod args;
mod deliver;
mod source;

use deliver::{Delivery, Rest};
use socialnet::{Kind, Result, cli, mailbox::Mailbox};
use source::Source;
use std::{
    io::{self, Write, stdin},
    process::{self, ExitCode},
    thread,
    time::Duration,
};

/// How long a server is asked to hold an answer back while there is nothing new.
const WAIT: Duration = Duration::from_secs(50);
/// Between two attempts at a server that can't be reached: doubled each time, from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let source = Source::open(&args.source)?;
        if args.check {
            source.names()?;
            let mut out = cli::output();
            writeln!(out, "version=1")?;
            return cli::finish(out);
        }
        let mut delivery = Delivery::new(Mailbox::open(&args.mailbox.unwrap_or_default())?);
        if args.watch {
            watch(&source, &mut delivery, console)
        } else {
            delivery.all(&source, console).map(drop)
        }
    })
}

fn watch(source: &Source, delivery: &mut Delivery, console: &mut cli::Console) -> Result<()> {
    thread::spawn(|| {
        // The caller never writes; when it goes, the pipe ends. Whatever is under way may be killed at any moment.
        let _ = io::copy(&mut stdin().lock(), &mut io::sink());
        process::exit(0);
    });
    let mut pause = PAUSE.0;
    loop {
        let waited = delivery.all(source, console).and_then(|rest| match rest {
            Rest::Nothing => source.wait(WAIT),
            // The server would answer at once: there is something, only nothing for us.
            Rest::LeftAlone => {
                thread::sleep(WAIT);
                Ok(())
            }
        });
        match waited {
            Ok(()) => pause = PAUSE.0,
            Err(error) if error.kind() == Kind::Again => {
                // Said once, until it goes well again.
                if pause == PAUSE.0 {
                    console.note(error.message());
                }
                thread::sleep(pause);
                pause = PAUSE.1.min(pause * 2);
            }
            Err(error) => return Err(error),
        }
    }
}
