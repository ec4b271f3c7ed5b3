//! Deliveries that the owner has called off: what waits, and whose file is gone.

use super::file_name;
use crate::{
    Result,
    home::Home,
    mailbox::Mailbox,
    packet::Digest,
    store::{
        Store,
        delivery::{self, Standing},
    },
};
use std::collections::HashSet;

/// Forgets what was cancelled, for whoever is about to find out who got what. It does not wait for a run that is at work: what
/// a driver has in hand meanwhile has left as soon as it says so.
pub fn forget_cancelled(home: &Home, store: &mut Store) -> Result<()> {
    let outpackets = home.outpackets()?;
    let gone = find(store, &outpackets, &HashSet::new())?;
    forget(store, &outpackets, &gone)
}

/// Envelopes that wait without a file; not those that are known to be `there`.
pub(super) fn find(store: &Store, outpackets: &Mailbox, there: &HashSet<Digest>) -> Result<Vec<Digest>> {
    let mut gone = delivery::waiting(store.read())?;
    // A file is there before its rows: looked at after them, it is gone if it is not there.
    gone.retain(|it| !there.contains(it) && lacks(outpackets, it));
    Ok(gone)
}

fn lacks(outpackets: &Mailbox, envelope: &Digest) -> bool {
    outpackets.path("new", &file_name(envelope)).try_exists().is_ok_and(|there| !there)
}

/// Forgets envelopes whose file is gone: one commit for all, as somebody may have emptied a full folder. Not those that were
/// sent, given up or queued again since that was found out: no row changes while this looks again, and none waits once its
/// file is renamed.
pub(super) fn forget(store: &mut Store, outpackets: &Mailbox, envelopes: &[Digest]) -> Result<()> {
    if envelopes.is_empty() {
        return Ok(());
    }
    let write = store.begin()?;
    for envelope in envelopes {
        if delivery::standing(&write, envelope)? == Standing::Waiting && lacks(outpackets, envelope) {
            delivery::cancel(&write, envelope)?;
        }
    }
    Ok(write.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{BOB, NOW, at, store};
    use std::fs;

    const HELLO: Digest = [1; 32];

    #[test]
    fn what_was_sent_or_queued_again_since_its_file_was_missed_is_not_forgotten() {
        let (dir, mut store) = store();
        let root = dir.path().join("outpackets");
        ["tmp", "new"].iter().for_each(|folder| fs::create_dir_all(root.join(folder)).unwrap());
        let outpackets = Mailbox::open(&root).unwrap();
        let enter = |store: &mut Store| {
            let write = store.begin().unwrap();
            delivery::enter(&write, &HELLO, BOB, &[], at(NOW)).unwrap();
            write.commit().unwrap();
        };
        enter(&mut store);
        let gone = find(&store, &outpackets, &HashSet::new()).unwrap();
        assert_eq!(gone, [HELLO]);

        let write = store.begin().unwrap();
        let waits = delivery::due(&write, at(NOW), 10).unwrap().remove(0);
        delivery::record(&write, &waits, &delivery::Outcome::Sent, "", "", at(NOW)).unwrap();
        write.commit().unwrap();
        forget(&mut store, &outpackets, &gone).unwrap();
        assert_eq!(delivery::standing(store.read(), &HELLO).unwrap(), Standing::Sent);

        let mut batch = outpackets.batch();
        batch.add(&file_name(&HELLO), b"sealed").unwrap();
        batch.commit().unwrap();
        enter(&mut store);
        forget(&mut store, &outpackets, &gone).unwrap();
        assert_eq!(delivery::standing(store.read(), &HELLO).unwrap(), Standing::Waiting);

        outpackets.remove("new", &file_name(&HELLO)).unwrap();
        forget(&mut store, &outpackets, &gone).unwrap();
        assert_eq!(delivery::standing(store.read(), &HELLO).unwrap(), Standing::Unknown);
    }
}
