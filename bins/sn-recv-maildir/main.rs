//! sn-recv-maildir(1): the driver that takes packets out of a Maildir, or out of one mail.

mod args;
mod maildir;

use maildir::Maildir;
use socialnet::{
    Error, Kind, Result, cli,
    driver::{
        local_path,
        serve::{Away, Caller},
    },
    mailbox::Mailbox,
    text,
};
use socialnet_mail::{
    Settings,
    arrivals::Arrivals,
    attempts::state,
    find::{MAX_MAIL, find},
    policy::Policy,
    seen::Seen,
};
use std::{
    io::{Read, Write, stdin},
    path::Path,
    process::ExitCode,
    time::Duration,
};

/// How often a Maildir is looked at while watching.
const POLL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        if args.source == "-" {
            return one_mail(&args).map_err(to_be_tried_again);
        }
        let settings = Settings::from_env()?;
        let folder = local_path(&args.source).map_err(|error| error.of_kind(Kind::Config))?;
        let policy = Policy::read(&settings, "seen")?;
        let poll = settings.duration("poll")?.unwrap_or(POLL);
        if args.check {
            return check(&folder, &policy);
        }
        let mut maildir = Maildir {
            folder,
            mailbox: Mailbox::open(&args.mailbox.unwrap_or_default())?,
            policy,
            seen: Seen::open(&state()?)?,
            changed: None,
        };
        if !args.watch {
            return maildir.fetch(console);
        }
        let caller = Caller::listen();
        let mut away = Away::default();
        while !caller.is_gone() {
            let fetched = maildir.fetch(console);
            away.or(fetched, |what| console.note(what))?;
            caller.wait(poll);
        }
        Ok(())
    })
}

/// Looks without fetching: prints facts (socialnet-driver(7)).
fn check(folder: &Path, policy: &Policy) -> Result<()> {
    for sub in ["new", "cur"] {
        let sub = folder.join(sub);
        sub.read_dir().map_err(|error| Error::io("open", &sub, error))?;
    }
    let mut out = cli::output();
    writeln!(out, "version=1")?;
    if let Policy::Move(to) = policy
        && !Path::new(to).join("cur").is_dir()
    {
        writeln!(out, "missing={}", text::one_line(to))?;
    }
    cli::finish(out)
}

/// Takes the packets out of the mail on standard input. [`Kind::Nothing`], without a word: it holds something else, or
/// nothing of ours, and whoever called us delivers it as any other.
fn one_mail(args: &args::Args) -> Result<()> {
    let mailbox = Mailbox::open(args.mailbox.as_deref().unwrap_or(Path::new("")))?;
    let mut mail = Vec::new();
    stdin().lock().take(MAX_MAIL as u64 + 1).read_to_end(&mut mail)?;
    let nothing = Err(Error::new(Kind::Nothing, ""));
    if mail.len() > MAX_MAIL {
        // Or the pipe breaks, and with it the mail.
        std::io::copy(&mut stdin().lock(), &mut std::io::sink())?;
        return nothing;
    }
    let finds = find(&mail);
    let mut arrivals = Arrivals::new(&mailbox);
    arrivals.add(finds.found)?;
    arrivals.commit()?;
    if finds.ours_alone { Ok(()) } else { nothing }
}

/// Mail systems give up, and send back to the sender, on everything else than 75.
fn to_be_tried_again(error: Error) -> Error {
    match error.kind() {
        Kind::Nothing => error,
        _ => error.of_kind(Kind::Again),
    }
}
