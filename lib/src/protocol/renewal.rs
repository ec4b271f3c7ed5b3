//! Encryption keys are renewed when they are due, contacts are told, and old ones are destroyed.
//!
//! Each step is derived from what is there, not from what a run remembers: a pair that was made and not told of, or
//! half destroyed, is finished by the next run.

use super::profile;
use crate::{
    Result,
    home::Home,
    identity::{Keyring, Purpose},
    store::{Store, account, clock},
};
use jiff::Timestamp;

/// Makes, tells and destroys what is due. Does nothing while another command is at it.
pub fn run(home: &Home, store: &mut Store, keyring: &mut Keyring, now: Timestamp) -> Result<()> {
    let Some(_lock) = home.lock_if_free("renewal")? else { return Ok(()) };
    let now = clock::now(store.read(), now)?;
    let db = store.begin()?;
    clock::worked(&db, now)?;
    db.commit()?;
    // Another command may have been at it before: two pairs would be harmless, but not needed.
    *keyring = Keyring::load(&home.identity())?;
    for purpose in [Purpose::Sealing, Purpose::Meeting] {
        let age = now.duration_since(keyring.newest(purpose)?.made);
        // Made while the clock was ahead: nobody may use it before its time, which may be years away.
        if age < -clock::LEEWAY || age >= purpose.renew_after() {
            keyring.add_pair(&home.identity(), purpose, now)?;
        }
        keyring.set_aside(&home.identity(), purpose, now + clock::LEEWAY)?;
    }
    tell(store, keyring, now)?;
    // A round that began before the keys were old may have left something behind that was sealed to them.
    // And the clock's word that they are old is not enough to destroy what can't be made again.
    let believed = clock::borne_out(store.read(), now)?;
    let round = account::last_round(store.read())?.map(|begun| begun.min(believed));
    for purpose in [Purpose::Sealing, Purpose::Meeting] {
        if let Some(until) = round.and_then(|round| round.checked_sub(purpose.keep_for()).ok()) {
            keyring.destroy(&home.identity(), purpose, until)?;
        }
    }
    Ok(())
}

fn tell(store: &mut Store, keyring: &Keyring, now: Timestamp) -> Result<()> {
    let newest = keyring.newest(Purpose::Sealing)?.made.max(keyring.newest(Purpose::Meeting)?.made);
    // Until they are renewed for the first time, the oldest keys are those that every profile has named.
    let oldest = keyring.pairs.iter().map(|pair| pair.made).min();
    let told = account::keys_told(store.read())?.or(oldest);
    if told.is_some_and(|told| told != newest) {
        profile::renewed(store, newest, now)?;
    }
    Ok(())
}
