//! The lines a driver prints, read strictly: what is not exactly a report is none.

use crate::text;

/// Characters of a reason that are kept.
const MAX_REASON: usize = 300;

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Handed over.
    Sent,
    /// Try again, not before so many seconds; why.
    Later(u64, String),
    /// Refused for good; why.
    Never(String),
    /// Too large for this address: at most so many bytes.
    TooBig(u64),
}

impl Report {
    /// The line for a job, without its line feed.
    pub fn line(&self, id: &str) -> String {
        let plain = |reason: &str| text::one_line(reason);
        match self {
            Self::Sent => format!("sent\t{id}"),
            Self::Later(seconds, reason) => format!("later\t{id}\t{seconds}\t{}", plain(reason)),
            Self::Never(reason) => format!("never\t{id}\t{}", plain(reason)),
            Self::TooBig(bytes) => format!("toobig\t{id}\t{bytes}"),
        }
    }
}

/// One report line without its line feed: the job's ID and what became of it.
pub(super) fn read(line: &[u8]) -> Option<(&str, Report)> {
    let line = std::str::from_utf8(line).ok()?;
    let fields: Vec<&str> = line.split('\t').collect();
    let number = |text: &str| -> Option<u64> {
        let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    };
    // Often a server's words: kept short, and plain for any terminal.
    let plain = |reason: &str| text::one_line(reason).chars().take(MAX_REASON).collect();
    Some(match *fields.as_slice() {
        ["sent", id] => (id, Report::Sent),
        ["later", id, seconds, reason] => (id, Report::Later(number(seconds)?, plain(reason))),
        ["never", id, reason] => (id, Report::Never(plain(reason))),
        ["toobig", id, bytes] => (id, Report::TooBig(number(bytes)?)),
        _ => return None,
    })
}

/// The name of a file that was delivered, 64 lower-case hexadecimal digits, and where it was found, if that is said.
pub(super) fn read_name(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, place) = line.split_once('\t').unwrap_or((line, ""));
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (name.len() == 64 && name.bytes().all(hexadecimal)).then_some((name, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        assert_eq!(read(b"sent\t7"), Some(("7", Report::Sent)));
        assert_eq!(read(b"later\t7\t60\tbusy now"), Some(("7", Report::Later(60, "busy now".into()))));
        assert_eq!(read(b"never\t7\t"), Some(("7", Report::Never(String::new()))));
        assert_eq!(read(b"toobig\t7\t1000"), Some(("7", Report::TooBig(1000))));
    }

    #[test]
    fn what_is_written_is_read() {
        for report in
            [Report::Sent, Report::Later(5, "a b".into()), Report::Never("c".into()), Report::TooBig(9)]
        {
            assert_eq!(read(report.line("x1").as_bytes()), Some(("x1", report.clone())));
        }
    }

    #[test]
    fn anything_else_is_no_report() {
        for wrong in [
            &b""[..],
            b"sent",
            b"sent 7",
            b"sent\t7\t",
            b"SENT\t7",
            b" sent\t7",
            b"later\t7\t\tx",
            b"later\t7\t-1\tx",
            b"later\t7\t+1\tx",
            b"later\t7\t99999999999\tx",
            b"later\t7\t1",
            b"toobig\t7\tmuch",
            b"never\t7\ta\tb",
            b"never\t7\t\xff",
        ] {
            assert_eq!(read(wrong), None, "{}", wrong.escape_ascii());
        }
    }

    #[test]
    fn a_reason_is_safe_and_short() {
        let line = format!("never\t7\t\u{1b}[31m{}", "x".repeat(1000));
        let Some((_, Report::Never(reason))) = read(line.as_bytes()) else { panic!() };
        assert!(!reason.contains('\u{1b}') && reason.chars().count() == MAX_REASON);
    }

    #[test]
    fn a_name_is_a_digest() {
        let name = crate::mailbox::name_of(b"x");
        assert_eq!(read_name(name.as_bytes()), Some((name.as_str(), "")));
        assert_eq!(read_name(format!("{name}\tSpam").as_bytes()), Some((name.as_str(), "Spam")));
        for wrong in [&name[1..], &name.to_uppercase(), "../../identity/x", ""] {
            assert_eq!(read_name(wrong.as_bytes()), None);
        }
    }
}
