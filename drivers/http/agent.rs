//! The HTTP client: TLS by OpenSSL, no redirects by itself, no proxy, and bounds on the size and time of every answer.

use crate::{Reach, Settings, resolve::Checked};
use socialnet::{Error, Kind, Result, file, text};
use std::{io::Read, sync::Arc};
use ureq::{
    Agent, Body,
    http::Response,
    tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem},
    unversioned::{
        resolver::{DefaultResolver, Resolver},
        transport::DefaultConnector,
    },
};

/// Bytes of a file of certificates, at most.
const MAX_CA_FILE: usize = 1 << 20;
/// Bytes of an answer's head, at most.
const MAX_HEAD: usize = 16 << 10;
/// Bytes of an answer in words that are read: what is longer closes the connection.
const MAX_WORDS: u64 = 4 << 10;
/// Connections that stay open between requests.
const IDLE: usize = 96;

/// A client that connects only within `reach`.
pub fn agent(settings: &Settings, reach: Reach) -> Result<Agent> {
    build(settings, Checked::new(reach, DefaultResolver::default()))
}

pub(crate) fn build(settings: &Settings, resolver: impl Resolver) -> Result<Agent> {
    let patience = Some(settings.answer_timeout);
    let config = Agent::config_builder()
        .tls_config(
            TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots(settings)?).build(),
        )
        // A proxy would look names up by itself, and what it connects to could not be checked.
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("socialnet/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(MAX_HEAD)
        .timeout_global(Some(settings.request_timeout))
        .timeout_resolve(patience)
        .timeout_connect(patience)
        .timeout_per_write(patience)
        .timeout_recv_response(patience)
        .timeout_per_read(patience)
        .max_idle_connections(IDLE)
        .max_idle_connections_per_host(IDLE)
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::default(), resolver))
}

fn roots(settings: &Settings) -> Result<RootCerts> {
    let Some(path) = &settings.ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let pem = file::read(path, MAX_CA_FILE).map_err(|error| error.of_kind(Kind::Config))?;
    let wrong = || Error::new(Kind::Config, format!("'{}' holds no certificates in PEM", path.display()));
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| wrong())? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(wrong());
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// What a server says in an answer's body: its first line, short and plain. The body is read to its end where it is
/// short, so that the connection can be used again.
pub fn words(answer: &mut Response<Body>) -> String {
    let mut bytes = Vec::new();
    // A body that breaks off says as much as it said.
    let _ = answer.body_mut().as_reader().take(MAX_WORDS).read_to_end(&mut bytes);
    let said = String::from_utf8_lossy(&bytes);
    let first = if bytes.starts_with(b"<") { "" } else { said.lines().next().unwrap_or_default() };
    let reason = answer.status().canonical_reason().unwrap_or("an answer without a name");
    let status = format!("{} {reason}", answer.status().as_u16());
    match text::one_line(first.trim()) {
        line if line.is_empty() => status,
        line => format!("{status}: {line}"),
    }
}

/// An answer's body of at most `max` bytes.
pub fn bytes(answer: &mut Response<Body>, max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let again =
        |reason: &dyn std::fmt::Display| Error::new(Kind::Again, format!("the answer broke off: {reason}"));
    answer
        .body_mut()
        .as_reader()
        .take(max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| again(&error))?;
    if bytes.len() > max {
        return Err(Error::malformed(format!("the answer is longer than {max} bytes")));
    }
    Ok(bytes)
}
