//! Which of some mails to fetch: told by their structure, or by how they begin.

use crate::{
    look::{Look, look},
    wire::{Account, SMALL},
};
use imap_proto::types::{MessageSection, SectionPath};
use socialnet::Result;
use socialnet_mail::find::{MAX_MAIL, begins_as_ours, looks_sealed};
use std::collections::BTreeMap;

/// Bytes of the structures of as many mails as are asked about at once.
pub const STRUCTURES: u64 = 8 << 20;
/// Bytes of a part that are enough to see what it is, behind whatever a gateway put in front.
const GLIMPSE: usize = 2048;
/// Bytes of a mail to be looked at where structures are of no use: the header is among them.
const GLANCE: usize = 16 << 10;

/// A mail that is to be fetched.
pub struct Wanted {
    pub uid: u32,
    pub size: u64,
}

/// By their structure and, where that does not tell, the beginning of some parts.
pub fn by_structure(account: &mut Account, uids: &[u32]) -> Result<Vec<Wanted>> {
    let query = "(UID RFC822.SIZE BODYSTRUCTURE)";
    let fetches = account.fetch_ascii(STRUCTURES, uids, query)?;
    let mut wanted = Vec::new();
    let mut sizes = BTreeMap::new();
    let mut peeks: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for fetch in fetches.iter() {
        let (Some(uid), Some(size), Some(structure)) = (fetch.uid, fetch.size, fetch.bodystructure()) else {
            continue;
        };
        let size = u64::from(size);
        match look(size, structure) {
            _ if size > MAX_MAIL as u64 => {}
            Look::Leave => {}
            Look::Fetch => wanted.push(Wanted { uid, size }),
            Look::Peek(parts) => {
                sizes.insert(uid, size);
                parts.into_iter().for_each(|part| peeks.entry(part).or_default().push(uid));
            }
        }
    }
    for (part, uids) in peeks {
        let numbers: Vec<_> = part.iter().map(u32::to_string).collect();
        let (name, section) = match part.is_empty() {
            true => ("TEXT".to_owned(), SectionPath::Full(MessageSection::Text)),
            false => (numbers.join("."), SectionPath::Part(part, None)),
        };
        let query = format!("(UID BODY.PEEK[{name}]<0.{GLIMPSE}>)");
        let allowance = SMALL + (2 * GLIMPSE * uids.len()) as u64;
        let fetches = account.fetch(allowance, &uids, &query)?;
        for fetch in fetches.iter() {
            if let (Some(uid), Some(beginning)) = (fetch.uid, fetch.section(&section))
                && looks_sealed(beginning)
                && let Some(size) = sizes.remove(&uid)
            {
                wanted.push(Wanted { uid, size });
            }
        }
    }
    Ok(wanted)
}

/// The same by the first bytes of each mail, which need no understanding.
pub fn by_beginning(account: &mut Account, uids: &[u32]) -> Result<Vec<Wanted>> {
    let query = format!("(UID RFC822.SIZE BODY.PEEK[]<0.{GLANCE}>)");
    let allowance = SMALL + (2 * GLANCE * uids.len()) as u64;
    let fetches = account.fetch(allowance, uids, &query)?;
    let mut wanted = Vec::new();
    for fetch in fetches.iter() {
        let (Some(uid), Some(size), Some(beginning)) = (fetch.uid, fetch.size, fetch.body()) else {
            continue;
        };
        if u64::from(size) <= MAX_MAIL as u64 && begins_as_ours(beginning) {
            wanted.push(Wanted { uid, size: size.into() });
        }
    }
    Ok(wanted)
}
