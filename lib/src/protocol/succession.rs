//! A new key for a known person. One identity names the next, in words signed by itself or by the recovery key that its
//! profile had committed to; every request of the new one carries them. Contacts then keep their row, and with it all that
//! is theirs. Any other new key is an alarm, and waits for the owner.
//!
//! The recovery key outranks the identity: whoever has stolen the one has not the other.

use super::searchable;
use crate::{
    Error, Fingerprint, Kind, Result,
    envelope::GIVE_UP,
    seal,
    store::{
        Store,
        contacts::{self, Contact, State},
        due::{self, Debt},
        former::{self, SaidBy},
    },
    succession::Succession,
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

// How the alarms begin: of each kind a contact has one at most.
const NEW_KEY: &str = "has a new key";
const OTHER_KEY: &str = "another key had taken their place";
const SAYS_TO_BE: &str = "says to be";

/// What a request's successions come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Nothing about anybody known, or nothing new.
    Nothing,
    /// Somebody known has moved to the key that asks.
    Moved,
    /// The key it leads to has not spoken itself: what counts is where the next one leads.
    PassedOver,
    /// Somebody says to be this one, and nothing that counts bears it out.
    Unproven(Fingerprint),
}

/// Follows the successions that somebody brings who is `new` now. Each must hold, and name the next.
pub(super) fn follow(
    db: &Transaction<'_>,
    new: Fingerprint,
    successions: &[Vec<u8>],
    now: Timestamp,
) -> Result<Claim> {
    let chain = successions.iter().map(|signed| read(signed)).collect::<Result<Vec<_>>>()?;
    let follows = |(at, (_, it)): (usize, &(Fingerprint, Succession))| {
        it.to == chain.get(at + 1).map_or(new, |(_, next)| next.from)
    };
    if !chain.iter().enumerate().all(follows) {
        return Err(Error::malformed("successions that do not lead to who brings them"));
    }
    let mut claim = Claim::Nothing;
    // The last one speaks by asking, another by naming the next, if that one speaks. What comes before the last word of a
    // recovery key may be anybody's key, who would be shut out.
    let last_word = chain.iter().rposition(|(signer, step)| *signer != step.from);
    let mut passed_over = None;
    for (at, (signer, step)) in chain.iter().enumerate() {
        let was = passed_over.take().unwrap_or(step.from);
        let speaks = last_word.is_none_or(|last| at >= last);
        match take(db, was, *signer, step, speaks, now)? {
            Claim::Nothing => {}
            Claim::Moved => claim = Claim::Moved,
            Claim::PassedOver => passed_over = Some(was),
            unproven => return Ok(unproven),
        }
    }
    Ok(claim)
}

fn read(signed: &[u8]) -> Result<(Fingerprint, Succession)> {
    let signed = seal::verify(signed)?;
    Ok((signed.signer, Succession::read(&signed.content)?))
}

/// Whether this account has had its key for so short a time that others may still seal for the one before, of which it has
/// no pairs. They are not confirmed, and seal it anew.
pub(super) fn is_recent(db: &Connection, now: Timestamp) -> Result<bool> {
    let Some(newest) = former::own(db)?.pop() else { return Ok(false) };
    Ok(now.duration_since(read(&newest)?.1.created) < GIVE_UP)
}

fn take(
    db: &Transaction<'_>,
    was: Fingerprint,
    signer: Fingerprint,
    step: &Succession,
    speaks: bool,
    now: Timestamp,
) -> Result<Claim> {
    // What this account was, nobody else becomes, whoever has its old key.
    if former::was_mine(db, was)? {
        return Ok(Claim::Nothing);
    }
    let Some(person) = contacts::by_fingerprint(db, was)? else { return Ok(Claim::Nothing) };
    let past = former::get(db, was)?;
    let known = former::get(db, step.to)?;
    if person.fingerprint == step.to || known.as_ref().is_some_and(|known| known.contact == person.id) {
        return Ok(Claim::Nothing);
    }
    let recovery = past.as_ref().map_or(person.profile.recovery, |past| past.recovery);
    let said_by = if recovery == Some(signer) {
        SaidBy::Recovery
    } else if signer == step.from {
        SaidBy::Old
    } else {
        return Ok(Claim::Unproven(person.fingerprint));
    };
    if !speaks {
        return Ok(Claim::PassedOver);
    }
    let other = contacts::by_fingerprint(db, step.to)?;
    let outranked = past.as_ref().is_some_and(|past| said_by <= past.said_by);
    let taken = other.as_ref().is_some_and(|other| {
        !matches!(other.state, State::Waiting | State::Introduced | State::Asked) || known.is_some()
    });
    if outranked || taken {
        return Ok(Claim::Unproven(person.fingerprint));
    }
    other.map_or(Ok(()), |other| former::forget_stranger(db, &other))?;
    former::succeed(db, &person, step.to, said_by, now)?;
    let mut words = format!(
        "{NEW_KEY}, named by {}: compare fingerprints",
        if said_by == SaidBy::Recovery { "the recovery key" } else { "the old one" }
    );
    let mut anew = [NEW_KEY].as_slice();
    if past.is_some() {
        former::overrule(db, &person, was)?;
        words = format!("{OTHER_KEY}, {}: what it said and got was not theirs", person.fingerprint);
        // Of that other one the first was said.
        anew = &[NEW_KEY, OTHER_KEY];
    }
    contacts::add_alarm(db, step.to, &words, anew)?;
    Ok(Claim::Moved)
}

/// Somebody says to be a contact, and nothing that counts bears it out: the owner decides.
pub(super) fn alarm(db: &Transaction<'_>, new: Fingerprint, contact: Fingerprint) -> Result<()> {
    let Some(person) = contacts::by_fingerprint(db, contact)? else { return Ok(()) };
    // Whom the full waiting room turned away leaves no trace.
    if contacts::by_fingerprint(db, new)?.is_none() {
        return Ok(());
    }
    let words = format!("{SAYS_TO_BE} {} with a new key, which nothing proves", person.petname);
    contacts::add_alarm(db, new, &words, &[SAYS_TO_BE])?;
    // Anybody can say so: it must not take the place of something worse.
    if !person.alarm.is_empty() {
        return Ok(());
    }
    let words = format!("somebody says to be them with another key, {new}, which nothing proves: ask them");
    contacts::add_alarm(db, person.fingerprint, &words, &[])
}

/// `sn-contact succeed`: the owner knows that somebody who waits is a contact with a new key.
pub fn decide(store: &mut Store, who: &Contact, new: &Contact, now: Timestamp) -> Result<()> {
    if who.id == new.id {
        return Err(Error::new(Kind::Usage, "nobody succeeds themselves"));
    }
    if new.state != State::Waiting {
        let message = format!("{} did not ask: their state is {}", new.petname, new.state.as_str());
        return Err(Error::new(Kind::Usage, message));
    }
    let db = store.begin()?;
    former::forget_stranger(&db, new)?;
    former::succeed(&db, who, new.fingerprint, SaidBy::Owner, now)?;
    contacts::set_certificate(&db, new.fingerprint, &new.certificate)?;
    contacts::set_profile(&db, new.fingerprint, &new.profile)?;
    due::hasten(&db, new.fingerprint, now)?;
    contacts::settle_alarm(&db, new.fingerprint)?;
    if who.state == State::Friend {
        due::owe(&db, new.fingerprint, &Debt::Accept, now)?;
        searchable::tell_again(&db, new.fingerprint, now)?;
    }
    Ok(db.commit()?)
}
