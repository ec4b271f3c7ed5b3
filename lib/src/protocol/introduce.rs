//! Introduction: a friend makes two of their friends known to each other. Neither becomes anything to the other before
//! both of their owners have said so.
//!
//! ```text
//! bob                     alice                     carol
//!   ◀── profile of carol ── introduce ── profile of bob ──▶
//!  carol: introduced                            bob: introduced
//!  accept ─────────── contact-request ───────────▶ bob: waiting
//!  carol: friend ◀───────── contact-accept ─────── accept
//! ```
//!
//! What Alice passes on is the public profile that each of them signed and gave her for that. She can vouch for a key that
//! she should not, or keep silent; she can neither change what is said, nor put a key in another's place.

use super::{
    asking, own, profile,
    stranger::{self, Stranger},
};
use crate::{
    Context, Error, Fingerprint, Kind, Result,
    identity::{Keyring, Purpose, ReaderKeys},
    packet::{About, Body, Packet},
    profile::Profile,
    store::{
        Store,
        contacts::{self, Contact, Grade, NewContact, State},
        due::{self, Debt, DebtName},
        requests, sought,
    },
};
use jiff::Timestamp;
use rusqlite::Transaction;

/// People whom one friend has introduced and the owner has not decided upon, at most; and those of all friends together.
pub const OF_ONE: u32 = 10;
/// See [`OF_ONE`].
pub const OF_ALL: u32 = 100;

/// `sn-contact introduce`: owes each of two friends the public profile of the other.
pub fn introduce(
    store: &mut Store,
    me: Fingerprint,
    two: [&Contact; 2],
    note: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let [one, other] = two;
    if one.fingerprint == other.fingerprint {
        return Err(Error::new(Kind::Usage, "nobody is introduced to themselves"));
    }
    let db = store.begin()?;
    for (reader, subject) in [(one, other), (other, one)] {
        if subject.state != State::Friend {
            return Err(Error::new(Kind::NotAllowed, format!("{} is no contact of yours", subject.petname)));
        }
        let original = contacts::public(&db, subject.fingerprint)?.ok_or_else(|| {
            let message = format!("{} has not sent a profile that may be passed on", subject.petname);
            Error::new(Kind::Unavailable, message).hint("it comes with what they send next")
        })?;
        let xml = own::packet_with(me, Body::Introduction { original }, now, |packet| {
            packet.about = Some(About::Person(subject.fingerprint));
            packet.text = note.map(str::to_owned);
        })?;
        let debt = Debt::Packet(DebtName::Introduction(subject.fingerprint), xml);
        due::owe(&db, reader.fingerprint, &debt, now)?;
    }
    Ok(db.commit()?)
}

/// Keeps a friend's public profile, as they signed it, to introduce them by. An older one changes nothing.
pub(super) fn keep(db: &Transaction<'_>, who: Fingerprint, profile: &Profile, signed: &[u8]) -> Result<()> {
    let known = contacts::by_fingerprint(db, who)?;
    if known.is_some_and(|known| known.state == State::Friend && profile.serial >= known.profile.serial) {
        contacts::set_public(db, who, signed)?;
    }
    Ok(())
}

/// A friend introduces somebody. Who is known already stays as they are: their key, profile and petname; only where
/// nothing spoke for the key yet, the friend's word does.
pub(super) fn introduced(
    db: &Transaction<'_>,
    me: Fingerprint,
    by: Fingerprint,
    packet: &Packet,
    original: &[u8],
    now: Timestamp,
) -> Result<()> {
    let them = stranger::verify(original).context(|| "the introduced profile")?;
    if packet.about != Some(About::Person(them.from)) || them.code.is_some() {
        return Err(Error::malformed("what introduces somebody is not their public profile"));
    }
    profile::check_keys(&them.profile, &them.certificate, now)?;
    if !ReaderKeys::usable(&them.profile.meeting, Purpose::Meeting, now) {
        return Err(Error::new(Kind::NotAllowed, "the keys of whom it introduces have ended"));
    }
    if them.from == me || them.from == by {
        return Ok(());
    }
    let note = packet.text.clone().unwrap_or_default();
    make_known(db, by, Stranger { note, ..them }, now)
}

/// Whether one friend may make somebody known who is unknown yet.
pub(super) fn has_room(db: &Transaction<'_>, by: Fingerprint) -> Result<bool> {
    let (of_one, of_all) = requests::introductions(db, by)?;
    Ok(of_one < OF_ONE && of_all < OF_ALL)
}

/// Somebody is known through a friend.
pub(super) fn make_known(
    db: &Transaction<'_>,
    by: Fingerprint,
    them: Stranger,
    now: Timestamp,
) -> Result<()> {
    let profile = Profile { about: None, sealing: None, ..them.profile };
    match contacts::by_fingerprint(db, them.from)? {
        None => {
            if !has_room(db, by)? {
                let message = format!("introduces {}, while too many wait already", them.from.short());
                return Err(Error::new(Kind::NotAllowed, message));
            }
            let petname = contacts::free_petname(db, &profile.name)?;
            let new = NewContact {
                fingerprint: them.from,
                petname: &petname,
                state: State::Introduced,
                grade: Grade::Introduced,
                profile: &profile,
                certificate: &them.certificate,
                since: now,
            };
            contacts::insert(db, &new)?;
        }
        // Whoever was sent away does not come back by a common friend.
        Some(known) if matches!(known.state, State::Blocked | State::Gone) => return Ok(()),
        Some(known) => {
            if known.state == State::Introduced && profile.serial > known.profile.serial {
                contacts::set_profile(db, them.from, &profile)?;
            }
            if known.grade == Grade::None {
                contacts::raise_grade(db, them.from, Grade::Introduced)?;
            }
        }
    }
    requests::introduced(db, them.from, by, &them.note)
}

/// `sn-contact accept` of somebody introduced: asks them, and shows whoever searched that they were found.
pub fn accept(store: &mut Store, keyring: &Keyring, who: &Contact, now: Timestamp) -> Result<()> {
    let them = Stranger {
        from: who.fingerprint,
        certificate: who.certificate.clone(),
        profile: who.profile.clone(),
        code: None,
        opened: sought::newest(store.read(), who.fingerprint)?.map(|sought| sought.opened),
        expires: None,
        note: String::new(),
    };
    asking::add(store, keyring, &them, None, now).map(drop)
}
