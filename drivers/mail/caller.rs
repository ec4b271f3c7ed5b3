//! Whoever started a driver that watches: it never writes, and when it goes, standard input ends (socialnet-driver(7)).

use std::{
    io::{self, stdin},
    net::{Shutdown, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

/// The other end of standard input.
pub struct Caller {
    alive: Receiver<()>,
    socket: Arc<Mutex<Option<TcpStream>>>,
}

impl Caller {
    /// Listens from now on; nobody else may read standard input.
    pub fn listen() -> Self {
        let (sender, alive) = mpsc::channel();
        let socket = Arc::new(Mutex::new(None::<TcpStream>));
        let shared = Arc::clone(&socket);
        thread::spawn(move || {
            let _ = io::copy(&mut stdin().lock(), &mut io::sink());
            drop(sender);
            if let Some(socket) = &*shared.lock().unwrap_or_else(PoisonError::into_inner) {
                let _ = socket.shutdown(Shutdown::Both);
            }
        });
        Self { alive, socket }
    }

    /// From now on it is this connection that is shut when the caller goes, which ends whatever waits for it.
    pub fn would_shut(&self, socket: &TcpStream) -> io::Result<()> {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(socket.try_clone()?);
        Ok(())
    }

    /// Whether it has gone.
    pub fn is_gone(&self) -> bool {
        self.alive.try_recv() == Err(mpsc::TryRecvError::Disconnected)
    }

    /// Waits so long, or until it goes.
    pub fn wait(&self, time: Duration) {
        // Nothing is ever sent: it is the time, or the end.
        let _: Result<(), mpsc::RecvTimeoutError> = self.alive.recv_timeout(time);
    }
}
