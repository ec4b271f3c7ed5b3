//! Contacts: everybody this node has dealt with, by fingerprint and by the petname their owner gave them.
//!
//! | file | knows |
//! |---|---|
//! | here | what is known of a person, and what changes it |
//! | `petname.rs` | what somebody may be called |
//! | `groups.rs` | groups, and whom a word like `@family` names |

mod groups;
mod petname;

pub use groups::{EVERYBODY, groups, groups_of, join, leave, members, resolve};
pub use petname::{OWNER, check_petname, free_petname, new_petname, rename};

use super::{account, hashcache};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::Digest,
    profile::{KeyOffer, Profile},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use std::str::FromStr;

/// Where two people stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A friend named them; neither side has written.
    Introduced,
    /// We wrote first and wait for their answer.
    Asked,
    /// They wrote first and wait for ours.
    Waiting,
    /// Both agreed.
    Friend,
    /// Nothing of theirs is read any more.
    Blocked,
    /// One of the two has ended it.
    Gone,
}

impl State {
    const ALL: [(Self, &str); 6] = [
        (Self::Introduced, "introduced"),
        (Self::Asked, "asked"),
        (Self::Waiting, "waiting"),
        (Self::Friend, "friend"),
        (Self::Blocked, "blocked"),
        (Self::Gone, "gone"),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }
}

impl FromStr for State {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(state, _)| *state).ok_or_else(|| Error::malformed(format!("no state '{word}'")))
    }
}

/// How sure the owner may be that a key is this person's; later is surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing speaks for it yet.
    None,
    /// They came with a code that we, or they, had given out.
    Invited,
    /// A common contact vouches.
    Introduced,
    /// Fingerprints were compared, by voice or in person.
    Checked,
}

impl Grade {
    const ALL: [(Self, &str); 4] = [
        (Self::None, ""),
        (Self::Invited, "invited"),
        (Self::Introduced, "introduced"),
        (Self::Checked, "checked"),
    ];

    /// The word for it; empty for none.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(grade, _)| *grade == self).map_or("", |(_, word)| word)
    }
}

impl FromStr for Grade {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(grade, _)| *grade).ok_or_else(|| Error::malformed(format!("no grade '{word}'")))
    }
}

/// One person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Row of the table.
    pub id: i64,
    /// Who.
    pub fingerprint: Fingerprint,
    /// What the owner calls them.
    pub petname: String,
    /// Where the two stand.
    pub state: State,
    /// How sure the key is.
    pub grade: Grade,
    /// One line the owner should read, or empty.
    pub alarm: String,
    /// Their profile.
    pub profile: Profile,
    /// Their identity certificate, DER; empty while nothing has come from them.
    pub certificate: Vec<u8>,
    /// Since when they are known.
    pub since: Timestamp,
    /// What they said when they asked, or who introduced them said of them; or empty.
    pub note: String,
    /// SHA-256 of the code that they asked with last.
    pub code: Option<Digest>,
    /// The friend who introduced them first.
    pub introduced_by: Option<Fingerprint>,
    /// That friend's petname.
    pub introducer: Option<String>,
    /// Whether their words are not shown.
    pub muted: bool,
}

/// Stands between several on one line; no alarm has it in its words.
const ALARMS_APART: &str = "; ";

/// Somebody new, as [`insert`] takes them.
pub struct NewContact<'a> {
    /// Who.
    pub fingerprint: Fingerprint,
    /// What the owner calls them.
    pub petname: &'a str,
    /// Where the two stand.
    pub state: State,
    /// How sure the key is.
    pub grade: Grade,
    /// Their profile.
    pub profile: &'a Profile,
    /// Their identity certificate, DER.
    pub certificate: &'a [u8],
    /// Now.
    pub since: Timestamp,
}

/// Adds somebody.
pub fn insert(db: &Transaction<'_>, new: &NewContact<'_>) -> Result<()> {
    db.execute(
        "INSERT INTO contact (fingerprint, petname, state, grade, name, serial, certificate, meeting_p256, since)
         VALUES (?1, ?2, ?3, ?4, '', 0, ?5, x'', ?6)",
        (
            new.fingerprint,
            new.petname,
            new.state.as_str(),
            new.grade.as_str(),
            new.certificate,
            new.since.as_second(),
        ),
    )?;
    set_profile(db, new.fingerprint, new.profile)?;
    if new.state == State::Friend { account::want_held(db) } else { Ok(()) }
}

/// Replaces what is known of somebody by a newer profile. One without sealing keys, such as an invitation's, leaves
/// those that are known.
pub fn set_profile(db: &Transaction<'_>, who: Fingerprint, profile: &Profile) -> Result<()> {
    db.execute(
        "UPDATE contact SET name = ?2, about = ?3, serial = ?4, meeting_p256 = ?5, meeting_ml_kem = ?6,
           recovery = ifnull(recovery, ?7)
         WHERE fingerprint = ?1",
        (
            who,
            &profile.name,
            profile.about.as_deref().unwrap_or(""),
            profile.serial,
            &profile.meeting.p256,
            &profile.meeting.ml_kem_768,
            profile.recovery,
        ),
    )?;
    if let Some(sealing) = &profile.sealing {
        db.execute(
            "UPDATE contact SET sealing_p256 = ?2, sealing_ml_kem = ?3 WHERE fingerprint = ?1",
            (who, &sealing.p256, &sealing.ml_kem_768),
        )?;
    }
    set_addresses(db, who, &profile.addresses, false)
}

/// Replaces somebody's own addresses, or with `by_hand` those that the owner set for them.
pub fn set_addresses(
    db: &Transaction<'_>,
    who: Fingerprint,
    addresses: &[String],
    by_hand: bool,
) -> Result<()> {
    let proven: Vec<String> = db
        .prepare(
            "SELECT uri FROM address JOIN contact ON contact.id = contact WHERE fingerprint = ?1 AND proven",
        )?
        .query_map([who], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    db.execute(
        "DELETE FROM address WHERE by_hand = ?2 AND contact = (SELECT id FROM contact WHERE fingerprint = ?1)",
        (who, by_hand),
    )?;
    let mut add = db.prepare_cached(
        "INSERT INTO address (contact, by_hand, position, uri, proven)
         SELECT id, ?2, ?3, ?4, ?5 FROM contact WHERE fingerprint = ?1",
    )?;
    for (position, uri) in addresses.iter().enumerate() {
        add.execute((who, by_hand, position, uri, proven.contains(uri)))?;
    }
    Ok(())
}

/// Changes where the two stand.
pub fn set_state(db: &Transaction<'_>, who: Fingerprint, state: State) -> Result<()> {
    let changed = db.execute(
        "UPDATE contact SET state = ?2, before_block = iif(?2 = 'blocked', state, '') WHERE fingerprint = ?1 AND state <> ?2",
        (who, state.as_str()),
    )?;
    if state != State::Friend {
        hashcache::forget(db, who)?;
    }
    // They may have written before.
    if state == State::Friend && changed > 0 { account::want_held(db) } else { Ok(()) }
}

/// Raises the grade; a surer one that is known stays.
pub fn raise_grade(db: &Transaction<'_>, who: Fingerprint, grade: Grade) -> Result<()> {
    if by_fingerprint(db, who)?.is_some_and(|contact| contact.grade < grade) {
        db.execute("UPDATE contact SET grade = ?2 WHERE fingerprint = ?1", (who, grade.as_str()))?;
    }
    Ok(())
}

/// The other way: what bore a higher one out does not hold any more.
pub fn lower_grade(db: &Transaction<'_>, who: Fingerprint, grade: Grade) -> Result<()> {
    if by_fingerprint(db, who)?.is_some_and(|contact| contact.grade > grade) {
        db.execute("UPDATE contact SET grade = ?2 WHERE fingerprint = ?1", (who, grade.as_str()))?;
    }
    Ok(())
}

/// Keeps somebody's public profile as they signed it, DER.
pub fn set_public(db: &Transaction<'_>, who: Fingerprint, signed: &[u8]) -> Result<()> {
    db.execute("UPDATE contact SET public = ?2 WHERE fingerprint = ?1", (who, signed))?;
    Ok(())
}

/// Somebody's public profile as they signed it, if they gave it to be passed on.
pub fn public(db: &Connection, who: Fingerprint) -> Result<Option<Vec<u8>>> {
    let public = db.query_row("SELECT public FROM contact WHERE fingerprint = ?1", [who], |row| row.get(0));
    Ok(public.optional()?.flatten())
}

/// Sets the identity certificate (DER) of somebody whom the short form of an invitation named by its hash.
pub fn set_certificate(db: &Transaction<'_>, who: Fingerprint, certificate: &[u8]) -> Result<()> {
    db.execute(
        "UPDATE contact SET certificate = ?2 WHERE fingerprint = ?1 AND certificate = x''",
        (who, certificate),
    )?;
    Ok(())
}

/// Puts something on the line that the owner should read about somebody. What is on it stays, but for what begins as `anew`
/// does: of each kind there is one, and nobody can take a serious word away by earning another.
pub fn add_alarm(db: &Transaction<'_>, who: Fingerprint, words: &str, anew: &[&str]) -> Result<()> {
    let known = db.query_row("SELECT alarm FROM contact WHERE fingerprint = ?1", [who], |row| row.get(0));
    let known: String = known.optional()?.unwrap_or_default();
    let stays = |it: &&str| !it.is_empty() && !anew.iter().any(|kind| it.starts_with(kind));
    let alarm: Vec<&str> = known.split(ALARMS_APART).filter(stays).chain([words]).collect();
    set_alarm(db, who, &alarm.join(ALARMS_APART))
}

/// The owner has settled it.
pub fn settle_alarm(db: &Transaction<'_>, who: Fingerprint) -> Result<()> {
    set_alarm(db, who, "")
}

fn set_alarm(db: &Transaction<'_>, who: Fingerprint, alarm: &str) -> Result<()> {
    db.execute("UPDATE contact SET alarm = ?2 WHERE fingerprint = ?1", (who, alarm))?;
    Ok(())
}

const COLUMNS: &str = "id, fingerprint, petname, state, grade, alarm, name, about, serial, certificate, meeting_p256, \
     meeting_ml_kem, sealing_p256, sealing_ml_kem, since, recovery, note, code, introduced_by, \
     (SELECT other.petname FROM contact AS other WHERE other.fingerprint = contact.introduced_by) AS introducer, \
     EXISTS (SELECT 1 FROM muted WHERE who = fingerprint) AS muted";

/// Who has this fingerprint, or had it before a succession.
pub fn by_fingerprint(db: &Connection, who: Fingerprint) -> Result<Option<Contact>> {
    match one(db, "fingerprint = ?1", who)? {
        None => one(db, "id = (SELECT contact FROM former WHERE former.fingerprint = ?1)", who),
        found => Ok(found),
    }
}

/// How it stands with who has this fingerprint, or had it before a succession: asked for each envelope, so nothing else of
/// them is read.
pub fn state(db: &Connection, who: Fingerprint) -> Result<Option<State>> {
    let mut query = db.prepare_cached(
        "SELECT state FROM contact
         WHERE id = ifnull((SELECT id FROM contact WHERE fingerprint = ?1), (SELECT contact FROM former WHERE fingerprint = ?1))",
    )?;
    let state: Option<String> = query.query_row([who], |row| row.get(0)).optional()?;
    state.map(|state| state.parse()).transpose()
}

/// What somebody was who is blocked; `None`: nobody who had been heard of.
pub fn state_before_block(db: &Connection, who: Fingerprint) -> Result<Option<State>> {
    let query = "SELECT before_block FROM contact WHERE fingerprint = ?1 AND before_block <> ''";
    let before: Option<String> = db.query_row(query, [who], |row| row.get(0)).optional()?;
    before.map(|state| state.parse()).transpose()
}

/// Who stands in this row.
pub fn by_row(db: &Connection, id: i64) -> Result<Option<Contact>> {
    one(db, "id = ?1", id)
}

/// Who has this petname.
pub fn by_petname(db: &Connection, petname: &str) -> Result<Option<Contact>> {
    one(db, "petname = ?1", petname)
}

fn one(db: &Connection, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Contact>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM contact WHERE {condition}"))?;
    let found = query.query_row([value], |row| Ok(read(row))).optional()?.transpose()?;
    found.map(|contact| with_addresses(db, contact)).transpose()
}

/// Everybody, by petname.
pub fn all(db: &Connection) -> Result<Vec<Contact>> {
    let mut query = db.prepare(&format!("SELECT {COLUMNS} FROM contact ORDER BY petname"))?;
    let rows = query.query_map((), |row| Ok(read(row)))?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(|contact| with_addresses(db, contact?)).collect()
}

fn read(row: &Row<'_>) -> Result<Contact> {
    let sealing_p256: Option<Vec<u8>> = row.get("sealing_p256")?;
    let sealing_ml_kem = row.get("sealing_ml_kem")?;
    Ok(Contact {
        id: row.get("id")?,
        fingerprint: row.get("fingerprint")?,
        petname: row.get("petname")?,
        state: row.get::<_, String>("state")?.parse()?,
        grade: row.get::<_, String>("grade")?.parse()?,
        alarm: row.get("alarm")?,
        profile: Profile {
            name: row.get("name")?,
            serial: row.get("serial")?,
            recovery: row.get("recovery")?,
            about: Some(row.get::<_, String>("about")?).filter(|about| !about.is_empty()),
            addresses: Vec::new(),
            meeting: KeyOffer { p256: row.get("meeting_p256")?, ml_kem_768: row.get("meeting_ml_kem")? },
            sealing: sealing_p256.map(|p256| KeyOffer { p256, ml_kem_768: sealing_ml_kem }),
        },
        certificate: row.get("certificate")?,
        since: super::time(row.get("since")?)?,
        note: row.get("note")?,
        code: row.get("code")?,
        introduced_by: row.get("introduced_by")?,
        introducer: row.get("introducer")?,
        muted: row.get("muted")?,
    })
}

fn with_addresses(db: &Connection, mut contact: Contact) -> Result<Contact> {
    let mut query =
        db.prepare_cached("SELECT uri FROM address WHERE contact = ?1 ORDER BY by_hand DESC, position")?;
    contact.profile.addresses =
        query.query_map([contact.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(contact)
}

/// One person, by petname or fingerprint.
pub fn find(db: &Connection, word: &str) -> Result<Contact> {
    let contact = match word.parse() {
        Ok(fingerprint) => by_fingerprint(db, fingerprint)?,
        Err(_) => by_petname(db, word)?,
    };
    contact.ok_or_else(|| {
        Error::new(Kind::Usage, format!("nobody is called '{word}'"))
            .hint("'sn-contact list' shows who there is")
    })
}
