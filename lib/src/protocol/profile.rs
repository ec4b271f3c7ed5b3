//! Profiles: the own one as packets carry it, others' as they come.

use super::searchable;
use crate::{
    Context, Error, Fingerprint, Kind, Result, base64,
    identity::{Identity, Keyring, Purpose, ReaderKeys},
    login::BoxLogin,
    packet::Body,
    profile::{KeyOffer, Profile, address, check_name},
    seal,
    store::{
        Store, account,
        contacts::{self, State},
        due::{self, Debt},
    },
    stream::Pem,
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// Who may see a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Anybody: name, addresses, meeting key.
    Public,
    /// Contacts, and those we ask to be: also the sealing keys and what we say about ourselves.
    Contacts,
}

/// The own profile.
pub fn own(db: &Connection, keyring: &Keyring, reader: For) -> Result<Profile> {
    let account = account::get(db)?;
    let contacts = reader == For::Contacts;
    let sealing = contacts.then(|| keyring.newest(Purpose::Sealing)).transpose()?;
    Ok(Profile {
        name: account.name,
        serial: account.serial,
        recovery: account.recovery,
        about: account.about.filter(|_| contacts),
        addresses: account.addresses,
        meeting: keyring.newest(Purpose::Meeting)?.offer().clone(),
        sealing: sealing.map(|pair| pair.offer().clone()),
    })
}

/// The own profile as the body of a `profile` packet.
pub(super) fn body(db: &Connection, keyring: &Keyring, want: bool) -> Result<Body> {
    Ok(Body::Profile { profile: own(db, keyring, For::Contacts)?, want })
}

/// What the owner wants to be different; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What they want to be called.
    pub name: Option<String>,
    /// A few words; empty takes them away.
    pub about: Option<String>,
    /// Where they are reached, in order of preference.
    pub addresses: Option<Vec<String>>,
}

/// Changes the own profile: its serial rises, and every friend is owed the new one.
pub fn change(store: &mut Store, change: Change, now: Timestamp) -> Result<()> {
    let usage = |error: Error| error.of_kind(Kind::Usage);
    change.name.as_deref().map_or(Ok(()), check_name).map_err(usage)?;
    change.addresses.iter().flatten().try_for_each(|uri| address(uri)).map_err(usage)?;
    let db = store.begin()?;
    let before = account::get(&db)?;
    let mut account = before.clone();
    if let Some(name) = change.name {
        account.name = name;
    }
    if let Some(about) = change.about {
        account.about = Some(about).filter(|about| !about.is_empty());
    }
    if let Some(addresses) = change.addresses {
        account.addresses = addresses;
    }
    if account == before {
        return Ok(());
    }
    spread(&db, account, now)?;
    Ok(db.commit()?)
}

/// Commits to a recovery key. The first one stays: contacts take no other.
pub fn commit_to_recovery(
    store: &mut Store,
    make: impl FnOnce() -> Result<Fingerprint>,
    now: Timestamp,
) -> Result<()> {
    let db = store.begin()?;
    let mut account = account::get(&db)?;
    if account.recovery.is_some() {
        return Err(Error::new(Kind::Usage, "the account has a recovery key already"));
    }
    account.recovery = Some(make()?);
    spread(&db, account, now)?;
    Ok(db.commit()?)
}

/// The keys were renewed, last by a pair made at `made`: every friend is owed the profile that names the new ones.
pub(super) fn renewed(store: &mut Store, made: Timestamp, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    spread(&db, account::get(&db)?, now)?;
    account::set_keys_told(&db, made)?;
    Ok(db.commit()?)
}

/// The serial rises, and every friend is owed the profile.
pub(super) fn spread(db: &Transaction<'_>, mut account: account::Account, now: Timestamp) -> Result<()> {
    account.serial += 1;
    account::put(db, &account)?;
    for friend in contacts::resolve(db, contacts::EVERYBODY)? {
        due::owe(db, friend, &Debt::Profile { want: false }, now)?;
        due::owe(db, friend, &Debt::Public, now)?;
    }
    Ok(())
}

/// The public profile, signed, for anybody to add.
pub fn export(db: &Connection, keyring: &Keyring, now: Timestamp) -> Result<Pem> {
    let profile = own(db, keyring, For::Public)?;
    let headers = vec![("SocialNet-Profile".to_owned(), format!("of {}", profile.name))];
    let body = Body::Profile { profile, want: false };
    let packet = super::own::packet(keyring.identity.fingerprint, body, now)?;
    Ok(Pem { headers, label: seal::LABEL.to_owned(), der: seal::sign(&keyring.identity, &packet)? })
}

/// The signed answer to a web server's challenge, as one line of base64. socialnet-http(7), LOGGING IN.
pub fn login(identity: &Identity, challenge: &str, now: Timestamp) -> Result<String> {
    let form = BoxLogin::answer(challenge.trim_end(), identity.fingerprint, now)?;
    Ok(base64::encode(&seal::sign(identity, &form.write())?))
}

/// Checks that the keys in a profile are its owner's.
pub(super) fn check_keys(profile: &Profile, certificate: &[u8], now: Timestamp) -> Result<()> {
    let offers = [(Purpose::Meeting, Some(&profile.meeting)), (Purpose::Sealing, profile.sealing.as_ref())];
    for (purpose, offer) in offers {
        let Some(offer) = offer else { continue };
        match ReaderKeys::check(offer, purpose, certificate, now) {
            // Keys that have ended say nothing against a profile: new ones are asked for when they are needed.
            Err(error) if error.kind() != Kind::NotAllowed => return Err(error.context("the profile's keys")),
            _ => {}
        }
    }
    Ok(())
}

/// Whether an ML-KEM key of theirs has gone: whoever took it out would have us seal for a quantum computer to open.
fn lost_ml_kem(profile: &Profile, known: &Profile) -> bool {
    let lost =
        |offer: &KeyOffer, before: &KeyOffer| before.ml_kem_768.is_some() && offer.ml_kem_768.is_none();
    lost(&profile.meeting, &known.meeting)
        || profile
            .sealing
            .as_ref()
            .zip(known.sealing.as_ref())
            .is_some_and(|(offer, before)| lost(offer, before))
}

/// Takes in the profile of somebody known. An older serial, or the same one again, changes nothing.
pub(super) fn receive(
    db: &Transaction<'_>,
    who: Fingerprint,
    profile: &Profile,
    want: bool,
    now: Timestamp,
) -> Result<()> {
    let contact = contacts::by_fingerprint(db, who)?
        .ok_or_else(|| Error::malformed("a profile of somebody unknown"))?;
    // The public profile of the same serial, in an invitation, has no sealing keys.
    let completes = contact.profile.sealing.is_none() && profile.serial == contact.profile.serial;
    // A friend's public one goes with one that says more, under the same serial.
    let for_others = contact.state == State::Friend && profile.sealing.is_none() && !completes;
    let newer = profile.serial > contact.profile.serial && !for_others;
    if newer || completes {
        check_keys(profile, &contact.certificate, now)?;
        if lost_ml_kem(profile, &contact.profile) {
            let words = "their new profile has no ML-KEM key any more, and was not taken: ask them";
            return contacts::add_alarm(db, who, words, &[words]);
        }
        contacts::set_profile(db, who, profile).context(|| "the profile")?;
        due::hasten(db, who, now)?;
        if contact.state == State::Friend {
            searchable::tell_again(db, who, now)?;
        }
    }
    // Whom we have asked may have nothing but our public profile.
    if want && matches!(contact.state, State::Friend | State::Asked) {
        due::owe(db, who, &Debt::Profile { want: false }, now)?;
        // Whoever has to ask may have lost what they carried for us, too.
        if contact.state == State::Friend {
            searchable::tell_new_friend(db, who, now)?;
        }
    }
    Ok(())
}
