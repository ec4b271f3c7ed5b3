//! How many mails may leave in a day. A provider that is asked for more locks its user out, so the count is kept ahead
//! of the mails: a driver that is killed has counted too many, never too few.
//!
//! A mail to three readers counts as three, as providers count. A day is one of UTC, from midnight to midnight. The file
//! `sent-today` holds `DAY COUNT`, the day as days since 1970.

use socialnet::{Error, Kind, Result, file};
use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const DAY: u64 = 24 * 60 * 60;
/// Bytes that the file may have.
const MAX_FILE: usize = 64;

/// What is left of a day's mails.
pub struct Budget {
    most: u64,
    path: PathBuf,
    today: u64,
    /// Seconds until tomorrow.
    pub left: u64,
    /// Out of it, by this run.
    taken: u64,
}

impl Budget {
    /// At most `most` mails in the day that `now` is in, counted in the folder `state`.
    pub fn new(most: u64, state: &Path, now: SystemTime) -> Self {
        // Before 1970 it is the first day.
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        Self { most, path: state.join("sent-today"), today: now / DAY, left: DAY - now % DAY, taken: 0 }
    }

    /// Takes up to `wanted` mails more out of the budget, durably. Gives how many it got.
    pub fn take(&mut self, wanted: u64) -> Result<u64> {
        let used = self.used()?;
        let taken = self.most.saturating_sub(used).min(wanted);
        // Also if it is nothing: what was used up under a clock that was years ahead counts for today, and no longer.
        self.write(used.saturating_add(taken))?;
        self.taken += taken;
        Ok(taken)
    }

    /// Puts back what was taken and not `sent`.
    pub fn settle(&self, sent: u64) -> Result<()> {
        match self.taken.saturating_sub(sent) {
            0 => Ok(()),
            unused => self.write(self.used()?.saturating_sub(unused)),
        }
    }

    /// Why a mail has to wait.
    pub fn exhausted(&self) -> String {
        format!("the {} mails that may be sent in a day (per-day in the settings) are used up", self.most)
    }

    fn used(&self) -> Result<u64> {
        if !self.path.exists() {
            return Ok(0);
        }
        let text = file::read(&self.path, MAX_FILE)?;
        let text = String::from_utf8_lossy(&text);
        let mut numbers = text.split_whitespace().map(str::parse::<u64>);
        match (numbers.next(), numbers.next()) {
            // A clock that was turned back does not renew the budget.
            (Some(Ok(day)), Some(Ok(used))) => Ok(if day >= self.today { used } else { 0 }),
            _ => {
                let message = format!("'{}' has no day and count in it", self.path.display());
                Err(Error::new(Kind::Config, message).hint("delete it, and it begins anew"))
            }
        }
    }

    fn write(&self, used: u64) -> Result<()> {
        file::replace(&self.path, format!("{} {used}\n", self.today).as_bytes(), 0o600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn what_is_taken_is_gone_until_tomorrow() {
        let dir = tempdir().unwrap();
        let noon = |day: u64| UNIX_EPOCH + Duration::from_secs(day * DAY + DAY / 2);
        let budget = |day| Budget::new(10, dir.path(), noon(day));
        assert_eq!(budget(20_000).take(4).unwrap(), 4);
        let mut rest = budget(20_000);
        assert_eq!(rest.take(20).unwrap(), 6);
        assert_eq!(budget(20_000).take(1).unwrap(), 0);
        rest.settle(3).unwrap();
        assert_eq!(budget(19_999).take(20).unwrap(), 3);
        assert_eq!(budget(20_001).take(20).unwrap(), 10);
        assert_eq!(budget(20_001).left, DAY / 2);
    }

    #[test]
    fn a_clock_that_was_ahead_costs_a_day() {
        let dir = tempdir().unwrap();
        let budget = |day: u64| Budget::new(10, dir.path(), UNIX_EPOCH + Duration::from_secs(day * DAY));
        assert_eq!(budget(30_000).take(20).unwrap(), 10);
        assert_eq!(budget(20_000).take(1).unwrap(), 0);
        assert_eq!(budget(20_001).take(1).unwrap(), 1);
    }

    #[test]
    fn what_is_taken_twice_adds_up() {
        let dir = tempdir().unwrap();
        let mut budget = Budget::new(10, dir.path(), SystemTime::now());
        assert_eq!((budget.take(4).unwrap(), budget.take(8).unwrap()), (4, 6));
        budget.settle(7).unwrap();
        assert_eq!(budget.take(9).unwrap(), 3);
    }

    #[test]
    fn a_count_that_nobody_can_read_stops_everything() {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("sent-today"), "many").unwrap();
        let mut budget = Budget::new(10, dir.path(), SystemTime::now());
        assert_eq!(budget.take(1).unwrap_err().kind(), Kind::Config);
    }
}
