//! Attachments too large for a packet: encrypted once with RFC 8188 (`aes128gcm`, 64 KiB records), cut in chunks of at
//! most 4 MiB, each a file named by the SHA-256 of its bytes.

use crate::{Result, packet::Digest};
use std::{
    io::{Read, Write},
    path::Path,
};

/// Bytes of a chunk, at most.
pub const CHUNK: usize = 4 << 20;
/// RFC 8188 record size.
pub const RECORD: u32 = 64 << 10;

/// An encrypted attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Input keying material.
    pub key: [u8; 16],
    /// Clear bytes.
    pub size: u64,
    /// Of the clear bytes.
    pub sha256: Digest,
    /// Of each chunk.
    pub chunks: Vec<Digest>,
}

/// Encrypts `input` into chunk files in `dir`, written in `tmp` and renamed, not yet synced.
pub fn encrypt(_input: impl Read, _dir: &Path, _tmp: &Path) -> Result<Blob> {
    todo!()
}

/// Decrypts the chunks in `dir` to `out`. The caller shows nothing of `out` to anybody before this returned `Ok`.
pub fn decrypt(_blob: &Blob, _dir: &Path, _out: impl Write) -> Result<()> {
    todo!()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    openssl::sha::sha256(bytes)
}
