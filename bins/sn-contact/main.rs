//! sn-contact(1): whom one knows, who wants to be known, and whom one does not want to hear of.

mod args;
mod qr;

use args::Verb;
use jiff::Timestamp;
use socialnet::{
    Error, Kind, Result, cli,
    home::Home,
    identity::{Identity, Keyring},
    profile,
    protocol::{introduce, meeting, succession},
    render::contacts as render,
    short,
    store::{
        Store,
        contacts::{self, State},
        filter, named, requests,
    },
    stream,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, contact)
}

fn contact(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    let keyring = || Keyring::load(&home.identity());
    let now = Timestamp::now();
    let mut out = cli::output();
    match args.verb {
        Verb::Invite { petname, days, short, qr } if short || qr => {
            let invitation =
                meeting::invite_short(&mut store, &keyring()?, petname.as_deref(), days, now)?.to_string();
            if qr {
                write!(out, "{}", qr::code(&invitation)?)?;
            }
            writeln!(out, "{invitation}")?;
        }
        Verb::Invite { petname, days, .. } => {
            let invitation = meeting::invite(&mut store, &keyring()?, petname.as_deref(), days, now)?;
            stream::write_pem(&mut out, &invitation)?;
        }
        Verb::Add { name, note, is, file } => {
            let mut them = match file.as_deref().and_then(Path::to_str) {
                Some(text) if text.starts_with(short::SCHEME) => meeting::from_short(&text.parse()?, now)?,
                _ => {
                    let input = cli::open(&file.unwrap_or_else(|| PathBuf::from("-")))?;
                    meeting::read_introduction(input.bytes, now)?
                }
            };
            is.map_or(Ok(()), |spoken| them.check_is(&spoken))?;
            them.note = note.unwrap_or_default();
            let contact = meeting::add(&mut store, &keyring()?, &them, name.as_deref(), now)?;
            console.note(&format!("{} will be asked when sn-sync runs next", contact.petname));
        }
        Verb::Accept { who } => {
            let who = contacts::find(store.read(), &who)?;
            if who.state == State::Introduced {
                introduce::accept(&mut store, &keyring()?, &who, now)?;
                console.note(&format!("{} will be asked when sn-sync runs next", who.petname));
            } else {
                meeting::accept(&mut store, &who, now)?;
            }
        }
        Verb::Requests { json } => render::requests(&mut out, &requests::all(store.read(), now)?, json)?,
        Verb::Ignore { who } => {
            let who = contacts::find(store.read(), &who)?;
            meeting::ignore(&mut store, &who)?;
        }
        Verb::Introduce { one, other, note } => {
            let find = |who: &str| contacts::find(store.read(), who);
            let two = (find(&one)?, find(&other)?);
            let me = Identity::fingerprint(&home.identity())?;
            introduce::introduce(&mut store, me, [&two.0, &two.1], note.as_deref(), now)?;
        }
        Verb::List { json } => render::list(&mut out, &contacts::all(store.read())?, json)?,
        Verb::Show { who, json } => {
            let contact = contacts::find(store.read(), &who)?;
            let groups = contacts::groups_of(store.read(), &contact)?;
            render::one(&mut out, &contact, &groups, json)?;
        }
        Verb::Group { group: None, .. } => render::groups(&mut out, &contacts::groups(store.read())?)?,
        Verb::Group { group: Some(group), who, .. } if who.is_empty() => {
            for member in contacts::members(store.read(), group.trim_start_matches('@'))? {
                writeln!(out, "{member}")?;
            }
        }
        Verb::Group { group: Some(group), who, remove } => {
            let group = group.trim_start_matches('@');
            let db = store.begin()?;
            for who in &who {
                let contact = contacts::find(&db, who)?;
                match remove {
                    true => contacts::leave(&db, group, &contact)?,
                    false => contacts::join(&db, group, &contact)?,
                }
            }
            db.commit()?;
        }
        Verb::Rename { who, name } => {
            let db = store.begin()?;
            contacts::rename(&db, contacts::find(&db, &who)?.fingerprint, &name)?;
            db.commit()?;
        }
        Verb::Address { who, addresses } => {
            let usage = |error: Error| Error::new(Kind::Usage, error.message());
            addresses.iter().try_for_each(|address| profile::address(address)).map_err(usage)?;
            let db = store.begin()?;
            contacts::set_addresses(&db, contacts::find(&db, &who)?.fingerprint, &addresses, true)?;
            db.commit()?;
        }
        Verb::Succeed { who, new } => {
            let (who, new) = (contacts::find(store.read(), &who)?, contacts::find(store.read(), &new)?);
            succession::decide(&mut store, &who, &new, now)?;
        }
        Verb::Block { who } => {
            let who = named::person(store.read(), &who)?;
            match contacts::by_fingerprint(store.read(), who)? {
                Some(_) => meeting::block(&mut store, who)?,
                None => {
                    let me = Identity::fingerprint(&home.identity())?;
                    meeting::block_stranger(&mut store, me, who, now)?;
                }
            }
        }
        Verb::Mute { who } if who.is_empty() => render::muted(&mut out, &filter::muted(store.read())?)?,
        Verb::Mute { who } => mute(&mut store, &who, true)?,
        Verb::Unmute { who } => mute(&mut store, &who, false)?,
        Verb::Remove { who } => {
            let who = contacts::find(store.read(), &who)?;
            meeting::remove(&mut store, &keyring()?, &who, now)?;
        }
        Verb::Check { who, spoken } if spoken.is_empty() => {
            let contact = contacts::find(store.read(), &who)?;
            render::compare(&mut out, Identity::fingerprint(&home.identity())?, &contact)?;
        }
        Verb::Check { who, spoken } => {
            let who = contacts::find(store.read(), &who)?;
            meeting::check(&mut store, &who, &spoken.concat())?;
        }
    }
    cli::finish(out)
}

fn mute(store: &mut Store, who: &[String], muted: bool) -> Result<()> {
    let db = store.begin()?;
    for who in who {
        filter::mute(&db, named::person(&db, who)?, muted)?;
    }
    db.commit()?;
    Ok(())
}
