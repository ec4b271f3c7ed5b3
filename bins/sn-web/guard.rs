//! Which requests are answered: none that a browser sends because another site made it, or because somebody's name was made to
//! point here (DNS rebinding).
//!
//! A page of anybody's can make a browser send requests to 127.0.0.1. What such a page can't change are the headers that
//! the browser itself writes: `Host`, `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch Metadata).

use hyper::{
    HeaderMap, Method, Uri,
    header::{HOST, HeaderName, ORIGIN},
};

/// The port that an http URI need not name.
const HTTP: u16 = 80;

/// Why a request goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is for another host: a name that was made to point to this address (DNS rebinding).
    OtherHost,
    /// Another site made the browser send it.
    OtherSite,
    /// Nothing says that a page of ours made the browser send it.
    UnknownSite,
}

/// What this server is called by browsers that are meant to reach it.
pub struct Guard {
    hosts: Vec<String>,
}

impl Guard {
    /// For a server on this port.
    pub fn new(port: u16) -> Self {
        let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        if port == HTTP {
            // Browsers leave it out, of `Host` and `Origin` alike (RFC 9110 section 4.2.1).
            hosts.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        }
        Self { hosts }
    }

    /// Lets a request through, or not.
    pub fn check(&self, method: &Method, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = only(headers, &HOST).filter(|host| self.hosts.iter().any(|ours| ours == host));
        let host = host.ok_or(Refusal::OtherHost)?;
        // Whoever writes a whole URI means what is in it (RFC 9112 section 3.2.2).
        if target.authority().is_some_and(|authority| authority.as_str() != host) {
            return Err(Refusal::OtherHost);
        }
        let site = match headers.contains_key("sec-fetch-site") {
            true => {
                Some(only(headers, &HeaderName::from_static("sec-fetch-site")).ok_or(Refusal::OtherSite)?)
            }
            false => None,
        };
        // `same-site` is a server on another port of this machine: not ours.
        if !matches!(site, None | Some("same-origin" | "none")) {
            return Err(Refusal::OtherSite);
        }
        if method.is_safe() {
            return Ok(());
        }
        match headers.contains_key(ORIGIN) {
            true if only(headers, &ORIGIN) == Some(&format!("http://{host}")) => Ok(()),
            true => Err(Refusal::OtherSite),
            false if site == Some("same-origin") => Ok(()),
            false => Err(Refusal::UnknownSite),
        }
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    const HERE: (&str, &str) = ("host", "127.0.0.1:4000");

    fn check(method: Method, uri: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(uri), |request, (name, value)| {
                request.header(*name, *value)
            });
        let request = request.body(()).unwrap();
        Guard::new(4000).check(request.method(), request.uri(), request.headers())
    }

    #[test]
    fn a_browser_that_was_told_to_come_here_is_let_through() {
        for host in ["127.0.0.1:4000", "localhost:4000"] {
            assert_eq!(check(Method::GET, "/", &[("host", host)]), Ok(()));
            for site in ["none", "same-origin"] {
                assert_eq!(check(Method::GET, "/", &[("host", host), ("sec-fetch-site", site)]), Ok(()));
            }
            let origin = format!("http://{host}");
            assert_eq!(check(Method::POST, "/status", &[("host", host), ("origin", &origin)]), Ok(()));
        }
        assert_eq!(check(Method::POST, "/status", &[HERE, ("sec-fetch-site", "same-origin")]), Ok(()));
    }

    #[test]
    fn a_port_that_browsers_leave_out_need_not_be_named() {
        let post = |host: &str, origin: &str| {
            let request = Request::builder().method(Method::POST).uri("/status");
            let request = request.header("host", host).header("origin", origin).body(()).unwrap();
            Guard::new(80).check(request.method(), request.uri(), request.headers())
        };
        assert_eq!(post("127.0.0.1", "http://127.0.0.1"), Ok(()));
        assert_eq!(post("localhost", "http://localhost"), Ok(()));
        assert_eq!(post("localhost", "http://127.0.0.1"), Err(Refusal::OtherSite));
        assert_eq!(post("evil.example", "http://evil.example"), Err(Refusal::OtherHost));
    }

    #[test]
    fn a_name_that_was_made_to_point_here_is_refused() {
        for host in [
            "evil.example",
            "evil.example:4000",
            "127.0.0.1",
            "127.0.0.1:4001",
            "127.0.0.1:4000.evil.example",
            "",
        ] {
            assert_eq!(check(Method::GET, "/", &[("host", host)]), Err(Refusal::OtherHost), "{host}");
        }
        assert_eq!(check(Method::GET, "/", &[]), Err(Refusal::OtherHost));
        assert_eq!(check(Method::GET, "/", &[HERE, HERE]), Err(Refusal::OtherHost));
        assert_eq!(check(Method::GET, "http://evil.example/", &[HERE]), Err(Refusal::OtherHost));
    }

    #[test]
    fn another_site_is_refused_whatever_it_asks_for() {
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            let refused = check(Method::GET, "/", &[HERE, ("sec-fetch-site", site)]);
            assert_eq!(refused, Err(Refusal::OtherSite), "{site}");
        }
        for origin in ["http://evil.example", "null", "http://127.0.0.1:4001", "https://127.0.0.1:4000", ""] {
            let headers = [HERE, ("origin", origin), ("sec-fetch-site", "same-origin")];
            assert_eq!(check(Method::POST, "/status", &headers), Err(Refusal::OtherSite), "{origin}");
        }
        // localhost is another origin than 127.0.0.1, though both are ours.
        let other = [HERE, ("origin", "http://localhost:4000")];
        assert_eq!(check(Method::POST, "/status", &other), Err(Refusal::OtherSite));
        assert_eq!(check(Method::POST, "/status", &[HERE]), Err(Refusal::UnknownSite));
        assert_eq!(
            check(Method::POST, "/status", &[HERE, ("sec-fetch-site", "none")]),
            Err(Refusal::UnknownSite)
        );
    }
}
