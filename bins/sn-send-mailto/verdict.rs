//! What a server's answer means for the readers it is about. Codes of RFC 5321 section 4.2, enhanced ones of RFC 3463
//! where there are any, and what providers are known to mean by them:
//!
//! | answer | to | means |
//! |---|---|---|
//! | 2yz | the message | `sent` |
//! | 530, 534, 535, 538, x.7.8, x.7.9, x.7.11, a refusal to relay | anything | `later`: it is us who are not let in |
//! | a sender or a HELO that is rejected, access that is denied | anything | `later`: it may be us |
//! | 4yz | anything | `later`: greylisting, a full disk, too many mails in an hour |
//! | 552, x.3.4 | MAIL, DATA, the message | `toobig` |
//! | 552, x.2.2 | RCPT | `later`: the reader's mailbox is full |
//! | other 5yz | MAIL | `later`: it is about the sender, no reader's address is to blame |
//! | x.4.5, x.5.0 | anything | `later`: a day's quota, or a server that does not say what it means |
//! | x.1.7, x.1.8 | anything | `later`: it is about the sender, whom Postfix and others judge at RCPT only |
//! | x.7.z | anything | `later`: a rule, about the sender perhaps; taken for spam; the provider wants a click from its user |
//! | other 5yz | RCPT, DATA, the message | `never` |

use lettre::transport::smtp::response::{Response, Severity};
use socialnet::{driver::Report, text};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// MAIL.
    Sender,
    /// RCPT.
    Reader,
    /// DATA, or the message itself.
    Message,
}

/// Characters of a server's words that are passed on.
const MOST_WORDS: usize = 250;
/// How long to leave a server alone that speaks of rules, in seconds: greylisting takes 5 minutes, quotas hours.
const GREYLISTED: u64 = 5 * 60;
const QUOTA: u64 = 60 * 60;

/// What to report for a reader. `size` is how many bytes were carried, without their frame.
pub fn judge(stage: Stage, answer: &Response, size: usize) -> Report {
    let code = u16::from(answer.code());
    let enhanced = enhanced(answer);
    let words = words(answer);
    match (answer.code().severity, stage) {
        // Whoever is refused is no fault of the reader's address.
        _ if refusal(stage, answer, false) != Refusal::None => Report::Later(QUOTA, words),
        (Severity::PositiveCompletion, Stage::Message) => Report::Sent,
        (Severity::TransientNegativeCompletion, _) => match enhanced {
            Some((7, _)) => Report::Later(GREYLISTED, words),
            Some((4, 5)) => Report::Later(QUOTA, words),
            _ => Report::Later(0, words),
        },
        (Severity::PermanentNegativeCompletion, stage) => match (enhanced, stage) {
            (Some((3, 4)), _) => Report::TooBig(size.saturating_sub(1) as u64),
            (Some((2, 2)), _) => Report::Later(QUOTA, words),
            (None, Stage::Reader) if code == 552 => Report::Later(QUOTA, words),
            (None, _) if code == 552 => Report::TooBig(size.saturating_sub(1) as u64),
            (Some((4, 5) | (5, 0)), _) | (_, Stage::Sender) => Report::Later(QUOTA, words),
            (Some((7, _) | (1, 7 | 8)), _) => Report::Later(QUOTA, words),
            _ => Report::Never(words),
        },
        // Neither yes nor no: no server of ours.
        _ => Report::Later(0, words),
    }
}

/// What Postfix, Exim, Sendmail, Exchange and others say when they do not pass mail on for us.
const NO_RELAY: [&str; 6] = [
    "relay access denied",
    "relay not permitted",
    "relaying denied",
    "relaying not",
    "unable to relay",
    "not relay",
];
/// What Postfix says of the sender and of our name for this machine, behind 501 to 554 and codes of subjects 1, 5 and 7.
const NOT_AS_US: [&str; 2] = ["sender address rejected", "helo command rejected"];
/// What many say of anybody.
const DENIED: [&str; 1] = ["access denied"];
/// What Postfix says of a reader's address in front of that, also if it is everybody who is denied.
const READER: [&str; 1] = ["recipient address rejected"];

/// Whom an answer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The reader or the mail that it is about, or nobody.
    None,
    /// Us, or the reader: servers say both in the same words.
    Doubtful,
    /// Us.
    OfUs,
}

/// Whether it is we who are refused, and not a reader: nobody has logged in, or not well enough (RFC 4954 section 6), or
/// mail for others is not taken from us, or not from that sender, for which servers have no code of its own. They say it
/// at RCPT too, where Postfix waits with all that it has against us.
pub fn refusal(stage: Stage, answer: &Response, logged_in: bool) -> Refusal {
    // Whole phrases: the word alone may be in an address that the server repeats.
    let said = words(answer).to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    // Of an address that is not there Exchange says 5.4.1, and that access is denied.
    let is_rule =
        |code: u16| (550..=559).contains(&code) && subject(answer).is_none_or(|subject| subject == 7);
    match u16::from(answer.code()) {
        530 | 534 | 535 | 538 => Refusal::OfUs,
        500..=599 if matches!(enhanced(answer), Some((7, 8 | 9 | 11))) => Refusal::OfUs,
        code if is_rule(code) && says(&NO_RELAY) => Refusal::OfUs,
        500..=599 if stage == Stage::Sender && !is_about_amount(answer) => Refusal::OfUs,
        500..=599 if says(&NOT_AS_US) => Refusal::Doubtful,
        code if is_rule(code) && says(&DENIED) && !(logged_in && says(&READER)) => Refusal::Doubtful,
        _ => Refusal::None,
    }
}

/// Whether something is too large, too full or too much for today, or the server does not say what it means.
fn is_about_amount(answer: &Response) -> bool {
    match enhanced(answer) {
        Some(enhanced) => matches!(enhanced, (3, 4) | (2, 2) | (4, 5) | (5, 0)),
        None => answer.has_code(552),
    }
}

/// Whether it says that no more readers fit in this transaction (RFC 5321 section 4.5.3.1.10), while others were taken.
pub fn is_full(answer: &Response) -> bool {
    let code = u16::from(answer.code());
    match enhanced(answer) {
        Some(enhanced) => enhanced == (5, 3),
        None => code == 452 || code == 552,
    }
}

/// Subject and detail of an enhanced status code; its class says no more than the code before it.
fn enhanced(answer: &Response) -> Option<(u16, u16)> {
    let mut numbers = answer.first_word()?.split('.');
    let mut number = || numbers.next()?.parse::<u16>().ok();
    let (_class, subject, detail) = (number()?, number()?, number()?);
    numbers.next().is_none().then_some((subject, detail))
}

fn subject(answer: &Response) -> Option<u16> {
    enhanced(answer).map(|(subject, _)| subject)
}

/// The code and the server's words, in one safe line.
pub fn words(answer: &Response) -> String {
    let said: Vec<&str> = answer.message().map(str::trim).collect();
    let line = format!("{} {}", u16::from(answer.code()), said.join(" "));
    text::one_line(line.trim_end()).chars().take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stage: Stage, answer: &str) -> Report {
        judge(stage, &format!("{answer}\r\n").parse().unwrap(), 1000)
    }

    #[test]
    fn what_servers_say() {
        use Stage::*;
        let later = |seconds, words: &str| Report::Later(seconds, words.into());
        let never = |words: &str| Report::Never(words.into());
        for (stage, answer, report) in [
            (Message, "250 2.0.0 Ok: queued as 4F", Report::Sent),
            (Reader, "450 4.2.0 Greylisted", later(0, "450 4.2.0 Greylisted")),
            (Reader, "451 4.7.1 Greylisted", later(300, "451 4.7.1 Greylisted")),
            (Message, "452 full disk", later(0, "452 full disk")),
            (Reader, "550 5.1.1 no such user", never("550 5.1.1 no such user")),
            (Reader, "550 no such user", never("550 no such user")),
            (Reader, "554 5.7.1 Relay access denied", later(3600, "554 5.7.1 Relay access denied")),
            (Reader, "550 relay not permitted", later(3600, "550 relay not permitted")),
            (Reader, "550 5.7.54 SMTP; Unable to relay", later(3600, "550 5.7.54 SMTP; Unable to relay")),
            (Reader, "550 <bob@relay.example>: unknown", never("550 <bob@relay.example>: unknown")),
            (Reader, "550 5.1.1 no relay@example.org here", never("550 5.1.1 no relay@example.org here")),
            (Reader, "553 5.7.1 <a@b.example>: not yours", later(3600, "553 5.7.1 <a@b.example>: not yours")),
            (Reader, "550 5.1.8 No such domain", later(3600, "550 5.1.8 No such domain")),
            (Reader, "553 5.1.7 Bad sender", later(3600, "553 5.1.7 Bad sender")),
            (
                Reader,
                "550 5.1.0 <a@b.example>: Sender address rejected: User unknown",
                later(3600, "550 5.1.0 <a@b.example>: Sender address rejected: User unknown"),
            ),
            (
                Reader,
                "504 5.5.2 <a@b>: Sender address rejected: need FQDN",
                later(3600, "504 5.5.2 <a@b>: Sender address rejected: need FQDN"),
            ),
            (
                Reader,
                "504 5.5.2 <b>: Helo command rejected: need FQDN",
                later(3600, "504 5.5.2 <b>: Helo command rejected: need FQDN"),
            ),
            (
                Reader,
                "504 5.5.2 <b>: Recipient address rejected",
                never("504 5.5.2 <b>: Recipient address rejected"),
            ),
            (Reader, "550 Access denied", later(3600, "550 Access denied")),
            (Reader, "550 5.4.1 Access denied", never("550 5.4.1 Access denied")),
            (Sender, "530 Authentication required", later(3600, "530 Authentication required")),
            (Reader, "530 5.7.0 Authentication required", later(3600, "530 5.7.0 Authentication required")),
            (Message, "535 5.7.8 Log in again", later(3600, "535 5.7.8 Log in again")),
            (Reader, "552 5.2.2 Over quota", later(3600, "552 5.2.2 Over quota")),
            (Reader, "552 Over quota", later(3600, "552 Over quota")),
            (Sender, "552 5.3.4 Too big", Report::TooBig(999)),
            (Message, "552 Too big", Report::TooBig(999)),
            (Message, "554 5.3.4 Too big", Report::TooBig(999)),
            (Sender, "553 5.7.1 Not yours", later(3600, "553 5.7.1 Not yours")),
            (Message, "550 5.4.5 Daily limit", later(3600, "550 5.4.5 Daily limit")),
            (Message, "554 5.7.1 Spam", later(3600, "554 5.7.1 Spam")),
            (Message, "554 Transaction failed", never("554 Transaction failed")),
            (Message, "354 Go on", later(0, "354 Go on")),
            (Sender, "250 Ok", later(0, "250 Ok")),
        ] {
            assert_eq!(said(stage, answer), report, "{answer}");
        }
    }

    #[test]
    fn a_full_transaction_is_not_a_full_mailbox() {
        for (answer, full) in [
            ("452 too many recipients", true),
            ("452 4.5.3 too many recipients", true),
            ("552 too many recipients", true),
            ("552 5.2.2 mailbox full", false),
            ("450 4.7.1 greylisted", false),
        ] {
            assert_eq!(is_full(&format!("{answer}\r\n").parse().unwrap()), full, "{answer}");
        }
    }

    #[test]
    fn a_servers_words_are_plain_and_short() {
        let answer = format!("550-5.1.1 \u{1b}[2J\u{202e}no\r\n550 {}\r\n", "x".repeat(900));
        let words = words(&answer.parse().unwrap());
        assert!(words.starts_with("550 5.1.1 ␛[2J<U+202E>no xxx"), "{words}");
        assert_eq!(words.chars().count(), MOST_WORDS);
    }
}
