//! What is counted, and its text for Prometheus. Nothing here tells of one person or one box.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

/// A number that rises, or a level.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// More.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Less.
    pub fn sub(&self, count: u64) {
        self.0.fetch_sub(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All counters.
#[derive(Default)]
pub struct Counters {
    /// Answers, by the first digit of the status.
    pub answers: [Counter; 6],
    /// Items that became durable, and their bytes.
    pub stored: Counter,
    pub stored_bytes: Counter,
    /// Items that were there already.
    pub known: Counter,
    /// Items for which there was no room in their box.
    pub full: Counter,
    /// Items that could not be stored.
    pub failed: Counter,
    /// Items fetched and deleted.
    pub fetched: Counter,
    pub deleted: Counter,
    /// Syncs, each for all who waited then.
    pub batches: Counter,
    /// Connections open now, and those that were turned away.
    pub connections: Counter,
    pub turned_away: Counter,
    /// Wrong secrets, tokens and logins.
    pub not_let_in: Counter,
}

impl Counters {
    /// The text exposition format, version 0.0.4; `waiting` is how many wait for something new.
    pub fn text(&self, waiting: usize) -> String {
        let mut out = String::new();
        let mut line = |name: &str, kind: &str, help: &str, value: u64| {
            // Into memory: nothing can fail.
            let _ = write!(
                out,
                "# HELP socialnet_{name} {help}\n# TYPE socialnet_{name} {kind}\nsocialnet_{name} {value}\n"
            );
        };
        for (name, help, counter) in [
            ("stored_items_total", "Items that became durable.", &self.stored),
            ("stored_bytes_total", "Bytes of items that became durable.", &self.stored_bytes),
            ("known_items_total", "Items that were in their box already.", &self.known),
            ("full_items_total", "Items for which there was no room in their box.", &self.full),
            ("failed_items_total", "Items that could not be stored.", &self.failed),
            ("fetched_items_total", "Items read by whoever fetches.", &self.fetched),
            ("deleted_items_total", "Items deleted by whoever fetches.", &self.deleted),
            ("syncs_total", "Batches made durable.", &self.batches),
            ("turned_away_connections_total", "Connections beyond the limits.", &self.turned_away),
            ("not_let_in_total", "Wrong secrets, tokens and logins.", &self.not_let_in),
        ] {
            line(name, "counter", help, counter.get());
        }
        line("connections", "gauge", "Open connections.", self.connections.get());
        line("waiting", "gauge", "Requests that wait for something new.", waiting as u64);
        out.push_str("# HELP socialnet_answers_total Answers by class of status.\n");
        out.push_str("# TYPE socialnet_answers_total counter\n");
        for (class, counter) in self.answers.iter().enumerate().skip(1) {
            let _ = writeln!(out, "socialnet_answers_total{{class=\"{class}xx\"}} {}", counter.get());
        }
        out
    }
}
