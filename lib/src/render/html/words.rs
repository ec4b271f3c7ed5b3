//! A text as paragraphs of lines, and the links in it. Only three schemes become links: none of them does anything but
//! open a page or write a mail. What leads to a host that is not as it looks stays words.

use super::xml_lines;
use linkify::{LinkFinder, LinkKind};

/// A piece of a line: its words, and where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// As written.
    pub words: String,
    /// http, https or mailto.
    pub link: Option<String>,
}

/// Lines of one paragraph.
pub(super) type Paragraph = Vec<Vec<Piece>>;

/// Parts a stranger's text at empty lines, then at line feeds, then at links.
pub(super) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let text = xml_lines(text);
    let mut paragraphs = vec![Paragraph::new()];
    for line in text.lines() {
        match (line.trim().is_empty(), paragraphs.last_mut()) {
            (false, Some(last)) => last.push(pieces(line)),
            _ => paragraphs.push(Paragraph::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

fn pieces(line: &str) -> Vec<Piece> {
    let pieces = LinkFinder::new().spans(line).map(|span| {
        let words = span.as_str();
        let link = match span.kind() {
            Some(LinkKind::Url) if is_web(words) => Some(words.to_owned()),
            Some(LinkKind::Email) => Some(format!("mailto:{words}")),
            _ => None,
        };
        Piece { words: words.to_owned(), link }
    });
    pieces.collect()
}

/// Whether it leads to the host that people read in it: letters of another script look like those of a known name (UTS #39
/// section 4), and what is before an `@` looks like a host and is none (RFC 3986 section 7.6).
fn is_web(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && !authority.is_empty()
        && authority.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_parted_by_empty_lines() {
        let shape: Vec<Vec<usize>> = paragraphs("\none\ntwo\n \n\nthree")
            .iter()
            .map(|paragraph| paragraph.iter().map(Vec::len).collect())
            .collect();
        assert_eq!(shape, [vec![1, 1], vec![1]]);
        assert!(paragraphs(" \n ").is_empty());
    }

    #[test]
    fn only_web_and_mail_become_links() {
        for (text, links) in [
            ("See https://example.org/a_(b), then rest.", vec!["https://example.org/a_(b)"]),
            ("HTTP://example.org", vec!["HTTP://example.org"]),
            ("write to alice@example.org.", vec!["mailto:alice@example.org"]),
            ("javascript://example.org/%0aalert(1)", vec![]),
            ("javascript:alert(1) data:text/html,x file:///etc/passwd ftp://example.org/x", vec![]),
            ("https://exa\u{202e}mple.org", vec!["https://exa"]),
            ("http://127.0.0.1:8080/?at=a@b", vec!["http://127.0.0.1:8080/?at=a@b"]),
            ("https://\u{430}pple.com/", vec![]),
            ("http://user:pw@127.0.0.1:1/", vec![]),
        ] {
            let found: Vec<String> =
                paragraphs(text).into_iter().flatten().flatten().filter_map(|piece| piece.link).collect();
            assert_eq!(found, links, "{text}");
        }
    }

    #[test]
    fn nothing_is_lost() {
        let text = "a https://example.org/?x=1&y=<b> \u{ffff}\u{1b} c@example.org d";
        let all: String = paragraphs(text).into_iter().flatten().flatten().map(|piece| piece.words).collect();
        assert_eq!(all, "a https://example.org/?x=1&y=<b> \u{fffd}␛ c@example.org d");
    }
}
