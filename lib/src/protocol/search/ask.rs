//! A search begins: one packet for each contact, no two of which have anything in common that a contact could see.

use super::HOLDS;
use crate::{
    Error, Fingerprint, Kind, Result,
    identity::Keyring,
    packet::{Body, Search},
    protocol::{
        bottle, own,
        profile::{self, For},
    },
    seal,
    search::{Handle, SCHEME, bottle as bytes, tag},
    store::{
        Store, contacts,
        own_searches::{self, Bottle, NewSearch},
        searches::{OF_A_DAY, OF_A_MONTH},
    },
};
use jiff::{SignedDuration, Timestamp, Unit};
use rayon::prelude::*;

/// Begins a search for whoever has chosen to be found by these details or a part of them. Gives a packet for each contact.
/// [`Kind::Again`]: contacts would not carry it, there were too many before.
pub fn begin(
    store: &mut Store,
    keyring: &Keyring,
    details: &Handle,
    secret: Option<&str>,
    note: &str,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>> {
    let begun = now.round(Unit::Second).unwrap_or(now);
    let ends = begun + HOLDS;
    let friends = contacts::resolve(store.read(), contacts::EVERYBODY)?;
    if friends.is_empty() {
        return Err(
            Error::new(Kind::Usage, "you have no contacts to ask").hint("'sn-contact invite' makes friends")
        );
    }
    check_budget(store, now)?;
    // Before the database is locked: this takes a while, and 64 MiB each.
    let derived = details.parts().iter().map(|part| tag::derive(part, secret)).collect::<Result<Vec<_>>>()?;
    let hs: Vec<_> = derived.iter().map(|it| it.h).collect();
    let bs: Vec<_> = derived.iter().map(|it| it.b).collect();
    let public = profile::own(store.read(), keyring, For::Public)?;
    let search = bottle::Search::new(&keyring.identity, &public, note, (begun, ends), &bs)?;
    let one = |friend: &Fingerprint| -> Result<(Vec<u8>, Bottle)> {
        let bottle = search.fill(*friend)?;
        let (digest, start) = bytes::to_check_by(&bottle)?;
        let kept = Bottle { digest, introducer: *friend, start: start.to_vec() };
        Ok((packet(keyring.identity.fingerprint, *friend, &hs, bottle, begun)?, kept))
    };
    let (packets, bottles): (Vec<_>, Vec<_>) =
        friends.par_iter().map(one).collect::<Result<Vec<_>>>()?.into_iter().unzip();

    let db = store.begin()?;
    let details = details.canonical();
    own_searches::begin(
        &db,
        &NewSearch { begun, ends, details: &details, note, bs: &bs, bottles: &bottles },
    )?;
    db.commit()?;
    Ok(packets)
}

/// Ends an own search: answers to it don't count any more. [`Kind::Nothing`]: there is none with this number that has not
/// ended.
pub fn end(store: &mut Store, number: i64, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    if !own_searches::end(&db, number, now)? {
        return Err(Error::new(Kind::Nothing, format!("no search {number} that has not ended"))
            .hint("'sn-search --list' shows their numbers"));
    }
    Ok(db.commit()?)
}

// What contacts would drop in silence is said here.
fn check_budget(store: &Store, now: Timestamp) -> Result<()> {
    let within =
        |days: i64| own_searches::begun_after(store.read(), now - SignedDuration::from_hours(24 * days));
    if within(1)? >= OF_A_DAY || within(30)? >= OF_A_MONTH {
        let message =
            format!("contacts carry {OF_A_DAY} searches a day and {OF_A_MONTH} in 30 days, no more");
        return Err(Error::new(Kind::Again, message));
    }
    Ok(())
}

fn packet(
    me: Fingerprint,
    friend: Fingerprint,
    hs: &[[u8; 32]],
    bottle: Vec<u8>,
    begun: Timestamp,
) -> Result<Vec<u8>> {
    let token = seal::random()?;
    let mut tags = tag::tags(&token, hs)?.map(|tag| (SCHEME, tag));
    // The place of one that matches says nothing of how many there are.
    tags.sort_unstable();
    let search =
        Search { token, further: super::leave::begins_as_going_further()?, tags: tags.to_vec(), bottle };
    let body = Body::Search(search);
    own::packet_with(me, body, begun, |packet| super::leave::address(packet, friend))
}
