//! One opened envelope: from whom it is, whether it came before, and each packet to its choreography.
//!
//! All of it happens inside the caller's transaction, so an envelope is taken in whole or not at all.

use super::{
    change, confirm, introduce, meeting,
    open::{Opened, Verified, verify},
    probe, profile,
    search::{carry, sought},
    senders::{self, may_bring},
    share,
    stranger::Stranger,
    thread, understand,
};
use crate::{
    Context, Error, Fingerprint, Kind, Result,
    home::{DueLaw, SearchLaw},
    packet::{Body, Packet},
    store::{
        changes, clock,
        contacts::{self, State},
        counters::{self, Seen},
        delivery,
        due::{self, Debt},
        former, gaps, hashcache,
        packets::{self, Held, Holding, Keep},
        streams,
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

/// Envelopes remembered of somebody who is not a friend, at most: each costs a row.
const STRANGERS_ENVELOPES: u32 = 32;

/// Who receives, and when.
#[derive(Clone, Copy)]
pub(super) struct Receiver<'a> {
    /// The account's owner.
    pub me: Fingerprint,
    /// How long debts may wait for company.
    pub wait: &'a DueLaw,
    /// What others' searches make leave.
    pub search: &'a SearchLaw,
    /// Now.
    pub now: Timestamp,
}

/// What became of an envelope.
#[derive(Debug)]
pub(super) enum Reception {
    /// Taken in, or known before, or nothing to be done about: its file is not needed any more. Packets that this
    /// sender may not send are listed.
    Taken(Vec<Error>),
    /// From somebody who is not a friend (yet): kept until they are one.
    Stranger,
}

impl Receiver<'_> {
    /// Takes an envelope in.
    pub fn receive(&self, db: &Transaction<'_>, opened: &Opened) -> Result<Reception> {
        let sender = opened.envelope.from;
        let envelope = &opened.envelope;
        let came = counters::came(db, sender, &envelope.stream, envelope.counter, &opened.digest)?;
        let before = contacts::state(db, sender)?;
        if came == Seen::Again || before == Some(State::Blocked) {
            return Ok(Reception::Taken(Vec::new()));
        }
        if probe::is_one(envelope, self.me) {
            return Ok(Reception::Taken(Vec::new()));
        }
        senders::is_theirs(db, sender)?;
        let asked = before == Some(State::Asked);
        if asked {
            contacts::set_certificate(db, sender, &opened.certificate)?;
        }
        for verified in &opened.packets {
            self.meet(db, opened, &verified.packet)?;
        }
        let state = contacts::state(db, sender)?;
        let met = |packet: &Packet| is_meeting(packet) || asked && is_profile(packet);
        let only_meeting = opened.packets.iter().all(|verified| met(&verified.packet));
        if state != Some(State::Friend) && !only_meeting {
            return Ok(Reception::Stranger);
        }
        // Somebody whom the full waiting room turned away leaves no trace, and others who are no friends leave few. But a
        // goodbye that came again would end what was begun anew.
        let friend = state == Some(State::Friend);
        let left = state == Some(State::Gone) && state != before;
        if friend
            || left
            || state.is_some() && counters::known(db, sender, STRANGERS_ENVELOPES)? < STRANGERS_ENVELOPES
        {
            counters::record(db, sender, &envelope.stream, envelope.counter, &opened.digest, self.now)?;
            if opened.packets.iter().any(|verified| begins(&verified.packet)) {
                counters::has_met(db, sender, &envelope.stream, envelope.counter)?;
            }
        }
        if !friend {
            return Ok(Reception::Taken(Vec::new()));
        }

        clock::saw(db, envelope.sent, self.now)?;
        let at_once = streams::used(db, sender, &envelope.stream, envelope.sent)?;
        if came == Seen::Clash || at_once {
            self.alarm_of_two_copies(db, sender)?;
        }
        let mut refused = Vec::new();
        for verified in opened.packets.iter().filter(|verified| !is_meeting(&verified.packet)) {
            if let Err(error) = self.take(db, sender, verified) {
                // What the sender may not send is left out; a database that fails stops everything.
                if !matches!(error.kind(), Kind::NotAllowed | Kind::Malformed) {
                    return Err(error);
                }
                refused.push(error);
            }
        }
        streams::heard(db, sender, &envelope.received, self.now)?;
        counters::confirm(db, sender, &envelope.received, self.now)?;
        delivery::chunks_came(db, sender, &envelope.blobs)?;
        gaps::answered(db, sender, &envelope.answers)?;
        if envelope.counter > 0 {
            let reader = former::present(db, sender)?;
            due::owe(db, reader, &Debt::Received, self.now + wait(self.wait.confirm))?;
        }
        Ok(Reception::Taken(refused))
    }

    // Said once: since when is what helps their owner to find out which machine it is.
    fn alarm_of_two_copies(&self, db: &Transaction<'_>, sender: Fingerprint) -> Result<()> {
        const WORDS: &str = "two copies of this account are sending";
        let known = contacts::by_fingerprint(db, sender)?;
        if known.is_some_and(|contact| contact.alarm.contains(WORDS)) {
            return Ok(());
        }
        let when = self.now.strftime("%F");
        let words = format!("{WORDS}, noticed {when}: tell them, and ask which one is theirs");
        contacts::add_alarm(db, sender, &words, &[])
    }

    // The packets that may change whether the sender is a friend come first, whatever their place.
    fn meet(&self, db: &Transaction<'_>, opened: &Opened, packet: &Packet) -> Result<()> {
        let from = opened.envelope.from;
        match &packet.body {
            Body::ContactRequest { profile, code, successions, opened: proof } => {
                let (profile, certificate) = (profile.clone(), opened.certificate.clone());
                let note = packet.text.clone().unwrap_or_default();
                let (code, opened) = (*code, *proof);
                let request = Stranger { from, certificate, profile, code, opened, expires: None, note };
                meeting::request(db, &request, successions, self.now)
            }
            Body::ContactAccept { profile } => meeting::accepted(db, from, profile, self.now),
            Body::ContactBye => meeting::bye(db, from, &opened.envelope.stream, opened.envelope.counter),
            Body::Profile { profile, want } if contacts::state(db, from)? == Some(State::Asked) => {
                profile::receive(db, from, profile, *want, self.now)
            }
            _ => Ok(()),
        }
    }

    fn take(&self, db: &Transaction<'_>, sender: Fingerprint, verified: &Verified) -> Result<()> {
        let packet = &verified.packet;
        may_bring(db, sender, packet)?;
        match &packet.body {
            Body::Profile { profile, want } => {
                if profile.sealing.is_none() {
                    introduce::keep(db, sender, profile, &verified.signed)?;
                }
                return profile::receive(db, sender, profile, *want, self.now);
            }
            Body::Introduction { original } => {
                return introduce::introduced(db, self.me, sender, packet, original, self.now);
            }
            Body::Resend(_) => return confirm::asked(db, sender, &verified.xml, self.now),
            Body::Message if !self.is_named(db, &packet.to)? => {
                return Err(Error::new(Kind::NotAllowed, "a message to other people"));
            }
            Body::Search(_) | Body::SearchRequest { .. } if !packet.to.contains(&self.me) => {
                return Err(Error::new(Kind::NotAllowed, "a search by way of other people"));
            }
            Body::Handles { serial, handles } => return hashcache::replace(db, sender, *serial, handles),
            Body::Search(search) => return carry::take(db, self, sender, verified, search),
            Body::SearchRequest { bottle } => {
                return sought::brought(db, self.me, sender, packet.name, bottle, self.now);
            }
            Body::SearchStop => return carry::stop(db, self.me, sender, packet),
            Body::Share { original } => return self.take_share(db, sender, verified, packet, original),
            Body::Status
            | Body::Photo
            | Body::Comment
            | Body::Reaction
            | Body::Message
            | Body::Edit { .. }
            | Body::Retract
            | Body::ContactRequest { .. }
            | Body::ContactAccept { .. }
            | Body::ContactBye
            | Body::NotUnderstood { .. }
            | Body::Application
            | Body::Unknown { .. } => {}
        }
        if change::is_change(packet) {
            change::check(db, packet)?;
            // What this account wanted before it had another key, it knows.
            if former::was_mine(db, packet.name.from)? {
                let message = format!("a {} by a key that was yours", packet.kind);
                return Err(Error::new(Kind::NotAllowed, message));
            }
        }
        let in_thread = matches!(packet.body, Body::Comment | Body::Reaction)
            || change::is_change(packet) && packet.thread.is_some();
        let own_root = if in_thread { thread::check(db, self.me, sender, verified)? } else { None };
        let held = self.hold(db, sender, verified, packet, understand::keep(packet))?;
        if let (Held::New(seq), true) = (held, change::is_change(packet)) {
            change::take(db, seq, packet, self.now)?;
            share::relay(db, self.me, verified, wait(self.wait.relay), self.now)?;
        }
        // Not what its author has taken back already; but changes, even those whose own end has come.
        if let (Held::New(_), Some(root)) = (held, own_root)
            && (change::is_change(packet) || changes::settle(db, packet.name, self.now)?)
        {
            thread::relay(db, root, verified, wait(self.wait.relay), self.now)?;
        }
        if let (Held::New(_), Body::Unknown { .. }) = (held, &packet.body) {
            understand::answer(db, self.me, sender, packet, self.now)?;
        }
        Ok(())
    }

    // By whichever key: it may have been on its way when this account came by another.
    fn is_named(&self, db: &Transaction<'_>, readers: &[Fingerprint]) -> Result<bool> {
        if readers.contains(&self.me) {
            return Ok(true);
        }
        Ok(readers
            .iter()
            .map(|reader| former::was_mine(db, *reader))
            .collect::<Result<Vec<_>>>()?
            .contains(&true))
    }

    // A share carries another author's packet, which is held under its own name: quietly, for the share shows it.
    fn take_share(
        &self,
        db: &Transaction<'_>,
        sender: Fingerprint,
        verified: &Verified,
        packet: &Packet,
        original: &[u8],
    ) -> Result<()> {
        let original = verify(original.to_vec()).context(|| "the shared packet")?;
        share::check(&original.packet)?;
        self.hold(db, sender, &original, &original.packet, Keep::Quiet)?;
        self.hold(db, sender, verified, &share::about_original(packet, &original), Keep::Feed)?;
        // It may have been taken back before it came this way.
        changes::settle(db, original.packet.name, self.now)?;
        Ok(())
    }

    fn hold(
        &self,
        db: &Transaction<'_>,
        sender: Fingerprint,
        verified: &Verified,
        packet: &Packet,
        keep: Keep,
    ) -> Result<Held> {
        let through = Some(sender).filter(|sender| *sender != packet.name.from);
        let (digest, signed, received) = (verified.digest, &verified.signed, self.now);
        let mut held = packets::hold(db, &Holding { packet, digest, signed, through, received, keep })?;
        // Understood only now, it is as good as new; but not because a share brought it once more.
        if let Held::Known(seq) = held
            && keep != Keep::Unknown
            && keep == understand::keep(packet)
            && packets::understand(db, seq, packet, keep)?
        {
            held = Held::New(seq);
        }
        if let Held::New(seq) = held {
            if matches!(packet.body, Body::Message) && packet.to.len() > 1 {
                packets::add_addressees(db, seq, &packet.to, self.me)?;
            }
            if change::is_change(packet) {
                change::expect(db, self.me, seq, packet)?;
            }
            changes::settle(db, packet.name, self.now)?;
        }
        Ok(held)
    }

    /// Reads a packet again that was not understood when it came, as if it came now. What its sender may not send, and
    /// what is not to be shown, is kept quietly; the reason is given.
    pub fn again(&self, db: &Transaction<'_>, unknown: packets::Again) -> Result<Option<Error>> {
        let verified = verify(unknown.signed)?;
        let packet = &verified.packet;
        if matches!(packet.body, Body::Unknown { .. }) {
            return Ok(None);
        }
        let mut refused = None;
        // Whoever is no friend any more is neither answered nor believed.
        let shown = understand::keep(packet) == Keep::Feed || change::is_change(packet);
        if shown || contacts::state(db, unknown.sender)? == Some(State::Friend) {
            match self.take(db, unknown.sender, &verified) {
                Err(error) if !matches!(error.kind(), Kind::NotAllowed | Kind::Malformed) => {
                    return Err(error);
                }
                taken => refused = taken.err(),
            }
        }
        packets::understand(db, unknown.seq, packet, Keep::Quiet)?;
        Ok(refused)
    }
}

fn is_meeting(packet: &Packet) -> bool {
    begins(packet) || matches!(packet.body, Body::ContactBye)
}

fn begins(packet: &Packet) -> bool {
    matches!(packet.body, Body::ContactRequest { .. } | Body::ContactAccept { .. })
}

fn is_profile(packet: &Packet) -> bool {
    matches!(packet.body, Body::Profile { .. })
}

fn wait(duration: std::time::Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
