//! Sockets, TLS, connections and their end.

use crate::{
    counters::Counters,
    limits::{Entered, Limits},
    log,
    reply::Reply,
    service::{Resource, Service},
    settings::{Log, Place, Settings, Tls},
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use listenfd::ListenFd;
use openssl::ssl::{AlpnError, Ssl, SslAcceptor, SslFiletype, SslMethod, SslMode, select_next_proto};
use socialnet::{Error, Kind, Result};
use std::{
    convert::Infallible,
    fs, io,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::Path,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tokio_openssl::SslStream;

/// Bytes that a connection keeps of what is not yet read or written: also the longest head of a request.
const BUFFER: usize = 16 << 10;
/// The life of a connection: one that never ends is either a mistake or an attack.
const LIFE: Duration = Duration::from_secs(3600);
/// How long connections have when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How long to wait when there are no file descriptors left.
const NO_DESCRIPTORS: Duration = Duration::from_millis(200);

/// What is said of settings without `listen`.
pub const NOWHERE: &str = "there is nowhere to listen";

/// A socket that listens.
pub enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection's bytes, whatever carries them.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The TLS that new connections get; replaced when a certificate is renewed.
pub type Acceptor = Arc<RwLock<Option<SslAcceptor>>>;

/// Sockets that systemd opened, else those of the settings.
pub fn sockets(settings: &Settings) -> Result<Vec<Socket>> {
    let mut inherited = ListenFd::from_env();
    let mut sockets = Vec::new();
    for at in 0..inherited.len() {
        sockets.push(inherit(&mut inherited, at).map_err(|error| wrong("an inherited socket", &error))?);
    }
    if sockets.is_empty() {
        for place in &settings.listen {
            sockets.push(open(place).map_err(|error| wrong(&format!("listen on '{place}'"), &error))?);
        }
    }
    if sockets.is_empty() {
        return Err(Error::new(Kind::Config, NOWHERE).hint("set listen, or use a systemd socket"));
    }
    // Those of the settings were judged with them; the others are known only now.
    if let Some(socket) = sockets.iter().find(|socket| !socket.is_safe(settings)) {
        let message = format!("no TLS on {}", socket.name());
        return Err(Error::new(Kind::Config, message)
            .hint("set tls, listen on loopback or a socket, or say behind-proxy = true"));
    }
    Ok(sockets)
}

fn wrong(what: &str, error: &io::Error) -> Error {
    Error::new(
        Kind::Config,
        format!("cannot use {what}: {}", Error::from(io::Error::new(error.kind(), error.to_string()))),
    )
}

fn inherit(inherited: &mut ListenFd, at: usize) -> io::Result<Socket> {
    if let Ok(Some(listener)) = inherited.take_tcp_listener(at) {
        listener.set_nonblocking(true)?;
        return TcpListener::from_std(listener).map(Socket::Tcp);
    }
    let listener = inherited.take_unix_listener(at)?.ok_or(io::ErrorKind::InvalidInput)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener).map(Socket::Unix)
}

fn open(place: &Place) -> io::Result<Socket> {
    let place = match place {
        Place::Unix(path) => path,
        Place::Tcp(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            return TcpListener::from_std(listener).map(Socket::Tcp);
        }
    };
    // A socket on which nobody listens any more is in the way; nothing else is ever deleted.
    let is_socket = fs::symlink_metadata(place).is_ok_and(|about| about.file_type().is_socket());
    let dead = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    if is_socket && std::os::unix::net::UnixStream::connect(place).is_err_and(dead) {
        fs::remove_file(place)?;
    }
    let listener = UnixListener::bind(place)?;
    // As with a port, anybody on this machine may connect; the proxy is another user.
    fs::set_permissions(place, fs::Permissions::from_mode(0o666))?;
    Ok(Socket::Unix(listener))
}

impl Socket {
    /// Whether what is said there is safe from those on the way.
    fn is_safe(&self, settings: &Settings) -> bool {
        match self {
            Self::Tcp(listener) => {
                listener.local_addr().is_ok_and(|address| settings.may_listen(address.ip()))
            }
            Self::Unix(_) => true,
        }
    }

    /// Its address, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Tcp(listener) => {
                listener.local_addr().map_or_else(|_| "a port".to_owned(), |it| it.to_string())
            }
            Self::Unix(listener) => {
                let path = listener
                    .local_addr()
                    .ok()
                    .and_then(|it| it.as_pathname().map(|it| it.display().to_string()));
                path.unwrap_or_else(|| "a socket".to_owned())
            }
        }
    }

    async fn accept(&self) -> io::Result<(Either, IpAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Either::Tcp(stream), peer.ip()))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Either::Unix(stream), IpAddr::V4(Ipv4Addr::LOCALHOST)))
            }
        }
    }
}

enum Either {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Reads certificate and key.
pub fn acceptor(tls: &Tls) -> Result<SslAcceptor> {
    let failed = |what: &str, path: &Path, reason: openssl::error::ErrorStack| {
        let why = reason.errors().first().and_then(|error| error.reason()).unwrap_or("unknown reason");
        Error::new(Kind::Config, format!("cannot use the {what} '{}': {why}", path.display()))
    };
    // OpenSSL has no words for a file that is not there.
    for path in [&tls.certificate, &tls.key] {
        fs::File::open(path).map_err(|reason| Error::io("open", path, reason).of_kind(Kind::Config))?;
    }
    // Mozilla's recommendation: TLS 1.2 and 1.3.
    let made = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server());
    let mut builder = made.map_err(|reason| failed("certificate", &tls.certificate, reason))?;
    builder
        .set_certificate_chain_file(&tls.certificate)
        .map_err(|reason| failed("certificate", &tls.certificate, reason))?;
    builder
        .set_private_key_file(&tls.key, SslFiletype::PEM)
        .and_then(|()| builder.check_private_key())
        .map_err(|reason| failed("key", &tls.key, reason))?;
    // Connections that wait for something new need no buffers meanwhile.
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(b"\x08http/1.1", offered).ok_or(AlpnError::NOACK)
    });
    Ok(builder.build())
}

/// What all listeners share.
pub struct Server {
    pub service: Arc<Service>,
    pub acceptor: Acceptor,
    pub clients: Arc<Limits>,
    pub counters: Arc<Counters>,
    pub behind_proxy: bool,
    pub head_time: Duration,
    pub room: Arc<Semaphore>,
}

impl Server {
    /// Accepts connections on all sockets until `stopping`, then waits for those that are open, for a while.
    pub async fn run(self: Arc<Self>, sockets: Vec<Socket>, stopping: watch::Receiver<bool>) {
        let graceful = Arc::new(GracefulShutdown::new());
        let (send_away, sent_away) = watch::channel(false);
        let mut listening = tokio::task::JoinSet::new();
        for socket in sockets {
            let (server, stopping) = (Arc::clone(&self), stopping.clone());
            let open = (Arc::clone(&graceful), sent_away.clone());
            listening.spawn(server.listen(socket, stopping, open));
        }
        while listening.join_next().await.is_some() {}
        // Who is not done by then is sent away.
        if let Some(graceful) = Arc::into_inner(graceful) {
            let _ = timeout(LAST_WORDS, graceful.shutdown()).await;
        }
        let _ = send_away.send(true);
    }

    async fn listen(
        self: Arc<Self>,
        socket: Socket,
        mut stopping: watch::Receiver<bool>,
        (open, sent_away): (Arc<GracefulShutdown>, watch::Receiver<bool>),
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(&socket) => accepted,
                _ = stopping.wait_for(|stopping| *stopping) => return,
            };
            match accepted {
                Ok((stream, peer, place)) => {
                    // Behind a proxy all come from one address, and it counts them itself.
                    let entered =
                        if self.behind_proxy { Some(None) } else { self.clients.enter(peer).map(Some) };
                    match entered {
                        Some(entered) => {
                            let served =
                                Arc::clone(&self).serve(stream, peer, open.watcher(), (place, entered));
                            let mut sent_away = sent_away.clone();
                            tokio::spawn(async move {
                                tokio::select! {
                                    () = served => {}
                                    _ = sent_away.wait_for(|sent_away| *sent_away) => {}
                                }
                            });
                        }
                        None => self.counters.turned_away.add(1),
                    }
                }
                Err(_) => tokio::time::sleep(NO_DESCRIPTORS).await,
            }
        }
    }

    async fn accept(&self, socket: &Socket) -> io::Result<(Either, IpAddr, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = socket.accept().await?;
        Ok((stream, peer, place))
    }

    async fn serve(
        self: Arc<Self>,
        stream: Either,
        peer: IpAddr,
        watcher: Watcher,
        _room: (OwnedSemaphorePermit, Option<Entered>),
    ) {
        self.counters.connections.add(1);
        let acceptor = self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone();
        let stream: Option<Pin<Box<dyn Stream>>> = match (stream, acceptor) {
            (Either::Unix(stream), _) => Some(Box::pin(stream)),
            (Either::Tcp(stream), None) => Some(Box::pin(stream)),
            (Either::Tcp(stream), Some(acceptor)) => match self.handshake(stream, &acceptor).await {
                Some(stream) => Some(Box::pin(stream)),
                None => None,
            },
        };
        if let Some(stream) = stream {
            let service = service_fn(|request| self.answer(peer, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.head_time)
                .max_buf_size(BUFFER)
                .serve_connection(TokioIo::new(stream), service);
            // However it ends, there is nobody to tell.
            let _ = timeout(LIFE, watcher.watch(connection)).await;
        }
        self.counters.connections.sub(1);
    }

    async fn handshake(&self, stream: TcpStream, acceptor: &SslAcceptor) -> Option<SslStream<TcpStream>> {
        let mut stream = SslStream::new(Ssl::new(acceptor.context()).ok()?, stream).ok()?;
        timeout(self.head_time, Pin::new(&mut stream).accept()).await.ok()?.ok()?;
        Some(stream)
    }

    async fn answer(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> std::result::Result<Reply, Infallible> {
        let begun = Instant::now();
        let client = if self.behind_proxy { forwarded(&request).unwrap_or(peer) } else { peer };
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let reply = self.service.answer(client, request).await;
        let class = usize::from(reply.status().as_u16() / 100);
        if let Some(counter) = self.counters.answers.get(class) {
            counter.add(1);
        }
        let (status, time) = (reply.status().as_u16(), begun.elapsed().as_millis());
        match self.service.log {
            Log::None => {}
            Log::Plain => log::line(&format!("{method} {} {status} {time}ms", kind(&path))),
            Log::Full => log::line(&format!("{client} {method} {path} {status} {time}ms")),
        }
        Ok(reply)
    }
}

/// What a path names, without telling of whom.
fn kind(path: &str) -> &'static str {
    match Resource::of(path) {
        Resource::Health => "health",
        Resource::Box(_) => "box",
        Resource::Item(..) => "item",
        Resource::Login(_) => "login",
        Resource::Profile(_) => "profile",
        Resource::Nothing => "nothing",
    }
}

/// The last address of `X-Forwarded-For`: the one that the proxy itself added.
fn forwarded(request: &Request<Incoming>) -> Option<IpAddr> {
    let last = request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}
