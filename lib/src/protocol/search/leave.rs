//! The time of something has come that a search makes leave: the one search-request, or the search for somebody to whom it is
//! passed on. Only now is it looked whom it is for. Whoever that is, the same leaves at the same time.

use super::{HOLDS, dice};
use crate::{
    Error, Fingerprint, Result,
    packet::{self, Body, Packet, Search},
    protocol::own,
    search::{SCHEME, tag},
    store::{
        Store,
        contacts::{self, State},
        due::{self, Debt, DebtName},
        hashcache, own_searches,
        searches::{self, Departure},
        sought,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use uuid::Uuid;

/// Packets of searches that are made and committed together, at most.
const BATCH: usize = 64;
/// Of the packets by which a search begins, all but one in so many may be passed on.
const BEGINS_WITHOUT: u64 = 4;
/// Of those by which it is passed on, one in so many may be passed on again: so neither is a sign of who began it.
const GOES_ON: u64 = 16;

/// Whether a packet by which a search begins may be passed on.
pub(super) fn begins_as_going_further() -> Result<bool> {
    Ok(!dice::once_in(BEGINS_WITHOUT)?)
}

/// What packets that carry a search have in common, whoever makes them.
pub(super) fn address(packet: &mut Packet, reader: Fingerprint) {
    packet.to = vec![reader];
    packet.expires = packet.created.checked_add(HOLDS).ok();
}

/// Owes everything of which the time has come, and forgets what is too old to matter.
pub(in crate::protocol) fn leave(store: &mut Store, me: Fingerprint, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    searches::tidy(&db, now)?;
    sought::tidy(&db, now)?;
    own_searches::tidy(&db, now)?;
    db.commit()?;
    loop {
        let db = store.begin()?;
        for _ in 0..BATCH {
            let Some(due) = searches::next(&db, now)? else { return Ok(db.commit()?) };
            one(&db, me, &due, now)?;
        }
        db.commit()?;
    }
}

fn one(db: &Transaction<'_>, me: Fingerprint, due: &Departure, now: Timestamp) -> Result<()> {
    let Body::Search(search) = packet::read(&due.packet)?.body else {
        return Err(Error::malformed("database: what is to leave is no search"));
    };
    let row = match due.reader {
        Some(reader) if searches::is_stopped(db, due.neighbour, reader)? => None,
        Some(reader) => Some(reader),
        None => whom(db, due.neighbour, &search)?,
    };
    // Whoever is no friend any more gets nothing, as if the packet had been lost.
    let reader = row.map(|row| contacts::by_row(db, row)).transpose()?.flatten();
    let Some(reader) = reader.filter(|reader| reader.state == State::Friend) else {
        return searches::left(db, due, None, now);
    };
    let body = match due.reader {
        Some(_) => Body::Search(Search { further: dice::once_in(GOES_ON)?, ..search }),
        None => Body::SearchRequest { bottle: search.bottle },
    };
    let mut id = Uuid::nil();
    let xml = own::packet_with(me, body, now, |packet| {
        id = packet.name.id;
        address(packet, reader.fingerprint);
    })?;
    let name = match due.reader {
        Some(_) => DebtName::Search(id),
        None => DebtName::SearchRequest(id),
    };
    due::owe(db, reader.fingerprint, &Debt::Packet(name, xml), now)?;
    searches::left(db, due, Some((id, reader.id)), now)
}

/// For whom the one request of a search is: one of those whose entries match, or else anybody who has entries at all.
/// Every entry is compared, whether or not one matched before, and whoever it is carried for.
fn whom(db: &Connection, neighbour: i64, search: &Search) -> Result<Option<i64>> {
    let tags: Vec<_> =
        search.tags.iter().filter(|(scheme, _)| *scheme == SCHEME).map(|(_, tag)| *tag).collect();
    let mut sought = tag::matches(&search.token, &tags, |to| Ok(hashcache::read(db, SCHEME, to)?))?;
    let consenting = hashcache::consenting(db, neighbour)?;
    sought.retain(|row| consenting.binary_search(row).is_ok());
    sought.sort_unstable();
    sought.dedup();
    match dice::one_of(&sought)? {
        Some(row) => Ok(Some(row)),
        None => dice::one_of(&consenting),
    }
}
