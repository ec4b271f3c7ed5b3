//! What was found on its way into the mailbox: in batches, durable before anybody hears of it (socialnet-driver(7),
//! RECEIVING).

use crate::find::Found;
use socialnet::{
    Result,
    mailbox::{Batch, Mailbox},
};
use std::io::{Write, stdout};

/// Items and bytes that are synced together, at most: one sync for many is what makes fetching fast.
const ITEMS: usize = 2000;
const BYTES: usize = 16 << 20;

/// One batch.
pub struct Arrivals<'a> {
    batch: Batch<'a>,
    names: Vec<String>,
    bytes: usize,
    /// What is printed behind each name: a tab and where it was found, or nothing.
    place: String,
}

impl<'a> Arrivals<'a> {
    /// Into `mailbox`.
    pub fn new(mailbox: &'a Mailbox) -> Self {
        Self { batch: mailbox.batch(), names: Vec::new(), bytes: 0, place: String::new() }
    }

    /// As [`Arrivals::new`], of what was found in a folder beside the one where mail comes in.
    pub fn found_in(mailbox: &'a Mailbox, folder: &str) -> Self {
        let place = if folder.contains(char::is_control) { String::new() } else { format!("\t{folder}") };
        Self { place, ..Self::new(mailbox) }
    }

    /// Writes what one mail held.
    pub fn add(&mut self, found: Vec<Found>) -> Result<()> {
        for found in found {
            self.batch.add(&found.name, &found.bytes)?;
            self.bytes += found.bytes.len();
            self.names.push(found.name);
        }
        Ok(())
    }

    /// How much there is to commit.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether it is time to commit.
    pub fn is_full(&self) -> bool {
        self.names.len() >= ITEMS || self.bytes >= BYTES
    }

    /// Makes all of it durable, then prints the names.
    pub fn commit(self) -> Result<()> {
        self.batch.commit()?;
        let line = |name: &String| format!("{name}{}\n", self.place);
        // Line by line they would cost a write each.
        let lines: String = self.names.iter().map(line).collect();
        let mut out = stdout().lock();
        out.write_all(lines.as_bytes())?;
        Ok(out.flush()?)
    }
}
