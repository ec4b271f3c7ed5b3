//! What becomes of our own mails at the server once they are fetched, as the owner has set it. Nobody else's are touched:
//! every command here names UIDs of mails that held nothing but packets.

use crate::{
    cursor::Cursor,
    there::quoted,
    wire::{Account, SMALL},
};
use socialnet::Result;
use socialnet_mail::policy::{Policy, now};
use std::time::Duration;

/// Does what is set to mails that were fetched just now and are durable here. The folder must be selected for writing.
pub fn apply(policy: &Policy, account: &mut Account, cursor: &mut Cursor, own: &[u32]) -> Result<()> {
    let uids = set(own);
    if *policy != Policy::Keep {
        account.run(SMALL, |session| session.uid_store(&uids, r"+FLAGS.SILENT (\Seen)").map(drop))?;
    }
    match policy {
        Policy::Keep | Policy::Seen => Ok(()),
        Policy::Move(folder) if account.offers("MOVE") => {
            account.run(SMALL, |session| session.uid_mv(&uids, folder))
        }
        // RFC 6851 section 3.3 says what it stands for.
        Policy::Move(folder) => {
            // The crate quotes it for MOVE, not for COPY.
            account.run(SMALL, |session| session.uid_copy(&uids, quoted(folder)))?;
            delete(account, &uids)
        }
        Policy::Delete(Duration::ZERO) => delete(account, &uids),
        Policy::Delete(_) => {
            let since = now();
            cursor.own.extend(own.iter().map(|uid| (*uid, since)));
            Ok(())
        }
    }
}

/// UIDs of mails whose time has come.
pub fn due(policy: &Policy, cursor: &Cursor) -> Vec<u32> {
    cursor.own.iter().filter(|(_, since)| policy.is_due(**since)).map(|(uid, _)| *uid).collect()
}

/// Deletes them.
pub fn delete_due(account: &mut Account, cursor: &mut Cursor, due: &[u32]) -> Result<()> {
    delete(account, &set(due))?;
    cursor.own.retain(|uid, _| !due.contains(uid));
    cursor.save()
}

/// Marks as deleted, and expunges these and no others (RFC 4315). Where a server can't do that they stay marked, since a
/// plain EXPUNGE would take along what somebody else marked and may still want back.
fn delete(account: &mut Account, uids: &str) -> Result<()> {
    account.run(SMALL, |session| session.uid_store(uids, r"+FLAGS.SILENT (\Deleted)").map(drop))?;
    if account.offers("UIDPLUS") {
        account.run(SMALL, |session| session.uid_expunge(uids).map(drop))?;
    }
    Ok(())
}

/// A sequence set (RFC 3501 section 9), with ranges where UIDs follow each other.
pub fn set(uids: &[u32]) -> String {
    let mut sorted = uids.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|one, next| next - one <= 1);
    let runs = runs.filter_map(|run| Some((run.first()?, run.last()?)));
    let runs: Vec<_> = runs
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}:{last}") })
        .collect();
    runs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_name_exactly_what_was_asked_for() {
        assert_eq!(set(&[7, 3, 1, 2, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[]), "");
    }
}
