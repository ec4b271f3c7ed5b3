//! From [`Packet`] to XML.
use super::Packet;
use crate::Result;

/// Writes a packet in the form that socialnet-packet(5) calls canonical; `application` is the XML of an application's
/// own elements. Refuses what [`super::read`] would refuse.
pub fn write(_packet: &Packet, _application: Option<&[u8]>) -> Result<Vec<u8>> {
    todo!()
}
