//! Where photographs are chosen, and what is shown when something could not be done.

use super::{Frame, render, sentence};
use crate::{node::Desk, upload::MOST};
use askama::Template;
use socialnet::{Error, Result, store::contacts, text};

/// The readers that a form offers.
pub struct Readers {
    /// Without their `@`.
    pub groups: Vec<String>,
    /// There is nobody yet.
    pub nobody: bool,
}

impl Readers {
    /// Those of an account.
    pub fn of(desk: &Desk<'_>) -> Result<Self> {
        let db = desk.store.read();
        let groups = contacts::groups(db)?.into_iter().map(|(group, _)| group).collect();
        Ok(Self { groups, nobody: contacts::resolve(db, contacts::EVERYBODY)?.is_empty() })
    }
}

#[derive(Template)]
#[template(path = "photo.html")]
struct Photo {
    frame: Frame,
    readers: Readers,
    /// Numbers of the rows after the first.
    more: Vec<usize>,
}

/// The form for photographs.
pub fn photo(desk: &mut Desk<'_>, frame: Frame) -> Result<String> {
    render(&Photo { frame, readers: Readers::of(desk)?, more: (2..=MOST).collect() })
}

#[derive(Template)]
#[template(path = "not-done.html")]
struct NotDone<'a> {
    frame: Frame,
    message: String,
    hint: Option<String>,
    /// What was written: the browser may have forgotten it.
    text: Option<&'a str>,
}

/// Says why something could not be done.
pub fn not_done(frame: Frame, error: &Error, written: Option<&str>) -> Result<String> {
    let hint = error.advice().map(text::one_line);
    render(&NotDone { frame, message: sentence(error.message()), hint, text: written })
}
