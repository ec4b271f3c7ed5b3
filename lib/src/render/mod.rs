//! How things look: the feed as `text.rs` for a terminal, `json.rs` as JSON lines, `atom.rs` for news readers and `html` for
//! browsers; contacts, profiles, handles and deliveries as text and JSON.

pub mod atom;
pub mod contacts;
pub mod deliveries;
#[cfg(feature = "html")]
pub mod html;
pub mod json;
pub mod profile;
#[cfg(feature = "crypto")]
pub mod searchable;
#[cfg(feature = "crypto")]
pub mod searches;
pub mod text;

use crate::{
    Context, Result,
    store::{
        contacts::OWNER,
        feed::{Entry, Gone, Person},
        filter::Why,
    },
    text::{is_hidden, lines, one_line},
};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use std::io::{self, Write};

/// A petname is the owner's own. Somebody unknown has a fingerprint, and what they call themselves is a claim beside it.
fn name(person: &Person) -> String {
    match &person.petname {
        _ if person.own => OWNER.into(),
        Some(petname) => one_line(petname),
        None => match &person.claims {
            Some(claims) => format!("{} ({})", one_line(claims), person.fingerprint.short()),
            None => person.fingerprint.short(),
        },
    }
}

/// Why a packet's words, or what it shares, are gone, or are shown only on request: remarks, without a capital and a full stop.
fn remarks(entry: &Entry) -> Vec<&'static str> {
    let gone = entry.gone.map(|gone| match gone {
        Gone::Retracted => "taken back by its author",
        Gone::Removed => "removed by the author of the thread",
    });
    let hidden = entry.hidden.map(|why| match why {
        Why::Blocked => "hidden: somebody blocked",
        Why::Muted => "hidden: somebody muted",
        Why::Word => "hidden: a word of your settings",
    });
    let nothing = entry.shares_nothing().then_some("what it shares was taken back, or has ended");
    gone.into_iter().chain(nothing).chain(hidden).collect()
}

/// Two characters that are harmless on a terminal, and not allowed in XML 1.0.
const NOT_IN_XML: [char; 2] = ['\u{fffe}', '\u{ffff}'];

/// One line of a stranger's, in characters that XML allows.
fn xml_line(text: &str) -> String {
    one_line(text).replace(NOT_IN_XML, "\u{fffd}")
}

/// As [`xml_line`], but line feeds stay.
fn xml_lines(text: &str) -> String {
    lines(text).replace(NOT_IN_XML, "\u{fffd}")
}

/// One JSON object on a line, hidden characters written as `\uXXXX` (RFC 8259 section 7): to a program the same text,
/// to a terminal harmless.
pub fn json_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
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
