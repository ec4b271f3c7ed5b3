//! Meeting: what comes of it from the others, which is request, accept and goodbye, and the waiting room. What the owner does is
//! in `invitation.rs`, `asking.rs` and `decide.rs`.
//!
//! ```text
//! alice                                   bob
//!  invite ──── by any way ───────────────▶ add            alice: asked
//!  bob: friend, invited ◀─ contact-request
//!                contact-accept ─────────▶ alice: friend, invited
//!                          ◀──────── profile
//! ```
//!
//! Without a code the request waits: `waiting` until `accept` or `block`. Every packet may come twice: a request from a
//! friend is answered again, an accept from a friend is only a profile.

use super::{
    change, profile,
    search::answer,
    searchable,
    stranger::Stranger,
    succession::{self, Claim},
};
use crate::{
    Context, Fingerprint, Result, blob,
    envelope::Stream,
    profile::Profile,
    store::{
        contacts::{self, Grade, State},
        counters,
        due::{self, Debt, DebtName},
        invitations, requests,
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// People in the waiting room, at most; whoever comes then is not answered, and may ask again.
pub const WAITING_ROOM: u32 = 100;

/// Makes somebody a friend, and owes them what friends are told.
pub(super) fn befriend(db: &Transaction<'_>, who: Fingerprint, now: Timestamp) -> Result<()> {
    contacts::set_state(db, who, State::Friend)?;
    // A goodbye that has not left would end what begins now.
    due::forget_named(db, who, DebtName::Bye)?;
    // They may introduce us, and be asked for us.
    due::owe(db, who, &Debt::Public, now)?;
    searchable::tell_new_friend(db, who, now)?;
    change::tell_again(db, who, now)?;
    // A new friend should see at once that what they sent came.
    due::owe(db, who, &Debt::Received, now)
}

/// A `contact-request` came.
pub(super) fn request(
    db: &Transaction<'_>,
    them: &Stranger,
    successions: &[Vec<u8>],
    now: Timestamp,
) -> Result<()> {
    profile::check_keys(&them.profile, &them.certificate, now)?;
    let from = them.from;
    let claim = succession::follow(db, from, successions, now)?;
    if claim == Claim::Moved {
        contacts::set_certificate(db, from, &them.certificate)?;
        // Of whoever is not heard, too: what is for them some day must not go under keys that they have left.
        profile::receive(db, from, &them.profile, false, now)?;
    }
    asked(db, them, now)?;
    match claim {
        Claim::Unproven(who) => succession::alarm(db, from, who),
        Claim::Nothing | Claim::Moved | Claim::PassedOver => Ok(()),
    }
}

fn asked(db: &Transaction<'_>, them: &Stranger, now: Timestamp) -> Result<()> {
    let from = them.from;
    let known = contacts::by_fingerprint(db, from)?;
    let state = known.as_ref().map(|contact| contact.state);
    let digest = them.code.map(|code| blob::sha256(&code));
    let given = digest.map(|digest| invitations::get(db, &digest)).transpose()?.flatten();
    // Whoever is no friend any more must not come back by the code they once came with, however often they ask.
    let may_use_again = |user| user == from && state == Some(State::Friend);
    let holds =
        given.as_ref().is_some_and(|given| given.expires >= now && given.used_by.is_none_or(may_use_again));
    if state == Some(State::Blocked) {
        return Ok(());
    }
    let answer = them.opened.map(|shown| answer::check(db, from, &shown, now)).transpose()?.flatten();
    if known.is_none() {
        // Only a code that holds, and who was searched for, goes past the waiting room's quota.
        if !holds && answer.is_none() && requests::waiting(db)? >= WAITING_ROOM {
            return Ok(());
        }
        let wanted =
            given.as_ref().map(|given| given.petname.as_str()).filter(|petname| holds && !petname.is_empty());
        let free = |petname: &&str| contacts::by_petname(db, petname).is_ok_and(|other| other.is_none());
        let petname = contacts::new_petname(db, wanted.filter(free), &them.profile.name)?;
        contacts::insert(db, &them.as_contact(&petname, State::Waiting, now)).context(|| "the request")?;
    } else {
        profile::receive(db, from, &them.profile, false, now)?;
    }
    if state != Some(State::Friend) {
        requests::asked(db, from, &them.note, digest.as_ref())?;
    }
    if let Some(answer) = answer {
        answer.note(db, from)?;
    }
    if let (Some(given), Some(digest)) = (given, digest) {
        match given.used_by {
            Some(user) if user != from => {
                if given.in_person {
                    contacts::lower_grade(db, user, Grade::Invited)?;
                    invitations::not_in_person(db, &digest)?;
                }
                alarm(db, user, from)?;
            }
            _ if holds => {
                invitations::used(db, &digest, from)?;
                let grade = if given.in_person { Grade::Checked } else { Grade::Invited };
                contacts::raise_grade(db, from, grade)?;
            }
            _ => {}
        }
    }
    match state {
        // They may have lost our answer, and what they carried for us.
        Some(State::Friend) => {
            searchable::tell_new_friend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        // Each asked the other: both agree.
        Some(State::Asked) => {
            befriend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        _ if holds => {
            befriend(db, from, now)?;
            due::owe(db, from, &Debt::Accept, now)
        }
        _ => contacts::set_state(db, from, State::Waiting),
    }
}

fn alarm(db: &Transaction<'_>, first: Fingerprint, second: Fingerprint) -> Result<()> {
    let words = "their invitation's code was used by two people: compare fingerprints";
    contacts::add_alarm(db, first, words, &[words])?;
    contacts::add_alarm(db, second, words, &[words])
}

/// A `contact-accept` came: it counts only from somebody we asked.
pub(super) fn accepted(
    db: &Transaction<'_>,
    from: Fingerprint,
    profile: &Profile,
    now: Timestamp,
) -> Result<()> {
    let Some(contact) = contacts::by_fingerprint(db, from)? else { return Ok(()) };
    if !matches!(contact.state, State::Asked | State::Friend) {
        return Ok(());
    }
    profile::receive(db, from, profile, false, now)?;
    match contact.state {
        State::Asked => befriend(db, from, now),
        // They may have begun anew, with nothing of ours.
        _ => searchable::tell_new_friend(db, from, now),
    }
}

/// A `contact-bye` came, in an envelope with this counter. From the waiting room it changes nothing: whoever could leave it,
/// known for ever, would make room there for the next stranger. Nor does one that is late, and has been thought better of.
pub(super) fn bye(db: &Transaction<'_>, from: Fingerprint, stream: &Stream, counter: u64) -> Result<()> {
    if counters::met_after(db, from, stream, counter)? {
        return Ok(());
    }
    // A key that they have left ends nothing.
    let known = contacts::by_fingerprint(db, from)?.filter(|known| known.fingerprint == from);
    if !known.is_some_and(|known| matches!(known.state, State::Asked | State::Friend)) {
        return Ok(());
    }
    due::forget(db, from)?;
    contacts::set_state(db, from, State::Gone)
}
