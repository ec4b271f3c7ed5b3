//! The counters, served on a loopback port of their own.

use crate::{arrivals::Arrivals, counters::Counters, reply};
use hyper::{Request, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

/// Who asks is on this machine and quick.
const TIME: Duration = Duration::from_secs(10);
/// Connections at once.
const CONNECTIONS: usize = 16;

/// Answers until the server ends.
pub async fn serve(listener: TcpListener, counters: Arc<Counters>, arrivals: Arc<Arrivals>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(TIME).await;
            continue;
        };
        let (counters, arrivals) = (Arc::clone(&counters), Arc::clone(&arrivals));
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answer = match request.uri().path() {
                    "/metrics" => reply::text(StatusCode::OK, counters.text(arrivals.count())),
                    _ => reply::words(StatusCode::NOT_FOUND, "the counters are at /metrics"),
                };
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(TIME)
                .serve_connection(TokioIo::new(stream), service);
            let _ = timeout(TIME, connection).await;
            drop(place);
        });
    }
}
