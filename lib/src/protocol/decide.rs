//! What the owner decides about a person, wherever that person stands: each case is another choreography.

use super::{blocking, introduce, meeting};
use crate::{
    Fingerprint, Result,
    identity::Keyring,
    store::{
        Store,
        contacts::{self, Contact, Grade, State},
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

/// Accepts somebody who asked, or asks somebody who was introduced.
pub fn accept(store: &mut Store, keyring: &Keyring, who: &Contact, now: Timestamp) -> Result<Accepted> {
    match who.state {
        State::Introduced => introduce::accept(store, keyring, who, now).map(|()| Accepted::Asked),
        _ => meeting::accept(store, who, now).map(|()| Accepted::Friend),
    }
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
