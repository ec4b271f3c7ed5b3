//! What becomes of our own mails once they are fetched, as the owner has set it.

use crate::Settings;
use socialnet::{Error, Kind, Result};
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
    /// From the settings `then`, `move-to`, `keep-for`; `usual` if nothing is set.
    pub fn read(settings: &Settings, usual: &str) -> Result<Self> {
        let keep_for = settings.duration("keep-for")?.unwrap_or(KEEP);
        match settings.get("then").unwrap_or(usual) {
            "keep" => Ok(Self::Keep),
            "seen" => Ok(Self::Seen),
            "move" => match settings.required("move-to")? {
                name if name.contains(char::is_control) => {
                    Err(Error::new(Kind::Config, "the setting 'move-to' has a control character in it"))
                }
                name => Ok(Self::Move(name.to_owned())),
            },
            "delete" => Ok(Self::Delete(keep_for)),
            other => Err(Error::new(
                Kind::Config,
                format!("the setting 'then' is keep, seen, move or delete, and not '{other}'"),
            )),
        }
    }

    /// Whether a mail that was fetched at `since` is to be deleted by now.
    pub fn is_due(&self, since: u64) -> bool {
        matches!(self, Self::Delete(keep_for) if since.saturating_add(keep_for.as_secs()) <= now())
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_is_done() {
        let read = |settings: &Settings| Policy::read(settings, "seen");
        assert_eq!(read(&Settings::default()), Ok(Policy::Seen));
        let at_once = Settings::from([("then", "delete"), ("keep-for", "0s")]);
        assert_eq!(read(&at_once), Ok(Policy::Delete(Duration::ZERO)));
        assert!(read(&at_once).unwrap().is_due(now()));
        assert!(!read(&Settings::from([("then", "delete")])).unwrap().is_due(now()));
        let moved = Settings::from([("then", "move"), ("move-to", "Post")]);
        assert_eq!(read(&moved), Ok(Policy::Move("Post".into())));
        let injected = Settings::from([("then", "move"), ("move-to", "x\r\na1 DELETE INBOX")]);
        for wrong in [Settings::from([("then", "move")]), Settings::from([("then", "burn")]), injected] {
            assert_eq!(read(&wrong).unwrap_err().kind(), Kind::Config);
        }
    }
}
