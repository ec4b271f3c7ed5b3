//! A round of sealing: some parcels in one transaction. Everything that an envelope stands for is counted and entered, the
//! sealing is done on all cores, and what no key opens by now is put off.

use super::{
    choice::{self, Chosen},
    chunks,
    open::Verified,
    outgoing::hold,
    own,
    parcels::{Parcel, fill},
    profile, share,
};
use crate::{
    Context, Error, Fingerprint, Kind, Result, blob,
    envelope::{Envelope, GIVE_UP, Stream},
    identity::{Keyring, ReaderKeys},
    mailbox,
    packet::{Body, Digest},
    seal,
    store::{
        Store, account,
        contacts::Contact,
        counters,
        due::{self, Debt, DebtName},
        gaps, packets,
    },
    stream::Pem,
};
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use rusqlite::Transaction;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// How long a reader whose keys have ended may take to send new ones before they are asked again.
const ASK_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What was put off so often is given up, as what was sent is.
const PUT_OFF_AT_MOST: i64 = GIVE_UP.as_hours() / ASK_AGAIN.as_hours();

/// A sealed envelope on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// For whom.
    pub reader: Fingerprint,
    /// SHA-256 of `der`.
    pub envelope: Digest,
    /// The sealed bytes.
    pub der: Vec<u8>,
    /// Chunks that its packets list, each once.
    pub chunks: Vec<Digest>,
}

impl Letter {
    /// As `sn-seal` prints it: the lines before it tell `sn-send` where it goes, and never leave the machine.
    pub fn pem(self) -> Pem {
        let mut headers = vec![
            ("To".to_owned(), self.reader.to_string()),
            ("Envelope".to_owned(), mailbox::name_for(&self.envelope)),
        ];
        headers.extend(self.chunks.iter().map(|chunk| ("Blob".to_owned(), mailbox::name_for(chunk))));
        Pem { headers, label: seal::LABEL.to_owned(), der: self.der }
    }
}

/// What one round made: letters, committed, what could not be sealed and why, and what a person should know.
#[derive(Debug, Default)]
pub struct Sealed {
    /// In the order of their readers.
    pub letters: Vec<Letter>,
    /// Each concerns one packet or one reader; the rest was sealed all the same.
    pub failures: Vec<Error>,
    /// Lines about what is no failure: a retraction that there is nobody to send to, and that was done here.
    pub notes: Vec<String>,
}

/// What is sealed with, and when.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub keyring: &'a Keyring,
    /// The folder of chunks.
    pub blobs: &'a Path,
    pub now: Timestamp,
    /// When what is sealed now is owed again, if `sn-send` does not take it.
    pub again: Timestamp,
}

impl Means<'_> {
    fn me(&self) -> Fingerprint {
        self.keyring.identity.fingerprint
    }
}

/// An envelope, counted, for which the bytes are still to be made.
struct Draft<'a> {
    parcel: &'a Parcel,
    envelope: Envelope,
    packets: Vec<Arc<Verified>>,
}

/// Seals parcels: all of it is committed, or nothing.
pub(super) fn seal(store: &mut Store, means: Means<'_>, parcels: &[Parcel]) -> Result<Sealed> {
    let packets: BTreeMap<Digest, &Verified> = parcels
        .iter()
        .flat_map(|parcel| &parcel.packets)
        .map(|packet| (packet.digest, packet.as_ref()))
        .collect();
    chunks::sync(means.blobs, packets.values().copied(), means.me())?;
    let db = store.begin()?;
    let mut rows = BTreeMap::new();
    for (digest, packet) in &packets {
        rows.insert(*digest, hold(&db, packet, means.me(), means.now)?);
    }
    let stream = account::get(&db)?.stream;
    let mut round = Round { db: &db, means, stream, rows, failures: Vec::new(), waiting: Vec::new() };
    // Decoded before anything is counted or struck out: keys that are no keys concern their owner alone.
    let chosen = on_all_cores(parcels.iter().collect(), |parcel: &Parcel| {
        choice::choose(&parcel.reader, &parcel.packets, means.now)
    });
    let mut drafts = Vec::new();
    for (parcel, chosen) in parcels.iter().zip(chosen) {
        round.draft(parcel, chosen, &mut drafts)?;
    }
    let identity = &means.keyring.identity;
    // The keys go in, so that they are freed on all cores as well.
    let sealed = on_all_cores(drafts, |(draft, keys): (Draft<'_>, ReaderKeys)| {
        let der = draft.envelope.write().and_then(|xml| seal::seal(&seal::sign(identity, &xml)?, &keys));
        (draft, der.map(|der| (blob::sha256(&der), der)))
    });
    let mut letters = Vec::with_capacity(sealed.len());
    for (draft, sealed) in sealed {
        let sealed = sealed.context(|| format!("cannot seal for {}", draft.parcel.reader.petname))?;
        letters.push(round.enter(&draft, sealed)?);
    }
    round.carry(parcels, &letters)?;
    // After that: what waits may be one of these debts.
    round.put_off_what_waits()?;
    let failures = round.failures;
    db.commit()?;
    Ok(Sealed { letters, failures, notes: Vec::new() })
}

/// A round under way.
struct Round<'a> {
    db: &'a Transaction<'a>,
    means: Means<'a>,
    stream: Stream,
    /// The rows of its packets.
    rows: BTreeMap<Digest, i64>,
    failures: Vec<Error>,
    /// What waits for newer keys of its reader.
    waiting: Vec<(&'a Contact, Vec<Arc<Verified>>)>,
}

impl<'a> Round<'a> {
    // Counts the envelopes of a parcel, under the keys that were chosen for it.
    fn draft(
        &mut self,
        parcel: &'a Parcel,
        chosen: Result<Chosen>,
        drafts: &mut Vec<(Draft<'a>, ReaderKeys)>,
    ) -> Result<()> {
        let Means { keyring, now, .. } = self.means;
        let reader = &parcel.reader;
        let Chosen { keys, fits: mut packets, mut wait } = match chosen {
            Ok(chosen) => chosen,
            // What was tried before says itself, in the end, that it has failed.
            Err(_) if parcel.answer.since().is_some() => return Ok(()),
            Err(error) => {
                self.failures.push(error.context(format!("cannot seal for {}", reader.petname)));
                // Told again tomorrow, not by every round.
                return self.put_off(reader, &parcel.debts);
            }
        };
        // Whoever is gone is not asked for newer keys: a goodbye does not wait for them. What else is owed is owed still.
        let before = wait.len();
        wait.retain(|packet| !matches!(packet.packet.body, Body::ContactBye));
        if wait.len() < before {
            due::forget_named(self.db, reader.fingerprint, DebtName::Bye)?;
            self.failures.push(Error::new(
                Kind::NotAllowed,
                format!("{} is not told goodbye: their sealing keys have ended", reader.petname),
            ));
            if packets.is_empty() && wait.is_empty() {
                return Ok(());
            }
        }
        if !wait.is_empty() {
            let request = own::signed(keyring, profile::body(self.db, keyring, true)?, now)?;
            self.rows.insert(request.digest, hold(self.db, &request, self.means.me(), now)?);
            packets.push(Arc::new(request));
        }
        let received = counters::received(self.db, reader.fingerprint)?;
        let mut blobs = gaps::unsaid_chunks(self.db, reader.fingerprint)?;
        let mut first = 0;
        let mut answers = parcel.answer.counters.clone();
        for packets in fill(packets) {
            let counter = match packets.is_empty() {
                true => 0,
                false => counters::next(self.db, reader.fingerprint, &self.stream)?,
            };
            let envelope = Envelope {
                from: self.means.me(),
                to: reader.fingerprint,
                sent: now,
                stream: self.stream,
                counter,
                received: received.clone(),
                // A second one that is lost is a gap of its own.
                answers: std::mem::take(&mut answers),
                blobs: std::mem::take(&mut blobs),
                packets: packets.iter().map(|packet| packet.signed.clone()).collect(),
            };
            first = if first == 0 { counter } else { first };
            drafts.push((Draft { parcel, envelope, packets }, keys.clone()));
        }
        parcel.answer.given(self.db, reader.fingerprint, first, now)?;
        self.waiting.push((reader, wait));
        Ok(())
    }

    // Enters what an envelope stands for.
    fn enter(&self, draft: &Draft<'_>, (envelope, der): (Digest, Vec<u8>)) -> Result<Letter> {
        let Means { blobs, now, .. } = self.means;
        let reader = draft.envelope.to;
        let mut held = Vec::with_capacity(draft.packets.len());
        for packet in &draft.packets {
            if let Some(seq) = self.rows.get(&packet.digest) {
                packets::add_reader(self.db, *seq, reader)?;
                held.push(*seq);
            }
            share::follow(self.db, &packet.packet, reader, now)?;
        }
        if draft.envelope.counter > 0 {
            let new = counters::Counted {
                reader,
                stream: &self.stream,
                counter: draft.envelope.counter,
                envelope: &envelope,
                packets: &held,
                at: now,
                since: draft.parcel.answer.since().unwrap_or(now),
            };
            counters::sealed(self.db, &new)?;
        }
        gaps::chunks_are_said(self.db, reader, &draft.envelope.blobs, &envelope)?;
        let asked = &draft.parcel.answer.chunks;
        let chunks = chunks::beside(self.db, blobs, (self.means.me(), reader), &draft.packets, asked)?;
        Ok(Letter { reader, envelope, der, chunks })
    }

    // Notes which envelopes carry what was owed.
    fn carry(&self, parcels: &[Parcel], letters: &[Letter]) -> Result<()> {
        let mut carried: BTreeMap<Fingerprint, Vec<Digest>> = BTreeMap::new();
        for letter in letters {
            carried.entry(letter.reader).or_default().push(letter.envelope);
        }
        for parcel in parcels {
            let reader = parcel.reader.fingerprint;
            if let Some(envelopes) = carried.get(&reader) {
                due::sealed(self.db, reader, &parcel.debts, envelopes, self.means.again)?;
            }
        }
        Ok(())
    }

    fn put_off_what_waits(&mut self) -> Result<()> {
        for (reader, packets) in std::mem::take(&mut self.waiting) {
            let mut debts = Vec::with_capacity(packets.len());
            for packet in packets {
                if let Some(seq) = self.rows.get(&packet.digest) {
                    let later = self.means.now + ASK_AGAIN;
                    owe_later(self.db, reader.fingerprint, *seq, &packet, later)?;
                    let name = DebtName::Waiting(packet.packet.name);
                    debts.extend(due::named(self.db, reader.fingerprint, name)?);
                }
            }
            self.put_off(reader, &debts)?;
        }
        Ok(())
    }

    // The owner is told of what is given up with that.
    fn put_off(&mut self, reader: &Contact, debts: &[i64]) -> Result<()> {
        let later = self.means.now + ASK_AGAIN;
        let what = match due::put_off(self.db, reader.fingerprint, debts, later, PUT_OFF_AT_MOST)? {
            0 => return Ok(()),
            1 => "one packet".to_owned(),
            count => format!("{count} packets"),
        };
        let message = format!("{what} for {}: failed: never confirmed", reader.petname);
        let hint = "they have sent no new keys for 40 days";
        self.failures.push(Error::new(Kind::Unavailable, message).hint(hint));
        Ok(())
    }
}

/// Owes a packet that is sealed for a reader later.
pub(super) fn owe_later(
    db: &Transaction<'_>,
    reader: Fingerprint,
    seq: i64,
    packet: &Verified,
    from: Timestamp,
) -> Result<()> {
    let debt = Debt::Signed(DebtName::Waiting(packet.packet.name), packet.signed.clone());
    due::owe(db, reader, &debt, from)?;
    packets::add_reader(db, seq, reader)
}

/// Works on each; waking the other cores costs more than one signature.
pub(super) fn on_all_cores<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    match items.len() {
        0 | 1 => items.into_iter().map(work).collect(),
        _ => items.into_par_iter().map(work).collect(),
    }
}
