//! Asks for the document: the provider under its own names, then Mozilla's list of providers, which learns the domain
//! alone.
//!
//! A domain is somebody else's word: where it leads must be on the public internet, and HTTPS all the way, redirects
//! included. Only for an address that the owner wrote by hand may the answer come from their own network.

use crate::{
    document::{Offers, read},
    server::domain,
};
use socialnet::{Error, Kind, Result};
use socialnet_http::{self as http, Reach, Settings};
use std::{path::PathBuf, time::Duration};
use ureq::http::{StatusCode, Uri, header::LOCATION};

/// Bytes of a document: the longest in Mozilla's list has 20 KiB.
const MAX_DOCUMENT: usize = 256 << 10;
/// How long one server may take for an answer, and for all of one.
const PATIENCE: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(20);
/// Providers that let no mail program in; looking for their servers would take its time and find some all the same.
const CLOSED: [&str; 8] = [
    "proton.me",
    "protonmail.com",
    "protonmail.ch",
    "pm.me",
    "tuta.com",
    "tutanota.com",
    "tutanota.de",
    "tutamail.com",
];
/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// The servers of `email`, and the URI that told of them; none if nobody knows. `by_hand` is asked instead of everybody
/// else, and what it answers, or does not, is told.
pub fn ask(email: &str, by_hand: Option<&str>, ca_file: Option<PathBuf>) -> Result<Option<(Offers, String)>> {
    let settings =
        Settings { answer_timeout: PATIENCE, request_timeout: 3 * PATIENCE, ca_file, allow_http: false };
    let domain = domain(email)?;
    if let Some(uri) = by_hand {
        let wrong = |why: String| Error::new(Kind::Usage, format!("'{uri}': {why}"));
        let host = http::check(uri).map_err(wrong)?.host().unwrap_or_default().to_owned();
        let reach = Reach { private_hosts: vec![host], ..Reach::default() };
        let said = fetch(uri, &settings, reach).and_then(|xml| read(&xml, email));
        return said.map(|offers| Some((offers, uri.to_owned()))).map_err(|error| error.context(uri));
    }
    if CLOSED.contains(&domain.to_ascii_lowercase().as_str()) {
        let hint = "name Proton's Bridge program by --incoming and --outgoing, or take another way than mail: socialnet-mail(7)";
        return Err(Error::new(Kind::Unavailable, format!("{domain} has no IMAP and no POP3")).hint(hint));
    }
    let query = form(email);
    let candidates = [
        format!("https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={query}"),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
        format!("https://autoconfig.thunderbird.net/v1.1/{domain}"),
    ];
    for uri in candidates {
        let said = fetch(&uri, &settings, Reach::default()).and_then(|xml| read(&xml, email));
        if let Ok(offers) = said
            && !offers.incoming.is_empty()
            && !offers.outgoing.is_empty()
        {
            let named = uri.split('?').next().unwrap_or_default().to_owned();
            return Ok(Some((offers, named)));
        }
    }
    Ok(None)
}

/// Gets one document, following redirects to other places of HTTPS.
fn fetch(uri: &str, settings: &Settings, reach: Reach) -> Result<String> {
    let again = |why: String| Error::new(Kind::Again, why);
    let agent = http::agent(settings, reach)?;
    let mut uri = secure(http::check(uri))?;
    for _ in 0..=REDIRECTS {
        let asked = agent.get(uri.clone()).config().timeout_global(Some(REQUEST)).build().call();
        let mut answer = asked.map_err(|error| again(http::failure(&error)))?;
        if answer.status().is_redirection() {
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            uri = secure(http::join(&uri, location.unwrap_or_default()))?;
            continue;
        }
        if answer.status() != StatusCode::OK {
            return Err(again(http::words(&mut answer)));
        }
        let bytes = http::bytes(&mut answer, MAX_DOCUMENT)?;
        return String::from_utf8(bytes).map_err(|_| Error::malformed("the answer is not UTF-8"));
    }
    Err(again("too many redirects".to_owned()))
}

fn secure(uri: std::result::Result<Uri, String>) -> Result<Uri> {
    let uri = uri.map_err(|why| Error::new(Kind::NotAllowed, why))?;
    if uri.scheme_str() == Some("https") {
        return Ok(uri);
    }
    Err(Error::new(Kind::NotAllowed, format!("'{uri}' is not https")))
}

/// An address in a query (RFC 3986 section 3.4): what could mean something else there is written with a percent sign.
fn form(email: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    email
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_query() {
        assert_eq!(form("alice@example.org"), "alice@example.org");
        assert_eq!(form("a+b&c=d#%@example.org"), "a%2Bb%26c%3Dd%23%25@example.org");
    }

    #[test]
    fn who_has_no_servers_is_not_asked() {
        let error = ask("alice@Tuta.com", None, None).unwrap_err();
        assert_eq!((error.kind(), error.message()), (Kind::Unavailable, "Tuta.com has no IMAP and no POP3"));
    }

    #[test]
    fn only_https_is_followed() {
        for wrong in ["http://example.org/x", "file:///etc/passwd", "https://a@b/"] {
            assert!(secure(http::check(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(ask("nobody", None, None).unwrap_err().kind(), Kind::Usage);
        assert!(ask("a@example.org", Some("http://localhost/x"), None).is_err());
    }

    #[test]
    fn a_domain_does_not_lead_into_ones_own_network() {
        // Nothing listens there: the refusal comes before any connection.
        let settings = Settings {
            answer_timeout: PATIENCE,
            request_timeout: 3 * PATIENCE,
            ca_file: None,
            allow_http: false,
        };
        let error = fetch("https://127.0.0.1:9/x", &settings, Reach::default()).unwrap_err();
        assert_eq!(error.message(), "'127.0.0.1' is 127.0.0.1, which is not on the public internet");
    }
}
