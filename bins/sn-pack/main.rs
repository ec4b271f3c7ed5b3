//! sn-pack(1): words and files in, one clear packet out.

mod args;
mod input;

use args::{Args, Extras, Kind, Words};
use input::{spoken, xml};
use jiff::Zoned;
use socialnet::{
    Result, attach, cli,
    compose::{Author, Draft},
    home::Home,
    identity::Identity,
    store::Store,
    stream, text,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: Args, _| {
        let packet = pack(args)?;
        let mut out = cli::output();
        stream::write_packet(&mut out, &packet)?;
        cli::finish(out)
    })
}

fn pack(args: Args) -> Result<Vec<u8>> {
    let home = Home::open()?;
    let store = Store::open(&home.database())?;
    let (now, blobs) = (Zoned::now(), home.blobs());
    let fingerprint = Identity::fingerprint(&home.identity())?;
    let author = Author { fingerprint, now: now.timestamp(), db: store.read() };
    let draft = |text, extras: Extras| -> Result<Draft> {
        let expires = extras.expires.map(|time| text::future(&time, &now)).transpose()?;
        Ok(Draft { text, expires, shareable: extras.share, ..Draft::default() })
    };
    let written = |words: Words, extras| -> Result<Draft> {
        let draft = draft(spoken(words.text, words.file.is_empty())?, extras)?;
        let attachments = words.file.iter().map(|path| attach::file(path, &blobs)).collect::<Result<_>>()?;
        Ok(Draft { attachments, ..draft })
    };
    match args.kind {
        Kind::Status { words, extras } => author.status(written(words, extras)?),
        Kind::Photo { photos, text, alt, extras } => {
            let draft = draft(spoken(text, false)?, extras)?;
            author.photo(Draft { attachments: attach::photos(&photos, alt, &blobs)?, ..draft })
        }
        Kind::Comment { about, words, extras } => author.comment(&about, written(words, extras)?),
        Kind::Reaction { about, emoji, extras } => {
            author.reaction(&about, draft(spoken(Some(emoji), true)?, extras)?)
        }
        Kind::Message { to, words, extras } => author.message(Draft { to, ..written(words, extras)? }),
        Kind::Share { id, text, extras } => author.share(&id, draft(spoken(text, false)?, extras)?),
        Kind::Edit { id, close: true, .. } => author.close(&id),
        Kind::Edit { id, text, expires, .. } => {
            let draft = draft(spoken(text, true)?, Extras { expires, share: false })?;
            author.edit(&id, draft)
        }
        Kind::Retract { id } => author.retract(&id),
        Kind::App { r#type, body, to, fallback, extras } => {
            author.application(&r#type, &xml(&body)?, fallback, Draft { to, ..draft(None, extras)? })
        }
    }
}
