//! Comments and reactions, however deep, go to the author of the thread's root, whose node passes the author-signed
//! packet on to everyone who got the root. So nobody needs to know the audience.

use super::open::Verified;
use crate::{
    Error, Fingerprint, Kind, Result,
    store::{
        contacts::{self, State},
        due::{self, Debt},
        packets,
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

/// Checks that a comment or reaction on a root of ours comes from somebody who got that root. Gives the root's row.
pub(super) fn check(db: &Transaction<'_>, me: Fingerprint, reply: &Verified) -> Result<Option<i64>> {
    let root = reply.packet.root();
    if root.from != me {
        return Ok(None);
    }
    let refused = |why: &str| Err(Error::new(Kind::NotAllowed, format!("a {} {why}", reply.packet.kind)));
    match packets::row(db, root)? {
        None => refused("on something you never sent"),
        Some(seq) if packets::audience(db, seq)?.contains(&reply.packet.name.from) => Ok(Some(seq)),
        Some(_) => refused("from somebody you did not send the thread to"),
    }
}

/// Owes a new reply to everyone who got the root, but its author. Blocked and former contacts get nothing.
pub(super) fn relay(
    db: &Transaction<'_>,
    root: i64,
    reply: &Verified,
    delay: SignedDuration,
    now: Timestamp,
) -> Result<()> {
    let name = reply.packet.name;
    let debt = Debt::Signed(reply.signed.clone());
    for reader in packets::audience(db, root)? {
        let friend =
            contacts::by_fingerprint(db, reader)?.is_some_and(|contact| contact.state == State::Friend);
        if friend && reader != name.from {
            due::owe(db, reader, &format!("relay {} {}", name.from, name.id), &debt, now + delay)?;
        }
    }
    Ok(())
}
