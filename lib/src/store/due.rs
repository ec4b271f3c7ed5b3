//! What the node owes: entered when something happens, sealed by `sn-seal --due` once its time has come, and struck out
//! when `sn-send` has taken the envelopes that carry it. What is printed and lost is owed again.

mod debt;

pub use debt::{Debt, DebtName};

use super::former::KEYS_OF_AUTHOR;
use crate::{
    Fingerprint, Result,
    packet::{Digest, Name},
};
use debt::WAITING;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use sha2::{Digest as _, Sha256};

/// A debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Row of the table.
    pub id: i64,
    /// To whom.
    pub reader: Fingerprint,
    /// What.
    pub debt: Debt,
}

/// Enters a debt. A debt of the same name to the same reader stays, with the earlier of the two times; a packet of our
/// own under the same name is replaced. What was sealed of it does not pay the new one.
pub fn owe(db: &Transaction<'_>, reader: Fingerprint, debt: &Debt, from: Timestamp) -> Result<()> {
    let (packet, signed) = match debt {
        Debt::Packet(_, xml) | Debt::Answer(xml) => (Some(xml), None),
        Debt::Signed(_, der) => (None, Some(der)),
        Debt::Accept | Debt::Public | Debt::Handles | Debt::Profile { .. } | Debt::Received => (None, None),
    };
    let signed = signed.map(|der| keep(db, der)).transpose()?;
    db.prepare_cached(
        "INSERT INTO due (reader, not_before, packet, signed, what) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET packet = excluded.packet, signed = excluded.signed, sealed = 0,
             not_before = iif(sealed, excluded.not_before, min(not_before, excluded.not_before))",
    )?
    .execute((reader, from.as_second(), packet, signed, debt.name()))?;
    Ok(())
}

// The row of what is to be passed on.
fn keep(db: &Transaction<'_>, signed: &[u8]) -> Result<i64> {
    let digest: Digest = Sha256::digest(signed).into();
    db.prepare_cached("INSERT INTO owed (digest, signed) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((digest, signed))?;
    let mut query = db.prepare_cached("SELECT id FROM owed WHERE digest = ?1")?;
    Ok(query.query_row([digest], |row| row.get(0))?)
}

/// Every debt to readers to whom at least one is due now (what is not due yet travels with what is, unless it was sealed
/// already or put off), sorted by reader: its row, and the bytes of its packet.
pub fn ready(db: &Connection, now: Timestamp) -> Result<Vec<(i64, usize)>> {
    let mut query = db.prepare(
        "SELECT due.id, ifnull(length(packet), 0) + ifnull(length(owed.signed), 0)
         FROM due LEFT JOIN owed ON owed.id = due.signed
         WHERE (not_before <= ?1 OR NOT sealed AND put_off = 0) AND reader IN (SELECT reader FROM due WHERE not_before <= ?1)
         ORDER BY reader, due.id",
    )?;
    let rows = query.query_map([now.as_second()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A debt, if it is owed now, alone or with others. [`Kind::Malformed`](crate::Kind::Malformed): it is none that this
/// version knows.
pub fn get(db: &Connection, id: i64, now: Timestamp) -> Result<Option<Due>> {
    let mut query = db.prepare_cached(
        "SELECT reader, packet, owed.signed, what FROM due LEFT JOIN owed ON owed.id = due.signed
         WHERE due.id = ?1 AND (not_before <= ?2 OR NOT sealed AND put_off = 0)",
    )?;
    let row = query.query_row((id, now.as_second()), |row| {
        Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)))
    });
    let Some((reader, (packet, signed, name))) = row.optional()? else { return Ok(None) };
    Ok(Some(Due { id, reader, debt: Debt::read(name.parse()?, packet, signed)? }))
}

/// Notes that debts are carried by these envelopes to a reader. Each of them says what came from that reader, so they
/// carry that debt too. Unless all of them are taken before `again`, the debts are owed again.
pub fn sealed(
    db: &Transaction<'_>,
    reader: Fingerprint,
    debts: &[i64],
    envelopes: &[Digest],
    again: Timestamp,
) -> Result<()> {
    let mut postpone = db.prepare_cached("UPDATE due SET sealed = 1, not_before = ?2 WHERE id = ?1")?;
    let mut before = db.prepare_cached("DELETE FROM payment WHERE debt = ?1")?;
    let mut add = db.prepare_cached("INSERT INTO payment (debt, envelope) VALUES (?1, ?2)")?;
    let mut debts = debts.to_vec();
    debts.extend(named(db, reader, DebtName::Received)?);
    debts.sort_unstable();
    debts.dedup();
    for debt in debts {
        if postpone.execute((debt, again.as_second()))? == 0 {
            continue;
        }
        before.execute([debt])?;
        envelopes.iter().try_for_each(|envelope| add.execute((debt, envelope)).map(drop))?;
    }
    Ok(())
}

/// `sn-send` has taken an envelope: debts that no other one carries are struck out.
pub fn taken(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    let debts: Vec<i64> = db
        .prepare_cached("DELETE FROM payment WHERE envelope = ?1 RETURNING debt")?
        .query_map([envelope], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut paid = db.prepare_cached(
        "DELETE FROM due WHERE id = ?1 AND sealed AND NOT EXISTS (SELECT 1 FROM payment WHERE debt = ?1)",
    )?;
    Ok(debts.iter().try_for_each(|debt| paid.execute([debt]).map(drop))?)
}

/// Puts debts to a reader off that there is no key to seal to, and gives up those that were put off `at_most` times before, a
/// day each. Gives how many. Days by the clock would not do: it may jump.
pub fn put_off(
    db: &Transaction<'_>,
    reader: Fingerprint,
    debts: &[i64],
    until: Timestamp,
    at_most: i64,
) -> Result<usize> {
    let mut put_off = db.prepare_cached(
        "UPDATE due SET put_off = put_off + 1, sealed = 0, not_before = ?2 WHERE id = ?1 RETURNING put_off",
    )?;
    let mut give_up = db.prepare_cached("DELETE FROM due WHERE id = ?1")?;
    let mut given_up = 0;
    for debt in debts {
        let count: Option<i64> = put_off.query_row((debt, until.as_second()), |row| row.get(0)).optional()?;
        if count.is_some_and(|count| count > at_most) {
            given_up += give_up.execute([debt])?;
        }
    }
    if given_up > 0 {
        db.execute("UPDATE contact SET given_up = given_up + ?2 WHERE fingerprint = ?1", (reader, given_up))?;
    }
    Ok(given_up)
}

/// The petnames of friends for whom so many packets were given up, since no new keys of theirs have come.
pub fn given_up(db: &Connection) -> Result<Vec<(String, usize)>> {
    let mut query = db.prepare(
        "SELECT petname, given_up FROM contact WHERE given_up > 0 AND state = 'friend' ORDER BY petname",
    )?;
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The row of a debt to a reader, by its name.
pub fn named(db: &Connection, reader: Fingerprint, name: DebtName) -> Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT id FROM due WHERE reader = ?1 AND what = ?2")?;
    Ok(query.query_row((reader, name), |row| row.get(0)).optional()?)
}

/// What waited for somebody's new keys need wait no longer, and what was given up is past: they are back.
pub fn hasten(db: &Transaction<'_>, reader: Fingerprint, now: Timestamp) -> Result<()> {
    db.execute("UPDATE contact SET given_up = 0 WHERE fingerprint = ?1", [reader])?;
    db.execute(
        &format!(
            "UPDATE due SET not_before = ?2, put_off = 0 WHERE reader = ?1 AND not_before > ?2
               AND (put_off > 0 OR what LIKE '{WAITING}%')"
        ),
        (reader, now.as_second()),
    )?;
    Ok(())
}

/// A packet is not to be passed on any more.
pub fn forget_packet(db: &Transaction<'_>, name: Name) -> Result<()> {
    let mut delete = db.prepare_cached("DELETE FROM due WHERE what = ?1")?;
    for debt in [DebtName::Relay(name), DebtName::Waiting(name)] {
        delete.execute([debt])?;
    }
    Ok(())
}

/// A packet is not to be passed on to somebody, by whatever key of theirs.
pub fn forget_packet_to(db: &Transaction<'_>, name: Name, reader: Fingerprint) -> Result<()> {
    let mut delete = db.prepare_cached(&format!(
        "DELETE FROM due WHERE what IN (:relay, :packet) AND reader IN ({KEYS_OF_AUTHOR})"
    ))?;
    let (relay, packet) = (DebtName::Relay(name), DebtName::Waiting(name));
    delete.execute(named_params! { ":author": reader, ":relay": relay, ":packet": packet })?;
    Ok(())
}

/// Of packets that are to be passed on, owes now those that `may` go on, and forgets the others.
pub fn retain_signed(
    db: &Transaction<'_>,
    now: Timestamp,
    mut may: impl FnMut(Vec<u8>) -> Result<bool>,
) -> Result<()> {
    let rows: Vec<i64> = db
        .prepare("SELECT id FROM owed")?
        .query_map((), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for row in rows {
        if may(db.query_row("SELECT signed FROM owed WHERE id = ?1", [row], |row| row.get(0))?)? {
            let again = "UPDATE due SET sealed = 0, not_before = min(not_before, ?2) WHERE signed = ?1";
            db.execute(again, (row, now.as_second()))?;
        } else {
            db.execute("DELETE FROM due WHERE signed = ?1", [row])?;
        }
    }
    Ok(())
}

/// Forgets a debt to a reader, by its name.
pub fn forget_named(db: &Transaction<'_>, reader: Fingerprint, name: DebtName) -> Result<()> {
    db.execute("DELETE FROM due WHERE reader = ?1 AND what = ?2", (reader, name))?;
    Ok(())
}

/// Forgets what is owed to somebody.
pub fn forget(db: &Transaction<'_>, reader: Fingerprint) -> Result<()> {
    db.execute("DELETE FROM due WHERE reader = ?1", [reader])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{self, ALICE, BOB, NOW, at};
    use uuid::Uuid;

    #[test]
    fn what_is_owed_to_many_is_kept_once_and_as_long_as_it_is_owed() {
        let (_dir, mut store) = sample::store();
        let write = store.begin().unwrap();
        let kept = || write.query_row("SELECT count(*) FROM owed", (), |row| row.get::<_, i64>(0)).unwrap();
        let comment = DebtName::Relay(Name { from: sample::CAROL, id: Uuid::nil() });
        let signed = Debt::Signed(comment, b"a comment of Carol's".to_vec());
        for reader in [ALICE, BOB] {
            owe(&write, reader, &signed, at(NOW)).unwrap();
        }
        assert_eq!(kept(), 1);
        let ready = ready(&write, at(NOW)).unwrap();
        assert!(ready.iter().all(|(id, bytes)| {
            *bytes == 20 && get(&write, *id, at(NOW)).unwrap().unwrap().debt == signed
        }));
        owe(&write, ALICE, &Debt::Signed(comment, b"signed anew".to_vec()), at(NOW)).unwrap();
        assert_eq!(kept(), 2);
        forget(&write, ALICE).unwrap();
        assert_eq!(kept(), 1);
        forget(&write, BOB).unwrap();
        assert_eq!(kept(), 0);
    }
}
