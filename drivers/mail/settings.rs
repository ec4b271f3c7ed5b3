//! What the owner has set, as socialnet-driver(7) hands it over: each setting is a variable `SN_CONF_*`.
//!
//! A secret is never a setting. `password-command` and `token-command` are run when a login needs them, and what they
//! print is in no message.

use crate::sasl::Mechanism;
use socialnet::{Context, Error, Kind, Result, home::parse_duration, secret};
use std::{collections::BTreeMap, env, fmt, str::FromStr, time::Duration};

/// How long a server may take for an answer, unless `reply-timeout` says otherwise (RFC 5321 section 4.5.3.2.7).
const REPLY: Duration = Duration::from_secs(5 * 60);

/// The settings of this driver's table, by their names in config.toml.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Those that this process was given.
    pub fn from_env() -> Result<Self> {
        let mut settings = BTreeMap::new();
        for (name, value) in env::vars_os() {
            let Some(key) = name.to_str().and_then(|name| name.strip_prefix("SN_CONF_")) else { continue };
            let key = key.to_ascii_lowercase().replace('_', "-");
            let value = value
                .into_string()
                .map_err(|_| Error::new(Kind::Config, format!("the setting '{key}' is not UTF-8")))?;
            settings.insert(key, value);
        }
        Ok(Self(settings))
    }

    /// A setting, unless it is missing or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A setting without which nothing goes.
    pub fn required(&self, key: &str) -> Result<&str> {
        self.get(key).ok_or_else(|| Error::new(Kind::Config, format!("the setting '{key}' is missing")))
    }

    /// A setting that is a number, an address and so on, if it is there.
    pub fn parsed<T: FromStr>(&self, key: &str) -> Result<Option<T>> {
        let wrong = |value| Error::new(Kind::Config, format!("the setting '{key}' can't be '{value}'"));
        self.get(key).map(|value| value.parse().map_err(|_| wrong(value))).transpose()
    }

    /// A setting such as `5m`, if it is there.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>> {
        self.get(key).map(parse_duration).transpose().context(|| format!("the setting '{key}'"))
    }

    /// The items of a setting that is a list.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        self.get(key).unwrap_or_default().lines().filter(|item| !item.is_empty())
    }

    /// The server at `host`, with `ca-file` and `reply-timeout` as they are set.
    pub fn server(&self, host: &str, port: u16, security: Security) -> Result<Server> {
        Ok(Server {
            host: host.to_owned(),
            port,
            security,
            ca_file: self.get("ca-file").map(str::to_owned),
            reply_timeout: self.duration("reply-timeout")?.unwrap_or(REPLY),
        })
    }

    /// How `user` logs in, if there is a command for the secret.
    pub fn login(&self, user: &str) -> Result<Option<Login>> {
        let (command, token) = match (self.get("password-command"), self.get("token-command")) {
            (Some(_), Some(_)) => {
                return Err(Error::new(Kind::Config, "both password-command and token-command are set"));
            }
            (Some(command), None) => (command, false),
            (None, Some(command)) => (command, true),
            (None, None) => return Ok(None),
        };
        Ok(Some(Login { user: user.to_owned(), command: command.to_owned(), token }))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Settings {
    fn from(settings: [(&str, &str); N]) -> Self {
        Self(settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
    }
}

/// How the way to a server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS after a command, without which nothing goes on.
    StartTls,
    /// Nothing: only to this machine itself.
    Clear,
}

impl FromStr for Security {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "tls" => Ok(Self::Tls),
            "starttls" => Ok(Self::StartTls),
            "none" => Ok(Self::Clear),
            _ => Err(Error::new(Kind::Config, format!("'{word}' is not tls, starttls or none"))),
        }
    }
}

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name or an address; the certificate must be for it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS or not.
    pub security: Security,
    /// PEM file of the only authorities that are trusted; without it, those of the system.
    pub ca_file: Option<String>,
    /// How long the server may take for an answer.
    pub reply_timeout: Duration,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Whom the server knows.
    pub user: String,
    command: String,
    token: bool,
}

impl Login {
    /// Asks the command for the secret; see [`secret::first_line`].
    pub fn secret(&self) -> Result<Secret> {
        let name = if self.token { "token-command" } else { "password-command" };
        secret::first_line(name, &self.command, "").map(Secret)
    }

    /// The first of our mechanisms that the server offers, by its names for them. [`Kind::Config`] if there is none:
    /// nothing was tried, so nothing was refused.
    pub fn mechanism<'a>(&self, offered: impl Iterator<Item = &'a str>) -> Result<Mechanism> {
        let usable: &[Mechanism] = if self.token {
            &[Mechanism::OAuthBearer, Mechanism::XOAuth2]
        } else {
            &[Mechanism::Plain, Mechanism::Login]
        };
        let offered: Vec<&str> = offered.collect();
        let offers =
            |mechanism: &&Mechanism| offered.iter().any(|name| name.eq_ignore_ascii_case(mechanism.name()));
        usable.iter().find(offers).copied().ok_or_else(|| {
            if offered.is_empty() {
                return Error::new(Kind::Config, "the server offers no login")
                    .hint("many offer none without TLS: try security = 'starttls'");
            }
            let ours: Vec<_> = usable.iter().map(|mechanism| mechanism.name()).collect();
            Error::new(Kind::Config, format!("the server lets nobody in by {}", ours.join(" or ")))
                .hint("password-command goes with passwords, token-command with OAuth 2.0 tokens")
        })
    }
}

/// A password or token. It has no way into a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// For the server, and nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_told_when_wrong() {
        let settings =
            Settings::from([("port", "x"), ("empty", ""), ("reply-timeout", "2s"), ("folders", "a\n\nb c")]);
        assert_eq!(settings.required("empty").unwrap_err().message(), "the setting 'empty' is missing");
        assert_eq!(settings.parsed::<u16>("port").unwrap_err().message(), "the setting 'port' can't be 'x'");
        assert_eq!(settings.duration("reply-timeout").unwrap(), Some(Duration::from_secs(2)));
        assert_eq!(settings.list("folders").collect::<Vec<_>>(), ["a", "b c"]);
        assert!(settings.login("alice").unwrap().is_none());
    }

    #[test]
    fn a_command_for_the_secret_is_named_when_it_fails() {
        for (key, words) in [
            ("password-command", "password-command failed: exit status: 3"),
            ("token-command", "token-command failed: exit status: 3"),
        ] {
            let login = Settings::from([(key, "exit 3")]).login("alice").unwrap().unwrap();
            assert_eq!(login.secret().unwrap_err().message(), words);
        }
        assert_eq!(format!("{:?}", Secret("wonderland".into())), "Secret");
    }

    #[test]
    fn a_token_is_never_sent_as_a_password() {
        let password = Settings::from([("password-command", "x")]).login("alice").unwrap().unwrap();
        let token = Settings::from([("token-command", "x")]).login("alice").unwrap().unwrap();
        let offered = || ["LOGIN", "plain", "XOAUTH2"].into_iter();
        assert_eq!(password.mechanism(offered()).unwrap(), Mechanism::Plain);
        assert_eq!(token.mechanism(offered()).unwrap(), Mechanism::XOAuth2);
        assert_eq!(token.mechanism(["PLAIN"].into_iter()).unwrap_err().kind(), Kind::Config);
        assert_eq!(password.mechanism([].into_iter()).unwrap_err().message(), "the server offers no login");
    }
}
