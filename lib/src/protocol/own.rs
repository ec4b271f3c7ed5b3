//! The node's own people and service packets.

use crate::{
    Fingerprint, Result,
    packet::{self, About, Body, Name, Packet},
};
use jiff::{Timestamp, Unit};
use uuid::Uuid;

/// Writes a packet of ours that has nothing but a body.
pub(super) fn packet(from: Fingerprint, kind: &str, body: Body, now: Timestamp) -> Result<Vec<u8>> {
    packet_about(from, kind, body, None, now)
}

/// Writes one that is about something.
pub(super) fn packet_about(
    from: Fingerprint,
    kind: &str,
    body: Body,
    about: Option<About>,
    now: Timestamp,
) -> Result<Vec<u8>> {
    packet_with(from, kind, body, now, |packet| packet.about = about)
}

/// Writes one that says more.
pub(super) fn packet_with(
    from: Fingerprint,
    kind: &str,
    body: Body,
    now: Timestamp,
    say: impl FnOnce(&mut Packet),
) -> Result<Vec<u8>> {
    let name = Name { from, id: Uuid::now_v7() };
    let mut packet = Packet::new(name, kind, now.round(Unit::Second).unwrap_or(now), body);
    say(&mut packet);
    packet::write(&packet, None)
}
