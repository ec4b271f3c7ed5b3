//! The drivers' settings: `SN_CONF_*`, as the caller gives them.

use socialnet::{Error, Kind, Result, home::parse_duration};
use std::{env, path::PathBuf, time::Duration};

/// How long a server may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// For one request in all: 8 MiB through a slow line take minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(600);

/// What `[send.https]` or a `[[receive]]` table may say for both drivers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `answer-timeout`: for connecting, and for each answer once the request is out.
    pub answer_timeout: Duration,
    /// `request-timeout`: for one request in all.
    pub request_timeout: Duration,
    /// `ca-file`: certificates in PEM that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `allow-http`: without TLS, also beyond this machine.
    pub allow_http: bool,
}

impl Settings {
    /// Reads them. [`Kind::Config`] for one that is not of its form.
    pub fn read() -> Result<Self> {
        Ok(Self {
            answer_timeout: duration("ANSWER_TIMEOUT", ANSWER_TIMEOUT)?,
            request_timeout: duration("REQUEST_TIMEOUT", REQUEST_TIMEOUT)?,
            ca_file: text("CA_FILE")?.map(PathBuf::from),
            allow_http: switch("ALLOW_HTTP")?,
        })
    }
}

/// A setting as text, by its variable's name after `SN_CONF_`.
pub fn text(name: &str) -> Result<Option<String>> {
    match env::var(format!("SN_CONF_{name}")) {
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(wrong(name, "is not UTF-8")),
    }
}

/// A setting that is true or false.
pub fn switch(name: &str) -> Result<bool> {
    match text(name)?.as_deref() {
        Some("true") => Ok(true),
        None | Some("false") => Ok(false),
        Some(_) => Err(wrong(name, "is neither true nor false")),
    }
}

/// A setting that is a number from 1 to `most`.
pub fn number(name: &str, default: usize, most: usize) -> Result<usize> {
    let Some(text) = text(name)? else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| wrong(name, &format!("is not a number from 1 to {most}")))
}

fn duration(name: &str, default: Duration) -> Result<Duration> {
    text(name)?.map_or(Ok(default), |text| parse_duration(&text))
}

fn wrong(name: &str, what: &str) -> Error {
    Error::new(Kind::Config, format!("the setting '{}' {what}", name.to_lowercase().replace('_', "-")))
}
