//! Clear packets become signed, counted, sealed envelopes: one envelope per reader, however many packets.
//!
//! Everything that an envelope stands for (packet, audience, counter) is committed before its bytes are given to the
//! caller, and chunks are synced before that. An envelope that is then lost leaves a gap, which its reader notices. What
//! it carried of what the node owes stays owed until `sn-send` has taken it.

use super::{
    choice::{self, Chosen},
    chunks, confirm,
    open::{self, Verified},
    outgoing::{self, Desk, doubled, hold},
    own,
    parcels::{self, Outgoing, Parcel, Parcels, fill, rounds},
    profile, search, share,
};
use crate::{
    Context, Error, Fingerprint, Kind, Result, blob,
    envelope::{Envelope, GIVE_UP},
    home::Home,
    identity::{Keyring, ReaderKeys},
    mailbox,
    packet::{self, Body, Digest},
    seal,
    store::{
        Store, account, clock, contacts, counters,
        due::{self, Debt, DebtName},
        gaps, handles, packets,
    },
    stream::{Clear, Pem},
};
use jiff::{SignedDuration, Timestamp, Unit};
use rayon::prelude::*;
use rusqlite::{Connection, Transaction};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    path::PathBuf,
    sync::Arc,
};

/// How long a reader whose keys have ended may take to send new ones before they are asked again.
const ASK_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What was put off so often is given up, as what was sent is.
const PUT_OFF_AT_MOST: i64 = GIVE_UP.as_hours() / ASK_AGAIN.as_hours();

/// Seals for one account.
pub struct Sealer<'a> {
    store: &'a mut Store,
    keyring: &'a Keyring,
    blobs: PathBuf,
    /// When what is sealed now is owed again, if `sn-send` does not take it.
    again: SignedDuration,
    now: Timestamp,
}

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

/// An envelope, counted, for which the bytes are still to be made.
struct Draft<'a> {
    parcel: &'a Parcel,
    envelope: Envelope,
    packets: Vec<Arc<Verified>>,
}

impl<'a> Sealer<'a> {
    /// Over an account.
    pub fn new(home: &Home, store: &'a mut Store, keyring: &'a Keyring, now: Timestamp) -> Self {
        let again = SignedDuration::try_from(home.config.due.again).unwrap_or(SignedDuration::MAX);
        Self { store, keyring, blobs: home.blobs(), again, now: now.round(Unit::Second).unwrap_or(now) }
    }

    /// Seals packets for the readers that `to` names (petname, fingerprint, `@group`, `all`), or where it is empty for
    /// those each packet names itself. `each` gets the rounds, one after another; its failure ends the work.
    pub fn seal(
        &mut self,
        items: Vec<Clear>,
        to: &[String],
        each: &mut dyn FnMut(Sealed) -> Result<()>,
    ) -> Result<()> {
        self.set_clock()?;
        let db = self.store.snapshot()?;
        let (outgoing, mut failures) = self.sign(&db, items, to)?;
        let (alone, outgoing) = outgoing::with_nobody_to_tell(outgoing);
        let mut parcels = Parcels::default();
        for item in outgoing {
            parcels.add(&db, item, &mut failures)?;
        }
        drop(db);
        let notes = outgoing::change_here(self.store, &alone, self.me(), self.now)?;
        if !notes.is_empty() {
            each(Sealed { notes, ..Sealed::default() })?;
        }
        self.send(parcels, failures, each)
    }

    /// Owes packets to the readers whom each names, for [`Sealer::seal_due`]. Gives what can't be sealed, and why, and no
    /// letters.
    pub fn owe(&mut self, items: Vec<Clear>) -> Result<Sealed> {
        self.set_clock()?;
        let db = self.store.snapshot()?;
        let (outgoing, mut failures) = self.sign(&db, items, &[])?;
        drop(db);
        let (alone, outgoing) = outgoing::with_nobody_to_tell(outgoing);
        let notes = outgoing::change_here(self.store, &alone, self.me(), self.now)?;
        chunks::sync(&self.blobs, outgoing.iter().map(|item| &item.verified), self.me())?;
        let (me, now) = (self.me(), self.now);
        let db = self.store.begin()?;
        for Outgoing { verified, readers } in outgoing {
            match hold(&db, &verified, me, now) {
                Err(error) if error.kind() == Kind::Malformed => failures.push(error),
                Err(error) => return Err(error),
                Ok(seq) => {
                    for reader in readers {
                        match parcels::friend(&db, reader)? {
                            Ok(_) => owe_packet(&db, reader, seq, &verified, now)?,
                            Err(error) => failures.push(error),
                        }
                    }
                }
            }
        }
        db.commit()?;
        Ok(Sealed { letters: Vec::new(), failures, notes })
    }

    // Signs what may leave, and says of the rest why not.
    fn sign(&self, db: &Connection, items: Vec<Clear>, to: &[String]) -> Result<(Vec<Outgoing>, Vec<Error>)> {
        let mut named = Vec::new();
        for word in to {
            named.extend(contacts::resolve(db, word)?);
        }
        let by_hand = !to.is_empty();
        let desk = Desk { db, me: self.me(), blobs: &self.blobs, now: self.now };
        let mut digests = BTreeMap::new();
        let prepared: Vec<_> = items
            .into_iter()
            .map(|item| {
                let item = desk.prepare(item, &named, by_hand)?;
                match digests.insert(item.packet.name, item.digest) {
                    Some(other) if other != item.digest => Err(doubled(item.packet.name)),
                    _ => Ok(item),
                }
            })
            .collect();
        let identity = &self.keyring.identity;
        let outgoing = on_all_cores(prepared, |item| item?.sign(identity));
        let (mut signed, mut failures) = (Vec::with_capacity(outgoing.len()), Vec::new());
        for item in outgoing {
            match item {
                Ok(item) => signed.push(item),
                Err(error) => failures.push(error),
            }
        }
        Ok((signed, failures))
    }

    /// Seals what the node owes by now. `each` gets the rounds, one after another; its failure ends the work.
    pub fn seal_due(&mut self, each: &mut dyn FnMut(Sealed) -> Result<()>) -> Result<()> {
        self.set_clock()?;
        confirm::ask(self.store, self.me(), self.now)?;
        search::leave::leave(self.store, self.me(), self.now)?;
        let ready = due::ready(self.store.read(), self.now)?;
        rounds(ready, |(_, bytes)| *bytes).try_for_each(|debts| self.pay(debts, each))?;
        // In envelopes of their own: what they say has been tried for longer than the rest.
        for late in confirm::overdue(self.store.read(), self.now - self.again, self.now)? {
            let mut parcels = Parcels::default();
            if let Some((reader, answer)) = confirm::anew(self.store.read(), &late, self.now)? {
                parcels.answer(reader, answer, None);
            }
            self.send(parcels, Vec::new(), each)?;
        }
        Ok(())
    }

    fn set_clock(&mut self) -> Result<()> {
        self.now = clock::now(self.store.read(), self.now)?;
        Ok(())
    }

    fn pay(&mut self, debts: Vec<(i64, usize)>, each: &mut dyn FnMut(Sealed) -> Result<()>) -> Result<()> {
        let mut failures = Vec::new();
        let mut parcels = Parcels::default();
        // One packet for everybody whom it is owed to: of 150 readers of a comment, each is owed the same bytes.
        let mut public: Option<Arc<Verified>> = None;
        let mut list: Option<Arc<Verified>> = None;
        let mut passed_on: HashMap<Digest, Arc<Verified>> = HashMap::new();
        for (debt, _) in debts {
            let db = self.store.read();
            // A confirmation is carried by any envelope, such as one of the round before.
            let Some(due) = due::get(db, debt, self.now)? else { continue };
            let Some(reader) = contacts::by_fingerprint(db, due.reader)? else { continue };
            let packet = match due.debt {
                Debt::Received => None,
                Debt::Answer(xml) => {
                    let answer = confirm::answer(db, &self.blobs, due.reader, &xml, self.now)?;
                    parcels.answer(reader, answer, Some(due.id));
                    continue;
                }
                Debt::Signed(_, signed) => Some(match passed_on.entry(blob::sha256(&signed)) {
                    Entry::Occupied(known) => Ok(Arc::clone(known.get())),
                    Entry::Vacant(new) => {
                        open::verify(signed).map(|packet| Arc::clone(new.insert(Arc::new(packet))))
                    }
                }),
                Debt::Packet(_, xml) => Some(sign_bytes(self.keyring, xml).map(Arc::new)),
                Debt::Accept => {
                    let profile = profile::own(db, self.keyring, profile::For::Contacts)?;
                    let body = Body::ContactAccept { profile };
                    Some(sign_body(self.keyring, body, self.now).map(Arc::new))
                }
                Debt::Public => {
                    if public.is_none() {
                        let profile = profile::own(db, self.keyring, profile::For::Public)?;
                        let body = Body::Profile { profile, want: false };
                        public = Some(Arc::new(sign_body(self.keyring, body, self.now)?));
                    }
                    public.clone().map(Ok)
                }
                Debt::Handles => {
                    if list.is_none() {
                        let body = Body::Handles {
                            serial: account::get(db)?.serial,
                            handles: handles::carried(db)?,
                        };
                        list = Some(Arc::new(sign_body(self.keyring, body, self.now)?));
                    }
                    list.clone().map(Ok)
                }
                Debt::Profile { want } => {
                    let body = profile::body(db, self.keyring, want)?;
                    Some(sign_body(self.keyring, body, self.now).map(Arc::new))
                }
            };
            match packet.transpose() {
                Ok(packet) => parcels.owe(reader, packet, due.id),
                Err(error) => failures.push(error.context("a packet that is due")),
            }
        }
        self.send(parcels, failures, each)
    }

    fn me(&self) -> Fingerprint {
        self.keyring.identity.fingerprint
    }

    fn send(
        &mut self,
        parcels: Parcels,
        failures: Vec<Error>,
        each: &mut dyn FnMut(Sealed) -> Result<()>,
    ) -> Result<()> {
        if !failures.is_empty() {
            each(Sealed { failures, ..Sealed::default() })?;
        }
        parcels.rounds().try_for_each(|parcels| each(self.round(&parcels)?))
    }

    // One transaction: counts, seals on all cores, commits.
    fn round(&mut self, parcels: &[Parcel]) -> Result<Sealed> {
        let mut failures = Vec::new();
        let packets: BTreeMap<Digest, &Verified> = parcels
            .iter()
            .flat_map(|parcel| &parcel.packets)
            .map(|packet| (packet.digest, packet.as_ref()))
            .collect();
        chunks::sync(&self.blobs, packets.values().copied(), self.me())?;
        let (me, now) = (self.me(), self.now);
        let keyring = self.keyring;
        let db = self.store.begin()?;
        let stream = account::get(&db)?.stream;
        let mut rows = BTreeMap::new();
        for (digest, packet) in &packets {
            rows.insert(*digest, hold(&db, packet, me, now)?);
        }
        let (mut drafts, mut waiting) = (Vec::new(), Vec::new());
        // Decoded before anything is counted or struck out: keys that are no keys concern their owner alone.
        let chosen = on_all_cores(parcels.iter().collect(), |parcel: &Parcel| {
            choice::choose(&parcel.reader, &parcel.packets, now)
        });
        for (parcel, chosen) in parcels.iter().zip(chosen) {
            let reader = &parcel.reader;
            let Chosen { keys, fits: mut packets, mut wait } = match chosen {
                Ok(chosen) => chosen,
                // What was tried before says itself, in the end, that it has failed.
                Err(_) if parcel.answer.since().is_some() => continue,
                Err(error) => {
                    failures.push(error.context(format!("cannot seal for {}", reader.petname)));
                    // Told again tomorrow, not by every round.
                    let given_up = due::put_off(
                        &db,
                        reader.fingerprint,
                        &parcel.debts,
                        now + ASK_AGAIN,
                        PUT_OFF_AT_MOST,
                    )?;
                    failures.extend(never_confirmed(&reader.petname, given_up));
                    continue;
                }
            };
            // Whoever is gone is not asked for newer keys: a goodbye does not wait for them. What else is owed is owed still.
            let before = wait.len();
            wait.retain(|packet| !matches!(packet.packet.body, Body::ContactBye));
            if wait.len() < before {
                due::forget_named(&db, reader.fingerprint, DebtName::Bye)?;
                failures.push(Error::new(
                    Kind::NotAllowed,
                    format!("{} is not told goodbye: their sealing keys have ended", reader.petname),
                ));
                if packets.is_empty() && wait.is_empty() {
                    continue;
                }
            }
            if !wait.is_empty() {
                let request = sign_body(keyring, profile::body(&db, keyring, true)?, now)?;
                rows.insert(request.digest, hold(&db, &request, me, now)?);
                packets.push(Arc::new(request));
            }
            let received = counters::received(&db, reader.fingerprint)?;
            let mut blobs = gaps::unsaid_chunks(&db, reader.fingerprint)?;
            let mut first = 0;
            let mut answers = parcel.answer.counters.clone();
            for packets in fill(packets) {
                let counter =
                    if packets.is_empty() { 0 } else { counters::next(&db, reader.fingerprint, &stream)? };
                let envelope = Envelope {
                    from: me,
                    to: reader.fingerprint,
                    sent: now,
                    stream,
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
            parcel.answer.given(&db, reader.fingerprint, first, now)?;
            waiting.push((reader, wait));
        }
        let identity = &keyring.identity;
        // The keys go in, so that they are freed on all cores as well.
        let sealed = on_all_cores(drafts, |(draft, keys): (Draft<'_>, ReaderKeys)| {
            let der = draft.envelope.write().and_then(|xml| seal::seal(&seal::sign(identity, &xml)?, &keys));
            (draft, der.map(|der| (blob::sha256(&der), der)))
        });
        let mut letters = Vec::with_capacity(sealed.len());
        let mut carried: BTreeMap<Fingerprint, Vec<Digest>> = BTreeMap::new();
        for (draft, sealed) in sealed {
            let reader = draft.envelope.to;
            let (envelope, der) =
                sealed.context(|| format!("cannot seal for {}", draft.parcel.reader.petname))?;
            let mut held = Vec::with_capacity(draft.packets.len());
            for packet in &draft.packets {
                held.extend(add_reader(&db, &rows, packet, reader)?);
                share::follow(&db, &packet.packet, reader, now)?;
            }
            if draft.envelope.counter > 0 {
                let counter = draft.envelope.counter;
                let new = counters::Sealed {
                    reader,
                    stream: &stream,
                    counter,
                    envelope: &envelope,
                    packets: &held,
                    at: now,
                    since: draft.parcel.answer.since().unwrap_or(now),
                };
                counters::sealed(&db, &new)?;
            }
            gaps::chunks_are_said(&db, reader, &draft.envelope.blobs, &envelope)?;
            carried.entry(reader).or_default().push(envelope);
            let asked = &draft.parcel.answer.chunks;
            let chunks = chunks::beside(&db, &self.blobs, (me, reader), &draft.packets, asked)?;
            letters.push(Letter { reader, envelope, der, chunks });
        }
        for parcel in parcels {
            let reader = parcel.reader.fingerprint;
            if let Some(envelopes) = carried.get(&reader) {
                due::sealed(&db, reader, &parcel.debts, envelopes, now + self.again)?;
            }
        }
        // After that: what waits may be one of these debts.
        for (reader, packets) in waiting {
            let mut debts = Vec::with_capacity(packets.len());
            for packet in packets {
                if let Some(seq) = rows.get(&packet.digest) {
                    owe_packet(&db, reader.fingerprint, *seq, &packet, now + ASK_AGAIN)?;
                    debts.extend(due::named(&db, reader.fingerprint, DebtName::Waiting(packet.packet.name))?);
                }
            }
            let given_up = due::put_off(&db, reader.fingerprint, &debts, now + ASK_AGAIN, PUT_OFF_AT_MOST)?;
            failures.extend(never_confirmed(&reader.petname, given_up));
        }
        db.commit()?;
        Ok(Sealed { letters, failures, notes: Vec::new() })
    }
}

fn sign_body(keyring: &Keyring, body: Body, now: Timestamp) -> Result<Verified> {
    sign_bytes(keyring, own::packet(keyring.identity.fingerprint, body, now)?)
}

fn sign_bytes(keyring: &Keyring, xml: Vec<u8>) -> Result<Verified> {
    let packet = packet::read(&xml)?;
    let signed = seal::sign(&keyring.identity, &xml)?;
    Ok(Verified { packet, digest: blob::sha256(&xml), xml, signed })
}

// Waking the other cores costs more than one signature.
fn on_all_cores<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    match items.len() {
        0 | 1 => items.into_iter().map(work).collect(),
        _ => items.into_par_iter().map(work).collect(),
    }
}

// A packet that is sealed for a reader later.
fn owe_packet(
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

// What the owner is told of what was given up.
fn never_confirmed(petname: &str, given_up: usize) -> Option<Error> {
    let what = match given_up {
        0 => return None,
        1 => "one packet".to_owned(),
        count => format!("{count} packets"),
    };
    let message = format!("{what} for {petname}: failed: never confirmed");
    Some(Error::new(Kind::Unavailable, message).hint("they have sent no new keys for 40 days"))
}

fn add_reader(
    db: &Transaction<'_>,
    rows: &BTreeMap<Digest, i64>,
    packet: &Verified,
    reader: Fingerprint,
) -> Result<Option<i64>> {
    let Some(seq) = rows.get(&packet.digest).copied() else { return Ok(None) };
    packets::add_reader(db, seq, reader)?;
    Ok(Some(seq))
}
