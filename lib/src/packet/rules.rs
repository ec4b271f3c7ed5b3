//! The names of version 1, and which type of packet has which parts; the table of socialnet-packet(5), TYPES.

use super::{About, Body, Packet, parts::Vocabulary};
use crate::{Error, Result};

/// What version 1 defines.
pub(super) static VOCABULARY: Vocabulary = Vocabulary {
    namespace: super::NAMESPACE,
    elements: &[
        "about",
        "address",
        "alt",
        "attachment",
        "bio",
        "blob",
        "bottle",
        "chunk",
        "fallback",
        "gap",
        "handle",
        "inline",
        "meeting",
        "ml-kem-768",
        "opened",
        "p256",
        "packet",
        "preview",
        "profile",
        "sealing",
        "signed",
        "succession",
        "tag",
        "text",
        "thread",
        "to",
        "understands",
    ],
    attributes: &[
        "as", "bottle", "code", "created", "expires", "from", "further", "id", "key", "name", "proof",
        "recovery", "scheme", "serial", "sha256", "share", "size", "thread", "token", "type", "version",
        "want",
    ],
};

/// Whether a type has a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Never,
    May,
    Must,
}
use Part::{May, Must, Never};

/// The parts of one type.
pub(super) struct Rule {
    kind: &'static str,
    to: Part,
    thread: Part,
    /// `Must`: a packet; `May`: a packet or a person.
    about: Part,
    /// `Must`: unless there are attachments.
    text: Part,
    attachments: Part,
}

const fn rule(kind: &'static str, parts: [Part; 5]) -> Rule {
    let [to, thread, about, text, attachments] = parts;
    Rule { kind, to, thread, about, text, attachments }
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    //                        to     thread  about  text   attachments
    rule("status",           [May,   Never,  May,   Must,  May]),
    rule("photo",            [May,   Never,  May,   May,   Must]),
    rule("comment",          [May,   Must,   Must,  Must,  May]),
    rule("reaction",         [May,   Must,   Must,  Must,  Never]),
    rule("message",          [Must,  Never,  May,   Must,  May]),
    rule("share",            [May,   Never,  Never, May,   Never]),
    rule("edit",             [May,   May,    Must,  May,   Never]),
    rule("retract",          [May,   May,    Must,  Never, Never]),
    rule("profile",          [May,   Never,  May,   May,   Never]),
    rule("contact-request",  [May,   Never,  Never, May,   Never]),
    rule("contact-accept",   [May,   Never,  Never, May,   Never]),
    rule("contact-bye",      [May,   Never,  Never, May,   Never]),
    rule("not-understood",   [May,   Never,  Must,  Never, Never]),
    rule("handles",          [May,   Never,  Never, Never, Never]),
    rule("search",           [May,   Never,  Never, Never, Never]),
    rule("search-request",   [May,   Never,  Never, Never, Never]),
    rule("search-stop",      [May,   Never,  Must,  Never, Never]),
    rule("resend",           [May,   Never,  Never, Never, Never]),
];

const APPLICATION: Rule = rule("an application", [May, May, May, May, May]);

/// The rule of a type, or none for one that version 1 does not know.
pub(super) fn of(kind: &str) -> Option<&'static Rule> {
    if is_application(kind) { Some(&APPLICATION) } else { RULES.iter().find(|rule| rule.kind == kind) }
}

/// Whether a type is an application's: a reverse domain name.
pub fn is_application(kind: &str) -> bool {
    kind.contains('.')
}

/// A type: words of lower-case letters, digits and inner hyphens, with dots between them; it begins with a letter.
pub(super) fn well_formed(kind: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && !word.starts_with('-')
            && !word.ends_with('-')
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    kind.len() <= super::MAX_LABEL
        && kind.starts_with(|first: char| first.is_ascii_lowercase())
        && kind.split('.').all(word)
}

impl Rule {
    /// Refuses a packet that lacks what its type needs or has what it must not.
    pub fn check(&self, packet: &Packet) -> Result<()> {
        let attached = !packet.attachments.is_empty();
        self.part("<to>", self.to, !packet.to.is_empty())?;
        self.part("<thread>", self.thread, packet.thread.is_some())?;
        self.part("<about>", self.about, packet.about.is_some())?;
        self.part("<attachment>", self.attachments, attached)?;
        let text = if attached && self.text == Must { May } else { self.text };
        self.part("<text>", text, packet.text.is_some())?;
        if self.about == Must && matches!(packet.about, Some(About::Person(_))) {
            return Err(self.wrong("is about a packet, not a person"));
        }
        match packet.body {
            Body::Edit { closes: true, .. } => self.part("<thread>", Never, packet.thread.is_some()),
            Body::Edit { .. } => self.part("<text>", Must, packet.text.is_some()),
            Body::Introduction { .. } if !matches!(packet.about, Some(About::Person(_))) => {
                Err(self.wrong("with <signed> is about a person"))
            }
            Body::Profile { .. } => {
                self.part("<about>", Never, packet.about.is_some())?;
                self.part("<text>", Never, packet.text.is_some())
            }
            _ => Ok(()),
        }
    }

    fn part(&self, name: &str, part: Part, there: bool) -> Result<()> {
        match (part, there) {
            (Must, false) => Err(self.wrong(&format!("needs {name}"))),
            (Never, true) => Err(self.wrong(&format!("has no {name}"))),
            _ => Ok(()),
        }
    }

    fn wrong(&self, what: &str) -> Error {
        Error::malformed(format!("type {}: {what}", self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        for good in ["status", "contact-bye", "org.example.chess", "org.example.a-b.x1", "a.b"] {
            assert!(well_formed(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "org.",
            ".org",
            "org..x",
            "Org.x",
            "-a",
            "a-",
            "1a",
            "a b",
            "a_b",
            "a/b",
            &"a".repeat(256),
        ] {
            assert!(!well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn an_application_is_told_by_its_dot() {
        assert!(of("org.example.chess").is_some() && of("status").is_some() && of("poke").is_none());
    }
}
