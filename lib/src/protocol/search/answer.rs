//! Somebody answers an own search: their request shows that they opened one of its bottles. That says that they know the
//! details, not that they are whom one looks for; so they wait, and the owner decides.

use crate::{
    Fingerprint, Result,
    packet::BottleOpened,
    search::{Handle, bottle},
    store::{
        contacts::{self, Grade},
        own_searches::{self, Asked},
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

/// Answers to one search that count, at most: more people of one name and town are not told apart by a list.
const MOST: u32 = 32;

/// An answer that was checked.
pub(in crate::protocol) struct Answer {
    asked: Asked,
    handle: String,
}

/// What somebody shows, if it holds for them and for a search that has not ended.
pub(in crate::protocol) fn check(
    db: &Connection,
    from: Fingerprint,
    shown: &BottleOpened,
    now: Timestamp,
) -> Result<Option<Answer>> {
    let Some(asked) = own_searches::asked(db, &shown.bottle, MOST, now)? else { return Ok(None) };
    let at = bottle::proven(&asked.bottle.start, &asked.bs, from, &shown.proof)?;
    let parts = Handle::from_canonical(&asked.details)?.parts();
    let handle = at.and_then(|at| parts.get(at)).map(Handle::to_string);
    Ok(handle.map(|handle| Answer { asked, handle }))
}

impl Answer {
    /// Notes it beside whoever gave it, who is known by now. Where something speaks for the key already, this does not.
    pub(in crate::protocol) fn note(&self, db: &Transaction<'_>, from: Fingerprint) -> Result<()> {
        if contacts::by_fingerprint(db, from)?.is_some_and(|known| known.grade == Grade::None) {
            contacts::raise_grade(db, from, Grade::Introduced)?;
        }
        own_searches::answered(db, from, &self.asked, &self.handle)
    }
}
