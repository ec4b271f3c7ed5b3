//! From XML to [`Packet`].
use super::Packet;
use crate::Result;

/// Reads one packet: exactly one root element, nothing around it. Anything malformed is refused; anything merely
/// unknown gives [`super::Body::Unknown`].
pub fn read(_bytes: &[u8]) -> Result<Packet> {
    todo!()
}
