//! Packets on their way into envelopes, sorted by reader, and cut so that neither an envelope nor what is made at a time
//! grows too large.

use super::{confirm::Answer, open::Verified};
use crate::{
    Error, Fingerprint, Kind, Result, envelope, packet,
    store::contacts::{self, Contact, State},
};
use rusqlite::Connection;
use std::{collections::BTreeMap, sync::Arc};

/// Bytes of envelopes that are made, committed and handed on together: memory holds a few times as much.
const ROUND: usize = 3 << 20;
/// What an envelope, and a debt whose packet is still to be made, weighs at least.
const LEAST: usize = 8 << 10;
/// Bytes of an envelope that its packets leave to what else may be in it: `<received>`, `<answers>`, and as many `<blob>`,
/// of less than 96 bytes each, as there may be.
const BESIDE: usize = (16 << 10) + 96 * packet::MAX_CHUNKS;

/// A signed packet for some readers.
pub(super) struct Outgoing {
    pub verified: Verified,
    pub readers: Vec<Fingerprint>,
}

/// What goes to one reader.
pub(super) struct Parcel {
    pub reader: Contact,
    pub packets: Vec<Arc<Verified>>,
    /// Debts that it carries.
    pub debts: Vec<i64>,
    /// What it answers.
    pub answer: Answer,
}

/// Cuts what weighs much into rounds of about [`ROUND`] bytes.
pub(super) fn rounds<T>(items: Vec<T>, weight: impl Fn(&T) -> usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let mut round = Vec::new();
        while let Some(item) =
            items.next_if(|item| round.is_empty() || bytes + LEAST.max(weight(item)) <= ROUND)
        {
            bytes += LEAST.max(weight(&item));
            round.push(item);
        }
        Some(round).filter(|round| !round.is_empty())
    })
}

/// Packets sorted by reader.
#[derive(Default)]
pub(super) struct Parcels(BTreeMap<Fingerprint, Parcel>);

impl Parcel {
    fn for_reader(reader: Contact) -> Self {
        Self { reader, packets: Vec::new(), debts: Vec::new(), answer: Answer::default() }
    }

    fn weight(&self) -> usize {
        self.packets.iter().map(|packet| packet.signed.len()).sum()
    }
}

impl Parcels {
    /// Whole parcels, a round at a time.
    pub fn rounds(self) -> impl Iterator<Item = Vec<Parcel>> {
        rounds(self.0.into_values().collect(), Parcel::weight)
    }

    /// Adds a packet for each of its readers that may get it.
    pub fn add(&mut self, db: &Connection, item: Outgoing, failures: &mut Vec<Error>) -> Result<()> {
        let packet = Arc::new(item.verified);
        for who in item.readers {
            if let Some(parcel) = self.0.get_mut(&who) {
                parcel.packets.push(Arc::clone(&packet));
                continue;
            }
            match friend(db, who)? {
                Ok(reader) => {
                    let parcel = Parcel::for_reader(reader);
                    self.0.insert(who, Parcel { packets: vec![Arc::clone(&packet)], ..parcel });
                }
                Err(error) => failures.push(error),
            }
        }
        Ok(())
    }

    /// Adds what is owed to a reader.
    pub fn owe(&mut self, reader: Contact, packet: Option<Arc<Verified>>, debt: i64) {
        let parcel = self.of(reader);
        // It may be owed twice: to be passed on, and once more as it waited for keys.
        let known = |new: &Arc<Verified>| parcel.packets.iter().any(|packet| packet.digest == new.digest);
        let packet = packet.filter(|packet| !known(packet));
        parcel.packets.extend(packet);
        parcel.debts.push(debt);
    }

    /// Adds what answers a reader.
    pub fn answer(&mut self, reader: Contact, mut answer: Answer, debt: Option<i64>) {
        let parcel = self.of(reader);
        parcel.packets.extend(answer.packets.drain(..).map(Arc::new));
        parcel.debts.extend(debt);
        parcel.answer = answer;
    }

    fn of(&mut self, reader: Contact) -> &mut Parcel {
        self.0.entry(reader.fingerprint).or_insert_with(|| Parcel::for_reader(reader))
    }
}

/// Who a reader is, or why nothing goes to them.
pub(super) fn friend(db: &Connection, who: Fingerprint) -> Result<Result<Contact>> {
    Ok(match contacts::by_fingerprint(db, who)? {
        Some(reader) if reader.state == State::Friend => Ok(reader),
        Some(reader) => Err(not_a_friend(&reader)),
        None => Err(Error::new(Kind::NotAllowed, format!("{} is not a contact of yours", who.short()))
            .hint("'sn-contact add' asks somebody to become one")),
    })
}

fn not_a_friend(reader: &Contact) -> Error {
    let why = match reader.state {
        State::Introduced => "is not a contact yet",
        State::Asked => "has not accepted yet",
        State::Waiting => "waits to be accepted",
        State::Blocked => "is blocked",
        State::Friend | State::Gone => "is no contact any more",
    };
    Error::new(Kind::NotAllowed, format!("{} {why}", reader.petname))
}

// Cuts packets into envelopes within the limits. None at all is one empty envelope: a bare confirmation.
pub(super) fn fill(packets: Vec<Arc<Verified>>) -> Vec<Vec<Arc<Verified>>> {
    let mut envelopes = vec![Vec::new()];
    let mut bytes = 0;
    for packet in packets {
        // In base64, with its element around it.
        let cost = packet.signed.len().div_ceil(3) * 4 + 32;
        let room = envelope::MAX_BYTES - BESIDE;
        if let Some(last) = envelopes.last_mut()
            && (last.is_empty() || (bytes + cost <= room && last.len() < envelope::MAX_PACKETS))
        {
            bytes = if last.is_empty() { cost } else { bytes + cost };
            last.push(packet);
        } else {
            bytes = cost;
            envelopes.push(vec![packet]);
        }
    }
    envelopes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        envelope::{Envelope, MAX_RANGES, Received},
        packet::{Body, Name, Packet},
    };
    use jiff::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_full_envelope_has_room_for_all_that_may_come_with_it() {
        let alice = Fingerprint::from_bytes([0xa1; 32]);
        let now = Timestamp::UNIX_EPOCH;
        let name = Name { from: alice, id: Uuid::now_v7() };
        let packet = Arc::new(Verified {
            packet: Packet::new(name, "status", now, Body::Status),
            xml: Vec::new(),
            digest: [0; 32],
            signed: vec![0; 30_000],
        });
        let full = fill(vec![packet; 200]).swap_remove(0);
        assert!(full.len() > 90);
        let high = i64::MAX as u64 - 1000;
        let ranges = (0..MAX_RANGES as u64).map(|n| (high + 3 * n, high + 3 * n + 1)).collect();
        let counters = vec![Received { stream: [1; 16], ranges }];
        let digest = |n: usize| std::array::from_fn(|at| n.to_be_bytes()[at % 8]);
        let envelope = Envelope {
            from: alice,
            to: Fingerprint::from_bytes([0xb0; 32]),
            sent: now,
            stream: [2; 16],
            counter: high,
            received: counters.clone(),
            answers: counters,
            blobs: (0..packet::MAX_CHUNKS).map(digest).collect(),
            packets: full.iter().map(|packet| packet.signed.clone()).collect(),
        };
        envelope.write().unwrap();
    }
}
