//! A friend's search comes. It is taken once, and within the budgets; whether it is for anybody is not looked at before
//! something leaves because of it, and what leaves is drawn here and now.

use super::{dice, sought};
use crate::{
    Error, Fingerprint, Kind, Result, blob,
    home::SearchLaw,
    packet::{About, Name, Packet, Search},
    protocol::{open::Verified, receive::Receiver},
    search::{MAX_HANDLES, SCHEME},
    store::{
        contacts,
        searches::{self, Leaving},
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

/// A friend searches, or passes on a search. More than the budgets allow is dropped in silence, as is what came before.
pub(in crate::protocol) fn take(
    db: &Transaction<'_>,
    receiver: &Receiver<'_>,
    sender: Fingerprint,
    verified: &Verified,
    search: &Search,
) -> Result<()> {
    // A bottle is for no more handles: who looks for more in one search would be counted for less than they ask.
    let looked_for = search.tags.iter().filter(|(scheme, _)| *scheme == SCHEME).count();
    if looked_for > MAX_HANDLES {
        return Ok(());
    }
    let Some(neighbour) = contacts::by_fingerprint(db, sender)?.map(|contact| contact.id) else {
        return Ok(());
    };
    if !searches::take(db, &blob::sha256(&search.token), neighbour, receiver.now)? {
        return Ok(());
    }
    let mut leaving = vec![Leaving { reader: None, at: time(receiver.search, receiver.now)? }];
    if search.further {
        let others = searches::others(db, neighbour)?;
        for reader in dice::some_of(others, usize::from(receiver.search.pass_on))? {
            leaving.push(Leaving { reader: Some(reader), at: time(receiver.search, receiver.now)? });
        }
    }
    searches::enter(db, neighbour, &verified.xml, &leaving)?;
    // Whoever carries it may be the one.
    sought::brought(db, receiver.me, sender, verified.packet.name, &search.bottle, receiver.now)
}

/// When something leaves: any second between the two that the settings give, each as likely.
fn time(law: &SearchLaw, now: Timestamp) -> Result<Timestamp> {
    let seconds = law.within.saturating_sub(law.after).as_secs();
    let wait = law.after.as_secs() + dice::below(seconds + 1)?;
    let wait = i64::try_from(wait).map_or(SignedDuration::MAX, SignedDuration::from_secs);
    Ok(now.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

/// A friend wants no more of what a packet of ours brought them.
pub(in crate::protocol) fn stop(
    db: &Transaction<'_>,
    me: Fingerprint,
    sender: Fingerprint,
    packet: &Packet,
) -> Result<()> {
    match (&packet.about, contacts::by_fingerprint(db, sender)?) {
        (Some(About::Packet(Name { from, id }, _)), Some(reader)) if *from == me => {
            searches::stop(db, reader.id, *id)
        }
        _ => Err(Error::new(Kind::NotAllowed, "a search-stop about a packet that is not ours")),
    }
}
