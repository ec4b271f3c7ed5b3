//! Blocking, and taking it back: the blocked are answered with silence, and never learn of either.

use super::{change, searchable, stranger};
use crate::{
    Error, Fingerprint, Kind, Result,
    store::{
        Store,
        contacts::{self, Contact, State},
        due::{self, Debt},
        former,
    },
};
use jiff::Timestamp;

/// `sn-contact block`: from now on nothing of theirs is read and nothing goes to them, not even a goodbye.
pub fn block(store: &mut Store, who: Fingerprint) -> Result<()> {
    let db = store.begin()?;
    // By whichever of their keys they are named.
    let who = contacts::by_fingerprint(&db, who)?.map_or(who, |known| known.fingerprint);
    due::forget(&db, who)?;
    contacts::set_state(&db, who, State::Blocked)?;
    Ok(db.commit()?)
}

/// The same for somebody of whom nothing is known but what friends passed on.
pub fn block_stranger(store: &mut Store, me: Fingerprint, who: Fingerprint, now: Timestamp) -> Result<()> {
    if who == me {
        return Err(Error::new(Kind::Usage, "this is your own fingerprint"));
    }
    let db = store.begin()?;
    let petname = contacts::free_petname(&db, "")?;
    contacts::insert(&db, &stranger::unknown(who).as_contact(&petname, State::Blocked, now))?;
    Ok(db.commit()?)
}

/// `sn-contact unblock`: they are what they were. A friend is owed what is new since, and asked for it: what they sent was
/// dropped unseen, their own new keys and addresses too.
pub fn unblock(store: &mut Store, who: &Contact, now: Timestamp) -> Result<()> {
    if who.state != State::Blocked {
        let message = format!("{} is not blocked: their state is {}", who.petname, who.state.as_str());
        return Err(Error::new(Kind::Usage, message));
    }
    let db = store.begin()?;
    match contacts::state_before_block(&db, who.fingerprint)? {
        None => former::forget_stranger(&db, who)?,
        Some(state) => contacts::set_state(&db, who.fingerprint, state)?,
    }
    if contacts::state(&db, who.fingerprint)? == Some(State::Friend) {
        due::owe(&db, who.fingerprint, &Debt::Profile { want: true }, now)?;
        due::owe(&db, who.fingerprint, &Debt::Public, now)?;
        searchable::tell_again(&db, who.fingerprint, now)?;
        change::tell_again(&db, who.fingerprint, now)?;
    }
    Ok(db.commit()?)
}
