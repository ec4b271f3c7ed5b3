//! What the owner decides about a person, wherever that person stands: each case is another choreography.

use super::{blocking, introduce, meeting, own, stranger::fingerprint_of};
use crate::{
    Error, Fingerprint, Kind, Result,
    identity::{Keyring, Purpose, ReaderKeys},
    packet::Body,
    store::{
        Store,
        contacts::{self, Contact, Grade, State},
        due::{self, Debt, DebtName},
        requests,
    },
};
use jiff::Timestamp;

/// What follows from accepting somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// They had asked, and are a friend now.
    Friend,
    /// They were introduced, and are asked when the node sends next.
    Asked,
}

/// `sn-contact accept`: accepts somebody who asked, or asks somebody who was introduced.
pub fn accept(store: &mut Store, keyring: &Keyring, who: &Contact, now: Timestamp) -> Result<Accepted> {
    match who.state {
        State::Introduced => introduce::accept(store, keyring, who, now).map(|()| Accepted::Asked),
        _ => befriend(store, who, now).map(|()| Accepted::Friend),
    }
}

// Somebody in the waiting room becomes a friend.
fn befriend(store: &mut Store, who: &Contact, now: Timestamp) -> Result<()> {
    if who.state != State::Waiting {
        return Err(Error::new(
            Kind::Usage,
            format!("{} did not ask: their state is {}", who.petname, who.state.as_str()),
        ));
    }
    let db = store.begin()?;
    meeting::befriend(&db, who.fingerprint, now)?;
    due::owe(&db, who.fingerprint, &Debt::Accept, now)?;
    Ok(db.commit()?)
}

/// What was added came from the hands of whose it is: the key in it is theirs for sure.
pub fn met(store: &mut Store, who: &Contact) -> Result<()> {
    let db = store.begin()?;
    contacts::raise_grade(&db, who.fingerprint, Grade::Checked)?;
    Ok(db.commit()?)
}

/// Blocks somebody, whether or not anything is known of them but a fingerprint.
pub fn block(store: &mut Store, me: Fingerprint, who: Fingerprint, now: Timestamp) -> Result<()> {
    match contacts::by_fingerprint(store.read(), who)? {
        Some(_) => blocking::block(store, who),
        None => blocking::block_stranger(store, me, who, now),
    }
}

/// `sn-contact check`: what somebody read aloud, in any grouping, is their fingerprint: from now on the key is theirs
/// for sure, and what alarmed is settled.
pub fn check(store: &mut Store, who: &Contact, spoken: &str) -> Result<()> {
    if fingerprint_of(spoken)? != who.fingerprint {
        return Err(Error::new(
            Kind::NotAllowed,
            format!("that is not the fingerprint known of {}", who.petname),
        )
        .hint("compare once more; if it still differs, somebody stands between you"));
    }
    let db = store.begin()?;
    contacts::raise_grade(&db, who.fingerprint, Grade::Checked)?;
    contacts::settle_alarm(&db, who.fingerprint)?;
    Ok(db.commit()?)
}

/// `sn-contact remove`: says goodbye and forgets what was owed.
pub fn remove(store: &mut Store, keyring: &Keyring, who: &Contact, now: Timestamp) -> Result<()> {
    let bye = own::packet(keyring.identity.fingerprint, Body::ContactBye, now)?;
    let db = store.begin()?;
    due::forget(&db, who.fingerprint)?;
    // Newer keys can't be asked for: from somebody who is gone they are not taken.
    let sealing = who.profile.sealing.as_ref();
    let opens = sealing.is_some_and(|offer| ReaderKeys::usable(offer, Purpose::Sealing, now));
    if who.state == State::Friend && opens {
        due::owe(&db, who.fingerprint, &Debt::Packet(DebtName::Bye, bye), now)?;
    }
    contacts::set_state(&db, who.fingerprint, State::Gone)?;
    Ok(db.commit()?)
}

/// `sn-contact ignore`: forgets somebody who waits. They are not told, and may ask again.
pub fn ignore(store: &mut Store, who: &Contact) -> Result<()> {
    if !matches!(who.state, State::Waiting | State::Introduced) {
        let message = format!("{} does not wait: their state is {}", who.petname, who.state.as_str());
        return Err(Error::new(Kind::Usage, message));
    }
    let db = store.begin()?;
    requests::forget(&db, who.fingerprint)?;
    Ok(db.commit()?)
}
