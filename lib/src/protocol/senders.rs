//! What a sender may bring, by what this account knows of people: whether the key is still theirs, and which of others' words
//! they pass on.

use super::open::{Opened, is_passed_on, is_said, not_to_bring, open};
use crate::{
    Error, Fingerprint, Kind, Result,
    identity::Keyring,
    packet::{About, Body, Packet},
    store::{
        contacts::{self, State},
        former::{self, SaidBy},
    },
};
use rusqlite::Connection;

/// [`Kind::NotAllowed`]: it is of a key that its owner's recovery key, or our owner, has ended, which may be in other hands;
/// or of one of our owner's, who does not write to themselves.
pub(super) fn is_theirs(db: &Connection, sender: Fingerprint) -> Result<()> {
    if former::is_own(db, sender)? {
        return Err(Error::new(Kind::NotAllowed, "sealed by a key of your own: somebody has it"));
    }
    match former::get(db, sender)? {
        Some(former) if former.said_by != SaidBy::Old => {
            Err(Error::new(Kind::NotAllowed, "sealed by a key that is not theirs any more"))
        }
        _ => Ok(()),
    }
}

/// As [`open`], for somebody who wants to read: only what contacts send, and requests to become one.
/// [`Kind::NotAllowed`]: from anybody else.
pub fn from_contact(db: &Connection, sealed: &[u8], keyring: &Keyring) -> Result<Opened> {
    let opened = open(sealed, keyring)?;
    let sender = opened.envelope.from;
    is_theirs(db, sender)?;
    let known = contacts::state(db, sender)?;
    let request =
        opened.packets.iter().all(|verified| matches!(verified.packet.body, Body::ContactRequest { .. }));
    match known {
        Some(State::Friend | State::Asked) => {
            opened.packets.iter().try_for_each(|verified| may_bring(db, sender, &verified.packet))?;
            Ok(opened)
        }
        Some(State::Blocked) => Err(Error::new(Kind::NotAllowed, "from somebody you have blocked")),
        _ if request => Ok(opened),
        _ => {
            Err(Error::new(Kind::NotAllowed, format!("from {}, who is no contact of yours", sender.short())))
        }
    }
}

/// Refuses what its sender may not bring. They may bring their own; what they said with an earlier key; in
/// a thread of theirs, what others said there; and what others change about their own roots, which may come before the share that it
/// follows. Theirs is what they began under any key of which this reader knows.
pub(super) fn may_bring(db: &Connection, sender: Fingerprint, packet: &Packet) -> Result<()> {
    let author = packet.name.from;
    let may = author == sender
        || is_said(packet) && former::speaks_for(db, sender, author)?
        || is_passed_on(packet)
            && match (packet.thread, &packet.about) {
                (Some(root), _) => former::speaks_for(db, sender, root.from)?,
                (None, Some(About::Packet(target, _))) => former::speaks_for(db, author, target.from)?,
                (None, _) => false,
            };
    if may { Ok(()) } else { Err(Error::new(Kind::NotAllowed, not_to_bring(packet))) }
}
