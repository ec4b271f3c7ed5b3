//! Invitations that the owner gives: a signed one, or one that fits in a line. The code in it is remembered by its hash, and
//! holds for one person.

use super::profile::{self, For};
use crate::{
    Error, Kind, Result, blob,
    identity::{Keyring, point},
    profile::Invitation,
    seal,
    short::Short,
    store::{Store, contacts, invitations},
    stream::Pem,
};
use jiff::{SignedDuration, Timestamp, Unit};

/// Days that an invitation holds, at most.
pub const MAX_DAYS: u32 = Invitation::MAX_DAYS;

/// How an invitation is given.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What its first user is to be called here.
    pub petname: Option<&'a str>,
    /// How long it holds: 1 to [`MAX_DAYS`].
    pub days: u32,
    /// Handed over face to face: whoever uses it is checked.
    pub in_person: bool,
}

/// Makes an invitation.
pub fn invite(store: &mut Store, keyring: &Keyring, terms: &Terms<'_>, now: Timestamp) -> Result<Pem> {
    let created = now.round(Unit::Second).unwrap_or(now);
    let (code, expires) = give(store, terms, created)?;
    let profile = profile::own(store.read(), keyring, For::Public)?;
    let invitation = Invitation { from: keyring.identity.fingerprint, created, expires, code, profile };
    let signed = seal::sign(&keyring.identity, &invitation.write()?)?;
    let headers = vec![
        ("SocialNet-Invitation".to_owned(), format!("from {}", invitation.profile.name)),
        ("Until".to_owned(), expires.to_string()),
    ];
    Ok(Pem { headers, label: seal::LABEL.to_owned(), der: signed })
}

/// Makes one that fits in a line.
pub fn invite_short(
    store: &mut Store,
    keyring: &Keyring,
    terms: &Terms<'_>,
    now: Timestamp,
) -> Result<Short> {
    let (code, _) = give(store, terms, now)?;
    let profile = profile::own(store.read(), keyring, For::Public)?;
    let point = point::of(&profile.meeting)?;
    Ok(Short { from: keyring.identity.fingerprint, addresses: profile.addresses, code, point })
}

/// A new code, remembered, and its end.
fn give(store: &mut Store, terms: &Terms<'_>, now: Timestamp) -> Result<([u8; 16], Timestamp)> {
    let Terms { petname, days, in_person } = *terms;
    if days == 0 || days > MAX_DAYS {
        return Err(Error::new(Kind::Usage, format!("an invitation holds for 1 to {MAX_DAYS} days")));
    }
    petname.map_or(Ok(()), contacts::check_petname)?;
    let code = seal::random()?;
    let expires = now + SignedDuration::from_hours(24 * i64::from(days));
    let db = store.begin()?;
    invitations::give(&db, &blob::sha256(&code), expires, petname.unwrap_or(""), in_person, now)?;
    db.commit()?;
    Ok((code, expires))
}
