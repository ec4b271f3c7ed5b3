//! An account that goes on in another place begins to count anew, so that no counter is ever given twice: by hand when its
//! folder was moved, and always when it was restored from a backup.

use super::{profile, searchable};
use crate::{
    Result,
    envelope::GIVE_UP,
    home::Home,
    identity::{Keyring, Purpose},
    mailbox,
    packet::{Class, Type},
    seal,
    store::{
        Store, account, clock,
        contacts::{self, State},
        due::{self, Debt, DebtName},
        former::{self, Lacking},
        packets, streams, unconfirmed,
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Transaction;

/// How long contacts may go on to speak of what was sent after the backup and before it was needed.
const SETTLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// `sn-init --moved`: a new stream. What the account believed about the time is learnt anew, too.
pub fn here(store: &mut Store, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    begin_to_count(&db, now, now)?;
    clock::forget(&db)?;
    profile::spread(&db, account::get(&db)?, now)?;
    for friend in contacts::resolve(&db, contacts::EVERYBODY)? {
        searchable::tell_again(&db, friend, now)?;
    }
    Ok(db.commit()?)
}

// Nothing is sealed anew in the stream before: a counter that nobody ever gives would be no gap. So what it was about is
// owed, as it was signed. For own profiles and lists the newest are; a goodbye is said once, and a question asked again.
fn begin_to_count(db: &Transaction<'_>, settled: Timestamp, now: Timestamp) -> Result<()> {
    let lacking = former::unconfirmed(db, None, now)?;
    streams::begin(db, &seal::random()?, settled)?;
    owe(db, lacking, now, |it, state| match Type::named(&it.kind) {
        Some(Type::Profile) => it.introduces && state == State::Friend,
        Some(Type::Handles | Type::ContactBye | Type::Resend) => false,
        Some(Type::ContactRequest) => matches!(state, State::Asked | State::Friend),
        Some(
            Type::Status
            | Type::Photo
            | Type::Comment
            | Type::Reaction
            | Type::Message
            | Type::Share
            | Type::Edit
            | Type::Retract
            | Type::ContactAccept
            | Type::NotUnderstood
            | Type::Search
            | Type::SearchRequest
            | Type::SearchStop,
        )
        | None => state == State::Friend,
    })?;
    unconfirmed::end(db, now - GIVE_UP)
}

/// Owes what was handed over, and may have been lost, if it `may` go to somebody who stands so. What was given up stays so, but
/// for changes of mind.
pub(super) fn owe(
    db: &Transaction<'_>,
    lacking: Vec<Lacking>,
    now: Timestamp,
    may: impl Fn(&Lacking, State) -> bool,
) -> Result<()> {
    for it in lacking.into_iter().filter(|it| it.taken) {
        let given_up = now.duration_since(it.since) >= GIVE_UP && Class::of(&it.kind) != Class::Change;
        if !given_up && contacts::state(db, it.reader)?.is_some_and(|state| may(&it, state)) {
            let debt = Debt::Signed(DebtName::Relay(it.name), packets::signed(db, it.seq)?);
            due::owe(db, it.reader, &debt, now)?;
        }
    }
    Ok(())
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
    begin_to_count(&db, now + SETTLE, now)?;
    let mut account = account::get(&db)?;
    account.serial = account.serial.max(u64::try_from(now.as_second()).unwrap_or(0));
    account::put(&db, &account)?;
    searchable::tell_everybody(&db, now)?;
    packets::forget_missing_chunks(&db, now, |chunk| home.blobs().join(mailbox::name_for(chunk)).is_file())?;
    db.commit()?;
    profile::renewed(store, keyring.newest(Purpose::Sealing)?.made.max(made), now)
}
