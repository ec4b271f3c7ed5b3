//! Servers as tables of config.toml. A secret is never written: a command that prints it is.

use crate::Server;
use socialnet_mail::Security;
use toml::Value;

/// Where the secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A command that prints a password.
    Password(String),
    /// A command that prints an OAuth 2.0 token.
    Token(String),
}

impl Secret {
    /// What is written where the owner has named no command: the usual password manager's, to be changed by hand.
    pub fn usual(email: &str, token: bool) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._+-".contains(&byte);
        // An address may have a quote or a dollar sign in it, and this is a line for sh(1).
        let word = match email.bytes().all(plain) {
            true => email.to_owned(),
            false => format!("'{}'", email.replace('\'', r"'\''")),
        };
        if token {
            Self::Token(format!("oama access {word}"))
        } else {
            Self::Password(format!("pass show {word}"))
        }
    }

    /// The command.
    pub fn command(&self) -> &str {
        match self {
            Self::Password(command) | Self::Token(command) => command,
        }
    }

    fn line(&self) -> String {
        let key = match self {
            Self::Password(_) => "password-command",
            Self::Token(_) => "token-command",
        };
        line(key, self.command())
    }
}

/// `[send.mailto]` and `[[receive]]`.
pub fn tables(
    email: &str,
    incoming: &Server,
    outgoing: &Server,
    secret: &Secret,
    ca_file: Option<&str>,
) -> String {
    let ca_file = ca_file.map_or_else(String::new, |file| line("ca-file", file));
    let mut text = format!("# Mail of {email}; socialnet-mail(7) has more to say.\n[send.mailto]\n");
    text += &line("host", &outgoing.host);
    if outgoing.security == Security::StartTls {
        text += &line("security", "starttls");
    }
    if outgoing.port != outgoing.protocol.port(outgoing.security) {
        text += &format!("port = {}\n", outgoing.port);
    }
    text += &line("from", email);
    if outgoing.user != email {
        text += &line("user", &outgoing.user);
    }
    text += &secret.line();
    text += &ca_file;
    text += "# Mails in a day, if the provider has a limit.\n#per-day = 300\n\n[[receive]]\n";
    text += &line("source", &incoming.uri());
    text += &secret.line();
    text + &ca_file
}

fn line(key: &str, value: &str) -> String {
    format!("{key} = {}\n", Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;

    #[test]
    fn what_is_written_is_read_and_quoted() {
        let server = |uri, protocol| Server::from_uri(uri, &[protocol], "alice@example.org").unwrap();
        let secret = Secret::Password("secret-tool lookup 'user' \"alice\"".into());
        let text = tables(
            "alice@example.org",
            &server("imaps://imap.example.org", Protocol::Imap),
            &server("smtp://al@mail.example.org:2587", Protocol::Smtp),
            &secret,
            Some("/etc/it's.pem"),
        );
        let read: toml::Table = text.parse().unwrap();
        let send = &read["send"]["mailto"];
        assert_eq!(send["host"].as_str(), Some("mail.example.org"));
        assert_eq!((send["port"].as_integer(), send["security"].as_str()), (Some(2587), Some("starttls")));
        assert_eq!(send["user"].as_str(), Some("al"));
        assert_eq!(send["password-command"].as_str(), Some(secret.command()));
        let receive = &read["receive"][0];
        assert_eq!(receive["source"].as_str(), Some("imaps://alice@example.org@imap.example.org"));
        assert_eq!(receive["ca-file"].as_str(), Some("/etc/it's.pem"));
    }

    #[test]
    fn an_address_is_one_word_for_the_shell() {
        assert_eq!(Secret::usual("al@example.org", false).command(), "pass show al@example.org");
        assert_eq!(
            Secret::usual("a'$(x)@example.org", false).command(),
            r"pass show 'a'\''$(x)@example.org'"
        );
    }
}
