//! Changing one's mind: edits and retractions, by a packet's author and by the author of its thread's root. They travel as
//! their target did; who may ask for what is judged here, what then becomes of the target in `store/changes.rs`.

use super::{share, thread};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{About, Body, Class, Name, Packet},
    store::{
        changes,
        due::{self, Debt, DebtName},
        former, packets, untold,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// Whether a packet changes another one.
pub(super) fn is_change(packet: &Packet) -> bool {
    packet.body.class() == Class::Change
}

/// Refuses an edit or retraction that can't count. One of something that has not come may count later.
pub(super) fn check(db: &Connection, change: &Packet) -> Result<()> {
    let Some(About::Packet(target, _)) = change.about else { return Ok(()) };
    let author = change.name.from;
    let refused = |why: &str| Err(Error::new(Kind::NotAllowed, format!("{} {why}", article(&change.kind))));
    let of_another = !former::speaks_for(db, author, target.from)?;
    if of_another && matches!(change.body, Body::Edit { .. }) {
        return refused("of another author's packet");
    }
    let owners = match change.thread {
        Some(root) => former::speaks_for(db, author, root.from)?,
        None => false,
    };
    if of_another && !owners {
        return refused("of another author's packet, in a thread of others");
    }
    match changes::target(db, target)? {
        Some(known) if known.understood && known.thread != change.thread => {
            refused("that names another thread than its target is in")
        }
        _ => Ok(()),
    }
}

fn article(kind: &str) -> &str {
    if kind == "edit" { "an edit" } else { "a retraction" }
}

/// Refuses what readers' nodes would refuse for the sake of a change.
pub(super) fn may_send(db: &Connection, packet: &Packet) -> Result<()> {
    match &packet.body {
        Body::Edit { .. } | Body::Retract => check(db, packet),
        Body::Comment | Body::Reaction => check_open(db, packet.root()),
        Body::Share { original } => share::may_send(db, original),
        _ => Ok(()),
    }
}

/// Notes to whom this account passes a change on, before anything is done about it: an end that it sets is not forgotten until
/// they have it.
pub(super) fn expect(db: &Transaction<'_>, me: Fingerprint, seq: i64, change: &Packet) -> Result<()> {
    let through = match (change.thread, &change.about) {
        (Some(root), _) if former::speaks_for(db, me, root.from)? => {
            packets::row(db, root)?.into_iter().collect()
        }
        (None, Some(About::Packet(target, _))) => packets::shares(db, *target, me)?,
        _ => Vec::new(),
    };
    for passed_on in through {
        for reader in thread::readers_but(db, passed_on, change.name.from)? {
            packets::add_reader(db, seq, reader)?;
        }
    }
    Ok(())
}

/// Owes somebody who is a friend again what was changed meanwhile of what they have.
pub(super) fn tell_again(db: &Transaction<'_>, who: Fingerprint, now: Timestamp) -> Result<()> {
    for (name, row) in untold::changes(db, who)? {
        due::owe(db, who, &Debt::Signed(DebtName::Relay(name), packets::signed(db, row)?), now)?;
    }
    Ok(())
}

/// Takes in what a new edit or retraction asks for.
pub(super) fn take(db: &Transaction<'_>, seq: i64, change: &Packet, now: Timestamp) -> Result<()> {
    changes::enter(db, seq, change)?;
    if let Some(About::Packet(target, _)) = change.about {
        changes::settle(db, target, now)?;
    }
    Ok(())
}

/// Refuses what is written in a thread that its root's author has closed or taken back.
pub(crate) fn check_open(db: &Connection, root: Name) -> Result<()> {
    match changes::target(db, root)? {
        Some(root) if root.gone => Err(Error::new(Kind::NotAllowed, "what began this thread is gone")),
        Some(root) if root.closed => {
            Err(Error::new(Kind::NotAllowed, "this thread is closed: its author wants no more comments"))
        }
        _ => Ok(()),
    }
}
