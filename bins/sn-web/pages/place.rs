//! Where things are on this site, and what can be done with a packet.

use super::Frame;
use askama::Template;
use jiff::{Timestamp, Zoned};
use socialnet::{
    Fingerprint,
    packet::Name,
    render::html::Site,
    store::feed::{Attachment, Entry},
    text,
};

/// This site, at a moment.
pub struct Place<'a> {
    pub now: &'a Zoned,
    pub frame: &'a Frame,
    /// Rows after this one are new.
    pub read: Option<i64>,
}

/// What can be done with a packet.
#[derive(Template)]
#[template(path = "tools.html")]
struct Tools<'a> {
    form: &'a str,
    about: String,
    author: String,
    open: bool,
    /// What that is called, and the button.
    take_back: Option<(&'static str, &'static str)>,
}

impl Site for Place<'_> {
    fn person(&self, who: Fingerprint) -> Option<String> {
        Some(format!("/person/{who}"))
    }

    fn thread(&self, root: Name) -> Option<String> {
        Some(format!("/thread/{}/{}", root.from, root.id))
    }

    fn preview(&self, entry: &Entry, attachment: &Attachment) -> Option<String> {
        attachment.has_preview.then(|| path("preview", entry, attachment))
    }

    fn file(&self, entry: &Entry, attachment: &Attachment) -> Option<String> {
        attachment.complete().then(|| path("file", entry, attachment))
    }

    fn time(&self, then: Timestamp) -> String {
        text::ago(then, self.now)
    }

    fn is_new(&self, entry: &Entry) -> bool {
        !entry.author.own && self.read.is_some_and(|read| entry.seq > read)
    }

    fn tools(&self, entry: &Entry) -> Option<String> {
        if entry.gone.is_some() {
            return None;
        }
        let author = &entry.author;
        let petname = author.petname.as_deref().map(text::one_line);
        let in_own_thread = entry.thread.is_some_and(|root| self.frame.keys.contains(&root.from));
        let tools = Tools {
            form: &self.frame.form,
            about: format!("{}/{}", author.fingerprint, entry.id),
            author: if author.own { "you".into() } else { petname.unwrap_or(author.fingerprint.short()) },
            open: !entry.closed,
            take_back: match author.own {
                true => Some(("Take back", "Take it back")),
                false => in_own_thread.then_some(("Remove", "Remove it for everybody")),
            },
        };
        tools.render().ok()
    }
}

fn path(what: &str, entry: &Entry, attachment: &Attachment) -> String {
    format!("/{what}/{}/{}/{}", entry.author.fingerprint, entry.id, attachment.number)
}
