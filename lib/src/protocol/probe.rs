//! A sealed packet to oneself, by which sn-check(1) tries a way through the mail: an envelope without packets, such as a
//! bare confirmation is. Nobody can tell it from others on its way, and it is known again by the SHA-256 of its bytes; who
//! opens it finds nothing.

use crate::{
    Fingerprint, Result,
    envelope::Envelope,
    identity::{Keyring, Purpose, ReaderKeys},
    seal,
    store::account,
};
use jiff::{Timestamp, Unit};
use rusqlite::Connection;

/// Makes one, as DER.
pub fn make(db: &Connection, keyring: &Keyring, now: Timestamp) -> Result<Vec<u8>> {
    let own = keyring.identity.fingerprint;
    let envelope = Envelope {
        from: own,
        to: own,
        sent: now.round(Unit::Second).unwrap_or(now),
        stream: account::get(db)?.stream,
        counter: 0,
        received: Vec::new(),
        answers: Vec::new(),
        blobs: Vec::new(),
        packets: Vec::new(),
    };
    let keys = ReaderKeys::stored(keyring.newest(Purpose::Sealing)?.offer(), Purpose::Sealing, now)?;
    seal::seal(&seal::sign(&keyring.identity, &envelope.write()?)?, &keys)
}

/// Whether this account made an envelope as [`make`] does. It says nothing, and is no sign that somebody else has its key.
pub(super) fn is_one(envelope: &Envelope, me: Fingerprint) -> bool {
    envelope.from == me
        && envelope.counter == 0
        && envelope.packets.is_empty()
        && envelope.received.is_empty()
        && envelope.answers.is_empty()
        && envelope.blobs.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{protocol::open, store::sample::store};

    #[test]
    fn a_probe_opens_and_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-22T18:00:00Z".parse().unwrap();
        let keyring = Keyring::create(folder.path(), now).unwrap();
        let (_dir, store) = store();
        let probe = make(store.read(), &keyring, now).unwrap();
        assert!(seal::looks_sealed(&probe));
        let opened = open::open(&probe, &keyring).unwrap();
        assert!(opened.packets.is_empty() && opened.envelope.counter == 0);
        assert!(is_one(&opened.envelope, keyring.identity.fingerprint));
    }
}
