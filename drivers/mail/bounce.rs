//! What mail systems say of a mail that did not arrive, or not yet (RFC 3464): whom it was for, what went wrong, and,
//! where they give back the mail itself, what it carried.
//!
//! Servers differ in all of it, and anybody can forge one. So there is no attempt to tell true from false: what comes
//! out is a note (socialnet-driver(7)), which is shown and changes nothing.

use crate::find::Found;
use mail_parser::{Message, MessageParser, MimeHeaders};
use socialnet::{
    driver::Note,
    mailbox::{hash_in, name_of},
};
use std::sync::LazyLock;

/// Readers of one mail that are worth a note.
const MOST_READERS: usize = 50;
/// Bytes of the machine-readable part, at most.
const MAX_STATUS: usize = 64 << 10;

static FIELDS: LazyLock<MessageParser> = LazyLock::new(|| MessageParser::new().default_header_text());

/// Whether the beginning of a mail says that it is one, as far as it goes.
pub fn begins_as_bounce(mail: &[u8]) -> bool {
    let named = b"message/delivery-status";
    mail.windows(named.len()).any(|window| window.eq_ignore_ascii_case(named))
}

/// Notes on what a mail says of others, which carried these envelopes and chunks; none if it is no such mail.
pub fn notes(message: &Message, carried: &[Found]) -> Option<Vec<Found>> {
    let status = message.parts.iter().find(|part| part.is_content_type("message", "delivery-status"))?;
    let status = status.contents();
    let items: Vec<_> = carried.iter().filter_map(|found| hash_in(&found.name)).collect();
    let text = String::from_utf8_lossy(&status[..status.len().min(MAX_STATUS)]).replace("\r\n", "\n");
    let notes = text.split("\n\n").filter_map(|fields| note(fields.trim_start_matches('\n'), &items));
    let found = |note: Note| {
        let bytes = note.to_bytes();
        Found { name: name_of(&bytes), bytes }
    };
    Some(notes.take(MOST_READERS).map(found).collect())
}

/// On one reader (RFC 3464 section 2.3).
fn note(fields: &str, items: &[[u8; 32]]) -> Option<Note> {
    let fields = format!("{fields}\n\n");
    let fields = FIELDS.parse_headers(fields.as_bytes())?;
    let field = |name: &'static str| fields.header(name).and_then(|value| value.as_text()).map(str::trim);
    // Some put a comment behind the word.
    let action = field("Action")?.split_whitespace().next()?.to_ascii_lowercase();
    if action != "failed" && action != "delayed" {
        return None;
    }
    // The one that we wrote to may have been another than the one where it ended.
    let to =
        field("Original-Recipient").or_else(|| field("Final-Recipient")).map(behind_type).unwrap_or_default();
    let said = field("Diagnostic-Code").map(behind_type).or_else(|| field("Status")).unwrap_or_default();
    // Folded over several lines, as headers are (RFC 3464 section 2.1.1).
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = match (action.as_str(), &*said) {
        (_, "") => action,
        ("delayed", said) => format!("delayed: {said}"),
        (_, said) => said.to_owned(),
    };
    let to = if to.is_empty() { String::new() } else { format!("mailto:{to}") };
    Some(Note { items: items.to_vec(), to, words })
}

/// What follows `rfc822;` or `smtp;`.
fn behind_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::find;

    fn bounce(status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@example.org\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n \
             boundary=b\r\n\r\n--b\r\n\r\nI'm sorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mail.example.org\r\n\r\n{status}\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
             Subject: x\r\n--b--\r\n"
        )
    }

    fn said(status: &str) -> Vec<(String, String)> {
        let mail = bounce(status);
        assert!(begins_as_bounce(mail.as_bytes()));
        let finds = find(mail.as_bytes());
        assert!(!finds.ours_alone, "somebody may want to read it");
        let note = |found: &Found| Note::read(&found.bytes).map(|note| (note.to, note.words)).unwrap();
        finds.found.iter().map(note).collect()
    }

    #[test]
    fn each_reader_and_what_was_said_of_them() {
        let status = "Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                      Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>:\r\n    no such user\r\n\r\n\
                      Original-Recipient: rfc822;carol@example.org\r\nFinal-Recipient: rfc822;c@example.net\r\n\
                      Action: Delayed\r\nStatus: 4.4.1\r\n\r\n\
                      Final-Recipient: rfc822;dave@example.org\r\nAction: relayed\r\nStatus: 2.0.0\r\n";
        let want = [
            ("mailto:bob@example.org", "550 5.1.1 <bob@example.org>: no such user"),
            ("mailto:carol@example.org", "delayed: 4.4.1"),
        ];
        assert_eq!(said(status), want.map(|(to, words)| (to.to_owned(), words.to_owned())));
    }

    #[test]
    fn however_mail_systems_write_it() {
        for (status, words) in [
            // Several lines of an answer, each with its code, and fields nobody knows (Gmail).
            (
                "Final-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                 Remote-MTA: dns; mx.example.org. (192.0.2.1, the server for the domain.)\r\nDiagnostic-Code: smtp; \
                 550-5.1.1 No such account. Please try\r\n 550 5.1.1 again - gsmtp\r\n\
                 Last-Attempt-Date: Sun, 22 Nov 2026 10:00:00 -0800 (PST)\r\n",
                "550-5.1.1 No such account. Please try 550 5.1.1 again - gsmtp",
            ),
            // A semicolon in the words, none behind the types (Exchange).
            (
                "Final-Recipient: rfc822;bob@example.org\r\nAction: failed\r\nStatus: 5.1.10\r\nDiagnostic-Code: \
                 smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\r\nX-Display-Name: bob@example.org\r\n",
                "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found",
            ),
            // The action first and no diagnostic code (Exim); a comment behind the action (PMDF and what came of it).
            ("Action: failed\r\nFinal-Recipient: rfc822;bob@example.org\r\nStatus: 5.0.0\r\n", "5.0.0"),
            (
                "Original-recipient: rfc822;bob@example.org\r\nFinal-recipient: rfc822;b@example.net\r\n\
                 Action: delayed (will be tried again)\r\nStatus: 4.4.7\r\n",
                "delayed: 4.4.7",
            ),
        ] {
            assert_eq!(said(status), [("mailto:bob@example.org".to_owned(), words.to_owned())]);
        }
    }

    #[test]
    fn nothing_in_it_reaches_a_terminal_or_another_line() {
        let status = "Final-Recipient: rfc822; b b\r\nAction: failed\r\n\
                      Diagnostic-Code: smtp; \x1b]0;x\x07 =?utf-8?q?=0AItem:_=1B[31m?=\r\n";
        let [(to, words)] = &said(status)[..] else { panic!("one note") };
        assert_eq!(to, "");
        assert!(!words.contains(char::is_control), "{words:?}");
        assert_eq!(said("Action: failed\r\n"), [(String::new(), "failed".to_owned())]);
        assert_eq!(said("nonsense"), []);
    }
}
