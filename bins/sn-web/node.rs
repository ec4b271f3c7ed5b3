//! The account, for many requests at once: reading and sealing block, so they are done beside the tasks that must not.

use jiff::{Timestamp, Zoned};
use socialnet::{
    Error, Fingerprint, Kind, Result,
    home::Home,
    identity::{Identity, Keyring},
    store::Store,
};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections to the database that are kept open while nobody uses them.
const IDLE: usize = 4;

/// One account.
pub struct Node {
    /// Its folder and settings, as they were at the start.
    pub home: Home,
    /// Its owner.
    pub me: Fingerprint,
    idle: Mutex<Vec<Store>>,
}

/// The account while something is done with it.
pub struct Desk<'a> {
    pub home: &'a Home,
    pub me: Fingerprint,
    pub store: &'a mut Store,
    /// When the request came, in the owner's time zone.
    pub now: Zoned,
}

impl Node {
    /// Opens the account.
    pub fn open() -> Result<Self> {
        let home = Home::open()?;
        let me = Identity::fingerprint(&home.identity())?;
        let node = Self { home, me, idle: Mutex::default() };
        // What is wrong with the database is better said now.
        node.keep(node.take()?);
        Ok(node)
    }

    /// Does something with the account that may take a while.
    pub async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Desk<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let node = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let mut store = node.take()?;
            let mut desk = Desk { home: &node.home, me: node.me, store: &mut store, now: Zoned::now() };
            let result = work(&mut desk);
            node.keep(store);
            result
        });
        match done.await {
            Ok(result) => result,
            Err(_) => Err(Error::new(Kind::Again, "this was interrupted: try again")),
        }
    }

    fn take(&self) -> Result<Store> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Store::open(&self.home.database()), Ok)
    }

    fn keep(&self, store: Store) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(store);
        }
    }
}

impl Desk<'_> {
    /// The instant.
    pub fn instant(&self) -> Timestamp {
        self.now.timestamp()
    }

    /// The keys, read when they are needed: sn-seal renews them.
    pub fn keyring(&self) -> Result<Keyring> {
        Keyring::load(&self.home.identity())
    }
}
