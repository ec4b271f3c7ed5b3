//! Edits, retractions and ends: what is wanted of a packet, and what of it has been done. Which wishes count is told by
//! who wishes (a later key speaks for an earlier one of the same person) and in which thread, and judged when the packet is
//! here: so the order in which they come means nothing.
//!
//! What is gone keeps its row, for its name: the same packet is not taken in again.

use super::{clock, due, former, packets, words};
use crate::{
    Fingerprint, Result,
    envelope::GIVE_UP,
    packet::{About, Body, Class, Name, Packet, Type},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};
use uuid::Uuid;

/// A packet that somebody wants to change or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Row.
    pub seq: i64,
    /// Its type, as it came.
    pub kind: String,
    /// The root of the thread it belongs to; none for a root.
    pub thread: Option<Name>,
    /// Whether nothing is left of it but its name.
    pub gone: bool,
    /// Whether this node understands it.
    pub understood: bool,
    /// Whether its author wants no more comments in its thread.
    pub closed: bool,
    /// When it is to be gone, in seconds since 1970.
    pub expires: Option<i64>,
    state: String,
}

/// Looks for a packet by its name.
pub fn target(db: &Connection, name: Name) -> Result<Option<Target>> {
    let mut query = db.prepare_cached(
        "SELECT seq, type, root_author, root_id, state, closed, expires FROM packet WHERE author = ?1 AND id = ?2",
    )?;
    let row = query.query_row((name.from, name.id), |row| {
        let thread: Option<Fingerprint> = row.get(2)?;
        let state: String = row.get(4)?;
        Ok(Target {
            seq: row.get(0)?,
            kind: row.get(1)?,
            thread: thread.zip(row.get(3)?).map(|(from, id)| Name { from, id }),
            gone: matches!(state.as_str(), RETRACTED | REMOVED | EXPIRED),
            understood: state != "unknown",
            closed: row.get(5)?,
            state,
            expires: row.get(6)?,
        })
    });
    Ok(row.optional()?)
}

/// The version of the next edit of a packet by its author, under whatever key.
pub fn next_version(db: &Connection, name: Name) -> Result<u32> {
    let sql = "SELECT ifnull(max(version), 0) FROM change WHERE author = ?1 AND id = ?2";
    let highest: u32 = db.query_row(sql, (name.from, name.id), |row| row.get(0))?;
    Ok(highest.saturating_add(1))
}

/// Enters what the `edit` or `retract` in row `seq` wants. Whether that counts is for [`settle`].
pub fn enter(db: &Transaction<'_>, seq: i64, packet: &Packet) -> Result<()> {
    let Some(About::Packet(target, _)) = packet.about else { return Ok(()) };
    let thread = key(packet.thread);
    let wish = (target.from, target.id, packet.name.from, &thread);
    db.prepare_cached("INSERT OR IGNORE INTO change (author, id, by, thread) VALUES (?1, ?2, ?3, ?4)")?
        .execute(wish)?;
    match packet.body {
        Body::Retract => {
            db.prepare_cached(
                "UPDATE change SET retracted = 1 WHERE author = ?1 AND id = ?2 AND by = ?3 AND thread = ?4",
            )?
            .execute(wish)?;
        }
        Body::Edit { version, closes } => {
            db.prepare_cached(
                "UPDATE change SET closed = max(closed, ?5),
                   expires = min(ifnull(change.expires, edit.expires), ifnull(edit.expires, change.expires))
                 FROM (SELECT expires FROM packet WHERE seq = ?6) AS edit
                 WHERE author = ?1 AND id = ?2 AND by = ?3 AND thread = ?4",
            )?
            .execute((target.from, target.id, packet.name.from, &thread, closes, seq))?;
            if packet.text.is_some() {
                enter_words(db, seq, packet, target, version)?;
            }
        }
        _ => {}
    }
    Ok(())
}

// The highest version wins, then the higher id. The words that lose are not needed any more.
fn enter_words(db: &Transaction<'_>, seq: i64, packet: &Packet, target: Name, version: u32) -> Result<()> {
    let thread = key(packet.thread);
    let wish = (target.from, target.id, packet.name.from, &thread);
    let (best, row): ((u32, Option<Uuid>), Option<i64>) = db
        .prepare_cached(
            "SELECT version, (SELECT packet.id FROM packet WHERE seq = edit), edit FROM change
             WHERE author = ?1 AND id = ?2 AND by = ?3 AND thread = ?4",
        )?
        .query_row(wish, |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    if (version, Some(packet.name.id)) < best {
        return erase(db, seq);
    }
    db.prepare_cached(
        "UPDATE change SET version = ?5, edit = ?6 WHERE author = ?1 AND id = ?2 AND by = ?3 AND thread = ?4",
    )?
    .execute((target.from, target.id, packet.name.from, &thread, version, seq))?;
    row.map_or(Ok(()), |row| erase(db, row))
}

/// What one person wants of a packet, by all of their keys that count.
#[derive(Default)]
struct Wish {
    retracted: bool,
    closed: bool,
    expires: Option<i64>,
    edit: Option<i64>,
    /// Edits whose words count no more: a later key has said others.
    outdone: Vec<i64>,
}

/// Does with a packet what those who may want it want, and what its time asks for. To be called whenever the packet, or
/// a wish, is new; as often as anybody likes. Gives whether the packet is here and something is left of it.
pub fn settle(db: &Transaction<'_>, name: Name, now: Timestamp) -> Result<bool> {
    let Some(target) = target(db, name)? else { return Ok(false) };
    let (own, owners_retracted) = wishes(db, name, target.thread)?;
    for edit in &own.outdone {
        erase(db, *edit)?;
        db.prepare_cached("UPDATE change SET edit = NULL WHERE author = ?1 AND id = ?2 AND edit = ?3")?
            .execute((name.from, name.id, edit))?;
    }
    let class = Class::of(&target.kind);
    let may_go = !matches!(class, Class::Service | Class::Change);
    let expires = if class == Class::Words {
        target.expires.into_iter().chain(own.expires).min()
    } else {
        target.expires
    };
    let state = if own.retracted && may_go {
        Some(RETRACTED)
    } else if owners_retracted && may_go {
        Some(REMOVED)
    } else if let Some(expires) = expires
        && expires <= now.as_second()
        && expires <= clock::borne_out(db, now)?.as_second()
    {
        Some(EXPIRED)
    } else {
        None
    };
    let state = match state {
        Some(EXPIRED) if target.kind == Type::Edit.name() && is_to_be_told(db, target.seq, now)? => None,
        state => state,
    };
    if let Some(state) = state.filter(|_| !target.gone) {
        words::remove(db, target.seq)?;
        packets::unlist(db, target.seq)?;
        erase(db, target.seq)?;
        set_state(db, target.seq, state)?;
        words::renew_shares(db, name)?;
    } else if target.state == REMOVED && state == Some(RETRACTED) {
        // Whichever of the two came first, it is its author's word that is told.
        set_state(db, target.seq, RETRACTED)?;
    }
    if target.gone || state.is_some() {
        erase_shares(db, name)?;
        if let Some(edit) = own.edit
            && !(state == Some(EXPIRED) && is_to_be_told(db, edit, now)?)
        {
            erase(db, edit)?;
        }
        return Ok(false);
    }
    if class == Class::Words {
        let closed = own.closed && target.thread.is_none();
        // Most packets are never changed, and pay for no second write.
        if closed != target.closed || expires != target.expires {
            db.prepare_cached("UPDATE packet SET expires = ?2, closed = ?3 WHERE seq = ?1")?
                .execute((target.seq, expires, closed))?;
        }
        // Whoever shares it makes this be asked again, as often as it is shared.
        if let Some(edit) = own.edit
            && !has_words_of(db, target.seq, edit)?
        {
            replace_words(db, target.seq, edit)?;
            words::renew_shares(db, name)?;
        }
    }
    Ok(true)
}

/// An edit with an end that somebody has not confirmed: without it, they would show its target for ever. `?2` is the end
/// before which nobody is told any more.
const TO_BE_TOLD: &str = "type = 'edit' AND expires > ?2 AND EXISTS (
      SELECT 1 FROM audience WHERE audience.packet = packet.seq AND NOT EXISTS (
        SELECT 1 FROM sealed_packet JOIN sealed ON sealed.envelope = sealed_packet.envelope
        WHERE sealed_packet.packet = packet.seq AND sealed.reader = audience.reader AND confirmed IS NOT NULL))";

fn told_since(now: Timestamp) -> i64 {
    now.as_second().saturating_sub(GIVE_UP.as_secs())
}

fn is_to_be_told(db: &Connection, seq: i64, now: Timestamp) -> Result<bool> {
    let mut query = db.prepare_cached(&format!(
        "SELECT 1 FROM packet WHERE seq = ?1 AND length(signed) > 0 AND {TO_BE_TOLD}"
    ))?;
    Ok(query.exists((seq, told_since(now)))?)
}

const RETRACTED: &str = "retracted";
const REMOVED: &str = "removed";
const EXPIRED: &str = "expired";

fn set_state(db: &Transaction<'_>, seq: i64, state: &str) -> Result<()> {
    db.prepare_cached("UPDATE packet SET state = ?2 WHERE seq = ?1")?.execute((seq, state))?;
    Ok(())
}

// What the author of a packet wants, and whether the author of its thread's root, where that is another person, wants it
// gone.
fn wishes(db: &Connection, name: Name, thread: Option<Name>) -> Result<(Wish, bool)> {
    let mut query = db.prepare_cached(
        "SELECT by, retracted, closed, expires, edit FROM change WHERE author = ?1 AND id = ?2 AND thread = ?3",
    )?;
    let mut rows = query.query((name.from, name.id, key(thread)))?;
    let (mut own, mut owner_retracted) = (Wish::default(), false);
    let mut said_by = None;
    while let Some(row) = rows.next()? {
        let (by, retracted): (Fingerprint, bool) = (row.get(0)?, row.get(1)?);
        if former::speaks_for(db, by, name.from)? {
            own.retracted |= retracted;
            own.closed |= row.get::<_, bool>(2)?;
            own.expires = own.expires.into_iter().chain(row.get::<_, Option<i64>>(3)?).min();
            let Some(edit) = row.get(4)? else { continue };
            let outdone = match said_by {
                Some(before) if !former::speaks_for(db, by, before)? => Some(edit),
                _ => {
                    said_by = Some(by);
                    own.edit.replace(edit)
                }
            };
            own.outdone.extend(outdone);
        } else if let Some(root) = thread {
            owner_retracted |= retracted && former::speaks_for(db, by, root.from)?;
        }
    }
    Ok((own, owner_retracted))
}

fn has_words_of(db: &Transaction<'_>, seq: i64, edit: i64) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM packet JOIN packet AS edit ON edit.seq = ?2
             WHERE packet.seq = ?1 AND packet.edited AND packet.text = edit.text",
        )?
        .exists((seq, edit))?)
}

fn replace_words(db: &Transaction<'_>, seq: i64, edit: i64) -> Result<()> {
    words::remove(db, seq)?;
    db.prepare_cached(
        "UPDATE packet SET edited = 1, text = (SELECT text FROM packet WHERE seq = ?2) WHERE seq = ?1",
    )?
    .execute((seq, edit))?;
    words::add(db, seq)
}

/// Deletes what a packet says, here and where it waits to be passed on.
fn erase(db: &Transaction<'_>, seq: i64) -> Result<()> {
    db.prepare_cached("UPDATE packet SET text = '', signed = x'', edited = 0 WHERE seq = ?1")?
        .execute([seq])?;
    db.prepare_cached("DELETE FROM addressee WHERE packet = ?1")?.execute([seq])?;
    due::forget_packet(db, packets::name(db, seq)?)
}

/// A share carries the words of what it shares; those of the sharer stay.
fn erase_shares(db: &Transaction<'_>, name: Name) -> Result<()> {
    let mut erase = db.prepare_cached(
        "UPDATE packet SET signed = x''
         WHERE type = 'share' AND about_id = ?1 AND about_author = ?2 AND length(signed) > 0 RETURNING author, id",
    )?;
    let names = erase
        .query_map((name.id, name.from), |row| Ok(Name { from: row.get(0)?, id: row.get(1)? }))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    names.into_iter().try_for_each(|share| due::forget_packet(db, share))
}

/// The edit whose words stand for a packet's, and its author's SignedData (DER).
pub fn edit(db: &Connection, name: Name) -> Result<Option<(Name, Vec<u8>)>> {
    let Some(edit) = wishes(db, name, None)?.0.edit else { return Ok(None) };
    let mut query =
        db.prepare_cached("SELECT author, id, signed FROM packet WHERE seq = ?1 AND length(signed) > 0")?;
    let row = query.query_row([edit], |row| Ok((Name { from: row.get(0)?, id: row.get(1)? }, row.get(2)?)));
    Ok(row.optional()?)
}

/// Deletes what has expired, at most `limit` packets; gives how many.
pub fn expire(db: &Transaction<'_>, now: Timestamp, limit: u32) -> Result<usize> {
    let mut query = db.prepare_cached(&format!(
        "SELECT author, id FROM packet
         WHERE expires <= ?1 AND state NOT IN ('retracted', 'removed', 'expired') AND NOT ({TO_BE_TOLD}) LIMIT ?3"
    ))?;
    // What a feed does not show any more can wait for its end until the clock is believed.
    let now = clock::borne_out(db, now)?;
    let names = query
        .query_map((now.as_second(), told_since(now), limit), |row| {
            Ok(Name { from: row.get(0)?, id: row.get(1)? })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for name in &names {
        settle(db, *name, now)?;
    }
    Ok(names.len())
}

/// Author and id in one value, which unlike NULL is equal to itself.
fn key(thread: Option<Name>) -> Vec<u8> {
    thread.map_or_else(Vec::new, |root| [root.from.as_bytes().as_slice(), root.id.as_bytes()].concat())
}
