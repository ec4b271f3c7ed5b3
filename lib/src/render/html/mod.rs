//! The feed for browsers: one way of showing a packet, a conversation and a person, for every site that shows them.
//!
//! | file | shows |
//! |---|---|
//! | `words.rs` | a text as paragraphs, with its links |
//! | `packet.rs` | a packet, and a conversation: a packet with what answers it beneath |
//! | `person.rs` | who somebody is |
//!
//! The templates are files in `lib/templates`; askama escapes all that they are given. They are XHTML, read as HTML or as
//! XML alike, without scripts and without styles of their own: [`STYLE`] is the one style sheet, in which forms have their
//! place too. What is shown here implements `askama::filters::HtmlSafe`, so that the templates of a site take it in with
//! `{{ conversation }}`. A [`Site`] says where its pages are.
//!
//! Nobody else's markup gets through, and neither do characters that nobody sees: they are shown as marks, as on a terminal.

mod packet;
mod person;
mod words;

pub use packet::{Conversation, Packet, conversations};
pub use person::{Person, Who};

use super::{name, remarks, xml_line, xml_lines};
use crate::{
    Fingerprint,
    packet::Name,
    store::feed::{self, Attachment, Entry},
};
use jiff::Timestamp;

/// The style sheet.
pub const STYLE: &str = include_str!("../../../templates/style.css");

/// What differs between the sites that show packets. What it gives as an address becomes an attribute, escaped; no stranger
/// may have a say in what scheme it has.
pub trait Site {
    /// Where somebody is shown, if anywhere.
    fn person(&self, who: Fingerprint) -> Option<String>;
    /// Where the conversation is shown that a root begins, if anywhere.
    fn thread(&self, root: Name) -> Option<String>;
    /// Where a packet is in the thread of a root, if anywhere.
    fn packet(&self, packet: Name, root: Name) -> Option<String> {
        self.thread(root).map(|page| format!("{page}#{}", anchor(&packet)))
    }
    /// Where the small picture of a photograph is, if anywhere.
    fn preview(&self, entry: &Entry, attachment: &Attachment) -> Option<String>;
    /// Where a file can be had, if anywhere.
    fn file(&self, entry: &Entry, attachment: &Attachment) -> Option<String>;
    /// A time, for people.
    fn time(&self, then: Timestamp) -> String;
    /// Whether the reader has not seen it yet.
    fn is_new(&self, _entry: &Entry) -> bool {
        false
    }
    /// What can be done with a packet: HTML, made by a template, for the end of it.
    fn tools(&self, _entry: &Entry) -> Option<String> {
        None
    }
}

/// What somebody is called on pages.
pub fn called(person: &feed::Person) -> String {
    xml_line(&name(person))
}

/// A packet's name where a page needs one: as an anchor and in names of files. 80 bits of the author's fingerprint are more
/// than anybody can forge beside an id.
pub fn anchor(name: &Name) -> String {
    let mut anchor = format!("{}-{}", name.id, name.from);
    anchor.truncate(anchor.len() - Fingerprint::TEXT_LENGTH + 16);
    anchor
}
