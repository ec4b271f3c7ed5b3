//! Somebody: who they are, what they wrote, and what the owner can decide about them.

use super::{
    Asked, Frame, Place,
    feed::{PAGE, older, one_by_one},
    render,
};
use crate::node::Desk;
use askama::Template;
use socialnet::{
    Fingerprint, Result,
    render::html::{self, Conversation},
    store::{
        account,
        contacts::{self, State},
        feed::{self, Query},
    },
};

#[derive(Template)]
#[template(path = "person-page.html")]
struct Page {
    frame: Frame,
    who: Fingerprint,
    person: html::Person,
    decisions: Decisions,
    conversations: Vec<Conversation>,
    path: String,
    first: bool,
    older: Option<i64>,
}

/// What there is to decide.
struct Decisions {
    write: bool,
    /// The owner's fingerprint, to be read to them.
    compare: Option<String>,
    waits: bool,
    mute: bool,
    unmute: bool,
    block: bool,
    unblock: bool,
}

/// The page of somebody.
pub fn page(desk: &mut Desk<'_>, frame: Frame, who: Fingerprint, asked: &Asked) -> Result<String> {
    let before = asked.number("before")?;
    let db = desk.store.snapshot()?;
    let query = Query { limit: Some(PAGE), before, from: Some(who), ..desk.unhidden()? };
    let rows = feed::rows(&db, &query, desk.instant())?;
    let place = Place { now: &desk.now, frame: &frame, read: None };
    let known = contacts::by_fingerprint(&db, who)?;
    let own = who == desk.me;
    let person = match &known {
        _ if own => html::Person::owner(&place, who, &account::get(&db)?),
        Some(contact) => html::Person::contact(&place, contact),
        None => {
            let last = rows.last().map(|seq| feed::entry(&db, *seq, desk.instant())).transpose()?;
            let claims = last.and_then(|entry| entry.author.claims);
            html::Person::stranger(&place, &feed::Person { fingerprint: who, petname: None, claims, own })
        }
    };
    let state = known.as_ref().map(|contact| contact.state);
    let muted = known.as_ref().is_some_and(|contact| contact.muted);
    let page = Page {
        who,
        person,
        decisions: Decisions {
            write: state == Some(State::Friend),
            compare: matches!(state, Some(State::Friend | State::Asked | State::Waiting | State::Introduced))
                .then(|| desk.me.spoken()),
            waits: matches!(state, Some(State::Waiting | State::Introduced)),
            mute: !own && !muted,
            unmute: !own && muted,
            block: !own && state != Some(State::Blocked),
            unblock: state == Some(State::Blocked),
        },
        conversations: one_by_one(desk, &place, &rows)?,
        path: format!("/person/{who}"),
        first: before.is_none(),
        older: older(&rows),
        frame,
    };
    render(&page)
}
