//! How far a site has come, as JSON in a file of its folder, and the digest of what any page may show.

use super::parts::Part;
use crate::{
    Result, blob,
    store::{account::Account, contacts, filter},
};
use data_encoding::HEXLOWER;
use jiff::Zoned;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

/// Version of the pages: rises when the same feed makes different ones.
const VERSION: u32 = 1;

/// How far it has come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct State {
    /// Digest of what any page may show.
    pub key: String,
    /// The fingerprint of the owner.
    pub owner: String,
    /// The newest row.
    pub seq: i64,
    /// The latest change.
    pub touched: i64,
    /// When the run was, in seconds since 1970.
    pub at: i64,
    /// The pages of the months.
    pub parts: Vec<Part>,
}

/// What is in every page's reach: names of people, what hides packets, the time zone; and the account's stream, as another
/// one means that rows may have been counted anew.
pub(super) fn key(db: &Connection, account: &Account, hide: &[String], now: &Zoned) -> Result<String> {
    let mut people = Vec::new();
    for contact in contacts::all(db)? {
        let profile = contact.profile;
        people.push((
            contact.fingerprint.to_string(),
            (contact.petname, contact.state.as_str(), contact.grade.as_str(), contact.alarm, contact.muted),
            (profile.name, profile.about, profile.addresses),
        ));
    }
    let muted: Vec<_> = filter::muted(db)?.into_iter().map(|(who, _)| who.to_string()).collect();
    let owner = (&account.name, &account.about, &account.addresses, account.stream);
    let zone = now.time_zone().iana_name().map_or_else(|| now.offset().to_string(), str::to_owned);
    let all =
        serde_json::to_vec(&(VERSION, owner, people, muted, hide, zone)).map_err(std::io::Error::from)?;
    Ok(HEXLOWER.encode(&blob::sha256(&all)))
}
