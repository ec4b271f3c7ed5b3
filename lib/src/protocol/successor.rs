//! An account that goes on under a new identity: from the folder of the old one, or from nothing but its fingerprint and the
//! recovery key. Contacts are owed a request that carries the succession.

use super::{
    moved, open, own,
    profile::{self, For},
    searchable, start,
};
use crate::{
    Error, Fingerprint, Kind, Result,
    home::{Home, Unfinished},
    identity::{Identity, Keyring},
    mailbox,
    packet::{Body, Class, MAX_SUCCESSIONS},
    seal,
    store::{
        Store, account,
        contacts::{self, State},
        due::{self, Debt, DebtName},
        former, packets,
    },
    succession::Succession,
};
use jiff::{Timestamp, Unit};
use rusqlite::Transaction;
use std::{fs, io, path::Path};

/// Makes the successor of the account in the folder `old`, in the folder `path`: new keys; profile, contacts, feed, settings
/// and attachments of the old one. `recovery` signs, or without it the old identity. The old folder stays as it is.
pub fn of_folder(
    path: &Path,
    old: &Path,
    recovery: Option<&Identity>,
    now: Timestamp,
) -> Result<Fingerprint> {
    let old = Home::open_at(old)?;
    let before = Identity::fingerprint(&old.identity())?;
    let store = Store::open(&old.database())?;
    if let Some(recovery) = recovery
        && account::get(store.read())?.recovery != Some(recovery.fingerprint)
    {
        return Err(not_committed());
    }
    if former::own(store.read())?.len() >= MAX_SUCCESSIONS {
        return Err(Error::new(Kind::Unavailable, "too many successions: contacts take no more"));
    }
    let settings = old.settings()?;
    let unfinished = Unfinished::beside(path)?;
    let home = Home::create(unfinished.path(), &settings)?;
    let keyring = Keyring::create(&home.identity(), now)?;
    let signed = match recovery {
        Some(recovery) => sign(recovery, before, keyring.identity.fingerprint, now)?,
        None => sign(&Identity::load(&old.identity())?, before, keyring.identity.fingerprint, now)?,
    };
    // Before the attachments: those that it names come after, or the old account has no use for them any more.
    store.copy_to(&home.database())?;
    copy_blobs(&old, &home)?;
    let mut store = Store::open(&home.database())?;
    let db = store.begin()?;
    go_on(&db, now)?;
    former::add_own(&db, before, keyring.identity.fingerprint, &signed)?;
    packets::forget_missing_chunks(&db, now, |chunk| home.blobs().join(mailbox::name_for(chunk)).is_file())?;
    let mut account = account::get(&db)?;
    account.stream = seal::random()?;
    account.serial += 1;
    account::put(&db, &account)?;
    searchable::tell_everybody(&db, now)?;
    db.commit()?;
    ask_everybody(&mut store, &keyring, now)?;
    drop(store);
    unfinished.finish()?;
    Ok(keyring.identity.fingerprint)
}

/// Makes an account that says to be the successor of `before`, of which nothing is left but its recovery key.
pub fn of_nothing(
    path: &Path,
    owner: start::Owner,
    before: Fingerprint,
    recovery: &Identity,
    now: Timestamp,
) -> Result<Fingerprint> {
    let unfinished = Unfinished::beside(path)?;
    let new = start::account(unfinished.path(), owner, || Ok(Some(recovery.fingerprint)), now)?;
    let home = Home::open_at(unfinished.path())?;
    let mut store = Store::open(&home.database())?;
    let db = store.begin()?;
    former::add_own(&db, before, new, &sign(recovery, before, new, now)?)?;
    // What it is that those who knew the one before carry, this one does not know.
    searchable::tell_everybody(&db, now)?;
    db.commit()?;
    drop(store);
    unfinished.finish()?;
    Ok(new)
}

fn sign(signer: &Identity, from: Fingerprint, to: Fingerprint, now: Timestamp) -> Result<Vec<u8>> {
    let created = now.round(Unit::Second).unwrap_or(now);
    seal::sign(signer, &Succession { from, to, created }.write())
}

// What was said is taken from a successor too, as it was signed: nothing of it is lost on its way. What was given up stays
// so, but for changes of mind. An introduction by the old key nobody takes from the new one.
fn go_on(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let lacking = former::unconfirmed(db, None, now)?;
    former::begin_anew(db)?;
    due::retain_signed(db, now, |signed| Ok(open::is_said(&open::verify(signed)?.packet)))?;
    moved::owe(db, lacking, now, |it, state| Class::of(&it.kind) != Class::Service && state == State::Friend)
}

fn ask_everybody(store: &mut Store, keyring: &Keyring, now: Timestamp) -> Result<()> {
    let profile = profile::own(store.read(), keyring, For::Contacts)?;
    let successions = former::own(store.read())?;
    let body = Body::ContactRequest { profile, code: None, successions, opened: None };
    let request = own::packet(keyring.identity.fingerprint, body, now)?;
    let db = store.begin()?;
    for contact in contacts::all(&db)? {
        if matches!(contact.state, State::Friend | State::Asked) {
            due::owe(&db, contact.fingerprint, &Debt::Packet(DebtName::Request, request.clone()), now)?;
        }
    }
    Ok(db.commit()?)
}

fn copy_blobs(old: &Home, new: &Home) -> Result<()> {
    let folder = old.blobs();
    for entry in fs::read_dir(&folder).map_err(|error| Error::io("open", &folder, error))? {
        let entry = entry.map_err(|error| Error::io("read", &folder, error))?;
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let (from, to) = (entry.path(), new.blobs().join(entry.file_name()));
        match fs::copy(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("copy", &from, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn not_committed() -> Error {
    Error::new(Kind::NotAllowed, "the account's profile names another recovery key, or none")
}
