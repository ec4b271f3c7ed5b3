//! The names of version 1, and which type of packet has which parts; the table of socialnet-packet(5), TYPES.

use super::{About, Body, Packet, Type, parts::Vocabulary};
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
struct Rule {
    to: Part,
    thread: Part,
    /// `Must`: a packet; `May`: a packet or a person.
    about: Part,
    /// `Must`: unless there are attachments.
    text: Part,
    attachments: Part,
}

/// The rule of a type; of an application's, if none.
#[rustfmt::skip]
fn rule(kind: Option<Type>) -> Rule {
    let [to, thread, about, text, attachments] = match kind {
        //                            to     thread  about  text   attachments
        Some(Type::Status)         => [May,   Never,  May,   Must,  May],
        Some(Type::Photo)          => [May,   Never,  May,   May,   Must],
        Some(Type::Comment)        => [May,   Must,   Must,  Must,  May],
        Some(Type::Reaction)       => [May,   Must,   Must,  Must,  Never],
        Some(Type::Message)        => [Must,  Never,  May,   Must,  May],
        Some(Type::Share)          => [May,   Never,  Never, May,   Never],
        Some(Type::Edit)           => [May,   May,    Must,  May,   Never],
        Some(Type::Retract)        => [May,   May,    Must,  Never, Never],
        Some(Type::Profile)        => [May,   Never,  May,   May,   Never],
        Some(Type::ContactRequest) => [May,   Never,  Never, May,   Never],
        Some(Type::ContactAccept)  => [May,   Never,  Never, May,   Never],
        Some(Type::ContactBye)     => [May,   Never,  Never, May,   Never],
        Some(Type::NotUnderstood)  => [May,   Never,  Must,  Never, Never],
        Some(Type::Handles)        => [May,   Never,  Never, Never, Never],
        Some(Type::Search)         => [May,   Never,  Never, Never, Never],
        Some(Type::SearchRequest)  => [May,   Never,  Never, Never, Never],
        Some(Type::SearchStop)     => [May,   Never,  Must,  Never, Never],
        Some(Type::Resend)         => [May,   Never,  Never, Never, Never],
        None                       => [May,   May,    May,   May,   May],
    };
    Rule { to, thread, about, text, attachments }
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

/// Refuses a packet that lacks what its type needs or has what it must not.
pub(super) fn check(packet: &Packet) -> Result<()> {
    let rule = rule(packet.body.kind());
    let wrong = |what: &str| Err(Error::malformed(format!("type {}: {what}", packet.kind)));
    let part = |name: &str, part: Part, there: bool| match (part, there) {
        (Must, false) => wrong(&format!("needs {name}")),
        (Never, true) => wrong(&format!("has no {name}")),
        (Must, true) | (May, _) | (Never, false) => Ok(()),
    };
    let attached = !packet.attachments.is_empty();
    part("<to>", rule.to, !packet.to.is_empty())?;
    part("<thread>", rule.thread, packet.thread.is_some())?;
    part("<about>", rule.about, packet.about.is_some())?;
    part("<attachment>", rule.attachments, attached)?;
    let text = if attached && rule.text == Must { May } else { rule.text };
    part("<text>", text, packet.text.is_some())?;
    if rule.about == Must && matches!(packet.about, Some(About::Person(_))) {
        return wrong("is about a packet, not a person");
    }
    match packet.body {
        Body::Edit { closes: true, .. } => part("<thread>", Never, packet.thread.is_some()),
        Body::Edit { .. } => part("<text>", Must, packet.text.is_some()),
        Body::Introduction { .. } if !matches!(packet.about, Some(About::Person(_))) => {
            wrong("with <signed> is about a person")
        }
        Body::Profile { .. } => {
            part("<about>", Never, packet.about.is_some())?;
            part("<text>", Never, packet.text.is_some())
        }
        _ => Ok(()),
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
    fn the_page_has_the_same_table() {
        let page = include_str!("../../../man/socialnet-packet.5");
        let (_, table) = page.split_once(".It Sy type Ta").unwrap();
        let (table, _) = table.split_once("\n.El\n").unwrap();
        let rows: Vec<Vec<_>> =
            table.split("\n.It ").skip(1).map(|row| row.split(" Ta ").collect()).collect();
        let kinds: Vec<_> = Type::ALL.iter().copied().map(Some).chain([None]).collect();
        assert_eq!(rows.len(), kinds.len());
        for (row, kind) in rows.iter().zip(kinds) {
            assert_eq!(row[0], kind.map_or("applications", Type::name));
            let rule = rule(kind);
            for (cell, part) in
                row[1..].iter().zip([rule.to, rule.thread, rule.about, rule.text, rule.attachments])
            {
                let said = match *cell {
                    "may" | "person" => May,
                    "must" | "must*" | "packet" => Must,
                    dash => {
                        assert_eq!(dash, "\\(em");
                        Never
                    }
                };
                assert!(part == said, "{}: {cell}", row[0]);
            }
        }
    }
}
