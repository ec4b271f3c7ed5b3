//! What time it is, as far as others bear it out. A machine's own clock may be years off, either way: after a dead
//! battery, or by a bad answer from a time server. So nothing that can't be undone is done because of it alone.
//!
//! The *witness* is the latest time at which a friend's envelope says it was sealed, as far as the own clock agreed when
//! that came: neither a wrong clock here nor a lie there can push it ahead, only both together.

use super::account::{fact, set_fact};
use crate::{Result, envelope::GIVE_UP};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};

/// How far two clocks may differ.
pub const LEEWAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn witness(db: &Connection) -> Result<Option<Timestamp>> {
    fact(db, "witness")?.map(super::time).transpose()
}

/// A friend's envelope says when it was sealed.
pub fn saw(db: &Transaction<'_>, sent: Timestamp, now: Timestamp) -> Result<()> {
    let seen = sent.min(now);
    // Not for every second of a busy morning.
    if witness(db)?.is_none_or(|known| later(known, HOUR) <= seen) {
        set_fact(db, "witness", seen.as_second())?;
    }
    Ok(())
}

/// The time to work by: that of the clock, but never one that has passed for sure.
pub fn now(db: &Connection, clock: Timestamp) -> Result<Timestamp> {
    Ok(witness(db)?.map_or(clock, |witness| witness.max(clock)))
}

/// The time up to which keys and words may be destroyed: that of the clock, but no later than a day after the witness.
/// With no friend who has ever written, nothing is.
pub fn borne_out(db: &Connection, clock: Timestamp) -> Result<Timestamp> {
    let Some(witness) = witness(db)? else { return Ok(Timestamp::MIN) };
    Ok(later(witness, LEEWAY).min(clock))
}

/// Forgets what was witnessed: the way out when it was wrong after all.
pub fn forget(db: &Transaction<'_>) -> Result<()> {
    db.execute("DELETE FROM account WHERE key = 'witness'", ())?;
    Ok(())
}

/// Notes that work was done at `now`. When it was done at a later time before, the clock was ahead: whatever was put off
/// into that future is due again, and what came then counts as come now.
pub fn worked(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let before: Option<i64> = fact(db, "worked")?;
    if before.is_some_and(|before| before > later(now, LEEWAY).as_second()) {
        set_right(db, now)?;
    }
    // To the hour: a round that finds nothing to do need not wait for the disk.
    match before {
        Some(before) if before.abs_diff(now.as_second()) < 3600 => Ok(()),
        _ => set_fact(db, "worked", now.as_second()),
    }
}

fn set_right(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    let horizon = later(now, GIVE_UP).as_second();
    let now = now.as_second();
    for (table, column) in [
        ("due", "not_before"),
        ("gap", "next_ask"),
        ("lister", "next_ask"),
        ("delivery", "next_try"),
        ("search_leaving", "leaves"),
    ] {
        db.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE {column} > ?2"), (now, horizon))?;
    }
    for (table, column) in [
        ("delivery", "queued"),
        ("sealed", "sealed"),
        ("sealed", "since"),
        ("answered", "since"),
        ("search_taken", "taken"),
        ("search_brought", "brought"),
        ("sought", "came"),
    ] {
        db.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE {column} > ?1"), [now])?;
    }
    db.execute(
        "UPDATE packet SET received = ?1, expires = expires - received + ?1 WHERE received > ?1 AND received < expires",
        [now],
    )?;
    db.execute("UPDATE packet SET received = ?1 WHERE received > ?1", [now])?;
    Ok(())
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        due::{self, Debt},
        sample,
    };

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    const TODAY: &str = "2026-11-22T12:00:00Z";
    const IN_TEN_YEARS: &str = "2036-11-22T12:00:00Z";

    #[test]
    fn neither_a_wrong_clock_nor_a_lie_alone_is_borne_out() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        assert_eq!(borne_out(&db, at(IN_TEN_YEARS)).unwrap(), Timestamp::MIN, "nobody has written");
        saw(&db, at(TODAY), at(IN_TEN_YEARS)).unwrap();
        assert_eq!(borne_out(&db, at(IN_TEN_YEARS)).unwrap(), at("2026-11-23T12:00:00Z"));
        saw(&db, at(IN_TEN_YEARS), at(TODAY)).unwrap();
        assert_eq!(borne_out(&db, at(IN_TEN_YEARS)).unwrap(), at("2026-11-23T12:00:00Z"), "a lie");
        assert_eq!(now(&db, at("1970-01-01T00:00:00Z")).unwrap(), at(TODAY), "it is not so early");
    }

    #[test]
    fn what_a_clock_that_was_ahead_put_off_is_due() {
        let (_dir, mut store) = sample::store();
        let db = store.begin().unwrap();
        worked(&db, at(IN_TEN_YEARS)).unwrap();
        due::owe(&db, sample::BOB, &Debt::Received, at(IN_TEN_YEARS)).unwrap();
        worked(&db, at(TODAY)).unwrap();
        assert_eq!(due::ready(&db, at(TODAY)).unwrap().len(), 1);
    }
}
