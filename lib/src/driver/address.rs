//! Schemes and addresses, and where an address may lead. Most addresses come from a stranger's profile.

use crate::{Error, Kind, Result, home::Home};
use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Component, Path, PathBuf},
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

/// Whether addresses of a scheme lead to folders of this machine: those that come with the project, and any whose
/// table has `roots`.
pub fn is_local(home: &Home, scheme: &str) -> bool {
    matches!(scheme, "file" | "maildir")
        || home.config.send.get(scheme).is_some_and(|table| table.contains_key("roots"))
}

/// Whether mail may go to this address: the settings name its scheme and, for a local one, it lies beneath `roots` or
/// was set by hand.
pub fn allowed(home: &Home, address: &str, by_hand: bool) -> Result<()> {
    let scheme = scheme(address).ok_or_else(|| refused(format!("'{address}' is no address")))?;
    let table = home.config.send.get(scheme).ok_or_else(|| no_table(scheme))?;
    if by_hand || !is_local(home, scheme) {
        return Ok(());
    }
    let outside = || refused(format!("'{address}' is not beneath a folder of roots in [send.{scheme}]"));
    let path = resolve(&local_path(address)?).ok_or_else(outside)?;
    let roots = table.get("roots").and_then(toml::Value::as_array).into_iter().flatten();
    let beneath = |root: &str| resolve(Path::new(root)).is_some_and(|root| path.starts_with(root));
    if roots.filter_map(toml::Value::as_str).any(|root| Path::new(root).is_absolute() && beneath(root)) {
        return Ok(());
    }
    Err(outside())
}

pub(super) fn no_table(scheme: &str) -> Error {
    refused(format!("the settings have no [send.{scheme}]"))
}

fn refused(message: String) -> Error {
    Error::new(Kind::NotAllowed, message)
}

/// The folder that a local address names (RFC 8089): absolute, on this machine, without `..`, query or fragment.
pub fn local_path(address: &str) -> Result<PathBuf> {
    let wrong = |why: &str| Error::malformed(format!("'{}' {why}", super::shown(address)));
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

/// The path with every symbolic link followed, as far as it exists: a folder of a stick that is not there now must be
/// judged as well. `None` for what leads nowhere, such as a link to nothing.
fn resolve(path: &Path) -> Option<PathBuf> {
    let mut missing = Vec::new();
    let mut there = path;
    loop {
        match there.canonicalize() {
            Ok(found) => return Some(missing.iter().rev().fold(found, |path, part| path.join(part))),
            Err(_) if there.symlink_metadata().is_ok() => return None,
            Err(_) => {
                missing.push(there.file_name()?);
                there = there.parent()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};
    use tempfile::{TempDir, tempdir};

    fn account(config: &str) -> (TempDir, Home) {
        let dir = tempdir().unwrap();
        let root = dir.path().join("post");
        fs::create_dir(&root).unwrap();
        let config = config.replace("POST", root.to_str().unwrap());
        let home = Home::create(&dir.path().join("alice"), &config).unwrap();
        (dir, home)
    }

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
    fn a_strangers_address_stays_beneath_the_roots() {
        let (dir, home) = account("[send.file]\nroots = ['POST', '/media/stick']");
        let post = dir.path().join("post");
        fs::create_dir(post.join("bob")).unwrap();
        symlink(dir.path(), post.join("out")).unwrap();
        symlink("/nowhere/at/all", post.join("nowhere")).unwrap();
        symlink("bob", post.join("robert")).unwrap();
        let address = |path: &str| format!("file://{}/{path}", post.display());
        for good in [
            address("bob"),
            address("robert"),
            address("carol/not/there/yet"),
            "file:///media/stick/bob".to_owned(),
        ] {
            allowed(&home, &good, false).unwrap();
        }
        for wrong in [
            address("out"),
            address("out/alice"),
            address("nowhere"),
            address("nowhere/x"),
            address("../alice"),
            format!("file://{}", dir.path().display()),
            format!("file://{}-office", post.display()),
            "file:///media/stick2".to_owned(),
            "file:///".to_owned(),
        ] {
            assert!(allowed(&home, &wrong, false).is_err(), "{wrong}");
        }
        allowed(&home, &address("out"), true).unwrap();
    }

    #[test]
    fn only_schemes_of_the_settings_are_used() {
        let (_dir, home) = account("[send.file]\n[send.https]");
        allowed(&home, "https://example.net/in", false).unwrap();
        let error = allowed(&home, "xmpp:bob@example.im", true).unwrap_err();
        assert_eq!(error.message(), "the settings have no [send.xmpp]");
        // No roots: no stranger's folder.
        assert!(allowed(&home, "file:///tmp", false).is_err());
        assert!(allowed(&home, "no address", true).is_err());
    }
}
