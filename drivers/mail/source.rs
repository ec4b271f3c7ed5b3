//! `imaps://alice@example.org`: the server that mail is fetched from, as the owner wrote it.

use crate::{Security, Server, Settings};
use socialnet::{Error, Kind, Result, address::shown};

/// Whose mail, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// How to get there.
    pub server: Server,
    /// Whom the server knows.
    pub user: String,
}

impl Source {
    /// Reads `SCHEME://USER@HOST[:PORT]`, in which the user's name may have an `@` of its own. With `secure` as its scheme
    /// TLS comes first; with `clear`, STARTTLS is required, unless `security` is `none`. Each has its usual port.
    pub fn read(
        source: &str,
        (secure, secure_port): (&str, u16),
        (clear, clear_port): (&str, u16),
        settings: &Settings,
    ) -> Result<Self> {
        // Said without quoting it. A password would go to the server as part of the name, and is in many messages.
        let named = source.split_once(':').and_then(|(_, rest)| rest.rsplit_once('@'));
        if named.is_some_and(|(user, _)| user.contains(':')) {
            return Err(Error::new(Kind::Config, "the source has a password in it, or a colon in the name")
                .hint("write SCHEME://USER@HOST and set password-command; a name with a colon goes into the setting user"));
        }
        let wrong = |why: &str| Error::new(Kind::Config, format!("the source '{}' {why}", shown(source)));
        let (scheme, rest) = source.split_once("://").ok_or_else(|| wrong("has no //"))?;
        let (security, usual) = match settings.parsed("security")? {
            asked if scheme == secure => match asked {
                None | Some(Security::Tls) => (Security::Tls, secure_port),
                Some(_) => {
                    return Err(wrong(&format!("asks for TLS, and security does not: write {clear}:")));
                }
            },
            None | Some(Security::StartTls) if scheme == clear => (Security::StartTls, clear_port),
            Some(Security::Clear) if scheme == clear => (Security::Clear, clear_port),
            Some(_) if scheme == clear => return Err(wrong(&format!("has no TLS: write {secure}:"))),
            _ => return Err(wrong(&format!("is neither {secure}: nor {clear}:"))),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, host) = match rest.rsplit_once('@') {
            Some((user, host)) => (user, host),
            None => (settings.required("user")?, rest),
        };
        let (host, port) = match host.rsplit_once(':') {
            // An IPv6 address is in brackets (RFC 3986 section 3.2.2).
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| wrong("has a port that is no number"))?)
            }
            _ => (host, usual),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || user.is_empty() || host.contains('/') {
            return Err(wrong("is not SCHEME://USER@HOST"));
        }
        let user = settings.get("user").unwrap_or(user).to_owned();
        Ok(Self { server: settings.server(host, port, security)?, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str, settings: &Settings) -> Result<(String, String, u16, Security)> {
        let source = Source::read(source, ("imaps", 993), ("imap", 143), settings)?;
        Ok((source.user, source.server.host, source.server.port, source.server.security))
    }

    #[test]
    fn whose_and_where() {
        let none = Settings::default();
        let at = |user: &str, host: &str, port, security| Ok((user.into(), host.into(), port, security));
        assert_eq!(
            read("imaps://alice@example.org@mx.example.org", &none),
            at("alice@example.org", "mx.example.org", 993, Security::Tls)
        );
        assert_eq!(read("imap://alice@[::1]:1143/", &none), at("alice", "::1", 1143, Security::StartTls));
        let clear = Settings::from([("security", "none"), ("user", "bob")]);
        assert_eq!(read("imap://localhost", &clear), at("bob", "localhost", 143, Security::Clear));
    }

    #[test]
    fn a_password_in_it_is_refused_and_not_shown() {
        for source in ["imaps://alice:wonderland@x", "imap://alice:wonderland@x", "imaps:alice:wonderland@x"]
        {
            let error = read(source, &Settings::default()).unwrap_err();
            assert_eq!(error.kind(), Kind::Config, "{source}");
            assert!(!error.message().contains("wonderland"), "{error}");
        }
        let colon = Settings::from([("user", "alice:x")]);
        assert_eq!(read("imaps://[::1]", &colon).unwrap().0, "alice:x");
    }

    #[test]
    fn no_way_down_from_tls() {
        let none = Settings::default();
        for wrong in
            ["imaps:alice@x", "http://alice@x", "imaps://alice@x:y", "imaps://@x", "imaps://alice@x/INBOX"]
        {
            assert_eq!(read(wrong, &none).unwrap_err().kind(), Kind::Config, "{wrong}");
        }
        for lower in ["none", "starttls"] {
            assert!(read("imaps://alice@x", &Settings::from([("security", lower)])).is_err());
        }
    }
}
