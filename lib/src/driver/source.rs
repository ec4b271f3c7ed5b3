//! Places to fetch from, as their owner wrote them: a URI, and no secret in it (socialnet-driver(7)). It would be on a
//! command line, which everybody on the machine can read, and in messages.

use super::scheme;
use crate::{Error, Kind, Result, home::Table};
use std::ops::Range;

/// The source of a `[[receive]]` table, and its scheme. [`Kind::Config`]: it is no URI, or has a password in it.
pub(super) fn read(table: &Table) -> Result<(&str, &str)> {
    let source = table.get("source").and_then(toml::Value::as_str).unwrap_or_default();
    let wrong = |what| Error::new(Kind::Config, format!("the source '{}' {what}", shown(source)));
    if password(source).is_some() {
        return Err(wrong("has a password in it, which everybody on this machine could read").hint(
            "write SCHEME://USER@HOST, and set password-command = 'pass show mail' or what else prints the password",
        ));
    }
    Ok((source, scheme(source).ok_or_else(|| wrong("is no URI"))?))
}

/// A source as it may be shown to anybody: what may be a password is left out.
pub fn shown(source: &str) -> String {
    let mut shown = source.to_owned();
    if let Some(password) = password(source) {
        shown.replace_range(password, "...");
    }
    shown
}

/// Where in a source a password is: behind the user's name (RFC 3986 section 3.2.1), also where it was written without
/// regard for what may stand in a URI.
fn password(source: &str) -> Option<Range<usize>> {
    let start = source.find(':')? + 1;
    let after = &source[start..];
    let has_authority = after.starts_with("//");
    let (start, rest) = after.strip_prefix("//").map_or((start, after), |rest| (start + 2, rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Who writes the colon as an octet (RFC 3986 section 2.1) means the same.
    if let Some(user) = authority.rfind('@').map(|at| &authority[..at])
        && let Some(octet) = user.to_ascii_lowercase().find("%3a")
        && !user[..octet].contains(':')
    {
        return Some(start + octet + "%3a".len()..start + user.len());
    }
    let colon = rest.find(':').filter(|colon| *colon < authority.len())?;
    // What follows a host is a port; if it is no number, or an `@` comes where no path belongs, something with a slash was
    // cut in two.
    let has_path = source.starts_with("http");
    let port = authority.rsplit_once(':').map(|(_, port)| port).unwrap_or_default();
    let end = match authority.rfind('@') {
        Some(at) => at,
        None if authority.starts_with('[') => return None,
        None if port.bytes().all(|byte| byte.is_ascii_digit()) && (has_path || !rest.contains('@')) => {
            return None;
        }
        None => rest.rfind('@').or(has_authority.then_some(rest.len()))?,
    };
    (colon < end).then_some(start + colon + 1..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (source, want) in [
            ("imaps://alice:wonderland@example.org", "imaps://alice:...@example.org"),
            ("imaps://alice:wonder@land@example.org:993", "imaps://alice:...@example.org:993"),
            ("imaps://alice:wonder/land@example.org", "imaps://alice:...@example.org"),
            ("imaps://alice:12/land@example.org", "imaps://alice:...@example.org"),
            (
                "imaps://alice@example.org:wonderland@mx.example.org",
                "imaps://alice@example.org:...@mx.example.org",
            ),
            ("imaps://alice%3Awonderland@example.org:993", "imaps://alice%3A...@example.org:993"),
            ("imaps://alice%3awonder:land@example.org", "imaps://alice%3a...@example.org"),
            ("imaps://alice:wonder%3Aland@example.org", "imaps://alice:...@example.org"),
            ("imaps:alice:wonderland@example.org", "imaps:alice:...@example.org"),
            ("imaps://alice:wonderland", "imaps://alice:..."),
            ("https://alice:wonderland@example.org/box", "https://alice:...@example.org/box"),
        ] {
            assert_eq!(shown(source), want);
        }
    }

    #[test]
    fn whatever_else_is_shown_whole() {
        for source in [
            "imaps://alice@example.org@mx.example.org:993",
            "imaps://alice@[::1]:993",
            "pop3s://[::1]",
            "imaps://localhost:1143",
            "https://example.org:8443/in/a:b@c",
            "file:///srv/a:b@c/x",
            "maildir:/home/alice/a:b@c",
            "xmpp:alice@example.im",
            "matrix:!room:example.org",
            "",
        ] {
            assert_eq!(shown(source), source);
        }
    }
}
