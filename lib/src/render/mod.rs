//! How a feed looks: `text.rs` for a terminal, `json.rs` as JSON lines.

pub mod contacts;
pub mod profile;

use crate::{Error, Kind, Result};
use serde::Serialize;
use std::io::Write;

/// One JSON object on a line. Control characters are escaped by JSON itself; the rest is for programs.
pub(crate) fn json_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(|error| match error.io_error_kind() {
        Some(kind) => Error::from(std::io::Error::from(kind)),
        None => Error::new(Kind::Io, format!("cannot write JSON: {error}")),
    })?;
    Ok(out.write_all(b"\n")?)
}
