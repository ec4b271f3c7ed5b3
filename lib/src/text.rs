//! Strangers' text made safe for a terminal; times and widths for people.

use jiff::Timestamp;

/// One line: control, escape, bidi and invisible format characters shown as marks, line breaks too.
pub fn one_line(text: &str) -> String {
    text.to_owned()
}

/// Several lines: as [`one_line`], but line feeds stay.
pub fn lines(text: &str) -> String {
    text.to_owned()
}

/// `2 h ago`, or the date when it is long ago.
pub fn ago(_then: Timestamp, _now: Timestamp) -> String {
    todo!()
}

/// `4.9 MB`.
pub fn bytes(_size: u64) -> String {
    todo!()
}
