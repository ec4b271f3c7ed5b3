//! What is shown. Each page is a template that askama escapes; packets and people in it are shown by the library.

pub mod feed;
pub mod files;
pub mod people;
pub mod person;
mod place;
pub mod searches;
pub mod waiting;
pub mod write;

use crate::{
    node::Desk,
    reply::{self, Reply},
    session::Session,
};
use askama::Template;
use hyper::StatusCode;
use place::Place;
use socialnet::{
    Error, Fingerprint, Kind, Result,
    packet::Name,
    store::{account, named, requests, streams},
    text,
};

/// What stands around every page.
pub struct Frame {
    /// Of the owner.
    name: String,
    me: Fingerprint,
    /// Every key that they have or had.
    keys: Vec<Fingerprint>,
    /// The secret of the forms.
    form: String,
    said: Option<String>,
    /// What the owner must see wherever they are, and what helps.
    alarm: Option<(String, String)>,
    /// People who wait for a decision.
    requests: u32,
}

impl Frame {
    /// For somebody who is inside.
    pub fn new(desk: &Desk<'_>, session: &Session) -> Result<Self> {
        let db = desk.store.read();
        Ok(Self {
            name: text::one_line(&account::get(db)?.name),
            me: desk.me,
            keys: named::keys(db, desk.me)?,
            form: session.form.reveal().to_owned(),
            said: session.said().map(|words| text::one_line(&words)),
            alarm: streams::alarm(db)?.map(|alarm| {
                let advice = text::one_line(alarm.advice().unwrap_or_default());
                (sentence(alarm.message()), sentence(&advice))
            }),
            requests: requests::undecided(db)?,
        })
    }
}

/// What stands after the question mark.
pub struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads it, whatever it is.
    pub fn read(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// A word.
    pub fn word(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        self.word(name).map(|word| word.parse().map_err(|_| nothing())).transpose()
    }
}

/// The packet that a path names.
pub fn packet_name(from: &str, id: &str) -> Result<Name> {
    Ok(Name { from: fingerprint(from)?, id: id.parse().map_err(|_| nothing())? })
}

/// The person whom a path names.
pub fn fingerprint(word: &str) -> Result<Fingerprint> {
    word.parse().map_err(|_| nothing())
}

/// The number in a path.
pub fn number(word: &str) -> Result<u32> {
    word.parse().map_err(|_| nothing())
}

fn nothing() -> Error {
    Error::new(Kind::Nothing, "there is nothing here")
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refused<'a> {
    message: &'a str,
    hint: Option<&'a str>,
    /// Whether the way in leads anywhere.
    inside: bool,
}

/// How whoever is outside comes in.
pub const WAY_IN: &str =
    "Start sn-web anew, or send it the signal USR1: it prints an address that lets one browser in.";

/// A page for whoever is not let in, or asked for what is not there.
pub fn refusal(status: StatusCode, message: &str, hint: Option<&str>) -> Reply {
    let inside = status != StatusCode::UNAUTHORIZED;
    let html = Refused { message, hint, inside }.render().unwrap_or_default();
    reply::page(status, html)
}

/// The page for whoever has just left.
pub fn left() -> Reply {
    let page = Refused { message: "You have left.", hint: Some(WAY_IN), inside: false };
    reply::page(StatusCode::OK, page.render().unwrap_or_default())
}

/// A page about what went wrong.
pub fn failure(error: &Error) -> Reply {
    let hint = error.advice().map(text::one_line);
    refusal(reply::status(error), &sentence(error.message()), hint.as_deref())
}

/// What the commands say of a failure, as a sentence on a page.
fn sentence(message: &str) -> String {
    let message = text::one_line(message);
    let mut letters = message.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

fn render(template: &impl Template) -> Result<String> {
    template.render().map_err(|error| Error::new(Kind::Io, format!("cannot make the page: {error}")))
}
