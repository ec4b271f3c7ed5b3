//! How full each box is, without counting it each time.
//!
//! A box is counted when something first comes for it, and again, at most once a second, when it seems full: others take
//! items out of it too, without telling.
//!
//! What is still coming is not in the count, since most of it may never become an item: it has as much room of its own.

use crate::boxes::Place;
use socialnet::Result;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a count holds that says full.
const HOLDS: Duration = Duration::from_secs(1);

/// What boxes hold, by name.
pub struct Quotas {
    items: u64,
    bytes: u64,
    counts: Mutex<HashMap<String, Count>>,
    /// Bytes in files of uploads that are not finished, where there are any.
    unfinished: Mutex<HashMap<String, u64>>,
}

/// What an upload takes before it is an item; given back when dropped.
pub struct Unfinished<'a> {
    quotas: &'a Quotas,
    name: String,
    bytes: u64,
}

struct Count {
    items: u64,
    bytes: u64,
    counted: Instant,
}

impl Quotas {
    /// At most so many items and bytes in a box.
    pub fn new(items: u64, bytes: u64) -> Self {
        Self { items, bytes, counts: Mutex::default(), unfinished: Mutex::default() }
    }

    /// Takes room for an item of `size`; false if there is none.
    pub fn take(&self, place: &Place, size: u64) -> Result<bool> {
        let mut counts = self.lock();
        if let Some(known) = counts.get_mut(&place.name) {
            if self.fits(known, size) {
                known.add(size);
                return Ok(true);
            }
            if known.counted.elapsed() < HOLDS {
                return Ok(false);
            }
        }
        let (items, bytes) = place.count()?;
        let mut count = Count { items, bytes, counted: Instant::now() };
        let fits = self.fits(&count, size);
        if fits {
            count.add(size);
        }
        counts.insert(place.name.clone(), count);
        Ok(fits)
    }

    /// Whether it is known to be full, so that a body need not even be read.
    pub fn is_full(&self, place: &Place) -> bool {
        let counts = self.lock();
        counts.get(&place.name).is_some_and(|known| !self.fits(known, 1) && known.counted.elapsed() < HOLDS)
    }

    /// Gives room back.
    pub fn give(&self, place: &Place, size: u64) {
        if let Some(known) = self.lock().get_mut(&place.name) {
            known.items = known.items.saturating_sub(1);
            known.bytes = known.bytes.saturating_sub(size);
        }
    }

    /// For an upload that begins.
    pub fn unfinished(&self, place: &Place) -> Unfinished<'_> {
        Unfinished { quotas: self, name: place.name.clone(), bytes: 0 }
    }

    fn fits(&self, count: &Count, size: u64) -> bool {
        count.items < self.items && count.bytes.saturating_add(size) <= self.bytes
    }

    fn all_unfinished(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unfinished<'_> {
    /// Takes room up to so many bytes in all; false if there is none.
    pub fn grow(&mut self, to: u64) -> bool {
        let mut all = self.quotas.all_unfinished();
        let taken = all.get(&self.name).copied().unwrap_or_default() - self.bytes + to;
        if taken > self.quotas.bytes {
            return false;
        }
        all.insert(self.name.clone(), taken);
        self.bytes = to;
        true
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut all = self.quotas.all_unfinished();
        if let Some(taken) = all.get_mut(&self.name) {
            *taken -= self.bytes;
            if *taken == 0 {
                all.remove(&self.name);
            }
        }
    }
}

impl Count {
    fn add(&mut self, size: u64) {
        self.items += 1;
        self.bytes = self.bytes.saturating_add(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::Boxes;
    use std::fs;

    #[test]
    fn a_box_takes_what_fits_and_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("9fj3")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        place.prepare().unwrap();
        fs::write(place.mailbox.join("new/a"), [0; 10]).unwrap();
        let quotas = Quotas::new(3, 100);
        assert_eq!(quotas.take(&place, 91), Ok(false));
        assert_eq!(quotas.take(&place, 90), Ok(true));
        assert!(quotas.is_full(&place));
        assert_eq!(quotas.take(&place, 1), Ok(false));
        quotas.give(&place, 90);
        assert_eq!(quotas.take(&place, 1), Ok(true));
        assert_eq!(quotas.take(&place, 1), Ok(true));
        // Three items: the folder is not read, or there would be one only.
        assert_eq!(quotas.take(&place, 1), Ok(false));
    }

    #[test]
    fn uploads_that_are_not_finished_share_as_much_room() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("9fj3")).unwrap();
        let place = Boxes::open(dir.path()).unwrap().find("9fj3").unwrap().unwrap();
        let quotas = Quotas::new(3, 100);
        let (mut one, mut other) = (quotas.unfinished(&place), quotas.unfinished(&place));
        assert!(one.grow(50) && one.grow(60) && !other.grow(41) && other.grow(40) && !one.grow(61));
        drop(one);
        assert!(other.grow(100) && !other.grow(101));
        drop(other);
        assert!(quotas.unfinished.lock().unwrap().is_empty());
    }
}
