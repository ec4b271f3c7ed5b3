//! Who people were before: a contact whose key changed keeps their row, and is found by each key that they had. It is told
//! here, and nowhere else, which keys are one person's, and which of them speaks for what the others said.

use super::{
    account,
    contacts::{Contact, Grade, State},
    due::{self, Debt, DebtName},
    hashcache, packets,
    unconfirmed::replaced,
};
use crate::{
    Fingerprint, Result,
    packet::{Class, Name},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// Who said that somebody has another key now; later outranks earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SaidBy {
    /// The key before.
    Old,
    /// The recovery key that they had committed to.
    Recovery,
    /// The owner of this account.
    Owner,
}

/// Whether `key` counts for what `of` signed: because it is the same, or a later key of the same person. An earlier one never
/// does, and of the later ones none that its owner's recovery key, or our own owner, has ended.
pub fn speaks_for(db: &Connection, key: Fingerprint, of: Fingerprint) -> Result<bool> {
    if key == of {
        return Ok(true);
    }
    let mut query = db.prepare_cached(
        "SELECT 1 FROM person AS earlier JOIN person AS later ON later.contact = earlier.contact
         WHERE earlier.fingerprint = ?2 AND later.fingerprint = ?1 AND later.position > earlier.position AND later.sound",
    )?;
    Ok(query.exists((key, of))?)
}

/// The key that somebody has now who has, or had, this one.
pub fn present(db: &Connection, who: Fingerprint) -> Result<Fingerprint> {
    let mut query = db.prepare_cached(
        "SELECT contact.fingerprint FROM former JOIN contact ON contact.id = contact WHERE former.fingerprint = ?1",
    )?;
    Ok(query.query_row([who], |row| row.get(0)).optional()?.unwrap_or(who))
}

/// Every key that whoever `:author` names has or had.
pub(super) const KEYS_OF_AUTHOR: &str = "SELECT :author UNION SELECT fingerprint FROM person
  WHERE contact = (SELECT contact FROM person WHERE fingerprint = :author)";

impl SaidBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::Recovery => "recovery",
            Self::Owner => "owner",
        }
    }
}

/// A fingerprint that a contact had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// Row of the contact.
    pub contact: i64,
    /// Who said that it has ended.
    pub said_by: SaidBy,
    /// The commitment that counted then.
    pub recovery: Option<Fingerprint>,
}

/// What is known of a fingerprint that somebody had.
pub fn get(db: &Connection, who: Fingerprint) -> Result<Option<Former>> {
    let mut query =
        db.prepare_cached("SELECT contact, said_by, recovery FROM former WHERE fingerprint = ?1")?;
    let found = query.query_row([who], |row| {
        let said_by = match row.get::<_, String>(1)?.as_str() {
            "old" => SaidBy::Old,
            "recovery" => SaidBy::Recovery,
            _ => SaidBy::Owner,
        };
        Ok(Former { contact: row.get(0)?, said_by, recovery: row.get(2)? })
    });
    Ok(found.optional()?)
}

/// The contact `who` has the key `new` from now on. Everything that is theirs stays theirs: petname, groups, addresses set
/// by hand, packets, and the files that they list. What was sealed for the old key and is not confirmed is owed to the new one. That their fingerprint was
/// checked does not hold for another one.
pub fn succeed(
    db: &Transaction<'_>,
    who: &Contact,
    new: Fingerprint,
    said_by: SaidBy,
    now: Timestamp,
) -> Result<()> {
    let old = who.fingerprint;
    // They may have written from the new key before.
    account::want_held(db)?;
    // Whom the owner of the recovery key has not named is not the same person any more.
    db.execute(
        "INSERT OR REPLACE INTO former (fingerprint, contact, said_by, recovery, position)
         SELECT ?1, ?2, ?3, ?4, ifnull(max(position), 0) + 1 FROM former WHERE contact = ?2",
        (old, who.id, said_by.as_str(), who.profile.recovery),
    )?;
    let grade = if said_by == SaidBy::Owner { Grade::None } else { who.grade.min(Grade::Introduced) };
    db.execute(
        "UPDATE contact SET fingerprint = ?2, certificate = x'', serial = 0, sealing_p256 = NULL, sealing_ml_kem = NULL,
           public = NULL, grade = ?3 WHERE id = ?1",
        (who.id, new, grade.as_str()),
    )?;
    hashcache::begin_anew(db, who.id)?;
    db.execute("UPDATE OR REPLACE muted SET who = ?2 WHERE who = ?1", (old, new))?;
    db.execute("UPDATE contact SET introduced_by = ?2 WHERE introduced_by = ?1", (old, new))?;
    db.execute(
        "INSERT OR IGNORE INTO audience (packet, reader) SELECT packet, ?2 FROM audience WHERE reader = ?1",
        (old, new),
    )?;
    db.execute("DELETE FROM gap WHERE sender = ?1", [old])?;
    // The new key is asked for them, and told that they came: by an envelope that the old one can open, nobody was.
    db.execute("UPDATE OR REPLACE lister SET sender = ?2, said_in = NULL WHERE sender = ?1", (old, new))?;
    db.execute(
        "DELETE FROM due WHERE reader = ?1 AND what IN (SELECT what FROM due WHERE reader = ?2)",
        (old, new),
    )?;
    db.execute("UPDATE due SET reader = ?2, sealed = 0 WHERE reader = ?1", (old, new))?;
    let printed = now - PIPE;
    // Whoever was sent away gets no more by having another key.
    let lacking = if who.state == State::Friend { unconfirmed(db, Some(old), now)? } else { Vec::new() };
    let goes = |it: &Lacking| it.introduces || Class::of(&it.kind) != Class::Service;
    for it in lacking.into_iter().filter(|it| goes(it) && (it.taken || it.sealed > printed)) {
        // As sealing enters what waits for new keys.
        let debt = Debt::Signed(DebtName::Waiting(it.name), packets::signed(db, it.seq)?);
        due::owe(db, new, &debt, now)?;
    }
    db.execute(
        "UPDATE sealed SET replaced = 0 WHERE reader = ?1 AND confirmed IS NULL AND (taken OR sealed > ?2)",
        (old, printed.as_second()),
    )?;
    Ok(())
}

/// What was sealed so short a time ago may still be on its way to `sn-send`; then it was printed and thrown away.
const PIPE: SignedDuration = SignedDuration::from_mins(10);

/// A packet that a reader was sealed, and has not said to have.
pub struct Lacking {
    /// Who may lack it.
    pub reader: Fingerprint,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: String,
    /// It is a profile that introduces somebody else.
    pub introduces: bool,
    /// Its row.
    pub seq: i64,
    /// When it was sealed for them first.
    pub since: Timestamp,
    /// When it was sealed for them last.
    pub sealed: Timestamp,
    /// `sn-send` has taken it; else it was printed, and perhaps thrown away.
    pub taken: bool,
}

/// What one reader may lack, or anybody, as far as it still holds.
pub fn unconfirmed(db: &Connection, reader: Option<Fingerprint>, now: Timestamp) -> Result<Vec<Lacking>> {
    // Two statements: an index serves but the one.
    let whose = if reader.is_some() { "sealed.reader = ?1" } else { "?1 IS NULL" };
    let mut query = db.prepare(&format!(
        "SELECT sealed.reader, author, id, seq, max(since), max(taken), type, max(sealed),
           type = 'profile' AND about_author IS NOT NULL
         FROM sealed
           JOIN sealed_packet USING (envelope) JOIN packet ON packet.seq = sealed_packet.packet
         WHERE {whose} AND confirmed IS NULL AND NOT {} AND signed <> x''
           AND (ifnull(expires > ?2, 1) OR type = 'edit')
         GROUP BY sealed.reader, seq ORDER BY seq",
        replaced("new.taken")
    ))?;
    let mut rows = query.query((reader, now.as_second()))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let name = Name { from: row.get(1)?, id: row.get(2)? };
        all.push(Lacking {
            reader: row.get(0)?,
            name,
            seq: row.get(3)?,
            since: super::time(row.get(4)?)?,
            taken: row.get(5)?,
            kind: row.get(6)?,
            sealed: super::time(row.get(7)?)?,
            introduces: row.get(8)?,
        });
    }
    Ok(all)
}

/// The recovery key takes back what the key `old` said: `who`, and whoever came between, are not who was meant.
pub fn overrule(db: &Transaction<'_>, who: &Contact, old: Fingerprint) -> Result<()> {
    db.execute("UPDATE former SET said_by = 'recovery' WHERE fingerprint = ?1", [old])?;
    db.execute(
        "DELETE FROM former
         WHERE contact = ?1 AND position > (SELECT position FROM former WHERE fingerprint = ?2)",
        (who.id, old),
    )?;
    Ok(())
}

/// Forgets somebody of whom there is nothing but a request, so that another row may have their key.
pub fn forget_stranger(db: &Transaction<'_>, who: &Contact) -> Result<()> {
    db.execute("DELETE FROM due WHERE reader = ?1", [who.fingerprint])?;
    db.execute("DELETE FROM contact WHERE id = ?1", [who.id])?;
    Ok(())
}

/// Whether this account has the fingerprint, or had it.
pub fn is_own(db: &Connection, who: Fingerprint) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM own_key WHERE fingerprint = ?1")?.exists([who])?)
}

/// Whether this account had the fingerprint.
pub fn was_mine(db: &Connection, who: Fingerprint) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM own_former WHERE fingerprint = ?1)")?;
    Ok(query.query_row([who], |row| row.get(0))?)
}

/// The successions that say who this account was, the first one first.
pub fn own(db: &Connection) -> Result<Vec<Vec<u8>>> {
    let mut query = db.prepare("SELECT signed FROM own_former ORDER BY position")?;
    Ok(query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Adds the newest of them: this account was `was`, and is `now`.
pub fn add_own(db: &Transaction<'_>, was: Fingerprint, now: Fingerprint, signed: &[u8]) -> Result<()> {
    db.execute(
        "INSERT INTO own_former (position, fingerprint, signed)
         SELECT ifnull(max(position), 0) + 1, ?1, ?2 FROM own_former",
        (was, signed),
    )?;
    account::set_fingerprint(db, now)
}

/// A copy of an account's database becomes that of its successor: what was counted and sealed under the old key ends, and
/// what was owed, but for packets that were signed already.
pub fn begin_anew(db: &Transaction<'_>) -> Result<()> {
    for table in [
        "counter",
        "own_stream",
        "copy_told",
        "sealed",
        "payment",
        "opened",
        "received",
        "gap",
        "stream",
        "answered",
        "delivery",
    ] {
        db.execute(&format!("DELETE FROM {table}"), ())?;
    }
    db.execute("DELETE FROM due WHERE signed IS NULL", ())?;
    db.execute("DELETE FROM account WHERE key IN ('keys_told', 'last_round')", ())?;
    Ok(())
}
