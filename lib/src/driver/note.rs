//! What somebody on the way says about a delivery: a file that a receiving driver puts among the packets, as
//! socialnet-driver(7), NOTES, has it. Anybody can have sent it, so it is shown and believed by nobody.

use crate::{
    mailbox::{hash_in, name_for},
    text,
};

/// Bytes of a note, at most.
pub const MAX_NOTE: usize = 4096;
const FIRST: &str = "SocialNet-Note: 1";
/// Envelopes and chunks that one note may name; with the longest address and words they fit.
const MOST_ITEMS: usize = 40;
const MAX_TO: usize = 320;
const MAX_WORDS: usize = 300;

/// One note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// SHA-256 of each envelope or chunk that it is about, if it says so.
    pub items: Vec<[u8; 32]>,
    /// The address that it is about, a URI; or empty.
    pub to: String,
    /// What is said, on one line and safe to show.
    pub words: String,
}

impl Note {
    /// Its bytes; what is too long is cut.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut note = format!("{FIRST}\n");
        for item in self.items.iter().take(MOST_ITEMS) {
            note += &format!("Item: {}\n", name_for(item));
        }
        if is_address(&self.to) {
            note += &format!("To: {}\n", self.to);
        }
        note += &format!("Says: {}\n", plain(&self.words));
        note.into_bytes()
    }

    /// Whether a file may be one.
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.strip_prefix(FIRST.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
    }

    /// Reads one; lines that are not known are skipped.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if !Self::begins(bytes) || bytes.len() > MAX_NOTE {
            return None;
        }
        let mut note = Self::default();
        for line in std::str::from_utf8(bytes).ok()?.lines().skip(1) {
            match line.split_once(": ") {
                Some(("Item", name)) if note.items.len() < MOST_ITEMS => note.items.push(hash_in(name)?),
                Some(("To", to)) if is_address(to) => note.to = to.to_owned(),
                Some(("Says", words)) => note.words = plain(words),
                _ => {}
            }
        }
        Some(note)
    }
}

fn is_address(uri: &str) -> bool {
    (1..=MAX_TO).contains(&uri.len()) && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

fn plain(words: &str) -> String {
    let mut plain: String = text::one_line(words).chars().take(MAX_WORDS).collect();
    while plain.len() > MAX_WORDS {
        plain.pop();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_never_too_long() {
        let note = Note {
            items: vec![[7; 32]],
            to: "mailto:bob@example.org".into(),
            words: "550 no such user".into(),
        };
        assert_eq!(Note::read(&note.to_bytes()), Some(note));
        let longest = Note { items: vec![[0; 32]; 100], to: "x".repeat(MAX_TO), words: "ö".repeat(9999) };
        let bytes = longest.to_bytes();
        assert!(
            bytes.len() <= MAX_NOTE && Note::read(&bytes).is_some_and(|note| note.items.len() == MOST_ITEMS)
        );
    }

    #[test]
    fn words_are_safe_whoever_wrote_them() {
        let note =
            Note::read(b"SocialNet-Note: 1\nTo: a b\nX: y\nSays: \x1b]0;x\x07\xe2\x80\xaegone\n").unwrap();
        assert_eq!(note.to, "");
        assert!(!note.words.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{note:?}");
    }

    #[test]
    fn anything_else_is_no_note() {
        let long = format!("{FIRST}\nSays: {}\n", "x".repeat(MAX_NOTE));
        for wrong in ["", "SocialNet-Note: 2\nSays: x\n", "SocialNet-Note: 1\nItem: x\n", &long] {
            assert_eq!(Note::read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
