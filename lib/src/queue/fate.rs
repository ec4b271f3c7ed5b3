//! What became of a delivery, and what follows: the wait doubles, and in the end it is given up.

use crate::{
    driver::Report,
    home::Retry,
    store::delivery::{Delivery, Outcome},
};
use jiff::Timestamp;
use std::time::Duration;

/// What became of a delivery.
pub(super) enum Fate {
    /// A driver said so, or it would have.
    Reported(Report),
    /// There is no use in asking; why.
    Failed(String),
}

/// What follows from the fate of a delivery, and the reason to show.
pub(super) fn judge(
    retry: &Retry,
    delivery: &Delivery,
    address: &str,
    fate: &Fate,
    now: Timestamp,
) -> (Outcome, String) {
    match fate {
        Fate::Failed(why) => (Outcome::Failed, why.clone()),
        Fate::Reported(Report::Sent) => (Outcome::Sent, String::new()),
        Fate::Reported(Report::Never(why)) => (Outcome::Refused, why.clone()),
        Fate::Reported(Report::TooBig(most)) => (Outcome::Refused, format!("takes at most {most} bytes")),
        Fate::Reported(Report::Later(seconds, why)) => {
            let waited = Duration::try_from(now.duration_since(delivery.queued)).unwrap_or_default();
            if waited >= retry.give_up {
                return (Outcome::Failed, format!("given up: {why}"));
            }
            // Another address starts with the shortest wait.
            let attempts = if ["", &delivery.address].contains(&address) { delivery.attempts } else { 0 };
            let doubled = retry.first.saturating_mul(1 << attempts.min(30));
            // A server may ask for more patience than ours, but not for more than the longest wait.
            let wait = doubled.max(Duration::from_secs(*seconds)).min(retry.longest);
            (Outcome::Later(now.saturating_add(wait).unwrap_or(Timestamp::MAX)), why.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fingerprint;

    const HOUR: u64 = 3600;
    const WEB: &str = "https://example.net/in/bob";

    /// How many seconds the next attempt is away, or why there is none.
    fn wait(attempts: u32, queued_before: u64, asked: u64) -> std::result::Result<i64, String> {
        wait_at(WEB, attempts, queued_before, asked)
    }

    fn wait_at(
        address: &str,
        attempts: u32,
        queued_before: u64,
        asked: u64,
    ) -> std::result::Result<i64, String> {
        let now = Timestamp::UNIX_EPOCH + Duration::from_secs(1000 * 24 * HOUR);
        let delivery = Delivery {
            item: [1; 32],
            reader: Fingerprint::from_bytes([0xb0; 32]),
            envelope: [1; 32],
            queued: now - Duration::from_secs(queued_before),
            address: WEB.into(),
            began: now,
            attempts,
            refused: Vec::new(),
            reason: String::new(),
        };
        let fate = Fate::Reported(Report::Later(asked, "away".into()));
        match judge(&Retry::default(), &delivery, address, &fate, now) {
            (Outcome::Later(when), _) => Ok(when.as_second() - now.as_second()),
            (Outcome::Failed, why) => Err(why),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_wait_doubles_up_to_a_day() {
        assert_eq!([0, 1, 2].map(|attempts| wait(attempts, 0, 0).unwrap()), [300, 600, 1200]);
        assert_eq!([9, 60, u32::MAX].map(|attempts| wait(attempts, 0, 0).unwrap()), [86400; 3]);
        assert_eq!(
            wait_at("mailto:bob@example.org", 9, 0, 0),
            Ok(300),
            "the next address is asked soon again"
        );
    }

    #[test]
    fn a_server_may_ask_for_patience_but_not_for_ever() {
        assert_eq!(wait(0, 0, HOUR).unwrap(), 3600);
        assert_eq!(wait(0, 0, 9_999_999_999).unwrap(), 86400);
    }

    #[test]
    fn after_five_days_it_is_given_up() {
        assert!(wait(9, 5 * 24 * HOUR - 1, 0).is_ok());
        assert_eq!(wait(9, 5 * 24 * HOUR, 0), Err("given up: away".into()));
        // Whoever turned the clock back has not waited.
        assert!(wait(0, 0, 0).is_ok());
    }
}
