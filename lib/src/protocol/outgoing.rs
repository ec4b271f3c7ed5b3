//! What is to leave: whether it may, who its readers are, and that it is held here before it goes.

use super::{
    change,
    open::{self, Verified},
    parcels::Outgoing,
    share, thread, understand,
};
use crate::{
    Error, Fingerprint, Kind, Result, blob,
    identity::Identity,
    mailbox,
    packet::{self, About, Body, Digest, Name, Packet},
    seal,
    store::{
        Store, former,
        packets::{self, Held, Holding, Keep},
    },
    stream::Clear,
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};
use std::path::Path;

/// A packet that is ready to be signed, or was signed before.
pub(super) struct Unsigned {
    pub packet: Packet,
    xml: Vec<u8>,
    pub digest: Digest,
    signed: Option<Vec<u8>>,
    readers: Vec<Fingerprint>,
}

impl Unsigned {
    pub fn sign(self, identity: &Identity) -> Result<Outgoing> {
        let signed = match self.signed {
            Some(signed) => signed,
            None => seal::sign(identity, &self.xml)?,
        };
        let verified = Verified { packet: self.packet, xml: self.xml, digest: self.digest, signed };
        Ok(Outgoing { verified, readers: self.readers })
    }
}

/// Where it is judged what may leave.
pub(super) struct Desk<'a> {
    pub db: &'a Connection,
    /// The account's owner.
    pub me: Fingerprint,
    /// The folder of chunks.
    pub blobs: &'a Path,
    pub now: Timestamp,
}

impl Desk<'_> {
    /// Reads an item and finds its readers, where `named` is none those that the packet names itself: nobody, if it is an
    /// edit or retraction of which nobody is left to be told. An own packet that was signed before keeps that signature.
    pub fn prepare(&self, item: Clear, named: &[Fingerprint], by_hand: bool) -> Result<Unsigned> {
        let (packet, xml, signed) = match item {
            Clear::Signed(signed) => {
                let verified = open::verify(signed)?;
                (verified.packet, verified.xml, Some(verified.signed))
            }
            Clear::Packet(xml) => (packet::read(&xml)?, xml, None),
        };
        let digest = blob::sha256(&xml);
        let name = packet.name;
        change::may_send(self.db, &packet)?;
        if name.from != self.me && signed.is_none() {
            return Err(Error::new(Kind::NotAllowed, format!("packet {} is not yours to sign", name.id)));
        }
        if name.from != self.me && !self.in_own_thread(&packet)? {
            return Err(Error::new(Kind::NotAllowed, format!("packet {} is not yours to pass on", name.id))
                .hint("'sn-pack share' carries what its author lets travel"));
        }
        let known = packets::get(self.db, name)?;
        if known.as_ref().is_some_and(|known| known.digest != digest) {
            return Err(doubled(name));
        }
        let erased = known.as_ref().is_some_and(|known| known.signed.is_empty());
        if erased || packet.expires.is_some_and(|expires| expires <= self.now) {
            let message = format!("packet {} has expired, or was taken back or replaced", name.id);
            return Err(Error::new(Kind::NotAllowed, message));
        }
        if name.from == self.me
            && let Some(gone) =
                packet.chunks().find(|chunk| !self.blobs.join(mailbox::name_for(chunk)).is_file())
        {
            let message =
                format!("packet {}: there is no chunk {} in blobs", name.id, mailbox::name_for(gone));
            return Err(Error::new(Kind::Io, message).hint("make the packet anew from its file"));
        }
        let readers = self.readers(&packet, named, by_hand)?;
        Ok(Unsigned { packet, xml, digest, signed: signed.or(known.map(|known| known.signed)), readers })
    }

    fn readers(&self, packet: &Packet, named: &[Fingerprint], by_hand: bool) -> Result<Vec<Fingerprint>> {
        let target = match &packet.about {
            Some(About::Packet(target, _)) if change::is_change(packet) => packets::row(self.db, *target)?,
            _ => None,
        };
        let mut readers = if by_hand {
            named.to_vec()
        } else if !packet.to.is_empty() {
            packet.to.clone()
        } else {
            self.readers_of_what_it_is_about(packet, target)?
        };
        if matches!(packet.body, Body::Message | Body::Search(_))
            && let Some(other) = readers.iter().find(|reader| !packet.to.contains(reader))
        {
            let message = format!("{} {} is not for {}", packet.kind, packet.name.id, other.short());
            return Err(
                Error::new(Kind::NotAllowed, message).hint("it goes to those it names: leave --to out")
            );
        }
        self.check_thread(packet, &readers)?;
        readers.sort_unstable();
        readers.dedup();
        readers.retain(|reader| *reader != self.me && *reader != packet.name.from);
        if readers.is_empty() && by_hand {
            return Err(Error::new(Kind::Usage, format!("packet {} has nobody to go to", packet.name.id))
                .hint("'sn-contact invite' makes friends"));
        }
        // A change of what nobody is left to be told of is made all the same, here.
        if readers.is_empty() && target.is_none() {
            return Err(Error::new(Kind::Usage, format!("packet {} has nobody to go to", packet.name.id))
                .hint("name readers with --to NAME, --to @GROUP or --to all"));
        }
        Ok(readers)
    }

    // What answers an own packet goes to those who got that, and so does what changes one, wherever it was said.
    fn readers_of_what_it_is_about(&self, packet: &Packet, target: Option<i64>) -> Result<Vec<Fingerprint>> {
        match (packet.thread, target) {
            (Some(root), _) if former::speaks_for(self.db, self.me, root.from)? => {
                packets::row(self.db, root)?.map_or(Ok(Vec::new()), |seq| thread::readers(self.db, seq))
            }
            (_, Some(target)) => thread::readers(self.db, target),
            (Some(root), None) => Ok(vec![former::present(self.db, root.from)?]),
            (None, None) => Ok(Vec::new()),
        }
    }
}

impl Desk<'_> {
    // What others said there is ours to pass on.
    fn in_own_thread(&self, packet: &Packet) -> Result<bool> {
        packet.thread.map_or(Ok(false), |root| former::speaks_for(self.db, self.me, root.from))
    }

    // Readers take a comment on others' packets from the root's author alone, who can remove it.
    fn check_thread(&self, packet: &Packet, readers: &[Fingerprint]) -> Result<()> {
        let root = packet.root();
        let reply = matches!(packet.body, Body::Comment | Body::Reaction);
        if !reply || former::speaks_for(self.db, self.me, root.from)? {
            return Ok(());
        }
        let author = former::present(self.db, root.from)?;
        let Some(other) = readers.iter().find(|reader| ![author, root.from, self.me].contains(reader)) else {
            return Ok(());
        };
        let message = format!("{} {} is not for {}", packet.kind, packet.name.id, other.short());
        Err(Error::new(Kind::NotAllowed, message)
            .hint("it goes to the author of the thread, whose node passes it on: leave --to out"))
    }
}

/// Holds what is about to leave, own or passed on. Gives its row.
pub(super) fn hold(db: &Transaction<'_>, packet: &Verified, me: Fingerprint, now: Timestamp) -> Result<i64> {
    let share = match &packet.packet.body {
        Body::Share { original } => {
            Some(share::about_original(&packet.packet, &open::verify(original.clone())?))
        }
        _ => None,
    };
    let new = Holding {
        packet: share.as_ref().unwrap_or(&packet.packet),
        digest: packet.digest,
        signed: &packet.signed,
        through: None,
        received: now,
        keep: match understand::keep(&packet.packet) {
            // Its author understands it.
            Keep::Unknown => Keep::Quiet,
            keep => keep,
        },
    };
    match packets::hold(db, &new)? {
        Held::Doubled(_) => Err(doubled(packet.packet.name)),
        Held::New(seq) => {
            if packet.packet.name.from == me {
                for chunk in packet.packet.chunks() {
                    packets::chunk_is_here(db, chunk, 0)?;
                }
                if change::is_change(&packet.packet) {
                    change::take(db, seq, &packet.packet, now)?;
                }
            }
            Ok(seq)
        }
        Held::Known(seq) => Ok(seq),
    }
}

/// Changes of what nobody is left to be told of, and what goes to somebody.
pub(super) fn with_nobody_to_tell(items: Vec<Outgoing>) -> (Vec<Outgoing>, Vec<Outgoing>) {
    items.into_iter().partition(|item| item.readers.is_empty())
}

/// Makes such changes. Gives what to say of it.
pub(super) fn change_here(
    store: &mut Store,
    changes: &[Outgoing],
    me: Fingerprint,
    now: Timestamp,
) -> Result<Vec<String>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let db = store.begin()?;
    let done = changes.iter().map(|Outgoing { verified, .. }| {
        hold(&db, verified, me, now)?;
        let Packet { kind, name, .. } = &verified.packet;
        Ok(format!("{kind} {} is done here alone: there is nobody to send it to", name.id))
    });
    let notes = done.collect::<Result<_>>()?;
    db.commit()?;
    Ok(notes)
}

/// Other bytes were signed under this name.
pub(super) fn doubled(name: Name) -> Error {
    Error::malformed(format!("packet {} was signed with other bytes before", name.id))
        .hint("make a new packet: an id names one packet for ever")
}
