//! What an answer, or none, means for whoever tries again.

use std::{
    io,
    time::{Duration, Instant, SystemTime},
};
use ureq::{
    Body, Error, Timeout,
    http::{Response, header::RETRY_AFTER},
};

/// The longest wait that a server can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);
/// That a kept connection was closed is known after a round trip. A request that goes on for longer was under way.
const STALE: Duration = Duration::from_secs(5);

/// Seconds that the server asks to wait (RFC 9110 section 10.2.3: seconds, or a date); 0 if it does not say.
pub fn retry_after(answer: &Response<Body>) -> u64 {
    let Some(value) = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()) else {
        return 0;
    };
    wait(value.trim(), SystemTime::now()).min(LONGEST_WAIT).as_secs()
}

fn wait(value: &str, now: SystemTime) -> Duration {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().map_or(LONGEST_WAIT, Duration::from_secs);
    }
    let date = httpdate::parse_http_date(value).ok();
    date.and_then(|date| date.duration_since(now).ok()).unwrap_or_default()
}

/// Why there was no answer, as one line for a person.
pub fn failure(error: &Error) -> String {
    match error {
        Error::Io(error) => {
            socialnet::Error::from(io::Error::new(error.kind(), error.to_string())).message().to_owned()
        }
        Error::Other(why) => why.to_string(),
        Error::Timeout(what) => format!("no answer in time ({what})"),
        Error::HostNotFound => "there is no such host".to_owned(),
        // Most often the server at home, whose certificate only its owner vouches for.
        Error::NativeTls(why) => format!("TLS failed; is ca-file right? {why}"),
        other => other.to_string(),
    }
}

/// Sends a request; once more if that may have failed only because the server closed a kept connection in this very moment.
pub fn send(request: impl Fn() -> Result<Response<Body>, Error>) -> Result<Response<Body>, Error> {
    let begun = Instant::now();
    match request() {
        Err(error) if was_stale(&error, begun.elapsed()) => request(),
        answer => answer,
    }
}

fn was_stale(error: &Error, after: Duration) -> bool {
    matches!(error, Error::Io(_) | Error::Protocol(_)) && after < STALE
}

/// Whether the other side took the connection, and ended it without an answer that can be understood: perhaps for
/// something in this request alone.
pub fn broke_off(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    match error {
        Error::Io(why) => {
            matches!(why.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        }
        error => matches!(error, Error::Protocol(_)),
    }
}

/// Whether the other side took the connection, and then broke off or was silent: perhaps for something in this request
/// alone.
pub fn unanswered(error: &Error) -> bool {
    match error {
        Error::Timeout(what) => !matches!(what, Timeout::Resolve | Timeout::Connect),
        error => broke_off(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_long_under_way_is_not_sent_again() {
        let reset = Error::Io(io::ErrorKind::ConnectionReset.into());
        assert!(was_stale(&reset, Duration::ZERO) && !was_stale(&reset, STALE));
        assert!(!was_stale(&Error::Timeout(Timeout::RecvResponse), Duration::ZERO));
        assert!(!was_stale(&Error::HostNotFound, Duration::ZERO));
    }

    #[test]
    fn a_server_that_is_not_reached_does_not_answer_for_one_request() {
        assert!(unanswered(&Error::Timeout(Timeout::RecvResponse)));
        assert!(unanswered(&Error::Io(io::ErrorKind::ConnectionReset.into())));
        assert!(!unanswered(&Error::Timeout(Timeout::Connect)));
        assert!(!unanswered(&Error::Io(io::ErrorKind::ConnectionRefused.into())));
    }

    #[test]
    fn seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 10:15:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", 0),
            ("120", 120),
            ("99999999999999999999999", 86_400),
            ("-1", 0),
            ("soon", 0),
            ("", 0),
            ("Sun, 22 Nov 2026 10:16:00 GMT", 60),
            ("Sun, 22 Nov 2026 10:14:00 GMT", 0),
        ] {
            assert_eq!(wait(value, now).as_secs(), seconds, "{value}");
        }
    }
}
