//! What becomes of our own mails at the server once they are fetched, as the owner has set it. Nobody else's are touched:
//! every command here names UIDs of mails that held nothing but packets.

use crate::{
    cursor::Cursor,
    wire::{Account, SMALL},
};
use socialnet::{Error, Kind, Result};
use socialnet_mail::Settings;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a mail that is to be deleted stays, if nothing is set: long enough to notice that something went wrong here.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

/// The setting `then`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As they are.
    Keep,
    /// Marked as read.
    Seen,
    /// Marked as read and moved to a folder that the owner made.
    Move(String),
    /// Marked as read, and deleted so much later.
    Delete(Duration),
}

impl Policy {
    /// From the settings `then`, `move-to`, `keep-for`.
    pub fn read(settings: &Settings) -> Result<Self> {
        let keep_for = settings.duration("keep-for")?.unwrap_or(KEEP);
        match settings.get("then").unwrap_or("seen") {
            "keep" => Ok(Self::Keep),
            "seen" => Ok(Self::Seen),
            "move" => Ok(Self::Move(settings.required("move-to")?.to_owned())),
            "delete" => Ok(Self::Delete(keep_for)),
            other => Err(Error::new(
                Kind::Config,
                format!("the setting 'then' is keep, seen, move or delete, and not '{other}'"),
            )),
        }
    }

    /// Does it to mails that were fetched just now and are durable here. The folder must be selected for writing.
    pub fn apply(&self, account: &mut Account, cursor: &mut Cursor, own: &[u32]) -> Result<()> {
        if own.is_empty() {
            return Ok(());
        }
        let uids = set(own);
        if *self != Self::Keep {
            account.run(SMALL, |session| session.uid_store(&uids, r"+FLAGS.SILENT (\Seen)").map(drop))?;
        }
        match self {
            Self::Keep | Self::Seen => Ok(()),
            Self::Move(folder) if account.offers("MOVE") => {
                account.run(SMALL, |session| session.uid_mv(&uids, folder))
            }
            // RFC 6851 section 3.3 says what it stands for.
            Self::Move(folder) => {
                account.run(SMALL, |session| session.uid_copy(&uids, folder))?;
                delete(account, &uids)
            }
            Self::Delete(Duration::ZERO) => delete(account, &uids),
            Self::Delete(_) => {
                let since = now();
                cursor.own.extend(own.iter().map(|uid| (*uid, since)));
                Ok(())
            }
        }
    }

    /// UIDs of mails whose time has come.
    pub fn due(&self, cursor: &Cursor) -> Vec<u32> {
        let Self::Delete(keep_for) = self else { return Vec::new() };
        let now = now();
        let is_due = |since: u64| since.saturating_add(keep_for.as_secs()) <= now;
        cursor.own.iter().filter(|(_, since)| is_due(**since)).map(|(uid, _)| *uid).collect()
    }

    /// Deletes them.
    pub fn delete_due(&self, account: &mut Account, cursor: &mut Cursor, due: &[u32]) -> Result<()> {
        delete(account, &set(due))?;
        cursor.own.retain(|uid, _| !due.contains(uid));
        cursor.save()
    }
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

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_name_exactly_what_was_asked_for() {
        assert_eq!(set(&[7, 3, 1, 2, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[]), "");
    }

    #[test]
    fn what_is_set_is_what_is_done() {
        let read = |settings: &Settings| Policy::read(settings);
        assert_eq!(read(&Settings::default()), Ok(Policy::Seen));
        let now = Settings::from([("then", "delete"), ("keep-for", "0s")]);
        assert_eq!(read(&now), Ok(Policy::Delete(Duration::ZERO)));
        assert_eq!(
            read(&Settings::from([("then", "move"), ("move-to", "Post")])),
            Ok(Policy::Move("Post".into()))
        );
        for wrong in [Settings::from([("then", "move")]), Settings::from([("then", "burn")])] {
            assert_eq!(read(&wrong).unwrap_err().kind(), Kind::Config);
        }
    }
}
