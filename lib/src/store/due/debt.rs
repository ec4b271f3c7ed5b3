//! What may be owed to somebody, and what it is called: of one name at most one thing is owed to a reader. The column
//! `what` of the table holds the name, so its spelling stays.

use crate::{Error, Fingerprint, Result, packet::Name};
use rusqlite::{ToSql, types::ToSqlOutput};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What a debt is paid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Debt {
    /// A packet of our own, clear: signed when it is sealed.
    Packet(DebtName, Vec<u8>),
    /// SignedData by an author, DER, passed on as it is.
    Signed(DebtName, Vec<u8>),
    /// A `contact-accept` with our profile as it is when it is sealed.
    Accept,
    /// Our public profile, for friends to introduce us by.
    Public,
    /// What they may carry for us, as it is when it is sealed.
    Handles,
    /// Our profile, as it is when it is sealed; `want`: we ask for theirs.
    Profile {
        /// Ask for theirs.
        want: bool,
    },
    /// What they asked for in this `resend` packet of theirs.
    Answer(Vec<u8>),
    /// Nothing but the word that something came.
    Received,
}

impl Debt {
    /// What it is called.
    pub fn name(&self) -> DebtName {
        match self {
            Self::Packet(name, _) | Self::Signed(name, _) => *name,
            Self::Accept => DebtName::Accept,
            Self::Public => DebtName::Public,
            Self::Handles => DebtName::Handles,
            Self::Profile { want: false } => DebtName::Profile,
            Self::Profile { want: true } => DebtName::ProfileWanted,
            Self::Answer(_) => DebtName::Answer,
            Self::Received => DebtName::Received,
        }
    }

    /// What a row of the table says: at most one of the two is there, a clear packet or an author's SignedData.
    pub(super) fn read(name: DebtName, packet: Option<Vec<u8>>, signed: Option<Vec<u8>>) -> Result<Self> {
        Ok(match (packet, signed, name) {
            (Some(xml), _, DebtName::Answer) => Self::Answer(xml),
            (Some(xml), _, _) => Self::Packet(name, xml),
            (None, Some(der), _) => Self::Signed(name, der),
            (None, None, DebtName::Accept) => Self::Accept,
            (None, None, DebtName::Public) => Self::Public,
            (None, None, DebtName::Handles) => Self::Handles,
            (None, None, DebtName::Profile) => Self::Profile { want: false },
            (None, None, DebtName::ProfileWanted) => Self::Profile { want: true },
            (None, None, DebtName::Received) => Self::Received,
            (None, None, _) => return Err(Error::malformed(format!("database: the debt '{name}' is empty"))),
        })
    }
}

/// What a debt is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtName {
    /// The word that something came.
    Received,
    /// Our profile.
    Profile,
    /// Our profile, and the wish for theirs.
    ProfileWanted,
    /// Our public profile.
    Public,
    /// What they may carry for us.
    Handles,
    /// That their request is accepted.
    Accept,
    /// What they asked for.
    Answer,
    /// Our request to become a contact.
    Request,
    /// A goodbye.
    Bye,
    /// That something of theirs is not understood.
    NotUnderstood,
    /// A question for what is missing.
    Resend,
    /// A search, by the id of its packet.
    Search(Uuid),
    /// A search that has come to whom it may look for, by the id of its packet.
    SearchRequest(Uuid),
    /// No more such searches, by the id of the packet that brought one.
    SearchStop(Uuid),
    /// Somebody else's public profile.
    Introduction(Fingerprint),
    /// A packet that is passed on.
    Relay(Name),
    /// A packet that waits for newer keys of its reader, or that the owner has put into outpackets.
    Waiting(Name),
}

/// How the names of [`DebtName::Waiting`] begin.
pub(super) const WAITING: &str = "packet ";

impl fmt::Display for DebtName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received => f.write_str("received"),
            Self::Profile => f.write_str("profile"),
            Self::ProfileWanted => f.write_str("profile want"),
            Self::Public => f.write_str("profile public"),
            Self::Handles => f.write_str("handles"),
            Self::Accept => f.write_str("contact-accept"),
            Self::Answer => f.write_str("answer"),
            Self::Request => f.write_str("contact-request"),
            Self::Bye => f.write_str("contact-bye"),
            Self::NotUnderstood => f.write_str("not-understood"),
            Self::Resend => f.write_str("resend"),
            Self::Search(id) => write!(f, "search {id}"),
            Self::SearchRequest(id) => write!(f, "search-request {id}"),
            Self::SearchStop(id) => write!(f, "search-stop {id}"),
            Self::Introduction(who) => write!(f, "introduce {who}"),
            Self::Relay(Name { from, id }) => write!(f, "relay {from} {id}"),
            Self::Waiting(Name { from, id }) => write!(f, "{WAITING}{from} {id}"),
        }
    }
}

impl FromStr for DebtName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::malformed(format!("database: no debt is called '{text}'"));
        let uuid = |id: &str| id.parse::<Uuid>().map_err(|_| wrong());
        let name = |from: &str, id: &str| Ok::<_, Error>(Name { from: from.parse()?, id: uuid(id)? });
        Ok(match text.split(' ').collect::<Vec<_>>()[..] {
            ["received"] => Self::Received,
            ["profile"] => Self::Profile,
            ["profile", "want"] => Self::ProfileWanted,
            ["profile", "public"] => Self::Public,
            ["handles"] => Self::Handles,
            ["contact-accept"] => Self::Accept,
            ["answer"] => Self::Answer,
            ["contact-request"] => Self::Request,
            ["contact-bye"] => Self::Bye,
            ["not-understood"] => Self::NotUnderstood,
            ["resend"] => Self::Resend,
            ["search", id] => Self::Search(uuid(id)?),
            ["search-request", id] => Self::SearchRequest(uuid(id)?),
            ["search-stop", id] => Self::SearchStop(uuid(id)?),
            ["introduce", who] => Self::Introduction(who.parse()?),
            ["relay", from, id] => Self::Relay(name(from, id)?),
            ["packet", from, id] => Self::Waiting(name(from, id)?),
            _ => return Err(wrong()),
        })
    }
}

impl ToSql for DebtName {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_written_and_read_as_in_the_accounts_that_are() {
        let (who, id) = (Fingerprint::from_bytes([1; 32]), Uuid::from_u128(7));
        let packet = Name { from: who, id };
        let names = [
            (DebtName::Received, "received".to_owned()),
            (DebtName::Profile, "profile".into()),
            (DebtName::ProfileWanted, "profile want".into()),
            (DebtName::Public, "profile public".into()),
            (DebtName::Handles, "handles".into()),
            (DebtName::Accept, "contact-accept".into()),
            (DebtName::Answer, "answer".into()),
            (DebtName::Request, "contact-request".into()),
            (DebtName::Bye, "contact-bye".into()),
            (DebtName::NotUnderstood, "not-understood".into()),
            (DebtName::Resend, "resend".into()),
            (DebtName::Search(id), format!("search {id}")),
            (DebtName::SearchRequest(id), format!("search-request {id}")),
            (DebtName::SearchStop(id), format!("search-stop {id}")),
            (DebtName::Introduction(who), format!("introduce {who}")),
            (DebtName::Relay(packet), format!("relay {who} {id}")),
            (DebtName::Waiting(packet), format!("packet {who} {id}")),
        ];
        for (name, text) in names {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse::<DebtName>().unwrap(), name);
        }
        for wrong in ["", "profile now", "search", "search x", "relay x y", "packet"] {
            assert!(wrong.parse::<DebtName>().is_err(), "{wrong}");
        }
    }
}
