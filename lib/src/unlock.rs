//! An account's keys and its database, opened side by side: OpenSSL and SQLite each take longer to begin than most
//! commands need for their work.

use crate::{Error, Kind, Result, home::Home, identity::Keyring, seal, store::Store};
use std::{sync::mpsc, thread};

/// Opens both. A thread is left behind that looks up what the first signature takes, and ends by itself. Where neither can be
/// opened, the error is that of the keys.
pub fn unlock(home: &Home) -> Result<(Keyring, Store)> {
    let (opened, store) = mpsc::sync_channel(1);
    let database = home.database();
    thread::Builder::new().spawn(move || {
        // Whoever waits for it is gone only when the keys could not be read.
        let _ = opened.send(Store::open(&database));
        seal::wake();
    })?;
    let keyring = Keyring::load(&home.identity())?;
    let store = store.recv().map_err(|_| Error::new(Kind::Io, "the database could not be opened"))??;
    Ok((keyring, store))
}
