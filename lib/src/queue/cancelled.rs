//! Deliveries that the owner has called off: what waits, and whose file is gone.

use super::file_name;
use crate::{
    Result,
    home::Home,
    mailbox::Mailbox,
    packet::Digest,
    store::{Store, delivery},
};
use std::collections::HashSet;

/// Forgets what was cancelled since the last run, for whoever is about to find out who got what. While a run is at it, that
/// one does.
pub fn forget_cancelled(home: &Home, store: &mut Store) -> Result<()> {
    let outpackets = home.outpackets()?;
    let look = |store: &Store| find(store, &outpackets, &HashSet::new());
    // Nearly always there is nothing, and no run is held up for this.
    if look(store)?.is_empty() {
        return Ok(());
    }
    let Some(_lock) = home.lock_if_free("queue")? else { return Ok(()) };
    let gone = look(store)?;
    forget(store, &gone)
}

/// Envelopes that wait without a file; not those that are known to be `there`.
pub(super) fn find(store: &Store, outpackets: &Mailbox, there: &HashSet<Digest>) -> Result<Vec<Digest>> {
    let mut gone = delivery::waiting(store.read())?;
    // A file is there before its rows: looked at after them, it is gone if it is not there.
    let lacks = |it: &Digest| outpackets.path("new", &file_name(it)).try_exists().is_ok_and(|there| !there);
    gone.retain(|it| !there.contains(it) && lacks(it));
    Ok(gone)
}

/// Forgets envelopes whose file is gone: one commit for all, as somebody may have emptied a full folder.
pub(super) fn forget(store: &mut Store, envelopes: &[Digest]) -> Result<()> {
    if envelopes.is_empty() {
        return Ok(());
    }
    let write = store.begin()?;
    envelopes.iter().try_for_each(|envelope| delivery::cancel(&write, envelope))?;
    Ok(write.commit()?)
}
