//! The settings: one TOML file. sn-httpd(1), SETTINGS.

use serde::{Deserialize, Deserializer, de};
use socialnet::{Error, Kind, Result, driver::MAX_BYTES, file, home::parse_duration};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// Bytes of the file, at most.
const MAX_SETTINGS: usize = 1 << 20;

/// What the file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The folder of boxes.
    pub boxes: PathBuf,
    /// `ADDRESS:PORT`, or the path of a socket.
    #[serde(default)]
    pub listen: Vec<Place>,
    /// Names, as in an address's authority, under which a box-login is taken.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// For TLS: the chain and its key, in PEM.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Where counters are served: a loopback address.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
    /// Whether `X-Forwarded-For` tells the client's address.
    #[serde(default)]
    pub behind_proxy: bool,
    /// What is written of each request.
    #[serde(default)]
    pub log: Log,
    /// What one client, one box and all together may take.
    #[serde(default)]
    pub limits: Limits,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// `ADDRESS:PORT`
    Tcp(SocketAddr),
    /// The path of a socket.
    Unix(PathBuf),
}

impl TryFrom<String> for Place {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        if text.starts_with('/') {
            return Ok(Self::Unix(text.into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| "neither ADDRESS:PORT nor a path")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// `[tls]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate and those above it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `log`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Log {
    /// Nothing.
    None,
    /// Method, what kind of resource, status, bytes, time.
    #[default]
    Plain,
    /// That, the box, and the client's address.
    Full,
}

/// `[limits]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Items in a box.
    pub items: u64,
    /// Bytes in a box.
    pub bytes: u64,
    /// Connections.
    pub connections: usize,
    /// Connections from one network address (of IPv6: from one /64).
    pub connections_per_address: u32,
    /// Requests from one network address in a minute.
    pub requests_per_minute: u32,
    /// For the head of a request, and between two requests.
    #[serde(deserialize_with = "duration")]
    pub head_time: Duration,
    /// For a body.
    #[serde(deserialize_with = "duration")]
    pub body_time: Duration,
    /// Between two pieces of a body.
    #[serde(deserialize_with = "duration")]
    pub idle_time: Duration,
    /// The longest wait of a GET that waits for something new.
    #[serde(deserialize_with = "duration")]
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: MAX_BYTES,
            items: 10_000,
            bytes: 1 << 30,
            connections: 4096,
            connections_per_address: 128,
            requests_per_minute: 3000,
            head_time: Duration::from_secs(20),
            body_time: Duration::from_secs(300),
            idle_time: Duration::from_secs(30),
            wait: Duration::from_secs(300),
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(input: D) -> std::result::Result<Duration, D::Error> {
    parse_duration(&String::deserialize(input)?).map_err(de::Error::custom)
}

impl Settings {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |why: &str| Error::new(Kind::Config, format!("'{}' {why}", path.display()));
        let bytes = file::read(path, MAX_SETTINGS).map_err(|error| error.of_kind(Kind::Config))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
        let settings: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            wrong(&format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        })?;
        settings.check().map_err(|why| wrong(&why))?;
        Ok(settings)
    }

    /// Whether what is said at this address is safe from those on the way.
    pub fn may_listen(&self, address: IpAddr) -> bool {
        self.tls.is_some() || self.behind_proxy || address.to_canonical().is_loopback()
    }

    fn check(&self) -> std::result::Result<(), String> {
        if !self.boxes.is_dir() {
            return Err(format!("boxes: there is no folder '{}'", self.boxes.display()));
        }
        for place in &self.listen {
            if let Place::Tcp(address) = place
                && !self.may_listen(address.ip())
            {
                return Err(format!("listen: no TLS on {address}: set tls, or say behind-proxy = true"));
            }
        }
        if self.metrics.is_some_and(|address| !address.ip().is_loopback()) {
            return Err("metrics: counters are served on a loopback address only".to_owned());
        }
        if let Some(host) = self.hosts.iter().find(|host| host.contains('/') || **host != host.to_lowercase())
        {
            return Err(format!("hosts: '{host}' is not as in an address: lower case, perhaps with a port"));
        }
        let limits = &self.limits;
        if limits.body == 0 || limits.body > MAX_BYTES {
            return Err(format!("limits: body is from 1 to {MAX_BYTES}"));
        }
        if limits.connections == 0 || limits.connections_per_address == 0 || limits.requests_per_minute == 0 {
            return Err("limits: 0 would let nobody in".to_owned());
        }
        let times = [limits.head_time, limits.body_time, limits.idle_time, limits.wait];
        if times.iter().any(Duration::is_zero) {
            return Err("limits: a time of nothing".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(more: &str) -> Result<Settings> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("httpd.toml");
        fs::write(&path, format!("boxes = '{}'\n{more}", dir.path().display())).unwrap();
        Settings::read(&path)
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let settings = read("").unwrap();
        assert_eq!(settings.limits.body, MAX_BYTES);
        assert_eq!(settings.log, Log::Plain);
        assert!(settings.tls.is_none() && settings.metrics.is_none() && !settings.behind_proxy);
    }

    #[test]
    fn without_tls_it_listens_where_nobody_is_on_the_way() {
        for more in [
            "listen = ['127.0.0.1:80', '[::1]:80', '/run/http.sock']",
            "listen = ['0.0.0.0:80']\nbehind-proxy = true",
            "listen = ['0.0.0.0:443']\ntls = { certificate = 'c', key = 'k' }",
        ] {
            read(more).unwrap();
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (more, why) in [
            ("listen = ['0.0.0.0:80']", "no TLS on 0.0.0.0:80"),
            ("listen = ['127.0.0.1:80', '[::]:80']", "no TLS on [::]:80"),
            ("listen = ['example.net:80']", "neither ADDRESS:PORT nor a path"),
            ("metrics = '0.0.0.0:9464'", "loopback address only"),
            ("hosts = ['Example.net']", "not as in an address"),
            ("hosts = ['https://example.net']", "not as in an address"),
            ("[limits]\nbody = 9000000", "body is from 1 to"),
            ("[limits]\nconnections = 0", "let nobody in"),
            ("[limits]\nwait = '0s'", "a time of nothing"),
            ("[limits]\nitem = 5", "line 3: unknown field `item`"),
            ("log = 'everything'", "line 2: unknown variant"),
        ] {
            let error = read(more).unwrap_err();
            assert!(error.message().contains(why), "{}", error.message());
            assert_eq!(error.kind(), Kind::Config);
        }
    }
}
