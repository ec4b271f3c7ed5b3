//! The way to a server: TCP, then TLS at once or when a protocol says so.
//!
//! TLS 1.2 at least, a certificate that is valid now, for this host, from an authority of the system or of `ca-file`;
//! there is no setting that asks for less. Without TLS the other end must be this machine: what counts is the address
//! that was connected to, not its name.

use crate::{Security, Server};
use openssl::{
    ssl::{HandshakeError, SslConnector, SslMethod, SslStream, SslVersion},
    x509::{X509VerifyResult, store::X509StoreBuilder},
};
use socialnet::{Error, Kind, Result};
use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    path::{Path, PathBuf},
    time::Duration,
};

/// Ports that are registered for TLS from the first byte (RFC 8314 section 7).
const BEGIN_WITH_TLS: [u16; 3] = [465, 993, 995];
/// What to set for those, and for the others.
const FROM_THE_FIRST_BYTE: &str =
    "to send, set security = 'tls'; where mail is fetched, write imaps: or pop3s: for imap: or pop3:";
const AFTER_STARTTLS: &str = "to send, set security = 'starttls', or port = 465; where mail is fetched, write imap: or \
    pop3: for imaps: or pop3s:, or the port 993 or 995";
/// How OpenSSL calls what does not look like TLS.
const NO_TLS: [&str; 2] = ["wrong version number", "http request"];
/// How long it may take to connect to one address of a server.
const CONNECT: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// Not protected.
    Clear(TcpStream),
    /// Protected.
    Tls(SslStream<TcpStream>),
}

impl Stream {
    /// Connects; with [`Security::Tls`] the handshake is done as well. With [`Security::StartTls`] the protocol has to
    /// ask, and call [`Stream::upgrade`] before it says anything that matters.
    pub fn connect(server: &Server) -> Result<Self> {
        if server.security != Security::Tls && BEGIN_WITH_TLS.contains(&server.port) {
            let message = format!("port {} begins with TLS, and the settings do not", server.port);
            return Err(Error::new(Kind::Config, message).hint(FROM_THE_FIRST_BYTE));
        }
        let socket = dial(server)?;
        let here = socket.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
        if server.security == Security::Clear && !here {
            let message = format!("'{}' is another machine, and TLS is switched off", server.host);
            return Err(Error::new(Kind::Config, message).hint("set security to tls or starttls"));
        }
        if server.security == Security::Tls {
            return Self::begin(socket, server);
        }
        // In SMTP, IMAP and POP3 the server speaks first, unless it waits for TLS.
        match socket.peek(&mut [0]) {
            Err(error) if is_timeout(&error) => {
                let message = format!("'{}' port {} said nothing for too long", server.host, server.port);
                Err(Error::new(Kind::Again, message)
                    .hint(format!("if that port begins with TLS: {FROM_THE_FIRST_BYTE}")))
            }
            // Whoever reads the greeting tells of anything else.
            _ => Ok(Self::Clear(socket)),
        }
    }

    /// The handshake at the beginning of a connection. First with the one authority that the system's folder may have for
    /// it: reading the 140 or so of a bundle takes longer than all the rest. Some have theirs in the bundle alone.
    fn begin(socket: TcpStream, server: &Server) -> Result<Self> {
        let Some(folder) = filed_by_hash(server) else { return Self::Clear(socket).upgrade(server) };
        match connector(server, Trusted::Filed(&folder))?.connect(&server.host, socket) {
            Err(HandshakeError::Failure(stream)) if stream.ssl().verify_result() != X509VerifyResult::OK => {
                Self::Clear(dial(server)?).upgrade(server)
            }
            done => Self::after(done, server),
        }
    }

    fn after(
        handshake: std::result::Result<SslStream<TcpStream>, HandshakeError<TcpStream>>,
        server: &Server,
    ) -> Result<Self> {
        let stream = handshake.map_err(|error| refused(server, error))?;
        acknowledge_at_once(stream.get_ref());
        Ok(Self::Tls(stream))
    }

    /// Does the handshake. Whoever calls this must have read exactly what came before it: bytes that the server (or
    /// somebody between) sent ahead must not be taken for what came protected (CVE-2011-0411 and its many like).
    pub fn upgrade(self, server: &Server) -> Result<Self> {
        let Self::Clear(socket) = self else { return Ok(self) };
        Self::after(connector(server, Trusted::All)?.connect(&server.host, socket), server)
    }

    /// Whether it is protected.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The socket beneath, for its timeouts.
    pub fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(socket) => socket,
            Self::Tls(stream) => stream.get_ref(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Tries each address of the host in turn.
fn dial(server: &Server) -> Result<TcpStream> {
    let cannot = |error: io::Error| {
        let error = Error::new(Kind::Again, Error::from(error).message().to_owned());
        error.context(format!("cannot connect to '{}' port {}", server.host, server.port))
    };
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in (server.host.as_str(), server.port).to_socket_addrs().map_err(cannot)? {
        match TcpStream::connect_timeout(&address, CONNECT.min(server.reply_timeout)) {
            Ok(socket) => {
                // Commands are small and wait for their answers: nothing may wait to be sent with the next one.
                socket.set_nodelay(true).map_err(cannot)?;
                socket.set_read_timeout(Some(server.reply_timeout)).map_err(cannot)?;
                socket.set_write_timeout(Some(server.reply_timeout)).map_err(cannot)?;
                return Ok(socket);
            }
            Err(error) => failed = error,
        }
    }
    Err(cannot(failed))
}

/// Which of the system's authorities are trusted, unless `ca-file` names others.
#[derive(Clone, Copy)]
enum Trusted<'a> {
    All,
    /// Those in this folder, out of which OpenSSL reads the one that it needs.
    Filed(&'a Path),
}

fn connector(server: &Server, trusted: Trusted<'_>) -> Result<SslConnector> {
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(Kind::Config, format!("cannot {what}: {}", first_line(&error.to_string())))
    };
    let mut builder =
        SslConnector::builder(SslMethod::tls_client()).map_err(|error| cannot("use TLS", &error))?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2)).map_err(|error| cannot("use TLS", &error))?;
    match (&server.ca_file, trusted) {
        (Some(file), _) => {
            // Instead of the system's, not beside them.
            let none = X509StoreBuilder::new().map_err(|error| cannot("use TLS", &error))?;
            builder.set_cert_store(none.build());
            builder
                .set_ca_file(file)
                .map_err(|error| cannot(&format!("read certificates from ca-file '{file}'"), &error))?;
        }
        (None, Trusted::Filed(folder)) => {
            builder
                .load_verify_locations(None, Some(folder))
                .map_err(|error| cannot("read the system's certificates", &error))?;
        }
        (None, Trusted::All) => {
            // OpenSSL was compiled with the project and does not know where this system keeps them.
            let probe = openssl_probe::probe();
            let file = probe.cert_file.as_deref().filter(|path| is_nameable(path));
            let folder = probe.cert_dir.first().map(|path| path.as_path()).filter(|path| is_nameable(path));
            if file.is_some() || folder.is_some() {
                builder
                    .load_verify_locations(file, folder)
                    .map_err(|error| cannot("read the system's certificates", &error))?;
            }
        }
    }
    // Else each record costs two calls of recv(2): one for its head, one for the rest.
    builder.set_read_ahead(true);
    Ok(builder.build())
}

/// Whether OpenSSL's crate can be told of a path.
fn is_nameable(path: &Path) -> bool {
    path.to_str().is_some()
}

/// The system's folder of authorities, if they count and it has them by hash. What the environment names counts beside
/// that.
fn filed_by_hash(server: &Server) -> Option<PathBuf> {
    let apart = server.ca_file.is_some() || openssl_probe::has_ssl_cert_env_vars();
    let folder = openssl_probe::probe().cert_dir.into_iter().next().filter(|_| !apart)?;
    (is_nameable(&folder) && is_filed_by_hash(&folder)).then_some(folder)
}

/// Whether the certificates in a folder are found by the hash of whom they are for, as openssl-rehash(1) files them.
fn is_filed_by_hash(folder: &Path) -> bool {
    let by_hash = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    folder
        .read_dir()
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(by_hash)))
}

/// After the handshake the server sends tickets for later sessions, and then its greeting. Where it does not switch off
/// Nagle's algorithm (Postfix does not), the greeting waits until the tickets are acknowledged, which this end would put
/// off for 40 ms, as it has nothing to say yet (RFC 9293 section 3.8.6.3).
fn acknowledge_at_once(socket: &TcpStream) {
    // Only ever about time.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_quickack(socket, true);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Why there is no TLS, in words: OpenSSL's own name the line of its source.
fn refused(server: &Server, error: HandshakeError<TcpStream>) -> Error {
    let host = &server.host;
    match error {
        HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream) => {
            let verified = stream.ssl().verify_result();
            if verified != X509VerifyResult::OK {
                let why = verified.error_string();
                return Error::new(
                    Kind::NotAllowed,
                    format!("the certificate of '{host}' is not trusted: {why}"),
                );
            }
            let reason = stream.error().ssl_error().and_then(|stack| stack.errors().first()?.reason());
            if server.security == Security::Tls && reason.is_some_and(|reason| NO_TLS.contains(&reason)) {
                let message = format!("'{host}' port {} does not begin with TLS", server.port);
                return Error::new(Kind::Config, message).hint(AFTER_STARTTLS);
            }
            let why = match stream.error().io_error() {
                Some(error) if is_timeout(error) => "no answer for too long".to_owned(),
                Some(error) => Error::from(io::Error::from(error.kind())).message().to_owned(),
                None => first_line(&stream.error().to_string()),
            };
            Error::new(Kind::Again, format!("cannot begin TLS with '{host}': {why}"))
        }
        HandshakeError::SetupFailure(error) => {
            Error::new(Kind::Config, format!("cannot begin TLS with '{host}': {error}"))
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// `error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:ssl/…:77:` without what surrounds the
/// reason.
fn first_line(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let mut fields = first.split(':').skip(3);
    fields
        .next()
        .filter(|reason| first.starts_with("error:") && !reason.is_empty())
        .unwrap_or(first)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use std::net::TcpListener;

    fn server(host: &str, port: u16, security: Security) -> Server {
        Settings::from([("reply-timeout", "200ms")]).server(host, port, security).unwrap()
    }

    /// For a server that answers, whenever the machine lets it.
    fn patient(host: &str, port: u16, security: Security) -> Server {
        Settings::from([("reply-timeout", "60s")]).server(host, port, security).unwrap()
    }

    #[test]
    fn nobody_there_is_for_later() {
        // tcpmux, which nobody has; a port that was free a moment ago may be another test's by now.
        let port = 1;
        let error = Stream::connect(&server("127.0.0.1", port, Security::Tls)).unwrap_err();
        assert_eq!(error.kind(), Kind::Again);
        let said = format!("cannot connect to '127.0.0.1' port {port}: Connection refused");
        assert_eq!(error.message(), said);
    }

    #[test]
    fn silence_and_other_protocols_are_no_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Stream::connect(&server("127.0.0.1", port, Security::Tls)).unwrap_err();
        assert_eq!(silent.message(), "cannot begin TLS with '127.0.0.1': no answer for too long");
        std::thread::spawn(move || {
            for socket in listener.incoming().take(2) {
                let _ = socket.unwrap().write_all(b"220 mx.example.org ESMTP\r\n");
            }
        });
        let clear = Stream::connect(&patient("127.0.0.1", port, Security::Tls)).unwrap_err();
        assert_eq!(clear.kind(), Kind::Config);
        assert_eq!(clear.message(), format!("'127.0.0.1' port {port} does not begin with TLS"));
    }

    #[test]
    fn a_folder_is_enough_where_its_certificates_are_filed_by_hash() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        ["ca-certificates.crt", "GTS_Root_R1.pem", "0a1b2c3d.pem", "0a1b2c.0"].into_iter().for_each(put);
        assert!(!is_filed_by_hash(folder.path()), "a bundle, and single ones under other names");
        put("0a1b2c3d.0");
        assert!(is_filed_by_hash(folder.path()));
    }

    #[test]
    fn a_port_for_tls_is_known() {
        for port in BEGIN_WITH_TLS {
            let error = Stream::connect(&server("127.0.0.1", port, Security::StartTls)).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
        }
    }

    #[test]
    fn clear_text_stays_on_this_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Stream::connect(&server("localhost", port, Security::StartTls)).unwrap_err();
        assert_eq!(silent.message(), format!("'localhost' port {port} said nothing for too long"));
        std::thread::spawn(move || {
            listener.incoming().flatten().try_for_each(|mut to| to.write_all(b"+OK\r\n"))
        });
        assert!(!Stream::connect(&patient("localhost", port, Security::Clear)).unwrap().is_tls());
    }
}
