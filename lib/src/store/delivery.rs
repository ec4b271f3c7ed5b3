//! Deliveries: what is on its way to whom, and what became of it. One row for an envelope and one for each chunk that
//! its header lines list.

use super::{contacts::State, due as debts, gaps, unconfirmed};
use crate::{Fingerprint, Result, packet::Digest};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};

mod cancel;
mod list;

pub(in crate::store) use cancel::has_left;
pub use cancel::{cancel, waiting};
pub use list::{Listed, list};

/// One thing on its way to one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// SHA-256 of the envelope's or chunk's bytes.
    pub item: Digest,
    /// To whom.
    pub reader: Fingerprint,
    /// The envelope that brought it into the queue: itself, or the one that lists the chunk.
    pub envelope: Digest,
    /// When it came into the queue.
    pub queued: Timestamp,
    /// The address through which it was tried last, or empty.
    pub address: String,
    /// Since when it has been tried through that one; before any, when it was queued.
    pub began: Timestamp,
    /// Times it was put off there.
    pub attempts: u32,
    /// Addresses that refused it and are not asked again.
    pub refused: Vec<String>,
    /// What was said last.
    pub reason: String,
}

impl Delivery {
    /// Whether it is a chunk rather than an envelope.
    pub fn is_chunk(&self) -> bool {
        self.item != self.envelope
    }
}

/// Where an envelope stands, with its chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There are no rows.
    Unknown,
    /// Something still waits.
    Waiting,
    /// All is handed over.
    Sent,
    /// Nothing waits, and this is why something was not handed over.
    Failed(String),
}

/// Enters an envelope and the chunks that go with it, to be tried at once. What is there already begins anew.
pub fn enter(
    db: &Transaction<'_>,
    envelope: &Digest,
    reader: Fingerprint,
    chunks: &[Digest],
    now: Timestamp,
) -> Result<()> {
    let mut enter = db.prepare_cached(
        "INSERT INTO delivery (item, reader, envelope, state, queued, next_try, began)
         VALUES (?1, ?2, ?3, 'waiting', ?4, ?4, ?4)
         ON CONFLICT DO UPDATE SET envelope = excluded.envelope, state = 'waiting', queued = excluded.queued,
             next_try = excluded.next_try, began = excluded.began, attempts = 0, address = '', refused = '',
             reason = '', hint = '', came = 0",
    )?;
    for item in std::iter::once(envelope).chain(chunks) {
        enter.execute((item, reader, envelope, now.as_second()))?;
    }
    debts::taken(db, envelope)?;
    gaps::chunks_were_said(db, envelope)?;
    cancel::take_back(db, envelope, reader, now)?;
    let anew = db
        // Whoever queues it again, after it failed, gives it all the time again.
        .prepare_cached(
            "UPDATE sealed SET since = iif(taken, ?2, since), taken = 1 WHERE envelope = ?1
             RETURNING since < sealed",
        )?
        .query_row((envelope, now.as_second()), |row| row.get(0))
        .optional()?;
    if anew == Some(true) { unconfirmed::begin_elsewhere(db, envelope, reader) } else { Ok(()) }
}

/// Where an envelope stands.
pub fn standing(db: &Connection, envelope: &Digest) -> Result<Standing> {
    // Most that are asked for wait: the index alone knows that.
    let mut waits =
        db.prepare_cached("SELECT 1 FROM delivery WHERE envelope = ?1 AND state = 'waiting' LIMIT 1")?;
    if waits.exists([envelope])? {
        return Ok(Standing::Waiting);
    }
    // With max(), SQLite takes the bare column from the row that has it: the reason is that of a failed row.
    let mut query =
        db.prepare_cached("SELECT max(state = 'failed'), reason FROM delivery WHERE envelope = ?1")?;
    let (failed, reason) = query.query_row([envelope], |row| {
        Ok((row.get::<_, Option<bool>>(0)?, row.get::<_, Option<String>>(1)?))
    })?;
    Ok(match failed {
        None => Standing::Unknown,
        Some(false) => Standing::Sent,
        Some(true) => Standing::Failed(reason.unwrap_or_default()),
    })
}

/// What is to be tried now, longest due first. Of what is due since the same second, envelopes come first, and the readers
/// of a chunk one after another: a driver can carry it once for all of them.
pub fn due(db: &Connection, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
    let mut query = db.prepare_cached(
        "SELECT item, reader, envelope, queued, attempts, address, began, refused, reason FROM delivery
         WHERE state = 'waiting' AND next_try <= ?1
         ORDER BY next_try, item <> envelope, item LIMIT ?2",
    )?;
    let mut rows = query.query((now.as_second(), limit))?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.push(read(row)?);
    }
    Ok(due)
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Handed over.
    Sent,
    /// To be tried again.
    Later(Timestamp),
    /// The address refused: the next one is to be tried at once.
    Refused,
    /// Nothing more will be tried.
    Failed,
}

/// Records an attempt through `address`; empty: there was none to try. A failed envelope takes its chunks with it.
pub fn record(
    db: &Transaction<'_>,
    delivery: &Delivery,
    outcome: &Outcome,
    address: &str,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let (state, attempt, next_try, refused) = match outcome {
        Outcome::Sent => ("sent", 1, None, String::new()),
        Outcome::Later(when) => ("waiting", 1, Some(when.as_second()), String::new()),
        Outcome::Refused => ("waiting", 0, None, format!("{address}\n")),
        Outcome::Failed => ("failed", 0, None, String::new()),
    };
    db.prepare_cached(
        "UPDATE delivery SET state = :state, reason = :reason, next_try = ifnull(:next_try, next_try),
             attempts = iif(:address IN ('', address), attempts, 0) + :attempt,
             began = iif(:address IN ('', address), began, :now),
             address = iif(:address = '', address, :address), refused = refused || :refused
         WHERE item = :item AND reader = :reader AND state = 'waiting'",
    )?
    .execute(named_params! {
        ":state": state, ":address": address, ":reason": reason, ":attempt": attempt, ":next_try": next_try,
        ":refused": refused, ":now": now.as_second(), ":item": delivery.item, ":reader": delivery.reader,
    })?;
    if *outcome == Outcome::Sent && !delivery.is_chunk() {
        let taken = db
            .prepare_cached("UPDATE sealed SET handed_over = 1 WHERE envelope = ?1 RETURNING taken")?
            .query_row([delivery.envelope], |row| row.get(0))
            .optional()?;
        if taken == Some(false) {
            cancel::has_left(db, &delivery.envelope, delivery.reader, now)?;
        }
    }
    if *outcome == Outcome::Failed && !delivery.is_chunk() {
        db.prepare_cached(
            "UPDATE delivery SET state = 'failed', reason = ?2 WHERE envelope = ?1 AND state = 'waiting'",
        )?
        .execute((delivery.envelope, reason))?;
    }
    Ok(())
}

/// Forgets an envelope and what came with it.
pub fn forget(db: &Transaction<'_>, envelope: &Digest) -> Result<()> {
    db.prepare_cached("DELETE FROM delivery WHERE envelope = ?1")?.execute([envelope])?;
    Ok(())
}

/// Makes everything that waits due now, as if it had never been tried.
pub fn retry(db: &Transaction<'_>, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE delivery SET next_try = ?1, began = ?1, attempts = 0, address = '', refused = ''
         WHERE state = 'waiting'",
        [now.as_second()],
    )?;
    Ok(())
}

/// Learns from what readers confirmed: the address it went through is proven, and chunks that waited for that are due.
/// Gives the envelopes that need not be kept any longer: all handed over, and confirmed with their chunks, sealed anew, or
/// queued before `stale`. One that was not counted is confirmed by nobody, and waits for its chunks alone.
pub fn settle(db: &Transaction<'_>, now: Timestamp, stale: Timestamp) -> Result<Vec<Digest>> {
    // What came although it had been given up: late, or with another envelope.
    db.execute_batch(
        "UPDATE delivery SET state = 'sent', reason = '' WHERE state = 'failed' AND (came OR item = envelope
           AND EXISTS (SELECT 1 FROM sealed WHERE sealed.envelope = item AND confirmed IS NOT NULL))",
    )?;
    // CROSS JOIN keeps the order: from what was sent to what is known of it.
    let confirmed: Vec<(Digest, Fingerprint, String)> = db
        .prepare(
            "SELECT item, delivery.reader, address FROM delivery CROSS JOIN sealed ON sealed.envelope = item
             WHERE state = 'sent' AND item = delivery.envelope AND confirmed IS NOT NULL",
        )?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (_, reader, address) in &confirmed {
        let newly = db
            .prepare_cached(
                "UPDATE address SET proven = 1 WHERE uri = ?2 AND NOT proven
                   AND contact = (SELECT id FROM contact WHERE fingerprint = ?1)",
            )?
            .execute((reader, address))?;
        if newly > 0 {
            db.execute(
                "UPDATE delivery SET next_try = min(next_try, ?2)
                 WHERE state = 'waiting' AND reader = ?1 AND item <> envelope",
                (reader, now.as_second()),
            )?;
        }
    }
    let mut query = db.prepare(&format!(
        "SELECT item FROM delivery LEFT JOIN sealed ON sealed.envelope = item
         WHERE state = 'sent' AND item = delivery.envelope AND ({} OR delivery.queued < ?1)",
        unconfirmed::replaced("new.taken")
    ))?;
    let old =
        query.query_map([stale.as_second()], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut query = db.prepare(
        "SELECT item FROM delivery LEFT JOIN sealed ON sealed.envelope = item
         WHERE state = 'sent' AND item = delivery.envelope AND sealed.envelope IS NULL",
    )?;
    let not_counted = query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut done = old;
    let mut lacks =
        db.prepare_cached("SELECT 1 FROM delivery WHERE envelope = ?1 AND item <> envelope AND NOT came")?;
    for item in confirmed.into_iter().map(|(item, ..)| item).chain(not_counted) {
        if !lacks.exists([item])? {
            done.push(item);
        }
    }
    done.sort_unstable();
    done.dedup();
    let mut finished = Vec::new();
    for envelope in done {
        if standing(db, &envelope)? == Standing::Sent {
            finished.push(envelope);
        }
    }
    Ok(finished)
}

/// Chunks that a reader says have come from us.
pub fn chunks_came(db: &Transaction<'_>, reader: Fingerprint, chunks: &[Digest]) -> Result<()> {
    let mut mark = db.prepare_cached(
        "UPDATE delivery SET came = 1 WHERE item = ?1 AND reader = ?2 AND item <> envelope",
    )?;
    Ok(chunks.iter().try_for_each(|chunk| mark.execute((chunk, reader)).map(drop))?)
}

/// Keeps what somebody says of deliveries, to be shown: of these envelopes and chunks, or, if none are named, of all that
/// was handed over to the address `to` and is not confirmed. Nothing else changes, as anybody can say anything.
pub fn hint(db: &Transaction<'_>, items: &[Digest], to: &str, words: &str) -> Result<()> {
    // An envelope is for one reader, whatever address it was passed on to; a chunk may be for many.
    let mut by_item = db.prepare_cached(
        "UPDATE delivery SET hint = ?3
         WHERE item = ?1 AND (item = envelope OR ?2 = '' OR lower(address) = lower(?2))",
    )?;
    for item in items {
        by_item.execute((item, to, words))?;
    }
    // Strangers' words about strangers cost no look at every delivery.
    let mut known = db.prepare_cached("SELECT 1 FROM address WHERE lower(uri) = lower(?1)")?;
    if items.is_empty() && known.exists([to])? {
        db.prepare_cached(
            "UPDATE delivery SET hint = ?2 WHERE state = 'sent' AND item = envelope AND lower(address) = lower(?1)
               AND NOT EXISTS (SELECT 1 FROM sealed WHERE sealed.envelope = item AND confirmed IS NOT NULL)",
        )?
        .execute((to, words))?;
    }
    Ok(())
}

/// Envelopes that were given up.
pub fn failed(db: &Connection) -> Result<Vec<Digest>> {
    let mut query = db.prepare("SELECT DISTINCT envelope FROM delivery WHERE state = 'failed'")?;
    let rows = query.query_map((), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A reader as the queue needs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Whether they are blocked.
    pub blocked: bool,
    /// In the order in which they are tried: those set by hand first.
    pub addresses: Vec<Address>,
}

/// Where a reader can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A URI, unchecked.
    pub uri: String,
    /// Set by the owner.
    pub by_hand: bool,
    /// A delivery through it was confirmed.
    pub proven: bool,
}

/// Who a reader is, if that is known.
pub fn reader(db: &Connection, who: Fingerprint) -> Result<Option<Reader>> {
    let mut query = db.prepare_cached("SELECT id, state FROM contact WHERE fingerprint = ?1")?;
    let found: Option<(i64, String)> =
        query.query_row([who], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, state)) = found else { return Ok(None) };
    let mut query = db.prepare_cached(
        "SELECT uri, by_hand, proven FROM address WHERE contact = ?1 ORDER BY by_hand DESC, position",
    )?;
    let addresses = query
        .query_map([id], |row| Ok(Address { uri: row.get(0)?, by_hand: row.get(1)?, proven: row.get(2)? }))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Some(Reader { blocked: state == State::Blocked.as_str(), addresses }))
}

fn read(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        item: row.get("item")?,
        reader: row.get("reader")?,
        envelope: row.get("envelope")?,
        queued: super::time(row.get("queued")?)?,
        address: row.get("address")?,
        began: super::time(row.get("began")?)?,
        attempts: row.get("attempts")?,
        refused: row.get::<_, String>("refused")?.lines().map(str::to_owned).collect(),
        reason: row.get("reason")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Store, contacts, counters,
        sample::{BOB, CAROL, NOW, at, store},
    };

    const HELLO: Digest = [1; 32];
    const PHOTO: Digest = [2; 32];
    const CHUNKS: [Digest; 2] = [[3; 32], [4; 32]];
    const HOME: &str = "https://example.net/in/bob";

    fn write<T>(store: &mut Store, body: impl FnOnce(&Transaction<'_>) -> Result<T>) -> T {
        let write = store.begin().unwrap();
        let value = body(&write).unwrap();
        write.commit().unwrap();
        value
    }

    fn due_at(store: &Store, seconds: i64) -> Vec<Digest> {
        due(store.read(), at(seconds), 100).unwrap().into_iter().map(|delivery| delivery.item).collect()
    }

    fn one(store: &Store, item: Digest) -> Delivery {
        let all = due(store.read(), at(i64::from(i32::MAX)), 100).unwrap();
        all.into_iter().find(|delivery| delivery.item == item).unwrap()
    }

    #[test]
    fn an_envelope_is_finished_with_its_chunks() {
        let (_dir, mut store) = store();
        assert_eq!(standing(store.read(), &PHOTO).unwrap(), Standing::Unknown);
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS, at(NOW)));
        for item in [PHOTO, CHUNKS[0], CHUNKS[1]] {
            assert_eq!(standing(store.read(), &PHOTO).unwrap(), Standing::Waiting);
            let delivery = one(&store, item);
            write(&mut store, |db| record(db, &delivery, &Outcome::Sent, HOME, "", at(NOW)));
        }
        assert_eq!(standing(store.read(), &PHOTO).unwrap(), Standing::Sent);
    }

    #[test]
    fn a_lost_chunk_fails_the_envelope_with_its_reason() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS[..1], at(NOW)));
        for (item, outcome, reason) in
            [(PHOTO, Outcome::Sent, ""), (CHUNKS[0], Outcome::Failed, "there is no chunk")]
        {
            let delivery = one(&store, item);
            write(&mut store, |db| record(db, &delivery, &outcome, HOME, reason, at(NOW)));
        }
        let failed_so = Standing::Failed("there is no chunk".into());
        assert_eq!(standing(store.read(), &PHOTO).unwrap(), failed_so);
        assert_eq!(failed(store.read()).unwrap(), [PHOTO]);
    }

    #[test]
    fn a_failed_envelope_takes_its_chunks_with_it() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS, at(NOW)));
        let envelope = one(&store, PHOTO);
        write(&mut store, |db| record(db, &envelope, &Outcome::Failed, "", "blocked", at(NOW)));
        assert_eq!(due_at(&store, NOW), [[0; 32]; 0]);
    }

    #[test]
    fn later_is_due_later_and_readers_do_not_wait_for_each_other() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        write(&mut store, |db| enter(db, &PHOTO, CAROL, &[], at(NOW)));
        let hello = one(&store, HELLO);
        write(&mut store, |db| record(db, &hello, &Outcome::Later(at(NOW + 300)), HOME, "away", at(NOW)));
        assert_eq!(due_at(&store, NOW + 299), [PHOTO]);
        let hello = one(&store, HELLO);
        assert_eq!((hello.attempts, hello.address.as_str(), hello.reason.as_str()), (1, HOME, "away"));
        write(&mut store, |db| retry(db, at(NOW)));
        assert_eq!(due_at(&store, NOW).len(), 2);
    }

    #[test]
    fn envelopes_come_first_and_a_chunks_readers_together() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS, at(NOW)));
        write(&mut store, |db| enter(db, &HELLO, CAROL, &CHUNKS, at(NOW)));
        assert_eq!(due_at(&store, NOW), [HELLO, PHOTO, CHUNKS[0], CHUNKS[0], CHUNKS[1], CHUNKS[1]]);
    }

    #[test]
    fn a_refusal_names_the_address_and_is_due_at_once() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        let hello = one(&store, HELLO);
        write(&mut store, |db| record(db, &hello, &Outcome::Refused, HOME, "no such person", at(NOW)));
        assert_eq!(due_at(&store, NOW), [HELLO]);
        assert_eq!(one(&store, HELLO).refused, [HOME]);
    }

    #[test]
    fn the_same_chunk_for_two_readers_is_two_deliveries() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &HELLO, BOB, &CHUNKS[..1], at(NOW)));
        write(&mut store, |db| enter(db, &PHOTO, CAROL, &CHUNKS[..1], at(NOW)));
        assert_eq!(due_at(&store, NOW).len(), 4);
        write(&mut store, |db| forget(db, &HELLO));
        assert_eq!(due_at(&store, NOW).len(), 2);
    }

    /// The first envelope of a stream.
    fn count(envelope: &Digest) -> counters::Counted<'_> {
        let (at, since) = (at(NOW), at(NOW));
        counters::Counted { reader: BOB, stream: &[9; 16], counter: 1, envelope, packets: &[], at, since }
    }

    #[test]
    fn a_confirmation_proves_the_address_and_frees_its_chunks() {
        let (_dir, mut store) = store();
        write(&mut store, |db| contacts::set_addresses(db, BOB, &[HOME.to_owned()], false));
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS[..1], at(NOW)));
        let (hello, chunk) = (one(&store, HELLO), one(&store, CHUNKS[0]));
        write(&mut store, |db| counters::sealed(db, &count(&HELLO)));
        write(&mut store, |db| record(db, &hello, &Outcome::Sent, HOME, "", at(NOW)));
        write(&mut store, |db| record(db, &chunk, &Outcome::Later(at(NOW + 9000)), HOME, "waits", at(NOW)));
        let unproven = reader(store.read(), BOB).unwrap().unwrap();
        assert!(!unproven.addresses[0].proven);
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(0))), [[0; 32]; 0]);

        let said = crate::envelope::Received { stream: [9; 16], ranges: vec![(1, 1)] };
        write(&mut store, |db| counters::confirm(db, BOB, &[said], at(NOW)));
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(0))), [HELLO]);
        assert!(reader(store.read(), BOB).unwrap().unwrap().addresses[0].proven);
        assert!(due_at(&store, NOW).contains(&CHUNKS[0]));
    }

    #[test]
    fn what_was_never_confirmed_is_kept_for_a_while() {
        let (_dir, mut store) = store();
        write(&mut store, |db| counters::sealed(db, &count(&HELLO)));
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        let hello = one(&store, HELLO);
        write(&mut store, |db| record(db, &hello, &Outcome::Sent, HOME, "", at(NOW)));
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(NOW))), [[0; 32]; 0]);
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(NOW + 1))), [HELLO]);
    }

    #[test]
    fn what_failed_and_came_all_the_same_is_finished() {
        let (_dir, mut store) = store();
        write(&mut store, |db| counters::sealed(db, &count(&HELLO)));
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        let hello = one(&store, HELLO);
        write(&mut store, |db| record(db, &hello, &Outcome::Failed, "", "given up: not there", at(NOW)));
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(0))), [[0; 32]; 0]);
        let said = crate::envelope::Received { stream: [9; 16], ranges: vec![(1, 1)] };
        write(&mut store, |db| counters::confirm(db, BOB, &[said], at(NOW)));
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(0))), [HELLO]);
    }

    #[test]
    fn what_was_not_counted_waits_for_no_confirmation_but_its_chunks() {
        let (_dir, mut store) = store();
        write(&mut store, |db| enter(db, &HELLO, BOB, &[], at(NOW)));
        write(&mut store, |db| enter(db, &PHOTO, BOB, &CHUNKS[..1], at(NOW)));
        for item in [HELLO, PHOTO, CHUNKS[0]] {
            let delivery = one(&store, item);
            write(&mut store, |db| record(db, &delivery, &Outcome::Sent, HOME, "", at(NOW)));
        }
        assert_eq!(write(&mut store, |db| settle(db, at(NOW), at(0))), [HELLO]);
        write(&mut store, |db| chunks_came(db, BOB, &CHUNKS[..1]));
        assert!(write(&mut store, |db| settle(db, at(NOW), at(0))).contains(&PHOTO));
    }
}
