//! Many items one after another in one stream of bytes: clear packets as XML elements, sealed ones as PEM blocks.

use crate::Result;
use std::io::{BufRead, Write};

/// One item of a stream of clear packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clear {
    /// `<packet>…</packet>`: not signed yet, by the owner of the account; its exact bytes.
    Packet(Vec<u8>),
    /// `<signed>base64</signed>`: SignedData by its author, DER.
    Signed(Vec<u8>),
}

/// Reads clear packets one after another; memory stays at one packet. After an error it ends.
pub struct ClearItems<R> {
    _input: R,
}

impl<R: BufRead> ClearItems<R> {
    /// Over `input`.
    pub fn new(input: R) -> Self {
        Self { _input: input }
    }
}

impl<R: BufRead> Iterator for ClearItems<R> {
    type Item = Result<Clear>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// Writes a clear packet and a line feed.
pub fn write_packet(_out: &mut impl Write, _xml: &[u8]) -> Result<()> {
    todo!()
}

/// Writes `<signed>` and a line feed.
pub fn write_signed(_out: &mut impl Write, _der: &[u8]) -> Result<()> {
    todo!()
}

/// One PEM block with the `Name: value` lines right before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pem {
    /// `To`, `Envelope`, `Blob`, …: they say where to go and are not part of what is sealed.
    pub headers: Vec<(String, String)>,
    /// `CMS`, …
    pub label: String,
    /// The bytes.
    pub der: Vec<u8>,
}

/// Reads PEM blocks one after another (RFC 7468, strict base64); memory stays at one block. What is neither a block
/// nor a `Name: value` line before one is skipped. After an error in one block it goes on with the next.
pub struct PemItems<R> {
    _input: R,
}

impl<R: BufRead> PemItems<R> {
    /// Over `input`; a block of more than `max` DER bytes is refused.
    pub fn new(input: R, _max: usize) -> Self {
        Self { _input: input }
    }
}

impl<R: BufRead> Iterator for PemItems<R> {
    type Item = Result<Pem>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// Writes one block.
pub fn write_pem(_out: &mut impl Write, _pem: &Pem) -> Result<()> {
    todo!()
}
