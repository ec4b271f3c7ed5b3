//! What was lost is asked for, and answered: with the same packets in a new envelope that names the old counters, or as
//! void. Counting itself, and what is confirmed, is in `store/counters.rs`.

use super::{chunks, open, own};
use crate::{
    Error, Fingerprint, Result,
    blob::CHUNK,
    envelope::{GIVE_UP, MAX_RANGES, Received, Stream, TRY_AGAIN},
    packet::{self, Body, Digest},
    store::{
        Store, account,
        contacts::{self, Contact, State},
        counters,
        due::{self, Debt, DebtName},
        former,
        gaps::{self, AskedFor},
        packets,
        unconfirmed::{self, Unconfirmed},
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Transaction};
use std::{collections::BTreeSet, path::Path};

/// Bytes that are sent anew to one reader within [`WINDOW`], a chunk counting as a whole one. A reader who asks for what
/// they have costs no more than this.
const BUDGET: u64 = 64 << 20;
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Owes a `resend` to everybody of whom something has been missing for a day.
pub(super) fn ask(store: &mut Store, me: Fingerprint, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    for (sender, resend) in gaps::take(&db, now)? {
        let xml = own::packet(me, Body::Resend(resend), now)?;
        due::owe(&db, sender, &Debt::Packet(DebtName::Resend, xml), now)?;
    }
    Ok(db.commit()?)
}

fn is_friend(db: &Connection, who: Fingerprint) -> Result<bool> {
    Ok(contacts::state(db, who)? == Some(State::Friend))
}

/// A chunk of so many bytes came: all who listed it are owed the word, from `say` on, if they are friends still.
pub(super) fn chunk_came(db: &Transaction<'_>, (chunk, size): (&Digest, u64), say: Timestamp) -> Result<()> {
    for sender in packets::chunk_is_here(db, chunk, size)? {
        if is_friend(db, sender)? {
            due::owe(db, sender, &Debt::Received, say)?;
        }
    }
    Ok(())
}

/// Somebody asks: an answer is owed. Until it leaves, a later question takes the place of an earlier one.
pub(super) fn asked(db: &Transaction<'_>, who: Fingerprint, xml: &[u8], now: Timestamp) -> Result<()> {
    due::owe(db, former::present(db, who)?, &Debt::Answer(xml.to_vec()), now)
}

/// What a reader gets who has asked.
#[derive(Default)]
pub(super) struct Answer {
    /// The packets of the envelopes they miss.
    pub packets: Vec<open::Verified>,
    /// The counters that this answers, of which those without packets are void.
    pub counters: Vec<Received>,
    /// Chunks to be sent once more.
    pub chunks: Vec<Digest>,
    /// The rows of `packets`.
    rows: BTreeSet<i64>,
    void: Vec<Digest>,
    bytes: u64,
    /// Counters whose packets are sealed anew without having been asked for, and since when they were tried.
    anew: Option<Anew>,
}

struct Anew {
    stream: Stream,
    counters: Vec<u64>,
    since: Timestamp,
}

/// What is to be sealed anew, by reader; not what was sealed so after `fresh`, which is on its way to `sn-send`, nor what is
/// the queue's to give up.
pub(super) fn overdue(db: &Connection, fresh: Timestamp, now: Timestamp) -> Result<Vec<Vec<Unconfirmed>>> {
    let stream = account::get(db)?.stream;
    let mut late = unconfirmed::overdue(db, now - TRY_AGAIN, now - GIVE_UP, fresh)?;
    late.retain(|envelope| envelope.stream == stream);
    Ok(late.chunk_by(|one, next| one.reader == next.reader).map(<[_]>::to_vec).collect())
}

/// The packets of envelopes of one reader that are not confirmed; `None`: they are no friend any more.
pub(super) fn anew(
    db: &Connection,
    late: &[Unconfirmed],
    now: Timestamp,
) -> Result<Option<(Contact, Answer)>> {
    let Some(first) = late.first() else { return Ok(None) };
    let reader = contacts::by_fingerprint(db, first.reader)?.filter(|it| it.state == State::Friend);
    reader.map(|reader| Ok((reader, Answer::anew(db, first.stream, late, now)?))).transpose()
}

/// Answers as much as the budget allows, and of chunks those that are here; what is left out is asked for again.
pub(super) fn answer(
    db: &Connection,
    blobs: &Path,
    reader: Fingerprint,
    xml: &[u8],
    now: Timestamp,
) -> Result<Answer> {
    let Body::Resend(resend) = packet::read(xml)?.body else {
        return Err(Error::malformed("an answer to something else than a resend"));
    };
    let mut left = BUDGET.saturating_sub(gaps::spent(db, reader, WINDOW, now)?);
    let mut answer = Answer::default();
    let current = account::get(db)?.stream;
    for gap in &resend.gaps {
        // Of a stream that is not counted any more, whatever is not known is void for ever.
        let end = if gap.stream == current { counters::last(db, reader, &current)? } else { u64::MAX };
        let mut ranges = Vec::new();
        for &(first, last) in gap.ranges.iter().filter(|(first, _)| *first <= end) {
            let mut until = last.min(end);
            gaps::sealed_between(db, reader, &gap.stream, (first, until), &mut |asked| {
                let fits = answer.add(db, &asked, &mut left, now)?;
                if !fits {
                    until = asked.counter - 1;
                }
                Ok(fits)
            })?;
            if first <= until {
                ranges.push((first, until));
            }
            if until < last.min(end) {
                break;
            }
        }
        if !ranges.is_empty() {
            answer.counters.push(Received { stream: gap.stream, ranges });
        }
    }
    for chunk in &resend.blobs {
        let fits = left >= CHUNK as u64 && chunks::is_here(blobs, chunk);
        if fits && gaps::may_have_chunk(db, reader, chunk, now)? {
            left -= CHUNK as u64;
            answer.bytes += CHUNK as u64;
            answer.chunks.push(*chunk);
        }
    }
    Ok(answer)
}

impl Answer {
    // One envelope; false when the budget does not reach for it.
    fn add(&mut self, db: &Connection, asked: &AskedFor, left: &mut u64, now: Timestamp) -> Result<bool> {
        if !asked.taken {
            self.void.push(asked.envelope);
            return Ok(true);
        }
        let mut packets = gaps::packets_in(db, &asked.envelope, now)?;
        // What is in several of them is sent, and paid for, once.
        packets.retain(|(row, _)| !self.rows.contains(row));
        let bytes: u64 = packets.iter().map(|(_, bytes)| bytes).sum();
        if bytes > *left {
            return Ok(false);
        }
        *left -= bytes;
        self.bytes += bytes;
        self.add_packets(db, &packets)?;
        Ok(true)
    }

    fn anew(db: &Connection, stream: Stream, late: &[Unconfirmed], now: Timestamp) -> Result<Self> {
        let mut answer = Self::default();
        let mut counters = BTreeSet::new();
        for envelope in late {
            counters.extend(gaps::stands_for(db, envelope.reader, &stream, envelope.counter)?);
            let packets = gaps::packets_in(db, &envelope.envelope, now)?;
            if packets.is_empty() {
                answer.void.push(envelope.envelope);
            }
            answer.add_packets(db, &packets)?;
        }
        // More of them are asked for as gaps.
        let ranges: Vec<_> = ranges(counters).into_iter().take(MAX_RANGES).collect();
        answer.counters.push(Received { stream, ranges });
        answer.anew = late.iter().map(|envelope| envelope.since).min().map(|since| {
            let counters = late.iter().map(|envelope| envelope.counter).collect();
            Anew { stream, counters, since }
        });
        Ok(answer)
    }

    fn add_packets(&mut self, db: &Connection, packets: &[(i64, u64)]) -> Result<()> {
        for (row, _) in packets {
            if self.rows.insert(*row) {
                self.packets.push(open::verify(packets::signed(db, *row)?)?);
            }
        }
        Ok(())
    }

    /// Since when its packets have been tried, if they are sealed anew.
    pub fn since(&self) -> Option<Timestamp> {
        self.anew.as_ref().map(|anew| anew.since)
    }

    /// Notes that it is given in an envelope with this counter; 0: all of it is void.
    pub fn given(
        &self,
        db: &Transaction<'_>,
        reader: Fingerprint,
        counter: u64,
        now: Timestamp,
    ) -> Result<()> {
        if let Some(anew) = &self.anew {
            let replace = |old: &u64| gaps::replace(db, reader, &anew.stream, *old, counter);
            anew.counters.iter().try_for_each(replace)?;
        }
        self.void.iter().try_for_each(|envelope| gaps::forget_void(db, reader, envelope))?;
        gaps::spend(db, reader, self.bytes, WINDOW, now)
    }
}

/// Numbers as ranges.
fn ranges(numbers: BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}
