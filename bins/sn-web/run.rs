//! The server's life: start, connections, signals, end.

use crate::{guard::Guard, node::Node, rounds::Rounds, service::Service, session::Sessions};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use socialnet::{
    Context, Error, Kind, Result,
    cli::{self, Console},
    file,
    home::parse_duration,
};
use std::{
    convert::Infallible,
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Tasks are few; what takes time is done by threads of their own.
const WORKERS: usize = 2;
const BLOCKING: usize = 8;
/// Connections at once: browsers open six.
const CONNECTIONS: usize = 64;
/// Bytes that a connection keeps of what is not yet read or written: also the longest head of a request.
const BUFFER: usize = 16 << 10;
/// Time for the head of a request, and between two requests.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// The life of a connection; the longest upload takes less.
const LIFE: Duration = Duration::from_secs(3600);
/// How long connections have when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long to wait when there are no file descriptors left.
const NO_DESCRIPTORS: Duration = Duration::from_millis(200);
/// Rounds are not started oftener than this.
const LEAST: Duration = Duration::from_secs(10);

/// The time between two rounds, as it is written on the command line.
pub fn pause(text: &str) -> Result<Duration> {
    let pause = parse_duration(text).map_err(|error| error.of_kind(Kind::Usage))?;
    if pause < LEAST {
        return Err(Error::new(Kind::Usage, format!("'{text}' is oftener than every 10 seconds")));
    }
    Ok(pause)
}

/// Runs until SIGTERM or SIGINT.
pub fn run(port: u16, every: Option<Duration>, console: &Console) -> Result<()> {
    let node = Arc::new(Node::open()?);
    let Some(_one_at_a_time) = node.home.lock_if_free("web")? else {
        return Err(Error::new(Kind::Again, "another sn-web has this account open"));
    };
    let uploads = empty_folder(&node.home.state("web")?)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .build();
    runtime.context(|| "cannot start")?.block_on(serve(node, uploads, port, every, console))
}

/// Deletes what interrupted uploads left there.
fn empty_folder(folder: &Path) -> Result<PathBuf> {
    fs::remove_dir_all(folder).map_err(|error| Error::io("delete", folder, error))?;
    file::private_folder(folder)?;
    Ok(folder.to_owned())
}

async fn serve(
    node: Arc<Node>,
    uploads: PathBuf,
    port: u16,
    every: Option<Duration>,
    console: &Console,
) -> Result<()> {
    // Nobody else's machine ever reaches it, whatever is asked for.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.context(|| format!("cannot listen on 127.0.0.1:{port}"))?;
    let here = listener.local_addr()?;
    let rounds = Arc::new(Rounds::new(&node.home));
    let sessions = Sessions::new(here.port());
    let service = Arc::new(Service { node, uploads, rounds, sessions, guard: Guard::new(here.port()) });
    let (mut terminate, mut interrupt, mut another) =
        (on(SignalKind::terminate())?, on(SignalKind::interrupt())?, on(SignalKind::user_defined1())?);
    invite(&service, here)?;
    if let Some(pause) = every {
        tokio::spawn(repeat(Arc::clone(&service.rounds), pause));
    }
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        tokio::select! {
            accepted = accept(&listener, &room) => match accepted {
                Ok((stream, place)) => {
                    tokio::spawn(attend(Arc::clone(&service), stream, graceful.watcher(), place));
                }
                Err(_) => tokio::time::sleep(NO_DESCRIPTORS).await,
            },
            // Nobody may read what it prints any more; whoever is inside stays there.
            _ = another.recv() => invite(&service, here).unwrap_or_else(|error| console.note(error.message())),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    console.note("stopping");
    // Connections that are not done by then are closed.
    let _ = timeout(LAST_WORDS, graceful.shutdown()).await;
    Ok(())
}

/// Prints an address that lets one browser in.
fn invite(service: &Service, here: SocketAddr) -> Result<()> {
    let path = service.sessions.open_door()?;
    let mut out = cli::output();
    writeln!(out, "http://{here}{path}")?;
    cli::finish(out)
}

async fn repeat(rounds: Arc<Rounds>, pause: Duration) {
    let mut clock = tokio::time::interval(pause);
    loop {
        clock.tick().await;
        rounds.start();
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn attend(service: Arc<Service>, stream: TcpStream, watcher: Watcher, _room: OwnedSemaphorePermit) {
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), answer);
    // However it ends, there is nobody to tell.
    let _ = timeout(LIFE, watcher.watch(connection)).await;
}

fn on(kind: SignalKind) -> Result<Signal> {
    signal(kind).context(|| "cannot wait for signals")
}
