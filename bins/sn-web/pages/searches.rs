//! The people the owner looks for through their contacts, and those who have answered.

use super::{Frame, Place, render, write::Readers};
use crate::node::Desk;
use askama::Template;
use socialnet::{
    Fingerprint, Result,
    render::html::Who,
    search::Handle,
    slip::MAX_NOTE,
    store::{
        contacts, feed,
        own_searches::{self, ListedSearch},
    },
    text,
};

/// Something that people are found by.
pub struct Detail {
    /// As in socialnet-search(7).
    pub key: &'static str,
    label: &'static str,
    /// Whether it is asked for first.
    first: bool,
}

const fn detail(key: &'static str, label: &'static str, first: bool) -> Detail {
    Detail { key, label, first }
}

/// What is asked for, in the order of the page.
pub const DETAILS: [Detail; 11] = [
    detail("name", "Name", true),
    detail("town", "Town", true),
    detail("born", "Born: a day as 1815-12-10, or a year", true),
    detail("former-name", "Former name", false),
    detail("nick", "Nickname", false),
    detail("street", "Street", false),
    detail("school", "School", false),
    detail("employer", "Employer", false),
    detail("club", "Club", false),
    detail("phone", "Telephone number with its country, as +44 20 7946 0018", false),
    detail("mail", "Mail address", false),
];

#[derive(Template)]
#[template(path = "searches.html")]
struct Page {
    frame: Frame,
    first: Vec<&'static Detail>,
    more: Vec<&'static Detail>,
    most_note: usize,
    nobody: bool,
    searches: Vec<Search>,
}

struct Search {
    number: i64,
    details: String,
    note: String,
    begun: String,
    ends: Option<String>,
    asked: u32,
    answers: Vec<Answer>,
}

struct Answer {
    who: Who,
    state: String,
    by: String,
    /// The contact who was asked first.
    through: Who,
}

/// The page.
pub fn page(desk: &mut Desk<'_>, frame: Frame) -> Result<String> {
    let db = desk.store.snapshot()?;
    let place = Place { now: &desk.now, frame: &frame, read: None };
    let who = |fingerprint: Fingerprint| -> Result<Who> {
        let petname = contacts::by_fingerprint(&db, fingerprint)?.map(|contact| contact.petname);
        Ok(Who::new(&place, &feed::Person { fingerprint, petname, claims: None, own: false }))
    };
    let search = |listed: &ListedSearch| -> Result<Search> {
        let answer = |answer: &own_searches::Answer| -> Result<Answer> {
            Ok(Answer {
                who: who(answer.fingerprint)?,
                state: answer.state.clone(),
                by: text::one_line(&answer.handle),
                through: who(answer.introducer)?,
            })
        };
        Ok(Search {
            number: listed.id,
            details: text::one_line(&Handle::from_canonical(&listed.details)?.to_string()),
            note: text::one_line(&listed.note),
            begun: text::ago(listed.begun, &desk.now),
            ends: (listed.ends > desk.instant()).then(|| text::ago(listed.ends, &desk.now)),
            asked: listed.asked,
            answers: listed.answers.iter().map(answer).collect::<Result<_>>()?,
        })
    };
    let all = own_searches::all(&db)?;
    let searches = all.iter().rev().map(search).collect::<Result<_>>()?;
    let (first, more) = DETAILS.iter().partition(|detail| detail.first);
    let nobody = Readers::of(desk)?.nobody;
    render(&Page { first, more, most_note: MAX_NOTE, nobody, searches, frame })
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::search::canon::KEYS;
    use std::collections::BTreeSet;

    #[test]
    fn everything_that_people_are_found_by_is_asked_for() {
        let asked: BTreeSet<&str> = DETAILS.iter().map(|detail| detail.key).collect();
        assert_eq!(asked, KEYS.iter().map(|(key, _)| *key).collect());
    }
}
