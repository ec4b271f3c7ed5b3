//! Where everything is in the folder, by names that do not depend on the order in which things came.

use super::parts::Part;
use crate::{
    Error, Fingerprint, Result,
    packet::Name,
    render::html::{self, anchor},
    store::{
        contacts::{self, State},
        feed::{Attachment, Entry},
        former, packets, touched,
    },
};
use jiff::{Timestamp, tz::TimeZone};
use rusqlite::Connection;
use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The folders beside the pages of months.
pub(super) const FOLDERS: [&str; 3] = ["people", "photos", "threads"];

/// Where the page of a thread is.
pub(super) fn thread_page(root: Name) -> String {
    format!("threads/{}.html", anchor(&root))
}

/// Where the page of somebody is.
pub(super) fn person_page(who: Fingerprint) -> String {
    format!("people/{who}.html")
}

/// Where the preview of a photograph is, and the photograph, if there are such. The ending goes by the announced type, of
/// four: a browser takes none of them for anything but a picture.
pub(super) fn picture_names(packet: &Name, attachment: &Attachment) -> (Option<String>, Option<String>) {
    let stem = format!("photos/{}-{}", anchor(packet), attachment.number);
    let ending = match attachment.media_type.as_str() {
        "image/jpeg" => Some("jpg"),
        "image/png" => Some("png"),
        "image/webp" => Some("webp"),
        "image/gif" => Some("gif"),
        _ => None,
    };
    let small = attachment.has_preview.then(|| format!("{stem}-small.jpg"));
    let large = ending.filter(|_| attachment.complete()).map(|ending| format!("{stem}.{ending}"));
    (small, large)
}

/// A map of the site.
pub(super) struct Places<'a> {
    db: &'a Connection,
    folder: PathBuf,
    own: Fingerprint,
    zone: TimeZone,
    /// Where each page of a month begins.
    parts: Vec<(i64, String)>,
    /// Under which key each is shown.
    people: RefCell<HashMap<Fingerprint, Option<Fingerprint>>>,
    failure: RefCell<Option<Error>>,
}

impl<'a> Places<'a> {
    /// The map of the site in `folder`, whose owner is `own`.
    pub fn new(db: &'a Connection, folder: &Path, own: Fingerprint, zone: &TimeZone, parts: &[Part]) -> Self {
        Self {
            db,
            folder: folder.to_owned(),
            own,
            zone: zone.clone(),
            parts: parts.iter().map(|part| (part.first, part.page())).collect(),
            people: RefCell::default(),
            failure: RefCell::default(),
        }
    }

    /// The map as a page sees it from which `up` leads to the first one.
    pub fn up(&self, up: &'static str) -> From<'_> {
        From { places: self, up }
    }

    /// The key whose page shows somebody: a contact's present key, whichever they had. The blocked have no page.
    pub fn page_of(&self, who: Fingerprint) -> Result<Option<Fingerprint>> {
        if let Some(known) = self.people.borrow().get(&who) {
            return Ok(*known);
        }
        let found = match contacts::by_fingerprint(self.db, who)? {
            Some(contact) if contact.state == State::Blocked => None,
            Some(contact) => Some(contact.fingerprint),
            None if who == self.own || former::was_mine(self.db, who)? => Some(self.own),
            None if touched::is_author(self.db, who)? => Some(who),
            None => None,
        };
        self.people.borrow_mut().insert(who, found);
        Ok(found)
    }

    /// Whether the database could be asked for all that was shown.
    pub fn check(&self) -> Result<()> {
        self.failure.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// The page of the month on which a packet is.
    fn month_of(&self, packet: Name) -> Result<Option<String>> {
        let row = packets::row(self.db, packet)?;
        let at = row.and_then(|row| self.parts.partition_point(|(first, _)| *first <= row).checked_sub(1));
        Ok(at.map(|at| self.parts[at].1.clone()))
    }

    fn found<T>(&self, result: Result<Option<T>>) -> Option<T> {
        result.unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            None
        })
    }
}

/// The map, as seen from a page.
pub(super) struct From<'a> {
    places: &'a Places<'a>,
    up: &'static str,
}

impl From<'_> {
    fn picture(&self, name: Option<String>) -> Option<String> {
        let there = name.filter(|name| self.places.folder.join(name).is_file());
        there.map(|name| format!("{}{name}", self.up))
    }
}

impl html::Site for From<'_> {
    fn person(&self, who: Fingerprint) -> Option<String> {
        let page = self.places.found(self.places.page_of(who));
        page.map(|who| format!("{}{}", self.up, person_page(who)))
    }

    fn thread(&self, root: Name) -> Option<String> {
        let page = self.places.found(self.places.month_of(root));
        page.map(|page| format!("{}{page}", self.up))
    }

    // The page of its month is where a packet stays, whether or not anybody answers.
    fn packet(&self, packet: Name, _root: Name) -> Option<String> {
        self.thread(packet).map(|page| format!("{page}#{}", anchor(&packet)))
    }

    fn preview(&self, entry: &Entry, attachment: &Attachment) -> Option<String> {
        let packet = Name { from: entry.author.fingerprint, id: entry.id };
        self.picture(picture_names(&packet, attachment).0)
    }

    fn file(&self, entry: &Entry, attachment: &Attachment) -> Option<String> {
        let packet = Name { from: entry.author.fingerprint, id: entry.id };
        self.picture(picture_names(&packet, attachment).1)
    }

    fn time(&self, then: Timestamp) -> String {
        then.to_zoned(self.places.zone.clone()).strftime("%-d %B %Y, %H:%M").to_string()
    }
}
