//! How things look: the feed as `text.rs` for a terminal and `json.rs` as JSON lines, contacts and profiles as both.

pub mod contacts;
pub mod json;
pub mod profile;
pub mod text;

use crate::{Context, Result, text::is_hidden};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// One JSON object on a line, hidden characters written as `\uXXXX` (RFC 8259 section 7): to a program the same text,
/// to a terminal harmless.
pub(crate) fn json_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    value
        .serialize(&mut Serializer::with_formatter(&mut *out, Visible))
        .map_err(io::Error::from)
        .context(|| "cannot write JSON")?;
    Ok(out.write_all(b"\n")?)
}

struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for piece in fragment.split_inclusive(is_hidden) {
            let hidden = piece.chars().next_back().filter(|c| is_hidden(*c));
            let plain = &piece[..piece.len() - hidden.map_or(0, char::len_utf8)];
            CompactFormatter.write_string_fragment(out, plain)?;
            if let Some(hidden) = hidden {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}
