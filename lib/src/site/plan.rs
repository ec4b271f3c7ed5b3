//! Which pages a change is seen on.

use super::{parts::Part, state::State};
use crate::{
    Error, Fingerprint, Result,
    packet::Name,
    store::{contacts, packets, touched, touched::Shown},
};
use jiff::Timestamp;
use rusqlite::Connection;
use std::collections::{BTreeSet, HashSet};

/// What is to be drawn.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Everything: then what is not drawn is to go.
    pub all: bool,
    /// Which of the pages of months.
    pub parts: BTreeSet<usize>,
    /// Roots.
    pub threads: HashSet<Name>,
    /// By whichever of their keys.
    pub people: HashSet<Fingerprint>,
    /// Packets that are new or look different.
    pub changed: Vec<Shown>,
}

impl Plan {
    /// What has to be drawn after the run `before`.
    pub fn new(
        db: &Connection,
        own: Fingerprint,
        before: Option<&State>,
        parts: &[Part],
        now: Timestamp,
    ) -> Result<Self> {
        let mut plan = Self::default();
        let Some(before) = before else {
            plan.all = true;
            plan.parts = (0..parts.len()).collect();
            plan.threads = touched::roots(db)?.into_iter().collect();
            plan.people = touched::authors(db)?.into_iter().collect();
            plan.people.insert(own);
            plan.people.extend(contacts::all(db)?.iter().map(|contact| contact.fingerprint));
            return Ok(plan);
        };
        let then = Timestamp::from_second(before.at).map_err(|_| Error::malformed("no time"))?;
        let mut old = touched::since(db, before.touched)?;
        old.retain(|seq| *seq <= before.seq);
        old.extend(touched::expired(db, then, now)?);
        let mut new = Vec::new();
        touched::each(db, before.seq, |seq, _, _| new.push(seq))?;
        let mut known = HashSet::new();
        let mut threads = HashSet::new();
        let mut left: Vec<(i64, bool)> = new.iter().map(|seq| (*seq, true)).collect();
        left.extend(old.iter().map(|seq| (*seq, false)));
        while let Some(next @ (seq, new)) = left.pop() {
            let Some(row) = touched::shown(db, seq)?.filter(|_| known.insert(next)) else { continue };
            plan.show(db, parts, row)?;
            plan.changed.push(row);
            // What hangs under it is hidden or shown with it: its thread, and what shares it.
            if (!new || row.root == row.name) && threads.insert(row.root) {
                left.extend(touched::thread(db, row.root)?.into_iter().map(|seq| (seq, false)));
            }
            // It brings back the line of what it answers.
            left.extend(touched::gone(db, seq)?.into_iter().map(|seq| (seq, true)));
            // It is quoted by what answers it.
            left.extend(touched::answers(db, row.name)?.into_iter().map(|seq| (seq, new)));
            // Whatever shares it shows it, with its pictures.
            left.extend(touched::shares(db, row.name)?.into_iter().map(|seq| (seq, false)));
            left.extend(touched::carried(db, seq)?.into_iter().map(|seq| (seq, false)));
        }
        // The page that was the last one leads to what comes after it.
        if !plan.changed.is_empty() && parts.len() > before.parts.len() {
            plan.parts.extend(before.parts.len().checked_sub(1));
        }
        Ok(plan)
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        !self.all && self.changed.is_empty()
    }

    /// The pages on which a packet is.
    fn show(&mut self, db: &Connection, parts: &[Part], row: Shown) -> Result<()> {
        let mut part_of =
            |seq: i64| self.parts.extend(parts.partition_point(|part| part.first <= seq).checked_sub(1));
        part_of(row.seq);
        if row.root != row.name
            && let Some(root) = packets::row(db, row.root)?
        {
            part_of(root);
        }
        self.threads.insert(row.root);
        self.people.insert(row.name.from);
        Ok(())
    }
}
