//! Clear packets become signed, counted, sealed envelopes: one envelope per reader, however many packets.
//!
//! Everything that an envelope stands for (packet, audience, counter) is committed before its bytes are given to the
//! caller, and chunks are synced before that. An envelope that is then lost leaves a gap, which its reader notices. What
//! it carried of what the node owes stays owed until `sn-send` has taken it.

use super::{
    chunks, confirm,
    outgoing::{self, Desk, doubled, hold},
    parcels::{self, Outgoing, Parcels, rounds},
    paying::Payer,
    round::{self, Means, on_all_cores, owe_later},
    search,
};
use crate::{
    Error, Fingerprint, Kind, Result,
    home::Home,
    identity::Keyring,
    store::{
        Store, clock, contacts,
        due::{self, Debt},
    },
    stream::Clear,
};
use jiff::{SignedDuration, Timestamp, Unit};
use rusqlite::Connection;
use std::{collections::BTreeMap, path::PathBuf};

pub use super::round::{Letter, Sealed};

/// Seals for one account.
pub struct Sealer<'a> {
    store: &'a mut Store,
    keyring: &'a Keyring,
    blobs: PathBuf,
    /// When what is sealed now is owed again, if `sn-send` does not take it.
    again: SignedDuration,
    now: Timestamp,
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
                            Ok(_) => owe_later(&db, reader, seq, &verified, now)?,
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
        let mut payer = Payer::new(self.keyring, self.now);
        for (debt, _) in debts {
            let db = self.store.read();
            // A confirmation is carried by any envelope, such as one of the round before.
            let due = match due::get(db, debt, self.now) {
                Ok(Some(due)) => due,
                Ok(None) => continue,
                // Of a later version, which was here before this one: the others are paid.
                Err(error) if error.kind() == Kind::Malformed => {
                    failures.push(error.context("a packet that is due"));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(reader) = contacts::by_fingerprint(db, due.reader)? else { continue };
            if let Debt::Answer(xml) = &due.debt {
                let answer = confirm::answer(db, &self.blobs, due.reader, xml, self.now)?;
                parcels.answer(reader, answer, Some(due.id));
                continue;
            }
            match payer.packet(db, due.debt)?.transpose() {
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
        let Self { keyring, now, .. } = *self;
        let again = now + self.again;
        let means = Means { keyring, blobs: &self.blobs, now, again };
        parcels.rounds().try_for_each(|parcels| each(round::seal(self.store, means, &parcels)?))
    }
}
