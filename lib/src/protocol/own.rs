//! The node's own people and service packets.

use super::open::Verified;
use crate::{
    Fingerprint, Result, blob,
    identity::Keyring,
    packet::{self, About, Body, Name, Packet, Type},
    seal,
};
use jiff::{Timestamp, Unit};
use uuid::Uuid;

/// Writes a packet of ours that has nothing but a body.
pub(super) fn packet(from: Fingerprint, body: Body, now: Timestamp) -> Result<Vec<u8>> {
    packet_about(from, body, None, now)
}

/// Writes one that is about something.
pub(super) fn packet_about(
    from: Fingerprint,
    body: Body,
    about: Option<About>,
    now: Timestamp,
) -> Result<Vec<u8>> {
    packet_with(from, body, now, |packet| packet.about = about)
}

/// Writes one that says more.
pub(super) fn packet_with(
    from: Fingerprint,
    body: Body,
    now: Timestamp,
    say: impl FnOnce(&mut Packet),
) -> Result<Vec<u8>> {
    let name = Name { from, id: Uuid::now_v7() };
    // One of no type would be an application's, and is refused by the writer.
    let kind = body.kind().map_or("", Type::name);
    let mut packet = Packet::new(name, kind, now.round(Unit::Second).unwrap_or(now), body);
    say(&mut packet);
    packet::write(&packet, None)
}

/// A packet of ours that has nothing but a body, signed.
pub(super) fn signed(keyring: &Keyring, body: Body, now: Timestamp) -> Result<Verified> {
    sign(keyring, packet(keyring.identity.fingerprint, body, now)?)
}

/// Signs a packet of ours.
pub(super) fn sign(keyring: &Keyring, xml: Vec<u8>) -> Result<Verified> {
    let packet = packet::read(&xml)?;
    let signed = seal::sign(&keyring.identity, &xml)?;
    Ok(Verified { packet, digest: blob::sha256(&xml), xml, signed })
}
