//! An account that goes on in another place begins to count anew, so that no counter is ever given twice: by hand when its
//! folder was moved, and always when it was restored from a backup.

use super::{profile, searchable};
use crate::{
    Result,
    home::Home,
    identity::{Keyring, Purpose},
    mailbox, seal,
    store::{Store, account, clock, packets, streams},
};
use jiff::{SignedDuration, Timestamp};

/// How long contacts may go on to speak of what was sent after the backup and before it was needed.
const SETTLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// `sn-init --moved`: a new stream. What the account believed about the time is learnt anew, too.
pub fn here(store: &mut Store, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    streams::begin(&db, &seal::random()?, now)?;
    clock::forget(&db)?;
    Ok(db.commit()?)
}

/// After a restore: what was sent, said or made after the backup is not known. So there is a new stream; a new pair of each
/// purpose, since newer ones than the restored may have been told; and a serial that no profile had before, in seconds.
pub fn restored(home: &Home, store: &mut Store, keyring: &mut Keyring, now: Timestamp) -> Result<()> {
    let mut made = now;
    for purpose in [Purpose::Sealing, Purpose::Meeting] {
        made = made.max(keyring.newest(purpose)?.made + SignedDuration::from_secs(1));
    }
    for purpose in [Purpose::Sealing, Purpose::Meeting] {
        keyring.add_pair(&home.identity(), purpose, made)?;
    }
    let db = store.begin()?;
    streams::forget_given(&db)?;
    streams::begin(&db, &seal::random()?, now + SETTLE)?;
    let mut account = account::get(&db)?;
    account.serial = account.serial.max(u64::try_from(now.as_second()).unwrap_or(0));
    account::put(&db, &account)?;
    searchable::tell_everybody(&db, now)?;
    packets::forget_missing_chunks(&db, now, |chunk| home.blobs().join(mailbox::name_for(chunk)).is_file())?;
    db.commit()?;
    profile::renewed(store, keyring.newest(Purpose::Sealing)?.made.max(made), now)
}
