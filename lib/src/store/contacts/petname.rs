//! Petnames: what the owner calls somebody.

use super::{EVERYBODY, by_petname};
use crate::{Error, Fingerprint, Kind, Result, text};
use rusqlite::{Connection, OptionalExtension, Transaction};

/// What feeds call the owner.
pub const OWNER: &str = "you";

/// A petname as a shell can take it: no `@`, no white space, not the word for everybody or for the owner, not a fingerprint.
pub fn check_petname(petname: &str) -> Result<()> {
    let plain = |c: char| is_letter(c) || matches!(c, '-' | '_' | '.' | '\'');
    if petname.is_empty()
        || petname.chars().count() > 40
        || !petname.chars().all(plain)
        || petname.starts_with(['-', '.'])
    {
        let message = format!("'{petname}' can't be a name: up to 40 letters, digits, '-', '_' and '.'");
        return Err(Error::new(Kind::Usage, message));
    }
    let has_a_meaning = [EVERYBODY, OWNER].contains(&petname.to_lowercase().as_str());
    if has_a_meaning || petname.parse::<Fingerprint>().is_ok() {
        return Err(Error::new(
            Kind::Usage,
            format!("'{petname}' can't be a name: it has a meaning of its own"),
        ));
    }
    Ok(())
}

// A Hangul filler is alphabetic, and nobody sees it.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !text::is_hidden(c)
}

/// A free petname made from what somebody calls themselves: `Bob Miller` gives `bob-miller`, a second one `bob-miller-2`.
pub fn free_petname(db: &Connection, name: &str) -> Result<String> {
    let mut plain = String::new();
    for c in name.chars().flat_map(char::to_lowercase).take(32) {
        if is_letter(c) {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    let mut stem = plain.trim_end_matches('-').to_owned();
    if check_petname(&stem).is_err() {
        stem = "somebody".to_owned();
    }
    let taken = |name: &str| -> Result<bool> {
        Ok(db.query_row("SELECT 1 FROM contact WHERE petname = ?1", [name], |_| Ok(())).optional()?.is_some())
    };
    let mut petname = stem.clone();
    let mut number = 2;
    while taken(&petname)? {
        petname = format!("{stem}-{number}");
        number += 1;
    }
    Ok(petname)
}

/// The petname that the owner wants for somebody, or a free one made from what they call themselves.
pub fn new_petname(db: &Transaction<'_>, wanted: Option<&str>, name: &str) -> Result<String> {
    let Some(wanted) = wanted else { return free_petname(db, name) };
    check_petname(wanted)?;
    if by_petname(db, wanted)?.is_some() {
        return Err(Error::new(Kind::Usage, format!("'{wanted}' is somebody else already")));
    }
    Ok(wanted.to_owned())
}

/// Gives somebody another petname.
pub fn rename(db: &Transaction<'_>, who: Fingerprint, petname: &str) -> Result<()> {
    check_petname(petname)?;
    if by_petname(db, petname)?.is_some_and(|other| other.fingerprint != who) {
        return Err(Error::new(Kind::Usage, format!("'{petname}' is somebody else already")));
    }
    db.execute("UPDATE contact SET petname = ?2 WHERE fingerprint = ?1", (who, petname))?;
    Ok(())
}
