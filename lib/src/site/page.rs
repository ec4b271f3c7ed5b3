//! Each kind of page, with the frame that they have in common.

use crate::{
    Error, Kind, Result,
    render::html::{Conversation, Person, Who, called},
    store::feed::{self, Entry},
    text,
};
use askama::Template;

/// Columns of a thread's title.
const TITLE: usize = 60;

/// What is around a page.
pub(super) struct Frame<'a> {
    /// Its heading.
    pub title: String,
    /// Whose site it is.
    pub owner: &'a str,
    /// What leads from it to the first page.
    pub up: &'static str,
    /// Which of the ways in the bar leads here.
    pub here: &'static str,
}

/// A way to another page.
pub(super) struct Link {
    /// Where.
    pub href: String,
    /// What is there.
    pub words: String,
}

/// A month.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Month {
    /// Its newest page.
    pub href: String,
    /// `November 2026`.
    pub name: String,
    /// Packets.
    pub count: u32,
}

#[derive(Template)]
#[template(path = "site-rows.html")]
struct Rows<'a> {
    frame: Frame<'a>,
    conversations: Vec<Conversation>,
    older: Option<Link>,
    newer: Option<Link>,
}

#[derive(Template)]
#[template(path = "site-thread.html")]
struct Thread<'a> {
    frame: Frame<'a>,
    heading: String,
    conversations: Vec<Conversation>,
    all: bool,
}

#[derive(Template)]
#[template(path = "site-person.html")]
struct OnePerson<'a> {
    frame: Frame<'a>,
    person: Person,
    conversations: Vec<Conversation>,
}

#[derive(Template)]
#[template(path = "site-people.html")]
struct People<'a> {
    frame: Frame<'a>,
    people: Vec<Who>,
}

#[derive(Template)]
#[template(path = "site-index.html")]
struct Index<'a> {
    frame: Frame<'a>,
    conversations: Vec<Conversation>,
    months: Vec<Month>,
}

/// A page of a month; conversations come oldest first.
pub(super) fn rows(
    frame: Frame<'_>,
    conversations: Vec<Conversation>,
    older: Option<Link>,
    newer: Option<Link>,
) -> Result<String> {
    html(&Rows { frame, conversations, older, newer })
}

/// A thread, which `first` begins; `all` of it, or the newest answers.
pub(super) fn thread(
    frame: Frame<'_>,
    first: &feed::Person,
    conversations: Vec<Conversation>,
    all: bool,
) -> Result<String> {
    let heading = if first.own { "Your thread".into() } else { format!("Thread of {}", called(first)) };
    html(&Thread { frame, heading, conversations, all })
}

/// Somebody, and what they said last.
pub(super) fn person(frame: Frame<'_>, person: Person, conversations: Vec<Conversation>) -> Result<String> {
    html(&OnePerson { frame, person, conversations })
}

/// Everybody.
pub(super) fn people(frame: Frame<'_>, people: Vec<Who>) -> Result<String> {
    html(&People { frame, people })
}

/// The first page.
pub(super) fn index(
    frame: Frame<'_>,
    conversations: Vec<Conversation>,
    months: Vec<Month>,
) -> Result<String> {
    html(&Index { frame, conversations, months })
}

/// What a thread is called: the first words of what begins it.
pub(super) fn thread_title(entry: &Entry) -> String {
    let line = text::lines(&entry.text);
    let line = line.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.is_empty() { "Thread".into() } else { text::truncate(line, TITLE) }
}

fn html(page: &impl Template) -> Result<String> {
    page.render().map_err(|error| Error::new(Kind::Io, format!("cannot make a page: {error}")))
}
