//! The server's life: start, signals, end.

use crate::{
    arrivals::Arrivals,
    boxes::Boxes,
    commit::{self, Surroundings},
    counters::Counters,
    limits::Limits,
    listen::{self, Server, Socket},
    log,
    login::Logins,
    metrics,
    quota::Quotas,
    service::Service,
    settings::Settings,
};
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};
use socialnet::{Context, Error, Kind, Result, cli::Console};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    runtime::Builder,
    signal::unix::{Signal, SignalKind, signal},
    sync::{Semaphore, watch},
};

/// Threads for what blocks: looking at folders, reading items.
const BLOCKING: usize = 32;
/// File descriptors beside those of connections: boxes, what is read and written there, the program itself.
const DESCRIPTORS: u64 = 512;
/// How often leftovers of uploads that broke off are looked for.
const TIDY: Duration = Duration::from_secs(6 * 3600);

/// Runs until SIGTERM or SIGINT.
pub fn run(settings: &Settings, console: &mut Console) -> Result<()> {
    umask(Mode::from_raw_mode(0o077));
    raise_descriptors(settings.limits.connections as u64, console);
    let runtime = Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build();
    runtime.context(|| "cannot start")?.block_on(serve(settings, console))
}

/// As many file descriptors as the system allows: two for each connection, which may have a file open.
fn raise_descriptors(connections: u64, console: &mut Console) {
    let most = getrlimit(Resource::Nofile).maximum;
    // What can't be had is told below.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    let there = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = connections.saturating_mul(2).saturating_add(DESCRIPTORS);
    if there < needed {
        console.note(&format!(
            "{connections} connections need {needed} open files, and {there} are allowed: raise LimitNOFILE, or lower connections"
        ));
    }
}

async fn serve(settings: &Settings, console: &mut Console) -> Result<()> {
    let (stop, stopping) = watch::channel(false);
    let limits = &settings.limits;
    let (quotas, arrivals, counters) = (
        Arc::new(Quotas::new(limits.items, limits.bytes)),
        Arc::<Arrivals>::default(),
        Arc::<Counters>::default(),
    );
    let around = Surroundings {
        quotas: Arc::clone(&quotas),
        arrivals: Arc::clone(&arrivals),
        counters: Arc::clone(&counters),
    };
    let (deliveries, committer) = commit::start(around);
    let clients = Arc::new(Limits::new(limits.connections_per_address, limits.requests_per_minute));
    let boxes = Boxes::open(&settings.boxes)?;
    let service = Service {
        boxes: boxes.clone(),
        limits: limits.clone(),
        clients: Arc::clone(&clients),
        deliveries,
        quotas,
        arrivals: Arc::clone(&arrivals),
        logins: Logins::new(settings.hosts.clone())?,
        counters: Arc::clone(&counters),
        log: settings.log,
        stopping: stopping.clone(),
    };
    let acceptor = settings.tls.as_ref().map(listen::acceptor).transpose()?;
    let server = Arc::new(Server {
        service: Arc::new(service),
        acceptor: Arc::new(RwLock::new(acceptor)),
        clients,
        counters: Arc::clone(&counters),
        behind_proxy: settings.behind_proxy,
        head_time: limits.head_time,
        room: Arc::new(Semaphore::new(limits.connections)),
    });
    let sockets = listen::sockets(settings)?;
    for socket in &sockets {
        console.note(&format!("listening on {}", socket.name()));
    }
    if let Some(address) = settings.metrics {
        let listener =
            TcpListener::bind(address).await.context(|| format!("cannot listen on '{address}'"))?;
        console.note(&format!("counters on {}", listener.local_addr()?));
        tokio::spawn(metrics::serve(listener, counters, arrivals));
    }
    console.note("ready");
    tokio::spawn(tidy(boxes));
    attend(settings, server, sockets, (stop, stopping), console).await?;
    // What is on its way to the disk gets there.
    let _ = tokio::task::spawn_blocking(|| committer.join()).await;
    Ok(())
}

/// Serves while it attends to signals.
async fn attend(
    settings: &Settings,
    server: Arc<Server>,
    sockets: Vec<Socket>,
    (stop, stopping): (watch::Sender<bool>, watch::Receiver<bool>),
    console: &mut Console,
) -> Result<()> {
    let (mut terminate, mut interrupt, mut hang_up) =
        (on(SignalKind::terminate())?, on(SignalKind::interrupt())?, on(SignalKind::hangup())?);
    let acceptor = Arc::clone(&server.acceptor);
    let mut serving = tokio::spawn(server.run(sockets, stopping));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => match settings.tls.as_ref().map(listen::acceptor).transpose() {
                Ok(renewed) => {
                    *acceptor.write().unwrap_or_else(PoisonError::into_inner) = renewed;
                    console.note("the certificate was read again");
                }
                // The old one stays.
                Err(error) => console.note(error.message()),
            },
            _ = &mut serving => return Err(Error::new(Kind::Io, "nobody listens any more")),
        }
    }
    console.note("stopping");
    let _ = stop.send(true);
    let _ = serving.await;
    Ok(())
}

fn on(kind: SignalKind) -> Result<Signal> {
    signal(kind).context(|| "cannot wait for signals")
}

async fn tidy(boxes: Boxes) {
    let mut clock = tokio::time::interval(TIDY);
    loop {
        clock.tick().await;
        let boxes = boxes.clone();
        let told = move || boxes.tidy(&mut |error| log::line(error.message()));
        let _ = tokio::task::spawn_blocking(told).await;
    }
}
