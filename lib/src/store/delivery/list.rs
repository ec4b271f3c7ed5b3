//! Every delivery with what is known of it, for people.

use super::Delivery;
use crate::Result;
use jiff::Timestamp;
use rusqlite::Connection;

/// One line of the list that `sn-send -p` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it is and to whom.
    pub delivery: Delivery,
    /// What the owner calls the reader, if they are known.
    pub petname: Option<String>,
    /// What somebody on the way said of it last, or nothing.
    pub hint: String,
    /// `waiting`, `sent` or `failed`, and `confirmed` for what the reader has said to have.
    pub state: String,
    /// Of an envelope with chunks: whether the reader has said to have it and all of them.
    pub complete: Option<bool>,
    next_try: Timestamp,
}

impl Listed {
    /// When it is tried again, if it waits.
    pub fn next_try(&self) -> Option<Timestamp> {
        (self.state == "waiting").then_some(self.next_try)
    }
}

/// Gives every delivery to `each`, oldest first.
pub fn list(db: &Connection, each: &mut dyn FnMut(Listed) -> Result<()>) -> Result<()> {
    let mut query = db.prepare(
        "SELECT item, delivery.reader AS reader, delivery.envelope AS envelope, queued, attempts, address, began, refused, reason,
             hint, petname, iif(delivery.state = 'sent' AND (confirmed IS NOT NULL OR came), 'confirmed', delivery.state) AS now,
             iif(item = delivery.envelope, (SELECT min(part.came) FROM delivery AS part
                 WHERE part.envelope = delivery.item AND part.item <> part.envelope), NULL) AS all_came,
             next_try
         FROM delivery LEFT JOIN contact ON contact.fingerprint = delivery.reader
             LEFT JOIN sealed ON sealed.envelope = item
         ORDER BY queued, delivery.envelope, item <> delivery.envelope, item",
    )?;
    let mut rows = query.query(())?;
    while let Some(row) = rows.next()? {
        let (state, all_came): (String, Option<bool>) = (row.get("now")?, row.get("all_came")?);
        each(Listed {
            delivery: super::read(row)?,
            petname: row.get("petname")?,
            hint: row.get("hint")?,
            complete: all_came.map(|came| came && state == "confirmed"),
            state,
            next_try: super::super::time(row.get("next_try")?)?,
        })?;
    }
    Ok(())
}
