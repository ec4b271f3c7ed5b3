//! Addresses, and places to fetch from, as text: a URI whose scheme names the driver (socialnet-driver(7)). Where one may
//! lead is for [`crate::driver::allowed`] to say.

use crate::{Error, Result};
use std::{
    ffi::OsString,
    ops::Range,
    os::unix::ffi::OsStringExt,
    path::{Component, PathBuf},
};

/// Characters of an address, at most.
pub const MAX_ADDRESS: usize = 2048;

/// Whether `name` is `[a-z][a-z0-9]*` and at most 16 characters: it becomes part of a program's name.
pub fn is_scheme(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 16
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}

/// The scheme of an address, or none if it is not printable ASCII of at most [`MAX_ADDRESS`] characters with a scheme
/// that may become part of a program's name.
pub fn scheme(address: &str) -> Option<&str> {
    let printable = address.len() <= MAX_ADDRESS && address.bytes().all(|byte| byte.is_ascii_graphic());
    let (scheme, _) = address.split_once(':').filter(|_| printable)?;
    is_scheme(scheme).then_some(scheme)
}

/// The folder that a local address names (RFC 8089): absolute, on this machine, without `..`, query or fragment.
pub fn local_path(address: &str) -> Result<PathBuf> {
    let wrong = |why: &str| Error::malformed(format!("'{}' {why}", shown(address)));
    let rest = address.split_once(':').map(|(_, rest)| rest).ok_or_else(|| wrong("has no scheme"))?;
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(rest) => {
            let (host, _) = rest.split_once('/').ok_or_else(|| wrong("has no path"))?;
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(wrong("is on another machine"));
            }
            &rest[host.len()..]
        }
    };
    if path.contains(['?', '#']) {
        return Err(wrong("has a query or a fragment"));
    }
    let bytes = percent_decode(path).ok_or_else(|| wrong("has a % without two hexadecimal digits"))?;
    let path = PathBuf::from(OsString::from_vec(bytes));
    if !path.is_absolute() || path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(wrong("is not an absolute path"));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(wrong("has '..' in it"));
    }
    Ok(path)
}

/// RFC 3986 section 2.1; `None` where a `%` stands alone.
fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    Some(bytes)
}

/// An address as it may be shown to anybody: what may be a password is left out.
pub fn shown(source: &str) -> String {
    let mut shown = source.to_owned();
    if let Some(password) = password(source) {
        shown.replace_range(password, "...");
    }
    shown
}

/// Whether it has what may be a password.
pub(crate) fn has_password(address: &str) -> bool {
    password(address).is_some()
}

/// Where in an address a password is: behind the user's name (RFC 3986 section 3.2.1), also where it was written without
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
    use crate::Kind;
    use std::path::Path;

    #[test]
    fn a_scheme_is_a_plain_word() {
        assert_eq!(scheme("mailto:bob@example.org"), Some("mailto"));
        assert_eq!(scheme("x2:"), Some("x2"));
        for wrong in [
            "",
            "bob",
            ":x",
            "../x:y",
            "a/b:c",
            "File:///x",
            "2x:y",
            "x-y:z",
            "abcdefghijklmnopq:x",
            "file:///a b",
            "file:///a\tenvelope",
            "file:///a\n",
            "file:///ä",
            &format!("file:///{}", "a".repeat(MAX_ADDRESS)),
        ] {
            assert_eq!(scheme(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_local_address_names_a_folder_here() {
        for (address, path) in [
            ("file:///media/stick/bob", "/media/stick/bob"),
            ("file://LOCALHOST/x", "/x"),
            ("file:/x", "/x"),
            ("file:///a%20b%2fc", "/a b/c"),
        ] {
            assert_eq!(local_path(address).unwrap(), Path::new(path), "{address}");
        }
        for wrong in [
            "file:x",
            "file://",
            "file://bob",
            "file://bob/x",
            "file:///a/../b",
            "file:///a/%2e%2E/b",
            "file:///%",
            "file:///%4",
            "file:///%+1",
            "file:///a%00b",
            "file:///a?b",
            "file:///a#b",
        ] {
            assert_eq!(local_path(wrong).unwrap_err().kind(), Kind::Malformed, "{wrong}");
        }
    }

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
