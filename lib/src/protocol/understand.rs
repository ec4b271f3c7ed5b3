//! Packets that are not understood: kept whole, shown by their fallback, answered at most once each, and read again by
//! `sn-ingest --again` after an upgrade.

use super::own;
use crate::{
    Fingerprint, Result,
    packet::{self, About, Body, Class, Packet, Type},
    store::{
        due::{self, Debt, DebtName},
        packets::Keep,
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// How a packet is kept.
pub(super) fn keep(packet: &Packet) -> Keep {
    match packet.body.class() {
        Class::Words | Class::Sign => Keep::Feed,
        Class::Change | Class::Service | Class::Application => Keep::Quiet,
        Class::Unknown => Keep::Unknown,
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
    let types = Type::ALL.iter().map(|it| it.name());
    let understands = std::iter::once(packet::NAMESPACE).chain(types).map(str::to_owned).collect();
    let body = Body::NotUnderstood { understands };
    let about = About::Packet(packet.name, None);
    let answer = own::packet_about(me, body, Some(about), now)?;
    due::owe(db, sender, &Debt::Packet(DebtName::NotUnderstood, answer), now)
}
