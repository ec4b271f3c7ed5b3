//! Packets: what sn-pack, sn-seal and sn-send do.

use super::{Done, people};
use crate::{body::Form, node::Desk, upload::Upload};
use socialnet::{
    Error, Kind, Result, attach,
    compose::{Author, Draft},
    post::post,
    render::html::anchor,
    store::{
        contacts,
        feed::{self, Query},
        named,
    },
};
use std::path::PathBuf;

/// `sn-pack status | sn-seal --to | sn-send`.
pub fn status(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let draft = Draft { text: Some(words(form)?), ..Draft::default() };
    let packet = author(desk).status(draft)?;
    send(desk, vec![packet], &[reader(form)], Done::see("/"))
}

/// `sn-pack message --to | sn-seal | sn-send`.
pub fn message(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let who = people::contact(desk, form)?;
    let draft = Draft { text: Some(words(form)?), to: vec![who.fingerprint.to_string()], ..Draft::default() };
    let packet = author(desk).message(draft)?;
    send(
        desk,
        vec![packet],
        &[],
        Done::see(format!("/person/{}", who.fingerprint)).saying("It is on its way."),
    )
}

/// `sn-pack photo | sn-seal --to | sn-send`.
pub fn photo(desk: &mut Desk<'_>, upload: &Upload) -> Result<Done> {
    if upload.photos.is_empty() {
        return Err(Error::new(Kind::Usage, "no photograph was chosen"));
    }
    let (paths, alts): (Vec<_>, Vec<_>) = upload.photos.iter().cloned().unzip();
    let attachments =
        attach::photos(&paths, alts, &desk.home.blobs()).map_err(|error| as_chosen(&paths, error))?;
    let draft = Draft { text: upload.form.words("text"), attachments, ..Draft::default() };
    let packet = author(desk).photo(draft)?;
    send(desk, vec![packet], &[reader(&upload.form)], Done::see("/"))
}

/// Why a photograph is refused, without what a browser's user has no use for: where it is kept, and what to type.
fn as_chosen(paths: &[PathBuf], error: Error) -> Error {
    let message = paths.iter().fold(error.message().to_owned(), |message, path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        message.replace(&path.display().to_string(), &name)
    });
    Error::new(error.kind(), message)
}

/// `sn-pack comment | sn-seal | sn-send`.
pub fn comment(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let draft = Draft { text: Some(words(form)?), ..Draft::default() };
    let packet = author(desk).comment(form.get("about"), draft)?;
    let seen = conversation(desk, form)?;
    send(desk, vec![packet], &[], seen)
}

/// `sn-pack reaction | sn-seal | sn-send`.
pub fn reaction(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let sign = form.words("sign").ok_or_else(|| Error::new(Kind::Usage, "no sign was chosen"))?;
    let seen = conversation(desk, form)?;
    if has_reacted(desk, form.get("about"), &sign)? {
        return Ok(seen);
    }
    let packet = author(desk).reaction(form.get("about"), Draft { text: Some(sign), ..Draft::default() })?;
    send(desk, vec![packet], &[], seen)
}

/// A button pressed twice says nothing new.
fn has_reacted(desk: &Desk<'_>, about: &str, sign: &str) -> Result<bool> {
    let (db, now) = (desk.store.read(), desk.instant());
    let own = Query {
        from: Some(desk.me),
        about: Some(named::find(db, about, now)?),
        kind: Some("reaction".into()),
        ..Query::default()
    };
    for seq in feed::rows(db, &own, now)? {
        if feed::entry(db, seq, now)?.text == sign {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `sn-pack retract | sn-seal | sn-send`.
pub fn retract(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let packet = author(desk).retract(form.get("about"))?;
    send(
        desk,
        vec![packet],
        &[],
        Done::see("/").saying("It is taken back; readers' nodes are asked to forget it."),
    )
}

fn author<'a>(desk: &'a Desk<'_>) -> Author<'a> {
    Author { fingerprint: desk.me, now: desk.instant(), db: desk.store.read() }
}

fn words(form: &Form) -> Result<String> {
    form.words("text").ok_or_else(|| Error::new(Kind::Usage, "nothing to say"))
}

/// As it is chosen: everybody, or a group.
fn reader(form: &Form) -> String {
    form.filled("to").unwrap_or(contacts::EVERYBODY).to_owned()
}

/// Back to what was answered.
fn conversation(desk: &Desk<'_>, form: &Form) -> Result<Done> {
    let target = named::find(desk.store.read(), form.get("about"), desk.instant())?;
    let (root, place) = (target.root, anchor(&target.name));
    Ok(Done::see(format!("/thread/{}/{}#{place}", root.from, root.id)))
}

/// `sn-seal | sn-send`.
pub fn send(desk: &mut Desk<'_>, packets: Vec<Vec<u8>>, to: &[String], done: Done) -> Result<Done> {
    let (keyring, now) = (desk.keyring()?, desk.instant());
    let failures = post(desk.home, desk.store, &keyring, packets, to, now)?;
    if failures.is_empty() {
        return Ok(done.sending());
    }
    let words: Vec<_> = failures.iter().map(Error::message).collect();
    Ok(done.saying(format!("Not all went well: {}.", words.join("; "))).sending())
}
