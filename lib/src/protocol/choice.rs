//! Which of a reader's keys an envelope is sealed to, and what may go under them.

use super::open::{self, Verified};
use crate::{
    Error, Kind, Result,
    identity::{Purpose, ReaderKeys},
    store::contacts::Contact,
};
use jiff::Timestamp;
use std::sync::Arc;

/// Which keys of a reader to seal to, what goes under them, and what must wait for newer ones.
pub(super) struct Chosen {
    pub keys: ReaderKeys,
    pub fits: Vec<Arc<Verified>>,
    pub wait: Vec<Arc<Verified>>,
}

/// The newest sealing keys while they last. Then, and before there are any, only the few types that may come under a
/// meeting key leave; the rest waits until the reader's new keys have come.
pub(super) fn choose(reader: &Contact, packets: &[Arc<Verified>], now: Timestamp) -> Result<Chosen> {
    if let Some(offer) = &reader.profile.sealing
        && ReaderKeys::usable(offer, Purpose::Sealing, now)
    {
        let keys = ReaderKeys::stored(offer, Purpose::Sealing, now)?;
        return Ok(Chosen { keys, fits: packets.to_vec(), wait: Vec::new() });
    }
    let offer = &reader.profile.meeting;
    if !ReaderKeys::usable(offer, Purpose::Meeting, now) {
        return Err(Error::new(Kind::NotAllowed, "all of their keys have ended")
            .hint("is the clock of this machine right? if so, ask them for a new invitation"));
    }
    let keys = ReaderKeys::stored(offer, Purpose::Meeting, now)?;
    let (fits, wait) = packets.iter().cloned().partition(|packet| open::fits_meeting_key(&packet.packet));
    Ok(Chosen { keys, fits, wait })
}
