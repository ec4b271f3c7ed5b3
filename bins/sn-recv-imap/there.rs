//! What a server says of a folder when it is opened (RFC 3501 sections 6.3.1 and 6.3.2).
//!
//! The imap crate panics at an untagged NO there, which is how servers warn that a mailbox is nearly full.

use crate::wire::{Account, SMALL};
use imap_proto::{MailboxDatum, Response, ResponseCode, parser::parse_response};
use socialnet::{Error, Kind, Result};

/// A folder that is open.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct There {
    /// When it changes, all UIDs mean something else.
    pub uid_validity: Option<u32>,
    /// The UID that the next mail will have, at least.
    pub uid_next: Option<u32>,
    /// How many mails there are.
    pub exists: u32,
}

impl There {
    /// Opens it so that nothing can change.
    pub fn examine(account: &mut Account, name: &str) -> Result<Self> {
        Self::open(account, "EXAMINE", name)
    }

    /// Opens it.
    pub fn select(account: &mut Account, name: &str) -> Result<Self> {
        Self::open(account, "SELECT", name)
    }

    fn open(account: &mut Account, command: &str, name: &str) -> Result<Self> {
        if name.contains(char::is_control) {
            return Err(Error::new(Kind::Config, "a folder's name has a control character in it"));
        }
        let command = format!("{command} {}", quoted(name));
        let said = account.run(SMALL, |session| session.run_command_and_read_response(command))?;
        Self::parse(&said).ok_or_else(|| Error::new(Kind::Again, "the server says what can't be understood"))
    }

    fn parse(mut said: &[u8]) -> Option<Self> {
        let mut there = Self::default();
        while !said.is_empty() {
            let (rest, response) = parse_response(said).ok()?;
            match response {
                Response::Data { code: Some(ResponseCode::UidValidity(number)), .. } => {
                    there.uid_validity = Some(number);
                }
                Response::Data { code: Some(ResponseCode::UidNext(number)), .. } => {
                    there.uid_next = Some(number);
                }
                Response::MailboxData(MailboxDatum::Exists(count)) => there.exists = count,
                _ => {}
            }
            said = rest;
        }
        Some(there)
    }
}

/// A name without control characters, as a quoted string.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', r"\\").replace('"', r#"\""#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_no_refusal() {
        let said = b"* NO Mailbox is at 98% of quota\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] stays\r\n* OK [UIDNEXT 9] next\r\n";
        let there = There { uid_validity: Some(7), uid_next: Some(9), exists: 3 };
        assert_eq!(There::parse(said), Some(there));
        assert_eq!(There::parse(b"* 3 EXI"), None);
    }
}
