//! One server of a mail account, and how it is written: `imaps://alice@example.org@imap.example.org`.

use socialnet::{Error, Kind, Result};
use socialnet_mail::{Security, address};

/// What it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Gives mail out, and keeps it.
    Imap,
    /// Gives mail out.
    Pop3,
    /// Takes mail.
    Smtp,
}

impl Protocol {
    /// The scheme of its URIs, with TLS from the first byte and with STARTTLS, each with its port (RFC 8314).
    fn schemes(self) -> [(&'static str, Security, u16); 2] {
        let (tls, clear, tls_port, clear_port) = match self {
            Self::Imap => ("imaps", "imap", 993, 143),
            Self::Pop3 => ("pop3s", "pop3", 995, 110),
            Self::Smtp => ("smtps", "smtp", 465, 587),
        };
        [(tls, Security::Tls, tls_port), (clear, Security::StartTls, clear_port)]
    }

    /// Its usual port.
    pub fn port(self, security: Security) -> u16 {
        let [tls, clear] = self.schemes();
        if security == Security::Tls { tls.2 } else { clear.2 }
    }
}

/// A server, and who we are there. Never without TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What it speaks.
    pub protocol: Protocol,
    /// [`Security::Tls`] or [`Security::StartTls`].
    pub security: Security,
    /// A host name or an IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whom it knows.
    pub user: String,
    /// Whether it is known to let nobody in with a password, but with OAuth 2.0 tokens.
    pub token: bool,
}

impl Server {
    /// Reads `SCHEME://[USER@]HOST[:PORT]` as the owner wrote it; `user` is who they are if that says nothing.
    pub fn from_uri(uri: &str, protocols: &[Protocol], user: &str) -> Result<Self> {
        let known: Vec<_> =
            protocols.iter().flat_map(|it| it.schemes().map(|scheme| (*it, scheme))).collect();
        let wrong = || {
            let forms: Vec<_> = known.iter().map(|(_, (scheme, ..))| format!("{scheme}://HOST")).collect();
            Error::new(Kind::Usage, format!("'{uri}' is not {}", forms.join(" or ")))
        };
        let (scheme, rest) = uri.split_once("://").ok_or_else(wrong)?;
        let (protocol, (_, security, usual)) =
            *known.iter().find(|(_, (name, ..))| *name == scheme).ok_or_else(wrong)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, host) = rest.rsplit_once('@').unwrap_or((user, rest));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (host, usual),
        };
        let server =
            Self { protocol, security, host: host.to_owned(), port, user: user.to_owned(), token: false };
        if server.is_sound() { Ok(server) } else { Err(wrong()) }
    }

    /// Whether host, port and user can be written into settings and URIs as they are.
    pub fn is_sound(&self) -> bool {
        let host = self.host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        let user = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-=?^_`{|}~.@".contains(&byte);
        host && self.host.len() <= 253
            && self.port > 0
            && !self.user.is_empty()
            && self.user.len() <= 320
            && self.user.bytes().all(user)
    }

    /// As the `source` of a `[[receive]]` table, or as `--outgoing` takes it.
    pub fn uri(&self) -> String {
        let [tls, clear] = self.protocol.schemes();
        let (scheme, _, usual) = if self.security == Security::Tls { tls } else { clear };
        let port = if self.port == usual { String::new() } else { format!(":{}", self.port) };
        format!("{scheme}://{}@{}{port}", self.user, self.host)
    }
}

/// The part of a mail address behind the `@`; [`Kind::Usage`] for what is none.
pub fn domain(email: &str) -> Result<&str> {
    let wrong = || Error::new(Kind::Usage, format!("'{email}' is not a plain mail address"));
    address::parts(email).map(|(_, domain)| domain).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "alice@example.org";

    #[test]
    fn what_the_owner_writes_is_read_and_written() {
        for uri in ["imaps://alice@example.org@mail.example.org", "pop3://alice@mail.example.org:1110"] {
            let server = Server::from_uri(uri, &[Protocol::Imap, Protocol::Pop3], ALICE).unwrap();
            assert_eq!(server.uri(), uri);
        }
        let server = Server::from_uri("smtp://mail.example.org", &[Protocol::Smtp], ALICE).unwrap();
        assert_eq!((server.security, server.port, server.user.as_str()), (Security::StartTls, 587, ALICE));
    }

    #[test]
    fn what_is_no_server_is_told() {
        for wrong in [
            "mail.example.org",
            "smtp://x",
            "imaps://",
            "imaps://x:0",
            "imaps://x:y",
            "imaps://a b",
            "imaps://a/b",
        ] {
            let error = Server::from_uri(wrong, &[Protocol::Imap], ALICE).unwrap_err();
            assert_eq!(error.message(), format!("'{wrong}' is not imaps://HOST or imap://HOST"));
        }
    }
}
