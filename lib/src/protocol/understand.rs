//! Packets that are not understood: kept whole, shown by their fallback, answered at most once each, and read again by
//! `sn-ingest --again` after an upgrade.

use super::own;
use crate::{
    Fingerprint, Result,
    packet::{self, About, Body, Packet},
    store::{
        due::{self, Debt},
        packets::Keep,
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// The types that this node does something with: those of socialnet-packet(5).
const TYPES: [&str; 18] = [
    "status",
    "photo",
    "comment",
    "reaction",
    "message",
    "share",
    "edit",
    "retract",
    "profile",
    "contact-request",
    "contact-accept",
    "contact-bye",
    "not-understood",
    "handles",
    "search",
    "search-request",
    "search-stop",
    "resend",
];

/// How a packet is kept.
pub(super) fn keep(packet: &Packet) -> Keep {
    match packet.body {
        Body::Unknown { .. } => Keep::Unknown,
        Body::Status | Body::Photo | Body::Comment | Body::Reaction | Body::Message | Body::Share { .. } => {
            Keep::Feed
        }
        _ => Keep::Quiet,
    }
}

/// Owes the sender of a new packet that was not understood an answer. Until it leaves, it speaks of the newest such
/// packet: what this node understands is the same for all of them.
pub(super) fn answer(
    db: &Transaction<'_>,
    me: Fingerprint,
    sender: Fingerprint,
    packet: &Packet,
    now: Timestamp,
) -> Result<()> {
    let understands = std::iter::once(packet::NAMESPACE).chain(TYPES).map(str::to_owned).collect();
    let body = Body::NotUnderstood { understands };
    let about = About::Packet(packet.name, None);
    let answer = own::packet_about(me, "not-understood", body, Some(about), now)?;
    due::owe(db, sender, "not-understood", &Debt::Packet(answer), now)
}
