//! People: what sn-contact does.

use super::{Done, Next};
use crate::{body::Form, node::Desk, pages::people::Invitation};
use qrcode::{EcLevel, QrCode, render::svg};
use socialnet::{
    Error, Fingerprint, Kind, Result,
    protocol::{
        asking, blocking,
        decide::{self, Accepted},
        invitation, stranger,
    },
    store::{
        contacts::{self, Contact},
        filter,
    },
    stream, text,
};

/// Pixels of a QR code's side, at least.
const CODE: u32 = 280;

/// `sn-contact accept`.
pub fn accept(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let (who, keyring, now) = (contact(desk, form)?, desk.keyring()?, desk.instant());
    let words = match decide::accept(desk.store, &keyring, &who, now)? {
        Accepted::Friend => format!("You and {} are contacts now.", who.petname),
        Accepted::Asked => format!("{} will be asked.", who.petname),
    };
    Ok(Done::see("/people").saying(words).sending())
}

/// `sn-contact ignore`.
pub fn ignore(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let who = contact(desk, form)?;
    decide::ignore(desk.store, &who)?;
    Ok(Done::see("/people").saying(format!("{} is forgotten, and not told so.", who.petname)))
}

/// `sn-contact block`.
pub fn block(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let (who, me, now) = (person(form)?, desk.me, desk.instant());
    decide::block(desk.store, me, who, now)?;
    Ok(Done::see("/people").saying("Nothing of theirs is read any more, and nothing goes to them."))
}

/// `sn-contact unblock`.
pub fn unblock(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let (who, now) = (contact(desk, form)?, desk.instant());
    blocking::unblock(desk.store, &who, now)?;
    let seen = Done::see(format!("/person/{}", who.fingerprint));
    Ok(seen.saying(format!("{} is what they were before.", who.petname)).sending())
}

/// `sn-contact check`.
pub fn check(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let who = contact(desk, form)?;
    decide::check(desk.store, &who, form.get("spoken"))?;
    let seen = Done::see(format!("/person/{}", who.fingerprint));
    Ok(seen.saying(format!("That is the key of {}: from now on it is sure.", who.petname)))
}

/// `sn-contact mute`.
pub fn mute(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    set_muted(desk, form, true)
}

/// `sn-contact unmute`.
pub fn unmute(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    set_muted(desk, form, false)
}

fn set_muted(desk: &mut Desk<'_>, form: &Form, muted: bool) -> Result<Done> {
    let who = person(form)?;
    let write = desk.store.begin()?;
    filter::mute(&write, who, muted)?;
    write.commit()?;
    let words = if muted { "What they say is not shown any more." } else { "What they say is shown again." };
    Ok(Done::see(format!("/person/{who}")).saying(words))
}

/// `sn-contact add`.
pub fn add(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let now = desk.instant();
    let mut them = stranger::read(form.get("invitation").as_bytes(), now)?;
    if let Some(spoken) = form.filled("is") {
        them.check_is(spoken)?;
    }
    them.note = form.words("note").unwrap_or_default();
    let keyring = desk.keyring()?;
    let who = asking::add(desk.store, &keyring, &them, form.filled("name"), now)?;
    Ok(Done::see("/people").saying(format!("{} will be asked.", who.petname)).sending())
}

/// `sn-contact invite`, or `sn-contact invite --qr`.
pub fn invite(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let (keyring, now, petname) = (desk.keyring()?, desk.instant(), form.filled("name"));
    let days = form.filled("days").map_or(Ok(invitation::MAX_DAYS), str::parse);
    let days = days.map_err(|_| Error::new(Kind::Usage, "that is no number of days"))?;
    let terms = invitation::Terms { petname, days, in_person: false };
    let (words, code) = if form.get("form-of") == "short" {
        let short = invitation::invite_short(desk.store, &keyring, &terms, now)?.to_string();
        let code = drawn(&short)?;
        (short, Some(code))
    } else {
        let mut pem = Vec::new();
        stream::write_pem(&mut pem, &invitation::invite(desk.store, &keyring, &terms, now)?)?;
        (String::from_utf8_lossy(&pem).into_owned(), None)
    };
    let petname = petname.map(text::one_line);
    let next = Next::Invitation(Invitation { petname, text: words, code, days });
    Ok(Done { next, said: None, sends: false })
}

fn drawn(words: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(words, EcLevel::L).map_err(|_| {
        Error::new(Kind::Usage, "the invitation is too long for a QR code: too many addresses")
    })?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(CODE, CODE).build();
    // In a page there is no declaration before it.
    Ok(picture.find("<svg").map_or_else(String::new, |at| picture[at..].to_owned()))
}

fn person(form: &Form) -> Result<Fingerprint> {
    form.get("who").parse().map_err(|error: Error| error.of_kind(Kind::Usage))
}

/// Who is named in a form.
pub fn contact(desk: &Desk<'_>, form: &Form) -> Result<Contact> {
    contacts::find(desk.store.read(), &person(form)?.to_string())
}
