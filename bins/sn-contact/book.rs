//! What the owner writes into their own book of contacts: nobody else learns of it.

use socialnet::{
    Error, Fingerprint, Kind, Result, profile,
    store::{Store, contacts, filter, former, named},
};
use std::io::Write;

pub fn members(out: &mut impl Write, store: &Store, group: &str) -> Result<()> {
    for member in contacts::members(store.read(), group.trim_start_matches('@'))? {
        writeln!(out, "{member}")?;
    }
    Ok(())
}

pub fn regroup(store: &mut Store, group: &str, who: &[String], remove: bool) -> Result<()> {
    let group = group.trim_start_matches('@');
    let db = store.begin()?;
    for who in who {
        let contact = contacts::find(&db, who)?;
        match remove {
            true => contacts::leave(&db, group, &contact)?,
            false => contacts::join(&db, group, &contact)?,
        }
    }
    Ok(db.commit()?)
}

pub fn rename(store: &mut Store, who: &str, name: &str) -> Result<()> {
    let db = store.begin()?;
    contacts::rename(&db, contacts::find(&db, who)?.fingerprint, name)?;
    Ok(db.commit()?)
}

pub fn address(store: &mut Store, who: &str, addresses: &[String]) -> Result<()> {
    let usage = |error: Error| error.of_kind(Kind::Usage);
    addresses.iter().try_for_each(|address| profile::address(address)).map_err(usage)?;
    let db = store.begin()?;
    contacts::set_addresses(&db, contacts::find(&db, who)?.fingerprint, addresses, true)?;
    Ok(db.commit()?)
}

pub fn mute(store: &mut Store, me: Fingerprint, who: &[String], muted: bool) -> Result<()> {
    let db = store.begin()?;
    for who in who {
        let who = named::person(&db, who)?;
        if muted && (who == me || former::was_mine(&db, who)?) {
            return Err(Error::new(Kind::Usage, "this is your own fingerprint"));
        }
        filter::mute(&db, who, muted)?;
    }
    Ok(db.commit()?)
}
