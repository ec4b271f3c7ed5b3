//! A bottle is brought. If it opens, somebody searches for the owner: they are shown who, by what and through whom, and
//! decide. Nothing is sent before, and nothing at all but to somebody who is accepted, or to the friend who is to bring no more.

use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{About, Body, BottleOpened, Name},
    protocol::{
        bottle::{self, Found},
        introduce, own,
        stranger::Stranger,
    },
    search::{Handle, SCHEME},
    store::{
        Store,
        contacts::{self, Contact, State},
        due::{self, Debt, DebtName},
        handles, requests,
        sought::{self, Sought},
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// A friend brings a bottle, in a packet of theirs. What is not for the owner, or not right, is dropped in silence.
pub(in crate::protocol) fn brought(
    db: &Transaction<'_>,
    me: Fingerprint,
    through: Fingerprint,
    packet: Name,
    bottle: &[u8],
    now: Timestamp,
) -> Result<()> {
    let mut own = handles::found_by(db)?;
    own.retain(|own| own.scheme == SCHEME);
    let bs: Vec<_> = own.iter().map(|own| own.b).collect();
    let found = match bottle::open(bottle, &bs, me, now) {
        Ok(Some(found)) => found,
        Err(error) if error.kind() == Kind::Io => return Err(error),
        // Whoever brings it, and whoever filled it, is not to know the difference.
        Ok(None) | Err(_) => return Ok(()),
    };
    let by = found.handles.iter().filter_map(|at| own.get(*at));
    let by: Vec<String> =
        by.map(|own| Ok(Handle::from_canonical(&own.details)?.to_string())).collect::<Result<_>>()?;
    opened(db, found, &by.join(" or "), through, packet, now)
}

fn opened(
    db: &Transaction<'_>,
    found: Found,
    by: &str,
    through: Fingerprint,
    packet: Name,
    now: Timestamp,
) -> Result<()> {
    let Found { slip, certificate, proof, .. } = found;
    let known = contacts::by_fingerprint(db, slip.from)?.map(|known| known.state);
    // Friends need not search, and whoever was sent away does not come back by a common friend.
    if !matches!(known, None | Some(State::Introduced | State::Waiting)) || sought::is_refused(db, slip.from)?
    {
        return Ok(());
    }
    if known.is_none() && !introduce::has_room(db, through)? {
        return Ok(());
    }
    let noted = Sought {
        searcher: slip.from,
        begun: slip.created,
        handles: by.to_owned(),
        opened: BottleOpened { bottle: slip.bottle, proof },
        introducer: slip.introducer,
        through,
        packet: packet.id,
    };
    if !sought::note(db, &noted, now)? {
        return Ok(());
    }
    let searcher = Stranger {
        from: slip.from,
        certificate,
        profile: slip.profile,
        code: None,
        opened: None,
        expires: None,
        note: slip.note,
    };
    introduce::make_known(db, through, searcher, now)
}

/// `sn-contact stop`: asks those who brought somebody's searches, and still are friends, for no more of them, and hears no more
/// of that somebody, whoever brings it. They themselves are not told.
pub fn stop(store: &mut Store, me: Fingerprint, who: &Contact, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    let searches = sought::of(&db, who.fingerprint)?;
    if searches.is_empty() {
        return Err(Error::new(Kind::Usage, format!("{} did not search for you", who.petname))
            .hint("'sn-contact requests' shows who does"));
    }
    for Sought { through, packet: id, .. } in searches {
        // Whoever was a friend when they brought it, and is none any more, brings nothing, and hears nothing.
        if contacts::state(&db, through)? != Some(State::Friend) {
            continue;
        }
        let brought = About::Packet(Name { from: through, id }, None);
        let xml = own::packet_about(me, Body::SearchStop, Some(brought), now)?;
        due::owe(&db, through, &Debt::Packet(DebtName::SearchStop(id), xml), now)?;
    }
    sought::refuse(&db, who.fingerprint)?;
    requests::forget(&db, who.fingerprint)?;
    Ok(db.commit()?)
}
