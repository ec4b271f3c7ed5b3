//! People the owner knows, people who want to be known, and the ways to meet.

use super::{Frame, Place, render};
use crate::node::Desk;
use askama::Template;
use socialnet::{
    Result,
    protocol::invitation::MAX_DAYS,
    render::{contacts::how, html::Who},
    store::{
        contacts::{self, Contact, State},
        feed,
        requests::{self, Came},
    },
    text,
};

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    frame: Frame,
    waiting: Vec<Request>,
    contacts: Vec<Known>,
    most_days: u32,
}

/// Somebody who waits.
struct Request {
    who: Who,
    fingerprint: String,
    calls_self: String,
    came: String,
    introducer: Option<String>,
    note: String,
    alarm: String,
    since: String,
    /// They search for the owner.
    searching: bool,
}

/// Somebody known.
struct Known {
    who: Who,
    standing: String,
    alarm: bool,
}

/// The page.
pub fn page(desk: &mut Desk<'_>, frame: Frame) -> Result<String> {
    let db = desk.store.snapshot()?;
    let place = Place { now: &desk.now, frame: &frame, read: None };
    let waiting = requests::all(&db, desk.instant())?;
    let waiting = waiting.iter().map(|(contact, came)| Request {
        who: who(&place, contact),
        fingerprint: contact.fingerprint.to_string(),
        calls_self: text::one_line(&contact.profile.name),
        came: how(came),
        introducer: contact.introducer.as_deref().map(text::one_line),
        note: text::one_line(&contact.note),
        alarm: text::one_line(&contact.alarm),
        since: text::ago(contact.since, &desk.now),
        searching: matches!(came, Came::Searching { .. }),
    });
    let waiting = waiting.collect();
    let known = contacts::all(&db)?;
    let known = known.iter().filter(|contact| !matches!(contact.state, State::Waiting | State::Introduced));
    let contacts = known.map(|contact| {
        let grade = Some(contact.grade.as_str()).filter(|grade| !grade.is_empty());
        let words = [Some(contact.state.as_str()), grade, contact.muted.then_some("muted")];
        let standing = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Known { who: who(&place, contact), standing, alarm: !contact.alarm.is_empty() }
    });
    let contacts = contacts.collect();
    render(&Page { waiting, contacts, most_days: MAX_DAYS, frame })
}

fn who(place: &Place<'_>, contact: &Contact) -> Who {
    let petname = Some(contact.petname.clone());
    Who::new(place, &feed::Person { fingerprint: contact.fingerprint, petname, claims: None, own: false })
}

/// A new invitation.
pub struct Invitation {
    /// What the friend who gets it is to be called.
    pub petname: Option<String>,
    /// What is handed over.
    pub text: String,
    /// As a picture: SVG.
    pub code: Option<String>,
    /// Days that it holds.
    pub days: u32,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Invited {
    frame: Frame,
    invitation: Invitation,
}

/// Shows an invitation, this once.
pub fn invitation(frame: Frame, invitation: Invitation) -> Result<String> {
    render(&Invited { frame, invitation })
}
