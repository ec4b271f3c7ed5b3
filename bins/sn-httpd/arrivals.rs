//! Who waits for something new in which box.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

type Waiting = HashMap<String, (Arc<Notify>, usize)>;

/// Those who wait, by box.
#[derive(Default)]
pub struct Arrivals {
    waiting: Mutex<Waiting>,
}

/// One who waits; dropped when they go.
pub struct Waiter<'a> {
    arrivals: &'a Arrivals,
    name: String,
    /// Told of each arrival.
    pub notify: Arc<Notify>,
}

impl Arrivals {
    /// Begins to wait for a box.
    pub fn wait(&self, name: &str) -> Waiter<'_> {
        let mut waiting = self.lock();
        let (notify, count) = waiting.entry(name.to_owned()).or_default();
        *count += 1;
        Waiter { arrivals: self, name: name.to_owned(), notify: Arc::clone(notify) }
    }

    /// Tells all who wait for a box.
    pub fn tell(&self, name: &str) {
        if let Some((notify, _)) = self.lock().get(name) {
            notify.notify_waiters();
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.lock().values().map(|(_, count)| count).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = self.arrivals.lock();
        if let Some((_, count)) = waiting.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.name);
            }
        }
    }
}
