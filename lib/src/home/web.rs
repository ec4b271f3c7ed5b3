//! The settings that own addresses on web servers need.

use super::{Home, config::quoted};
use crate::{Error, Kind, Result, address};
use std::path::Path;

impl Home {
    /// The tables that config.toml lacks to fetch from those of these addresses that are https ones, each a box that lets
    /// in the identity key of this account, and to write to others who have such; empty if it lacks none.
    pub fn missing_for_web(&self, addresses: &[String]) -> Result<String> {
        let is_source = |uri: &String| {
            let named = |table: &super::Table| table.get("source").and_then(toml::Value::as_str) == Some(uri);
            self.config.receive.iter().any(named)
        };
        let boxes = || addresses.iter().filter(|uri| address::scheme(uri) == Some("https"));
        let mut text = String::new();
        if boxes().next().is_some() && !self.config.send.contains_key("https") {
            text.push_str("[send.https]\n");
        }
        for uri in boxes().filter(|uri| !is_source(uri)) {
            let login = quoted(&login(&self.path)?);
            text.push_str(&format!("\n[[receive]]\nsource = {}\ntoken-command = {login}\n", quoted(uri)));
        }
        Ok(text.trim_start().to_owned())
    }
}

/// What logs in as this account; drivers and what they run are not told which one it is.
fn login(home: &Path) -> Result<String> {
    const LOGIN: &str = "sn-profile login";
    if Home::usual().is_ok_and(|usual| usual == home) {
        return Ok(LOGIN.to_owned());
    }
    let path = home.to_str().ok_or_else(|| Error::new(Kind::Config, "a folder's name is not UTF-8"))?;
    Ok(format!("SN_HOME='{}' {LOGIN}", path.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::first_config;

    fn texts(uris: &[&str]) -> Vec<String> {
        uris.iter().map(|&uri| uri.to_owned()).collect()
    }

    #[test]
    fn a_box_gets_what_it_lacks_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alice's");
        let mut home = Home::create(&path, &first_config(&[], &[]).unwrap()).unwrap();
        let all =
            texts(&["mailto:alice@example.org", "https://example.net/in/a", "https://example.net/in/b"]);
        let missing = home.missing_for_web(&all[..2]).unwrap();
        assert!(missing.starts_with("[send.https]\n\n[[receive]]\n"), "{missing}");
        home.add_settings(&missing).unwrap();
        assert!(home.config.send.contains_key("https"));
        let table = &home.config.receive[0];
        assert_eq!(table["source"].as_str(), Some("https://example.net/in/a"));
        let told = format!("SN_HOME='{}/alice'\\''s' sn-profile login", dir.path().display());
        assert_eq!(table["token-command"].as_str(), Some(told.as_str()));

        assert_eq!(home.missing_for_web(&all[..2]).unwrap(), "");
        let missing = home.missing_for_web(&all).unwrap();
        assert!(missing.starts_with("[[receive]]\nsource = \"https://example.net/in/b\"\n"), "{missing}");
    }

    #[test]
    fn other_addresses_need_none_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), &first_config(&[], &[]).unwrap()).unwrap();
        for uris in
            [&[][..], &["mailto:alice@example.org", "file:///media/stick/alice", "http://127.0.0.1/in/a"]]
        {
            assert_eq!(home.missing_for_web(&texts(uris)).unwrap(), "");
        }
    }
}
