//! Where an address may lead. Most addresses come from a stranger's profile.

use crate::{
    Error, Kind, Result,
    address::{local_path, scheme},
    home::Home,
};
use std::path::{Path, PathBuf};

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
