//! Envelopes: packets from one sender to one reader, with what the sender has received from that reader. XML only;
//! [`crate::seal`] signs, pads and seals the bytes. socialnet-seal(5) is the authority.

use crate::{Fingerprint, Result, packet::Digest};
use jiff::Timestamp;

/// The namespace of version 1.
pub const NAMESPACE: &str = "urn:socialnet:envelope:1";
/// Bytes of one envelope's XML, at most.
pub const MAX_BYTES: usize = 4 << 20;
/// Packets in one envelope, at most.
pub const MAX_PACKETS: usize = 256;
/// Ranges in `<received/>`, at most.
pub const MAX_RANGES: usize = 32;

/// A stream of counters: drawn anew whenever an account begins to count anew.
pub type Stream = [u8; 16];

/// Counters that have come, of one stream: `STREAM:1-57,59`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whose counters.
    pub stream: Stream,
    /// First and last of each range, rising, not touching.
    pub ranges: Vec<(u64, u64)>,
}

/// One envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The sender, who signs it.
    pub from: Fingerprint,
    /// The one reader.
    pub to: Fingerprint,
    /// When it was sealed; whole seconds.
    pub sent: Timestamp,
    /// The sender's stream.
    pub stream: Stream,
    /// 1 and up per stream and reader; 0 for an envelope without packets.
    pub counter: u64,
    /// What the sender has from this reader.
    pub received: Vec<Received>,
    /// Chunks that the sender has from this reader.
    pub blobs: Vec<Digest>,
    /// SignedData by each author, DER.
    pub packets: Vec<Vec<u8>>,
}

impl Envelope {
    /// Reads the XML.
    pub fn read(_bytes: &[u8]) -> Result<Self> {
        todo!()
    }

    /// Writes it.
    pub fn write(&self) -> Result<Vec<u8>> {
        todo!()
    }
}
