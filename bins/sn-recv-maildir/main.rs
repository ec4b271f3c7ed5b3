//! sn-recv-maildir(1): the driver that takes packets out of a Maildir, or out of one mail.

mod args;
mod maildir;
mod pipe;

use maildir::Maildir;
use socialnet::{
    Kind, Result,
    address::local_path,
    cli,
    driver::serve::{Away, Caller},
    mailbox::Mailbox,
};
use socialnet_mail::{Settings, attempts::state, policy::Policy, seen::Seen};
use std::{process::ExitCode, time::Duration};

/// How often a Maildir is looked at while watching.
const POLL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let mailbox = args.mailbox.unwrap_or_default();
        if args.source == "-" {
            return pipe::take(&mailbox);
        }
        let settings = Settings::from_env()?;
        let folder = local_path(&args.source).map_err(|error| error.of_kind(Kind::Config))?;
        let policy = Policy::read(&settings, "seen")?;
        let poll = settings.duration("poll")?.unwrap_or(POLL);
        if args.check {
            return maildir::check(&folder, &policy);
        }
        let mut maildir = Maildir {
            folder,
            mailbox: Mailbox::open(&mailbox)?,
            policy,
            seen: Seen::open(&state()?)?,
            changed: None,
        };
        if args.watch { watch(&mut maildir, poll, console) } else { maildir.fetch(console) }
    })
}

fn watch(maildir: &mut Maildir, poll: Duration, console: &mut cli::Console) -> Result<()> {
    let (caller, mut away) = (Caller::listen(), Away::default());
    while !caller.is_gone() {
        let fetched = maildir.fetch(console);
        away.or(fetched, |what| console.note(what))?;
        caller.wait(poll);
    }
    Ok(())
}
