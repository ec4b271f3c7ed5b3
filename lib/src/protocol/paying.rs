//! What the node owes becomes packets: those of our own are signed only now, so that they say what holds when they leave.

use super::{
    open::{self, Verified},
    own, profile,
};
use crate::{
    Result, blob,
    identity::Keyring,
    packet::{Body, Digest},
    store::{account, due::Debt, handles},
};
use jiff::Timestamp;
use rusqlite::Connection;
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// Makes packets of debts: one packet for everybody whom it is owed to. Of 150 readers of a comment, each is owed the same
/// bytes.
pub(super) struct Payer<'a> {
    keyring: &'a Keyring,
    now: Timestamp,
    public: Option<Arc<Verified>>,
    handles: Option<Arc<Verified>>,
    passed_on: HashMap<Digest, Arc<Verified>>,
}

impl<'a> Payer<'a> {
    pub fn new(keyring: &'a Keyring, now: Timestamp) -> Self {
        Self { keyring, now, public: None, handles: None, passed_on: HashMap::new() }
    }

    /// The packet that pays a debt, if one does; the inner error concerns it alone.
    pub fn packet(&mut self, db: &Connection, debt: Debt) -> Result<Option<Result<Arc<Verified>>>> {
        Ok(Some(match debt {
            // The word that something came is in every envelope; what is asked for is answered by one of its own.
            Debt::Received | Debt::Answer(_) => return Ok(None),
            Debt::Signed(_, signed) => match self.passed_on.entry(blob::sha256(&signed)) {
                Entry::Occupied(known) => Ok(Arc::clone(known.get())),
                Entry::Vacant(new) => {
                    open::verify(signed).map(|packet| Arc::clone(new.insert(Arc::new(packet))))
                }
            },
            Debt::Packet(_, xml) => own::sign(self.keyring, xml).map(Arc::new),
            Debt::Accept => {
                let profile = profile::own(db, self.keyring, profile::For::Contacts)?;
                self.sign(Body::ContactAccept { profile })
            }
            Debt::Public => match &self.public {
                Some(known) => Ok(Arc::clone(known)),
                None => {
                    let profile = profile::own(db, self.keyring, profile::For::Public)?;
                    Ok(Arc::clone(self.public.insert(self.sign(Body::Profile { profile, want: false })?)))
                }
            },
            Debt::Handles => match &self.handles {
                Some(known) => Ok(Arc::clone(known)),
                None => {
                    let (serial, handles) = (account::get(db)?.serial, handles::carried(db)?);
                    Ok(Arc::clone(self.handles.insert(self.sign(Body::Handles { serial, handles })?)))
                }
            },
            Debt::Profile { want } => self.sign(profile::body(db, self.keyring, want)?),
        }))
    }

    fn sign(&self, body: Body) -> Result<Arc<Verified>> {
        own::signed(self.keyring, body, self.now).map(Arc::new)
    }
}
