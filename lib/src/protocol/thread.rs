//! Comments and reactions, however deep, and what their authors change about them, go to the author of the thread's root,
//! whose node passes the author-signed packet on to everyone who got the root. So nobody needs to know the audience.

use super::{change, open::Verified};
use crate::{
    Error, Fingerprint, Kind, Result,
    store::{
        contacts::{self, State},
        due::{self, Debt, DebtName},
        former, packets,
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

/// Checks that what belongs to a thread of ours, under whatever key we began it, comes from somebody who got its root, and
/// comments elsewhere from the root's author, who can remove them. Gives the row of our root.
pub(super) fn check(
    db: &Transaction<'_>,
    me: Fingerprint,
    sender: Fingerprint,
    reply: &Verified,
) -> Result<Option<i64>> {
    let root = reply.packet.root();
    let refused = |why: &str| Err(Error::new(Kind::NotAllowed, format!("a {} {why}", reply.packet.kind)));
    if !former::speaks_for(db, me, root.from)? {
        return if change::is_change(&reply.packet) || former::speaks_for(db, sender, root.from)? {
            Ok(None)
        } else {
            refused("that did not come through the author of its thread")
        };
    }
    if !change::is_change(&reply.packet) {
        change::check_open(db, root)?;
    }
    match packets::row(db, root)? {
        None => refused("on something you never sent"),
        Some(seq) if packets::audience(db, seq)?.contains(&reply.packet.name.from) => Ok(Some(seq)),
        Some(_) => refused("from somebody you did not send the thread to"),
    }
}

/// Owes what is new in a thread to everyone who got the root, but its author. Blocked and former contacts get nothing.
pub(super) fn relay(
    db: &Transaction<'_>,
    root: i64,
    reply: &Verified,
    delay: SignedDuration,
    now: Timestamp,
) -> Result<()> {
    let name = reply.packet.name;
    let debt = Debt::Signed(DebtName::Relay(name), reply.signed.clone());
    for reader in readers_but(db, root, name.from)? {
        due::owe(db, reader, &debt, now + delay)?;
    }
    Ok(())
}

/// Those to whom what somebody says of a packet is passed on.
pub(super) fn readers_but(db: &Connection, seq: i64, author: Fingerprint) -> Result<Vec<Fingerprint>> {
    let author = former::present(db, author)?;
    let mut readers = readers(db, seq)?;
    readers.retain(|reader| *reader != author);
    Ok(readers)
}

/// Those who got a packet and still are friends.
pub(super) fn readers(db: &Connection, seq: i64) -> Result<Vec<Fingerprint>> {
    let mut readers = Vec::new();
    for reader in packets::audience(db, seq)? {
        // By whatever key they got it.
        if let Some(contact) = contacts::by_fingerprint(db, reader)?
            && contact.state == State::Friend
            && !readers.contains(&contact.fingerprint)
        {
            readers.push(contact.fingerprint);
        }
    }
    Ok(readers)
}
