//! The node's own people and service packets.

use crate::{
    Fingerprint, Result,
    packet::{self, Body, Name, Packet},
};
use jiff::{Timestamp, Unit};
use uuid::Uuid;

/// Writes a packet of ours that has nothing but a body.
pub(super) fn packet(from: Fingerprint, kind: &str, body: Body, now: Timestamp) -> Result<Vec<u8>> {
    let name = Name { from, id: Uuid::now_v7() };
    let created = now.round(Unit::Second).unwrap_or(now);
    packet::write(&Packet::new(name, kind, created, body), None)
}
