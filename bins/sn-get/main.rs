//! sn-get(1): an attachment out of the feed into a file.

mod args;

use args::Args;
use jiff::Zoned;
use socialnet::{
    Error, Kind, Result, attach, cli,
    home::Home,
    packet::safe_name,
    render::text::Style,
    store::{Store, feed, named},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: Args, _| get(args))
}

fn get(args: Args) -> Result<()> {
    let now = Zoned::now();
    let home = Home::open()?;
    let store = Store::open(&home.database())?;
    let packet = named::find(store.read(), &args.id, now.timestamp())?;
    let entry = feed::entry(store.read(), packet.seq, now.timestamp())?;
    let entry = entry.with_files();
    let mut out = cli::output();
    if args.list {
        let style = Style { columns: cli::columns(), colour: cli::wants_colour(), now, read: None };
        entry.attachments.iter().try_for_each(|attachment| style.attachment(&mut out, "", attachment))?;
        return cli::finish(out);
    }
    let none = |what| Error::new(Kind::Nothing, format!("packet '{}' has no {what}", args.id));
    let found = named::attachment(store.read(), entry.seq, args.number)?;
    let mut attachment = found.ok_or_else(|| none(format!("attachment {}", args.number)))?;
    if args.preview {
        attachment = attach::preview_of(&attachment).ok_or_else(|| none("preview".into()))?;
    }
    let target = args.output.unwrap_or_else(|| PathBuf::from(safe_name(&attachment.name)));
    let got = match target == Path::new("-") {
        true => attach::print(&attachment, &mut out, &home.blobs()).and_then(|()| cli::finish(out)),
        false => attach::save(&attachment, &target, &home.blobs()),
    };
    match got {
        Err(error) if error.kind() == Kind::Again && entry.author.own => Err(missing()),
        got => got,
    }
}

/// Missing parts of others' files may still come; nobody sends missing parts of the owner's own.
fn missing() -> Error {
    Error::new(Kind::Unavailable, "parts of this file of yours are gone, and nobody sends them").hint(
        "the backup may have been made without attachments; the file itself, or whoever got it, has it still",
    )
}
