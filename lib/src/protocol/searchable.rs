//! By what the owner may be found, and by whom. With each change every friend is owed the new list of what they may carry;
//! whoever has not confirmed it is owed it again when they are back. socialnet-search(7), CHOREOGRAPHY.

use super::open;
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::Body,
    search::{
        Handle, MAX_HANDLES, SCHEME,
        handle::{WEAK, secret_bits},
        tag,
    },
    store::{
        Store, Write, account, contacts,
        due::{self, Debt},
        handles::{self, Own, Searchers},
        packets,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// A secret that adds fewer bits is said to be weak: with a handle of 20 bits it does not make sixty.
pub const WEAK_SECRET: f64 = 40.0;

/// A handle of the owner's, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedHandle {
    /// The details.
    pub handle: Handle,
    /// How many bits it takes to guess them, without the secret.
    pub bits: f64,
    /// A secret goes with it.
    pub secret: bool,
}

impl ListedHandle {
    /// Whether it is guessed too easily.
    pub fn is_weak(&self) -> bool {
        self.bits < WEAK && !self.secret
    }
}

/// All handles, and who may search by them.
pub fn list(db: &Connection) -> Result<(Searchers, Vec<ListedHandle>)> {
    let listed = |own: Own| {
        let handle = Handle::from_canonical(&own.details)?;
        Ok(ListedHandle { bits: handle.bits(), handle, secret: own.secret })
    };
    let all = handles::all(db)?.into_iter().map(listed).collect::<Result<_>>()?;
    Ok((handles::searchers(db)?, all))
}

/// Lets the owner be found by a handle: contacts will carry it. What is easy to guess is refused, unless there is a secret
/// or it is to be so (`weak`). Gives the bits that a secret adds.
pub fn add(
    store: &mut Store,
    handle: &Handle,
    secret: Option<&str>,
    weak: bool,
    now: Timestamp,
) -> Result<f64> {
    if handle.is_weak() && secret.is_none() && !weak {
        let message = format!("{handle} is guessed too easily: {:.0} bits, not {WEAK:.0}", handle.bits());
        return Err(Error::new(Kind::NotAllowed, message)
            .hint("take another detail to it, or a secret; or --weak, if everybody may know"));
    }
    let details = handle.canonical();
    // Before the database is locked: it takes a while.
    let derived = tag::derive(handle, secret)?;
    let db = store.begin()?;
    let others = handles::all(&db)?.iter().filter(|own| own.details != details).count();
    if others >= MAX_HANDLES {
        return Err(Error::new(Kind::NotAllowed, format!("there are {MAX_HANDLES} handles already"))
            .hint("sn-profile searchable withdraw takes one away"));
    }
    let own = Own { details, scheme: SCHEME, secret: secret.is_some(), h: derived.h, b: derived.b };
    if !handles::all(&db)?.contains(&own) {
        handles::put(&db, &own)?;
        commit(db, now)?;
    }
    Ok(secret.map_or(0.0, secret_bits))
}

/// Takes a handle away: contacts will drop it. [`Kind::Nothing`]: there is no such.
pub fn withdraw(store: &mut Store, handle: &Handle, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    if !handles::remove(&db, &handle.canonical())? {
        return Err(Error::new(Kind::Nothing, format!("nobody finds you by {handle}"))
            .hint("sn-profile searchable lists by what they do"));
    }
    commit(db, now)
}

/// Decides who may search.
pub fn allow(store: &mut Store, searchers: Searchers, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    if handles::searchers(&db)? == searchers {
        return Ok(());
    }
    handles::set_searchers(&db, searchers)?;
    commit(db, now)
}

fn commit(db: Write<'_>, now: Timestamp) -> Result<()> {
    let mut account = account::get(&db)?;
    account.serial += 1;
    account::put(&db, &account)?;
    tell_everybody(&db, now)?;
    Ok(db.commit()?)
}

/// Whatever friends carry by now may be something else than they should: each is owed the list.
pub(super) fn tell_everybody(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    handles::set_changed(db, account::get(db)?.serial)?;
    let friends = contacts::resolve(db, contacts::EVERYBODY)?;
    friends.into_iter().try_for_each(|friend| due::owe(db, friend, &Debt::Handles, now))
}

/// Whoever has become a friend carries nothing, or what they kept from before: they are owed the list, if there ever was one.
pub(super) fn tell_new_friend(db: &Transaction<'_>, who: Fingerprint, now: Timestamp) -> Result<()> {
    match handles::changed(db)? {
        Some(_) => due::owe(db, who, &Debt::Handles, now),
        None => Ok(()),
    }
}

/// A friend is back, or was never away: what they have not confirmed since the last change may have been given up meanwhile.
pub(super) fn tell_again(db: &Transaction<'_>, who: Fingerprint, now: Timestamp) -> Result<()> {
    let Some(changed) = handles::changed(db)? else { return Ok(()) };
    if let Some(row) = handles::confirmed(db, who)?
        && let Body::Handles { serial, .. } = open::verify(packets::signed(db, row)?)?.packet.body
        && serial >= changed
    {
        return Ok(());
    }
    due::owe(db, who, &Debt::Handles, now)
}
