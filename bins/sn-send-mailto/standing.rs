//! Whether it is us whom the server refuses, as far as its answers tell.
//!
//! Some answers can mean nothing else. Others are said in the same words of a sender who is not let in and of one reader's
//! own rule, such as Postfix's check_recipient_access. What decides then is whether the same sender was taken for anybody
//! else: the server answers for each reader apart (RFC 5321 section 3.3), and whom it refuses altogether it takes for none.

use crate::{
    smtp::Answers,
    verdict::{Refusal, Stage, refusal},
};
use lettre::transport::smtp::response::Response;

/// What the answers of a run have shown so far.
#[derive(Default)]
pub struct Standing {
    refused: Option<Response>,
    doubtful: Option<Response>,
    /// Whether we were taken for somebody.
    taken: bool,
}

impl Standing {
    /// Takes note of one transaction's answers, to somebody who has logged in or not.
    pub fn hear(&mut self, answers: &Answers, logged_in: bool) {
        self.note(Stage::Sender, &answers.sender, logged_in);
        if !answers.sender.is_positive() {
            return;
        }
        for answer in &answers.readers {
            self.note(Stage::Reader, answer, logged_in);
        }
        if answers.readers.iter().any(Response::is_positive) {
            let about_us = self.note(Stage::Message, &answers.message, logged_in);
            self.taken |= !about_us;
        }
    }

    /// Says whether an answer is one of those that may be about us.
    fn note(&mut self, stage: Stage, answer: &Response, logged_in: bool) -> bool {
        let noted = match refusal(stage, answer, logged_in) {
            Refusal::None => return false,
            Refusal::Doubtful => &mut self.doubtful,
            Refusal::OfUs => &mut self.refused,
        };
        noted.get_or_insert_with(|| answer.clone());
        true
    }

    /// What refuses us, whoever the reader is.
    pub fn refused(&self) -> Option<&Response> {
        self.refused.as_ref()
    }

    /// What does so at the end of a run: there is nobody left for whom we may be taken.
    pub fn refused_at_last(&self) -> Option<&Response> {
        self.refused().or(self.doubtful.as_ref().filter(|_| !self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "554 5.7.1 <bob@example.org>: Recipient address rejected: Access denied";
    const SENDER: &str = "553 5.7.1 <alice@example.org>: Sender address rejected: not owned by user bob";
    const OK: &str = "250 2.1.5 Ok";

    fn said(answer: &str) -> Response {
        format!("{answer}\r\n").parse().unwrap()
    }

    /// Whether we are refused, by transactions of MAIL, one RCPT for each reader, and the message.
    fn refused(transactions: &[(&str, &[&str], &str)], logged_in: bool) -> bool {
        let mut standing = Standing::default();
        for (sender, readers, message) in transactions {
            let readers = readers.iter().map(|answer| said(answer)).collect();
            let answers = Answers { sender: said(sender), readers, message: said(message) };
            standing.hear(&answers, logged_in);
        }
        standing.refused_at_last().is_some()
    }

    #[test]
    fn one_readers_rule_is_not_about_us() {
        let no_readers = "554 5.5.1 Error: no valid recipients";
        for rule in [RULE, SENDER, "550 Access denied", "504 5.5.2 <b>: Helo command rejected: need FQDN"] {
            assert!(!refused(&[(OK, &[rule, OK], OK)], false), "{rule}");
            assert!(!refused(&[(OK, &[rule], no_readers), (OK, &[OK], OK)], false), "{rule}");
            // The other's mail was taken, and failed for what has nothing to do with us.
            assert!(!refused(&[(OK, &[OK, rule], "451 4.3.0 disk full")], false), "{rule}");
            assert!(refused(&[(OK, &[rule, rule], no_readers)], false), "{rule}");
        }
        // Whoever has logged in was let in: what is then said of a reader's address is about that.
        assert!(!refused(&[(OK, &[RULE], no_readers)], true));
        assert!(refused(&[(OK, &[SENDER], no_readers)], true));
    }

    #[test]
    fn what_can_only_be_about_us_is() {
        for answer in
            ["530 5.7.0 Authentication required", "554 5.7.1 <bob@example.org>: Relay access denied"]
        {
            assert!(refused(&[(OK, &[OK, answer], OK)], true), "{answer}");
        }
        assert!(refused(&[("553 5.1.8 no such domain", &["503 5.5.1 need MAIL"], "503 5.5.1 no")], true));
        assert!(!refused(&[("452 4.3.1 disk full", &["503 5.5.1 need MAIL"], "503 5.5.1 no")], true));
        assert!(!refused(&[("552 5.3.4 too big", &["503 5.5.1 need MAIL"], "503 5.5.1 no")], true));
        assert!(refused(&[(OK, &[OK], "550 5.7.1 access denied")], true));
        assert!(!refused(&[(OK, &[OK], "554 5.7.1 spam")], true));
    }
}
