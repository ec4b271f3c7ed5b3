//! Logins that were refused: providers lock accounts that go on trying a wrong password, so each refusal makes the next
//! attempt wait longer, from one run to the next.

use socialnet::{Error, Kind, Result, file};
use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// So many refusals cost no waiting: somebody is at the keyboard.
const FREE: u32 = 2;
/// So many in a row are about the login, also for one who was let in before: with the waits in between they take more than
/// a quarter of an hour, in which a server that had too many connections has forgotten some.
const HOPELESS: u32 = 5;
/// How long the first wait is, and the longest; in between it doubles.
const FIRST: Duration = Duration::from_secs(2 * 60);
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The file in `$SN_STATE` that counts refusals.
pub struct Attempts {
    path: PathBuf,
}

/// The driver's private folder (socialnet-driver(7)).
pub fn state() -> Result<PathBuf> {
    let folder = env::var_os("SN_STATE").filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from).ok_or_else(|| {
        Error::new(Kind::Config, "SN_STATE is not set")
            .hint("sn-send and sn-recv set it; by hand, name any private folder")
    })
}

impl Attempts {
    /// Those at one account: `state` is the driver's folder for its source.
    pub fn new(state: &Path) -> Self {
        Self { path: state.join("refused") }
    }

    /// Whether a login may be tried now; [`Kind::NotAllowed`] if the last ones were refused too shortly before.
    pub fn check(&self) -> Result<()> {
        let (count, last) = self.read()?;
        let wait = match count.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => FIRST.saturating_mul(1 << more.min(8)).min(LONGEST),
        };
        // A clock that was turned back must not make it wait for years.
        let since = now().saturating_sub(last);
        match wait.checked_sub(since).filter(|left| !left.is_zero() && now() >= last) {
            None => Ok(()),
            Some(left) => Err(Error::new(
                Kind::NotAllowed,
                format!(
                    "login was refused {count} times; the next attempt is in {} s",
                    left.as_secs().max(1)
                ),
            )
            .hint(format!("mend the password and delete '{}' to try at once", self.path.display()))),
        }
    }

    /// Remembers a refusal.
    pub fn refused(&self) -> Result<()> {
        let (count, _) = self.read()?;
        let line = format!("{} {}\n", count.saturating_add(1), now().as_secs());
        file::replace(&self.path, line.as_bytes(), 0o600)
    }

    /// Whether whoever was let in before is to take it for good.
    pub fn are_hopeless(&self) -> Result<bool> {
        Ok(self.read()?.0 >= HOPELESS)
    }

    /// Forgets them.
    pub fn welcome(&self) -> Result<()> {
        file::delete(&self.path)
    }

    fn read(&self) -> Result<(u32, Duration)> {
        if !self.path.exists() {
            return Ok((0, Duration::ZERO));
        }
        let line = String::from_utf8(file::read(&self.path, 100)?).unwrap_or_default();
        let (count, last) = line.trim().split_once(' ').unwrap_or_default();
        let last = Duration::from_secs(last.parse().unwrap_or_default());
        Ok((count.parse().unwrap_or_default(), last))
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_third_attempt_waits_and_success_forgets() {
        let state = tempfile::tempdir().unwrap();
        let attempts = Attempts::new(state.path());
        for _ in 0..FREE {
            attempts.check().unwrap();
            attempts.refused().unwrap();
        }
        let error = attempts.check().unwrap_err();
        assert_eq!(error.kind(), Kind::NotAllowed);
        assert!(error.message().starts_with("login was refused 2 times"), "{error}");
        attempts.welcome().unwrap();
        attempts.check().unwrap();
    }

    #[test]
    fn long_ago_or_in_the_future_is_no_reason_to_wait() {
        let state = tempfile::tempdir().unwrap();
        let attempts = Attempts::new(state.path());
        for last in [now() - LONGEST, now() + 10 * LONGEST] {
            fs::write(&attempts.path, format!("99 {}\n", last.as_secs())).unwrap();
            attempts.check().unwrap();
        }
    }
}
