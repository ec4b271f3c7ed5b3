//! How people come to know one another, and how they part.

use crate::qr;
use jiff::Timestamp;
use socialnet::{
    Context, Fingerprint, Result, cli,
    home::Home,
    identity::{Identity, Keyring},
    protocol::{
        decide::{self, Accepted},
        introduce,
        invitation::{self, Terms},
        stranger::{self, Stranger},
    },
    short,
    store::{
        Store,
        contacts::{self, Contact},
        named,
    },
    stream,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

pub fn me(home: &Home) -> Result<Fingerprint> {
    Identity::fingerprint(&home.identity())
}

pub fn invite(
    out: &mut impl Write,
    store: &mut Store,
    keyring: &Keyring,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<()> {
    stream::write_pem(out, &invitation::invite(store, keyring, terms, now)?)
}

pub fn invite_short(
    out: &mut impl Write,
    store: &mut Store,
    keyring: &Keyring,
    terms: &Terms<'_>,
    picture: bool,
    now: Timestamp,
) -> Result<()> {
    let invitation = invitation::invite_short(store, keyring, terms, now)?.to_string();
    if picture {
        write!(out, "{}", qr::code(&invitation)?)?;
    }
    Ok(writeln!(out, "{invitation}")?)
}

/// Reads an invitation of either form, or a profile; `is` is what its owner said aloud.
pub fn introduction(
    file: Option<PathBuf>,
    note: Option<String>,
    is: Option<String>,
    now: Timestamp,
) -> Result<Stranger> {
    let mut them = match file.as_deref().and_then(Path::to_str) {
        Some(text) if text.starts_with(short::SCHEME) => stranger::from_short(&text.parse()?, now)?,
        _ => {
            let input = cli::open(&file.unwrap_or_else(|| PathBuf::from("-")))?;
            stranger::read(input.bytes, now).context(|| input.name)?
        }
    };
    is.map_or(Ok(()), |spoken| them.check_is(&spoken))?;
    them.note = note.unwrap_or_default();
    Ok(them)
}

pub fn tell_asked(console: &mut cli::Console, who: &Contact) {
    console.note(&format!("{} will be asked when sn-sync runs next", who.petname));
}

pub fn accept(
    home: &Home,
    store: &mut Store,
    who: &str,
    now: Timestamp,
    console: &mut cli::Console,
) -> Result<()> {
    let who = contacts::find(store.read(), who)?;
    if decide::accept(store, &Keyring::load(&home.identity())?, &who, now)? == Accepted::Asked {
        tell_asked(console, &who);
    }
    Ok(())
}

pub fn introduce(
    home: &Home,
    store: &mut Store,
    two: [&str; 2],
    note: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let [one, other] = two.map(|who| contacts::find(store.read(), who));
    introduce::introduce(store, me(home)?, [&one?, &other?], note, now)
}

pub fn block(home: &Home, store: &mut Store, who: &str, now: Timestamp) -> Result<()> {
    let who = named::person(store.read(), who)?;
    decide::block(store, me(home)?, who, now)
}
