//! URIs that are followed: `https://HOST[:PORT]/…` and `http://…`. Most come from a stranger's profile, some from an
//! answer's `Location`.

use ureq::http::Uri;

/// Characters of an address, at most (socialnet-driver(7)).
const MAX_ADDRESS: usize = 2048;

/// Reads an address, or says why it is never followed.
pub fn check(address: &str) -> Result<Uri, String> {
    if address.len() > MAX_ADDRESS || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("not an address: at most {MAX_ADDRESS} printable characters"));
    }
    // The parser drops a fragment silently.
    if address.contains('#') {
        return Err("the address has a fragment".to_owned());
    }
    let uri: Uri = address.parse().map_err(|_| "not a URI".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("the address is neither https nor http".to_owned());
    }
    let authority = uri.authority().ok_or("the address names no host")?;
    if authority.as_str().contains('@') {
        return Err("the address has a user name in it".to_owned());
    }
    if authority.host().trim_matches(['[', ']']).is_empty() {
        return Err("the address names no host".to_owned());
    }
    // `host:` and `host:99999` are parsed without a word.
    let after = &authority.as_str()[authority.host().len()..];
    if !after.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("the address has a port that can't be one".to_owned());
    }
    Ok(uri)
}

/// Where a `Location` leads from `base` (RFC 3986 section 5): an absolute URI, or a path on the same host.
pub fn join(base: &Uri, location: &str) -> Result<Uri, String> {
    if location.starts_with('/') && !location.starts_with("//") {
        let scheme = base.scheme_str().unwrap_or_default();
        let authority = base.authority().map_or("", |authority| authority.as_str());
        return check(&format!("{scheme}://{authority}{location}"));
    }
    check(location)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed() {
        for good in
            ["https://example.net/in/9fj3", "https://example.net:8443/a/in/b?c=%20", "http://[::1]:80/in/x"]
        {
            assert_eq!(check(good).unwrap().to_string(), good);
        }
    }

    #[test]
    fn what_is_not() {
        for wrong in [
            "",
            "https:",
            "https://",
            "https:///in/x",
            "https://:443/in/x",
            "https://example.net:/in/x",
            "https://example.net:0/in/x",
            "https://example.net:99999/in/x",
            "https://alice:secret@example.net/in/x",
            "https://example.net@169.254.169.254/in/x",
            "https://example.net/in/x#y",
            "https://exam ple.net/in/x",
            "https://example.net/in/\u{e9}",
            "https://example.net/in/x\r\nHost: y",
            "ftp://example.net/in/x",
            "file:///etc/passwd",
            "gopher://example.net/_x",
            "/in/x",
            &format!("https://example.net/{}", "x".repeat(MAX_ADDRESS)),
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_location_is_absolute_or_a_path() {
        let base = check("https://example.net:8443/in/x").unwrap();
        let to = |location| join(&base, location).map(|uri| uri.to_string());
        assert_eq!(to("/in/y"), Ok("https://example.net:8443/in/y".to_owned()));
        assert_eq!(to("https://example.org/in/y"), Ok("https://example.org/in/y".to_owned()));
        for wrong in ["//example.org/in/y", "y", "", "gopher://example.org/", "https://a@b/"] {
            assert!(to(wrong).is_err(), "{wrong}");
        }
    }
}
