//! Everything that is set up for sending and fetching: the drivers log in, and what they say is put into words.

use crate::{finding::Findings, provider};
use jiff::Timestamp;
use socialnet::{
    Error, Kind, Result,
    address::shown,
    driver::check::{self, Answer, Facts},
    home::{Home, Table},
    text,
};
use toml::Value;

/// Clocks that differ by less are the same: mails take a moment.
const CLOCK: i64 = 5 * 60;
/// A way that takes no more than that at once is a slow one for photographs: a chunk is cut into pieces.
const SMALL: u64 = 4 << 20;

/// Per cent of a mailbox from which on its owner is warned: a chunk may be the last thing that fits.
const FULL: u64 = 90;
/// Lines that are told of those that came before the last one.
const MOST_BEFORE: usize = 3;

/// Where nobody knows better.
pub const MEND_SENDING: &str = "mend what it says, or the table in config.toml; socialnet-home(5)";
const MEND_RECEIVING: &str = "mend what it says, or its [[receive]] table in config.toml; socialnet-home(5)";

/// `[send.SCHEME]`.
pub fn sending(home: &Home, findings: &mut Findings) -> Result<()> {
    for (scheme, table) in &home.config.send {
        let about = format!("[send.{scheme}]");
        let host = table.get("host").and_then(Value::as_str).unwrap_or_default();
        let Some(facts) =
            asked(&about, host, MEND_SENDING, findings, |note| check::sending(home, scheme, note))?
        else {
            continue;
        };
        let limit = facts.get("max-bytes").and_then(|bytes| bytes.parse::<u64>().ok());
        for missing in facts.all("missing") {
            findings.hint(
                &about,
                &format!("'{missing}' is not there"),
                "nothing is sent there until it is",
            )?;
        }
        match limit {
            Some(limit) if limit < SMALL => findings.hint(
                &about,
                &format!("works, for at most {} at once", text::bytes(limit)),
                "larger attachments wait for another way: ask the provider for larger mails",
            )?,
            Some(limit) => findings.ok(&about, &format!("works, {} at once", text::bytes(limit)))?,
            None => findings.ok(&about, "works")?,
        }
    }
    if home.config.send.is_empty() {
        let advice =
            "add a [send.SCHEME] table for each scheme of your contacts' addresses, or sn-init --email";
        findings.hint("config.toml", "nothing can be sent anywhere", advice)?;
    }
    Ok(())
}

/// `[[receive]]`.
pub fn receiving(home: &Home, now: Timestamp, findings: &mut Findings) -> Result<()> {
    for table in &home.config.receive {
        let about = &*source(table);
        let host = about.rsplit('@').next().unwrap_or_default();
        let Some(facts) =
            asked(about, host, MEND_RECEIVING, findings, |note| check::receiving(home, table, note))?
        else {
            continue;
        };
        let mut said = vec!["works".to_owned()];
        let folders: Vec<_> = facts.all("folder").collect();
        if !folders.is_empty() {
            said.push(format!("reads {}", folders.join(", ")));
        }
        if let Some(time) = facts.get("round-trip") {
            said.push(format!("answers in {time} ms"));
        }
        if facts.get("idle") == Some("yes") {
            said.push("tells of new mail at once (IDLE)".to_owned());
        }
        findings.ok(about, &said.join(", "))?;
        if facts.get("idle") == Some("no") {
            let advice = "sn-recv --watch looks again every few minutes; more often with the setting poll";
            findings.hint(about, "the server does not tell of new mail", advice)?;
        }
        for missing in facts.all("missing") {
            findings.wrong(
                Kind::Config,
                about,
                &format!("there is no folder '{missing}'"),
                "make it in your mail program, or take it out of folders",
            )?;
        }
        if let Some(spam) = facts.get("spam").filter(|spam| !folders.contains(spam)) {
            let advice = format!("what a filter takes for spam is lost: add '{spam}' to folders");
            findings.hint(about, &format!("the folder for spam, '{spam}', is not read"), &advice)?;
        }
        if let Some(full) =
            facts.get("full").and_then(|full| full.parse::<u64>().ok()).filter(|full| *full >= FULL)
        {
            let advice = "delete what is old there; with then = 'delete', packets go by themselves";
            findings.hint(about, &format!("the mailbox is {full} % full: soon nothing can come"), advice)?;
        }
        // A mail can't have come in the future: this clock is behind.
        clock(about, &facts, now, findings)?;
    }
    Ok(())
}

/// Whether the newest mail came in the future, by this machine's clock.
fn clock(about: &str, facts: &Facts, now: Timestamp, findings: &mut Findings) -> Result<()> {
    let newest: Option<i64> = facts.get("newest").and_then(|time| time.parse().ok());
    match newest.map(|newest| newest - now.as_second()) {
        Some(ahead) if ahead > CLOCK => {
            let said = format!("this machine's clock is {} minutes behind the server's", ahead / 60);
            findings.wrong(Kind::Config, about, &said, "timedatectl set-ntp true")
        }
        _ => Ok(()),
    }
}

/// How a table is called.
pub fn source(table: &Table) -> String {
    shown(table.get("source").and_then(Value::as_str).unwrap_or_default())
}

/// Runs one check; what went wrong is told here, with `mend` where nobody knows better.
fn asked(
    about: &str,
    host: &str,
    mend: &str,
    findings: &mut Findings,
    run: impl FnOnce(&mut dyn FnMut(&str)) -> Result<Answer>,
) -> Result<Option<Facts>> {
    let mut notes = Vec::new();
    match run(&mut |line| notes.push(line.to_owned())) {
        Ok(Answer::Works(facts)) => return Ok(Some(facts)),
        Ok(Answer::Busy) => {
            let advice = "that is well; end sn-recv --watch first if it is to be looked at";
            findings.hint(about, "not looked at: another command is using it", advice)?;
        }
        Ok(Answer::Mute) => findings.hint(about, "its driver can't be checked", "send something, and see")?,
        Err(error) => {
            let (said, hint) = words(&error, &notes);
            let advice = provider::advice(host, error.kind()).map(str::to_owned).or(hint);
            findings.wrong(error.kind(), about, &said, advice.as_deref().unwrap_or(mend))?;
        }
    }
    Ok(None)
}

/// What the driver said itself, which knows more than its exit code, and its hint. Its last word is the reason; behind it
/// stands what came before, such as the words of a password-command.
pub fn words(error: &Error, notes: &[String]) -> (String, Option<String>) {
    let bare = |line: &String| line.split_once(": ").map_or(line.clone(), |(_, rest)| rest.to_owned());
    let lines: Vec<_> = notes.iter().map(bare).collect();
    let hint = lines.iter().find_map(|line| line.strip_prefix("hint: ")).map(str::to_owned);
    let hint = hint.or_else(|| error.advice().map(str::to_owned));
    let mut said: Vec<_> = lines.into_iter().filter(|line| !line.starts_with("hint: ")).collect();
    let Some(last) = said.pop() else { return (error.message().to_owned(), hint) };
    let before = said.split_off(said.len().saturating_sub(MOST_BEFORE)).join("; ");
    (if before.is_empty() { last } else { format!("{last} ({before})") }, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_knows_more_than_its_exit_code() {
        let error = Error::new(Kind::NotAllowed, "sn-recv-imap was not let in");
        let notes =
            ["pass: no such entry", "password-command failed"].map(|line| format!("sn-recv-imap: {line}"));
        assert_eq!(words(&error, &notes).0, "password-command failed (pass: no such entry)");
        let notes = ["sn-recv-imap: login was refused: no".to_owned(), "sn-recv-imap: hint: ask".to_owned()];
        assert_eq!(words(&error, &notes), ("login was refused: no".to_owned(), Some("ask".to_owned())));
        assert_eq!(words(&error, &[]), ("sn-recv-imap was not let in".to_owned(), None));
    }
}
