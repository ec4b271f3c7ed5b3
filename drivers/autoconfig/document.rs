//! Mozilla's autoconfiguration document, `<clientConfig version="1.1">`: the servers that a provider's domain has.
//!
//! It comes by HTTPS, but from whoever has the domain: it is read within limits, and a server without TLS is not taken
//! from it, whatever it says.

use crate::{Protocol, Server, server::domain};
use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};
use socialnet::{Error, Result};
use socialnet_mail::Security;

/// Servers that are looked at, of those that a document lists.
const MOST_SERVERS: usize = 50;
/// Bytes of an element's text: names are short.
const MOST_TEXT: usize = 512;

/// The servers of a document, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Where mail comes from: IMAP before POP3, TLS from the first byte before STARTTLS.
    pub incoming: Vec<Server>,
    /// Where mail goes to, in the same order.
    pub outgoing: Vec<Server>,
}

/// A server as far as it was read.
#[derive(Default)]
struct Draft {
    kind: String,
    host: String,
    port: String,
    socket: String,
    user: String,
    ways_in: Vec<String>,
}

/// Reads a document for the address `email`.
pub fn read(xml: &str, email: &str) -> Result<Offers> {
    let malformed = |error: &dyn std::fmt::Display| {
        Error::malformed(format!("the answer is no autoconfiguration document: {error}"))
    };
    let mut reader = Reader::from_str(xml);
    let (mut drafts, mut draft, mut text) = (Vec::new(), None::<Draft>, String::new());
    let mut is_ours = false;
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) => {
                let name = local_name(&start);
                is_ours |= name == "clientConfig";
                if matches!(name.as_str(), "incomingServer" | "outgoingServer") && drafts.len() < MOST_SERVERS
                {
                    let kind = start.try_get_attribute("type").map_err(|error| malformed(&error))?;
                    let kind = kind.map(|kind| kind.value.into_owned());
                    draft = Some(Draft { kind: kind.unwrap_or_default(), ..Draft::default() });
                }
                text.clear();
            }
            Event::Text(part) => add(&mut text, &part),
            // `&amp;` and its like come apart from the text around them; others mean nothing here.
            Event::GeneralRef(reference) => {
                let reference = format!("&{};", &*reference);
                add(&mut text, &unescape(&reference).unwrap_or_default());
            }
            Event::End(end) => {
                let name = end.local_name().as_ref().to_owned();
                if let Some(draft) = &mut draft {
                    draft.learn(&name, text.trim());
                }
                if matches!(name.as_str(), "incomingServer" | "outgoingServer") {
                    drafts.extend(draft.take());
                }
                text.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !is_ours {
        return Err(malformed(&"it has no clientConfig"));
    }
    let mut servers = Vec::new();
    for draft in drafts {
        servers.extend(draft.finish(email)?);
    }
    let of = |protocol, security| {
        let is = move |server: &&Server| server.protocol == protocol && server.security == security;
        servers.iter().filter(is).cloned().collect::<Vec<_>>()
    };
    let both = |protocol| [of(protocol, Security::Tls), of(protocol, Security::StartTls)].concat();
    Ok(Offers {
        incoming: [both(Protocol::Imap), both(Protocol::Pop3)].concat(),
        outgoing: both(Protocol::Smtp),
    })
}

fn local_name(start: &BytesStart) -> String {
    start.local_name().as_ref().to_owned()
}

fn add(text: &mut String, more: &str) {
    if text.len() + more.len() <= MOST_TEXT {
        text.push_str(more);
    }
}

impl Draft {
    fn learn(&mut self, name: &str, text: &str) {
        let field = match name {
            "hostname" => &mut self.host,
            "port" => &mut self.port,
            "socketType" => &mut self.socket,
            "username" => &mut self.user,
            "authentication" => return self.ways_in.push(text.to_owned()),
            _ => return,
        };
        // The first one counts, as with several of them in one server.
        if field.is_empty() {
            *field = text.to_owned();
        }
    }

    /// The server, unless it is of another kind, has no TLS, or can't be one.
    fn finish(self, email: &str) -> Result<Option<Server>> {
        let domain = domain(email)?;
        let local = &email[..email.len() - domain.len() - 1];
        let filled = |text: &str| {
            text.replace("%EMAILADDRESS%", email)
                .replace("%EMAILLOCALPART%", local)
                .replace("%EMAILDOMAIN%", domain)
        };
        let protocol = match self.kind.as_str() {
            "imap" => Protocol::Imap,
            "pop3" => Protocol::Pop3,
            "smtp" => Protocol::Smtp,
            _ => return Ok(None),
        };
        let security = match self.socket.as_str() {
            "SSL" => Security::Tls,
            "STARTTLS" => Security::StartTls,
            _ => return Ok(None),
        };
        let says = |way: &str| self.ways_in.iter().any(|said| said.eq_ignore_ascii_case(way));
        let password = ["password-cleartext", "plain", "password-encrypted", "secure"].into_iter().any(says);
        let user = if self.user.is_empty() { "%EMAILADDRESS%" } else { &self.user };
        let server = Server {
            protocol,
            security,
            host: filled(&self.host).to_ascii_lowercase(),
            port: self.port.parse().unwrap_or(protocol.port(security)),
            user: filled(user),
            token: says("OAuth2") && !password,
        };
        Ok(server.is_sound().then_some(server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(servers: &str) -> Offers {
        let document = format!(
            "<?xml version='1.0'?><clientConfig version='1.1'><emailProvider id='example.org'>{servers}\
             </emailProvider></clientConfig>"
        );
        read(&document, "alice@example.org").unwrap()
    }

    fn server(kind: &str, host: &str, socket: &str, more: &str) -> String {
        let element = if kind == "smtp" { "outgoingServer" } else { "incomingServer" };
        format!(
            "<{element} type='{kind}'><hostname>{host}</hostname><socketType>{socket}</socketType>{more}</{element}>"
        )
    }

    fn uris(servers: &[Server]) -> Vec<String> {
        servers.iter().map(Server::uri).collect()
    }

    #[test]
    fn the_best_server_comes_first() {
        let found = offers(
            &[
                server("pop3", "pop.example.org", "SSL", ""),
                server("imap", "b.example.org", "STARTTLS", "<username>%EMAILLOCALPART%</username>"),
                server("imap", "a.%EMAILDOMAIN%", "SSL", "<port>9993</port>"),
                server("smtp", "b.example.org", "STARTTLS", "<authentication>OAuth2</authentication>"),
                server("smtp", "a.example.org", "SSL", "<username>al&amp;ice</username>"),
                server("exchange", "x.example.org", "SSL", ""),
            ]
            .concat(),
        );
        assert_eq!(
            uris(&found.incoming),
            [
                "imaps://alice@example.org@a.example.org:9993",
                "imap://alice@b.example.org",
                "pop3s://alice@example.org@pop.example.org"
            ]
        );
        assert_eq!(
            uris(&found.outgoing),
            ["smtps://al&ice@a.example.org", "smtp://alice@example.org@b.example.org"]
        );
        assert!(found.outgoing[1].token && !found.outgoing[0].token);
    }

    #[test]
    fn nothing_without_tls_is_taken() {
        for socket in ["plain", "", "ssl ", "TLS?"] {
            assert_eq!(
                offers(&server("imap", "imap.example.org", socket, "")),
                Offers::default(),
                "{socket}"
            );
        }
    }

    #[test]
    fn what_is_hostile_is_left_out() {
        for host in
            ["", "-o.example.org", "a b", "a\n[send.file]", "a'b", "a..b", "/etc", "&x;", &"a".repeat(600)]
        {
            assert_eq!(offers(&server("imap", host, "SSL", "")), Offers::default(), "{host}");
        }
        let user = "<username>a\r\nRCPT TO</username>";
        assert_eq!(offers(&server("smtp", "a.example.org", "SSL", user)), Offers::default());
        let many = server("imap", "a.example.org", "SSL", "").repeat(1000);
        assert_eq!(offers(&many).incoming.len(), MOST_SERVERS);
    }

    #[test]
    fn what_is_no_document_is_told() {
        for wrong in ["", "<html><body>Not found</body></html>", "<clientConfig></x>", "{}"] {
            assert!(read(wrong, "alice@example.org").is_err(), "{wrong}");
        }
    }
}
