//! Where nobody tells, the names that servers usually have are tried: one is taken if it does TLS with a certificate that
//! is valid for that name. Nothing is said to it but what comes before that.

use crate::{Protocol, Server, document::Offers, server::domain};
use socialnet::{Error, Kind, Result};
use socialnet_mail::{Security, Settings, Stream, lines::line};
use std::{io::Write, thread};

/// How long one of them may take.
const PATIENCE: &str = "10s";
/// Lines of an answer to EHLO.
const MOST_LINES: usize = 100;

/// The servers that are there, best first, under the usual names in the domain of `email`.
pub fn guess(email: &str, ca_file: Option<&str>) -> Result<Offers> {
    let settings = Settings::from([("reply-timeout", PATIENCE), ("ca-file", ca_file.unwrap_or_default())]);
    try_all(email, &|server| greets(server, &settings).is_ok())
}

/// As [`guess`], where `is_there` connects.
fn try_all(email: &str, is_there: &(dyn Fn(&Server) -> bool + Sync)) -> Result<Offers> {
    let candidates = candidates(email)?;
    // Side by side: a name that leads nowhere may take its whole time.
    let there: Vec<bool> = thread::scope(|scope| {
        let tried: Vec<_> = candidates.iter().map(|server| scope.spawn(move || is_there(server))).collect();
        tried.into_iter().map(|thread| thread.join().unwrap_or(false)).collect()
    });
    let found = candidates.into_iter().zip(there).filter(|(_, there)| *there).map(|(server, _)| server);
    let (outgoing, incoming) = found.partition(|server| server.protocol == Protocol::Smtp);
    Ok(Offers { incoming, outgoing })
}

fn candidates(email: &str) -> Result<Vec<Server>> {
    let domain = domain(email)?;
    let usual = [
        (Protocol::Imap, Security::Tls, "imap"),
        (Protocol::Imap, Security::Tls, "mail"),
        (Protocol::Pop3, Security::Tls, "pop"),
        (Protocol::Pop3, Security::Tls, "mail"),
        (Protocol::Smtp, Security::Tls, "smtp"),
        (Protocol::Smtp, Security::Tls, "mail"),
        (Protocol::Smtp, Security::StartTls, "smtp"),
        (Protocol::Smtp, Security::StartTls, "mail"),
    ];
    let named = usual.into_iter().map(|(protocol, security, name)| Server {
        protocol,
        security,
        host: format!("{name}.{domain}"),
        port: protocol.port(security),
        user: email.to_owned(),
        token: false,
    });
    Ok(named.filter(Server::is_sound).collect())
}

/// Whether TLS can be had.
fn greets(server: &Server, settings: &Settings) -> Result<()> {
    let place = settings.server(&server.host, server.port, server.security)?;
    let mut stream = Stream::connect(&place)?;
    if server.security == Security::StartTls {
        answered(&mut stream, "220")?;
        stream.write_all(b"EHLO localhost\r\n")?;
        answered(&mut stream, "250")?;
        stream.write_all(b"STARTTLS\r\n")?;
        answered(&mut stream, "220")?;
        stream.upgrade(&place)?;
    }
    Ok(())
}

/// Reads an answer of SMTP to its last line.
fn answered(stream: &mut Stream, code: &str) -> Result<()> {
    for _ in 0..MOST_LINES {
        let said = line(stream)?;
        let Some(rest) = said.strip_prefix(code) else { break };
        if !rest.starts_with('-') {
            return Ok(());
        }
    }
    Err(Error::new(Kind::Again, "that is no server for mail"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    #[test]
    fn the_first_name_that_answers_is_taken() {
        let there = |server: &Server| server.host == "mail.example.org";
        let found = try_all("alice@example.org", &there).unwrap();
        assert_eq!(found.incoming[0].uri(), "imaps://alice@example.org@mail.example.org");
        assert_eq!(found.outgoing[0].uri(), "smtps://alice@example.org@mail.example.org");
        assert_eq!(try_all("alice@example.org", &|_| false).unwrap(), Offers::default());
    }

    #[test]
    fn a_server_without_tls_is_not_there() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let other = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            socket.write_all(b"220 mail.example.org\r\n").unwrap();
            let mut heard = [0; 64];
            let _ = socket.read(&mut heard).unwrap();
            socket.write_all(b"250-mail.example.org\r\n250 SIZE\r\n").unwrap();
            let read = socket.read(&mut heard).unwrap();
            socket.write_all(b"502 what?\r\n").unwrap();
            String::from_utf8_lossy(&heard[..read]).into_owned()
        });
        let server = Server {
            protocol: Protocol::Smtp,
            security: Security::StartTls,
            host: "127.0.0.1".into(),
            port,
            user: "alice".into(),
            token: false,
        };
        assert!(greets(&server, &Settings::from([("reply-timeout", "60s")])).is_err());
        assert_eq!(other.join().unwrap(), "STARTTLS\r\n");
    }
}
