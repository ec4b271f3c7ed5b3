//! Finds, runs and reads `sn-send-SCHEME` and `sn-recv-SCHEME`. socialnet-driver(7) is the authority.

use crate::{Result, home::Home};
use std::path::PathBuf;

/// What a job carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// Bare DER of a sealed envelope.
    Envelope,
    /// Bytes of a chunk.
    Blob,
}

/// One thing to hand over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Envelope or blob.
    pub cargo: Cargo,
    /// Where to: a URI of the driver's scheme.
    pub address: String,
    /// The bytes, or the file that has them.
    pub payload: Payload,
}

/// Where a job's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file, which is linked (else copied) into the driver's working folder.
    File(PathBuf),
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Handed over.
    Sent,
    /// Try again, not before so many seconds; why.
    Later(u64, String),
    /// Refused for good; why.
    Never(String),
    /// Too large for this address: at most so many bytes.
    TooBig(u64),
}

/// Whether `name` is `[a-z][a-z0-9]*` and at most 16 characters: it becomes part of a program's name.
pub fn is_scheme(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 16
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}

/// The scheme of an address: `[a-z][a-z0-9]*`, or none.
pub fn scheme(address: &str) -> Option<&str> {
    address.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme))
}

/// Whether mail may go to this address: the settings name its scheme and, for a local one, it lies beneath `roots` or
/// was set by hand.
pub fn allowed(_home: &Home, _address: &str, _by_hand: bool) -> Result<()> {
    todo!()
}

/// Runs one driver over many jobs; `report` hears of each job once, by its index, as soon as it is known. A job the
/// driver said nothing of is `Later`.
pub fn send(
    _home: &Home,
    _scheme: &str,
    _jobs: &[Job],
    _report: &mut dyn FnMut(usize, Report),
) -> Result<()> {
    todo!()
}

/// Runs the receiving driver of one `[[receive]]` table; `found` hears each committed file.
pub fn receive(
    _home: &Home,
    _table: &crate::home::Table,
    _watch: bool,
    _found: &mut dyn FnMut(PathBuf),
) -> Result<()> {
    todo!()
}
