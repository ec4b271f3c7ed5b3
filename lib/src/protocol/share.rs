//! Shares: another author's packet passed on, as its author signed it, if that author lets it travel. What its author then
//! changes about it reaches those who got the share through the sharer, whose node passes it on like a comment.

use super::{
    open::{self, Verified},
    thread,
};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{About, Body, Packet},
    store::{
        changes,
        due::{self, Debt, DebtName},
        packets,
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

/// A share as it is held: about what it carries, so that the feed can say of whose.
pub(super) fn about_original(share: &Packet, original: &Verified) -> Packet {
    let about = Some(About::Packet(original.packet.name, Some(original.digest)));
    Packet { about, ..share.clone() }
}

/// Whether a packet may be shared: a root, for no named readers, that its author lets travel.
pub(crate) fn check(original: &Packet) -> Result<()> {
    let root = matches!(original.body, Body::Status | Body::Photo) && original.thread.is_none();
    if root && original.to.is_empty() && original.shareable {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotAllowed,
        format!("the author of this {} does not let it be shared", original.kind),
    ))
}

/// Refuses to send on what its author has taken back since the share was written.
pub(super) fn may_send(db: &Connection, original: &[u8]) -> Result<()> {
    let name = open::verify(original.to_vec())?.packet.name;
    match changes::target(db, name)? {
        Some(known) if known.gone => {
            Err(Error::new(Kind::NotAllowed, "what is shared here was taken back, or has expired"))
        }
        _ => Ok(()),
    }
}

/// Owes what an author changes about a root of theirs, and is known to be theirs, to everyone who got it from us by a share.
pub(super) fn relay(
    db: &Transaction<'_>,
    me: Fingerprint,
    change: &Verified,
    delay: SignedDuration,
    now: Timestamp,
) -> Result<()> {
    let (None, Some(About::Packet(target, _))) = (change.packet.thread, &change.packet.about) else {
        return Ok(());
    };
    packets::shares(db, *target, me)?
        .into_iter()
        .try_for_each(|share| thread::relay(db, share, change, delay, now))
}

/// A share of ours goes to a reader: what its author has made of the words since goes after it.
pub(super) fn follow(
    db: &Transaction<'_>,
    share: &Packet,
    reader: Fingerprint,
    now: Timestamp,
) -> Result<()> {
    let Body::Share { original } = &share.body else { return Ok(()) };
    let original = open::verify(original.clone())?.packet.name;
    if let Some((edit, signed)) = changes::edit(db, original)? {
        due::owe(db, reader, &Debt::Signed(DebtName::Relay(edit), signed), now)?;
        // Its end may come before that leaves.
        if let Some(seq) = packets::row(db, edit)? {
            packets::add_reader(db, seq, reader)?;
        }
    }
    Ok(())
}
