//! The owner asks somebody to become a contact: what `meeting.rs` takes in at the other end.

use super::{
    own,
    profile::{self, For},
    stranger::Stranger,
};
use crate::{
    Error, Kind, Result,
    identity::Keyring,
    packet::Body,
    store::{
        Store,
        contacts::{self, Contact, Grade, State},
        due::{self, Debt, DebtName},
        former,
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// `sn-contact add`: remembers whom we ask, and owes them a request. Gives the contact.
pub fn add(
    store: &mut Store,
    keyring: &Keyring,
    them: &Stranger,
    petname: Option<&str>,
    now: Timestamp,
) -> Result<Contact> {
    let me = keyring.identity.fingerprint;
    if them.from == me {
        return Err(Error::new(Kind::Usage, "this is your own invitation").hint("it is for a friend to add"));
    }
    if them.expires.is_some_and(|expires| expires < now) {
        return Err(Error::new(Kind::NotAllowed, "the invitation has ended").hint("ask for a new one"));
    }
    // Of the short form there is no more to check; and what goes under its key, without ML-KEM, is for anybody to know.
    let short = them.certificate.is_empty();
    if !short {
        profile::check_keys(&them.profile, &them.certificate, now)?;
    }
    let profile = profile::own(store.read(), keyring, if short { For::Public } else { For::Contacts })?;
    let successions = former::own(store.read())?;
    let body = Body::ContactRequest { profile, code: them.code, successions, opened: them.opened };
    let request = own::packet_with(me, body, now, |packet| {
        packet.text = Some(them.note.clone()).filter(|note| !note.is_empty());
    })?;

    let db = store.begin()?;
    let known = contacts::by_fingerprint(&db, them.from)?;
    match known.as_ref().map(|contact| contact.state) {
        // Perhaps they hold us as gone: what ended it may have been lost, or a backup. They answer as it stands with them.
        Some(State::Friend) => {
            if petname.is_some_and(|petname| known.as_ref().is_none_or(|known| known.petname != petname)) {
                return Err(Error::new(Kind::Usage, "you are contacts already, by another name"));
            }
        }
        Some(_) => {
            update(&db, them, now)?;
            contacts::set_state(&db, them.from, State::Asked)?;
            if let Some(petname) = petname {
                contacts::rename(&db, them.from, petname)?;
            }
        }
        None => {
            let petname = contacts::new_petname(&db, petname, &them.profile.name)?;
            contacts::insert(&db, &them.as_contact(&petname, State::Asked, now))?;
        }
    }
    if them.code.is_some() {
        contacts::raise_grade(&db, them.from, Grade::Invited)?;
    }
    due::forget_named(&db, them.from, DebtName::Bye)?;
    due::owe(&db, them.from, &Debt::Packet(DebtName::Request, request), now)?;
    db.commit()?;
    contacts::by_fingerprint(store.read(), them.from)?
        .ok_or_else(|| Error::new(Kind::Io, "the contact is not there"))
}

// Somebody known may be reached in another way by now; of a stranger who was blocked there is only the fingerprint.
fn update(db: &Transaction<'_>, them: &Stranger, now: Timestamp) -> Result<()> {
    contacts::set_certificate(db, them.from, &them.certificate)?;
    match contacts::by_fingerprint(db, them.from)? {
        // Whatever was handed over last counts: nothing before it was signed either.
        Some(known) if known.certificate.is_empty() => contacts::set_profile(db, them.from, &them.profile),
        Some(_) if them.certificate.is_empty() => Ok(()),
        _ => profile::receive(db, them.from, &them.profile, false, now),
    }
}
