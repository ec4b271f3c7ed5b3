//! What a client says to log in: the initial responses of the mechanisms that mail providers offer, before base64.
//!
//! All of them show the secret to the server, so they are used over TLS only (or to this machine itself). SCRAM would
//! not: no provider that people have is known to offer it without PLAIN.

use crate::{Login, Server, settings::Secret};

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// User name and password, each asked for by itself; never a standard, and still all that some servers have.
    Login,
    /// RFC 7628.
    OAuthBearer,
    /// What OAUTHBEARER was before it was a standard, at Google and Microsoft.
    XOAuth2,
}

impl Mechanism {
    /// As servers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// What is said in answer to each of the server's challenges; the first one goes with the command where the protocol
    /// allows that.
    pub fn responses(self, server: &Server, login: &Login, secret: &Secret) -> Vec<String> {
        let (user, secret) = (&login.user, secret.reveal());
        match self {
            Self::Plain => vec![format!("\0{user}\0{secret}")],
            Self::Login => vec![user.clone(), secret.to_owned()],
            Self::OAuthBearer => vec![format!(
                "n,a={},\x01host={}\x01port={}\x01auth=Bearer {secret}\x01\x01",
                // RFC 5801 section 4: a saslname.
                user.replace('=', "=3D").replace(',', "=2C"),
                server.host,
                server.port
            )],
            Self::XOAuth2 => vec![format!("user={user}\x01auth=Bearer {secret}\x01\x01")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Security, Settings};

    #[test]
    fn what_is_said_is_what_the_standards_say() {
        let settings = Settings::from([("token-command", "echo vF9dft4qmT")]);
        let server = settings.server("server.example.com", 143, Security::Tls).unwrap();
        let login = settings.login("user@example.com").unwrap().unwrap();
        let secret = login.secret().unwrap();
        let said = |mechanism: Mechanism| mechanism.responses(&server, &login, &secret);
        // The example of RFC 7628 section 4.1.
        assert_eq!(
            said(Mechanism::OAuthBearer),
            [
                "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmT\x01\x01"
            ]
        );
        assert_eq!(said(Mechanism::XOAuth2), ["user=user@example.com\x01auth=Bearer vF9dft4qmT\x01\x01"]);
        assert_eq!(said(Mechanism::Plain), ["\0user@example.com\0vF9dft4qmT"]);
        assert_eq!(said(Mechanism::Login), ["user@example.com", "vF9dft4qmT"]);
    }
}
