//! The feed as it is read: `query.rs` has which packets, `entry.rs` what a person wants to know of each, `packets.rs` the writing
//! side.
//!
//! Rowid order is feed order, so that the newest fifty cost the same whatever else is held. What has expired is not
//! shown, even before it is deleted, and neither is what `filter.rs` hides. Of what was taken back it is told that it was
//! there, if somebody answered it.

mod entry;
mod query;

pub use entry::{Attachment, DeliveryCount, Entry, Gone, Person, Reference, entry};
pub use query::Query;

use super::filter::Filter;
use crate::{Error, Kind, Result, packet::Class};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

/// Rows of the feed: the newest last, or what has most of the words that are sought.
pub fn rows(db: &Connection, query: &Query, now: Timestamp) -> Result<Vec<i64>> {
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let statement = query.statement(db, now)?;
    let filter = query.filter.clone().map_or_else(|| Filter::load(db, &[]), Ok)?;
    let mut newest = db.prepare(&statement.sql)?;
    let mut found = newest.query(statement.values().as_slice())?;
    let mut rows = Vec::new();
    // SQLite looks for a row only when it is asked for one: nothing older than the last one shown is read.
    while rows.len() < limit
        && let Some(row) = found.next()?
    {
        let seq = row.get(0)?;
        if filter.hides(db, seq)?.is_none() {
            rows.push(seq);
        }
    }
    rows.reverse();
    Ok(rows)
}

/// Refuses a type that is none, and that nothing here has: [`Kind::Usage`]. A later version may have it.
pub fn check_type(db: &Connection, kind: &str) -> Result<()> {
    if Class::of(kind) != Class::Unknown
        || db.prepare("SELECT 1 FROM packet WHERE type = ?1")?.exists([kind])?
    {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("there is no type '{kind}'"))
        .hint("the feed has status, photo, comment, reaction, message and share"))
}

/// The newest row; 0 if there is none.
pub fn newest(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT ifnull(max(seq), 0) FROM packet", (), |row| row.get(0))?)
}

/// Up to which row the owner has read.
pub fn mark(db: &Connection) -> Result<i64> {
    let mark = db.query_row("SELECT value FROM account WHERE key = 'feed_mark'", (), |row| row.get(0));
    Ok(mark.optional()?.unwrap_or(0))
}

/// Moves the mark on; never back.
pub fn set_mark(db: &Transaction<'_>, seq: i64) -> Result<()> {
    db.execute(
        "INSERT INTO account (key, value) VALUES ('feed_mark', ?1)
         ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        [seq],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::About,
        store::{
            contacts::{self, State},
            named,
            sample::{self, ALICE, BOB, CAROL, NOW, at},
        },
    };

    fn texts(store: &crate::store::Store, query: &Query) -> Vec<String> {
        let rows = rows(store.read(), query, at(NOW)).unwrap();
        rows.iter().map(|seq| entry(store.read(), *seq, at(NOW)).unwrap().text).collect()
    }

    #[test]
    fn the_newest_are_shown_oldest_first() {
        let (_dir, mut store) = sample::store();
        for text in ["one", "two", "three"] {
            sample::hold(&mut store, &sample::status(ALICE, text));
        }
        assert_eq!(texts(&store, &Query { limit: Some(2), ..Query::default() }), ["two", "three"]);
        assert_eq!(texts(&store, &Query::default()).len(), 3);
    }

    #[test]
    fn what_expired_and_what_the_blocked_wrote_is_not_shown() {
        let (_dir, mut store) = sample::store();
        let mut old = sample::status(ALICE, "gone");
        old.expires = Some(at(NOW));
        sample::hold(&mut store, &old);
        sample::hold(&mut store, &sample::status(CAROL, "unwanted"));
        sample::hold(&mut store, &sample::status(ALICE, "kept"));
        let write = store.begin().unwrap();
        contacts::set_state(&write, CAROL, State::Blocked).unwrap();
        write.commit().unwrap();
        assert_eq!(texts(&store, &Query::default()), ["kept"]);
    }

    #[test]
    fn each_question_finds_its_own() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "root");
        let mut comment = sample::status(BOB, "comment");
        comment.kind = "comment".into();
        comment.thread = Some(root.name);
        comment.about = Some(About::Packet(root.name, None));
        sample::hold_at(&mut store, &root, NOW - 100);
        sample::hold_at(&mut store, &comment, NOW - 50);
        sample::hold_at(&mut store, &sample::status(ALICE, "other"), NOW);
        let only = |query: Query| texts(&store, &query);
        assert_eq!(only(Query { from: Some(ALICE), ..Query::default() }), ["root", "other"]);
        assert_eq!(only(Query { thread: Some(root.name), ..Query::default() }), ["root", "comment"]);
        let about = Some(named::find(store.read(), &root.name.id.to_string(), at(NOW)).unwrap());
        assert_eq!(only(Query { about, ..Query::default() }), ["comment"]);
        assert_eq!(only(Query { kind: Some("comment".into()), ..Query::default() }), ["comment"]);
        assert_eq!(only(Query { since: Some(at(NOW - 50)), ..Query::default() }), ["comment", "other"]);
        assert_eq!(only(Query { after: Some(2), ..Query::default() }), ["other"]);
        assert_eq!(only(Query { after: Some(1), before: Some(3), ..Query::default() }), ["comment"]);
        assert_eq!(only(Query { before: Some(3), limit: Some(1), ..Query::default() }), ["comment"]);
    }

    #[test]
    fn a_misspelt_type_is_told_from_one_that_nothing_has() {
        let (_dir, mut store) = sample::store();
        let mut poll = sample::status(ALICE, "Tea or coffee?");
        poll.kind = "poll".into();
        sample::hold(&mut store, &poll);
        for kind in ["photo", "org.example.chess", "poll"] {
            check_type(store.read(), kind).unwrap();
        }
        assert_eq!(check_type(store.read(), "statsu").unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn the_mark_never_moves_back() {
        let (_dir, mut store) = sample::store();
        assert_eq!(mark(store.read()).unwrap(), 0);
        for seq in [7, 5] {
            let write = store.begin().unwrap();
            set_mark(&write, seq).unwrap();
            write.commit().unwrap();
        }
        assert_eq!(mark(store.read()).unwrap(), 7);
    }
}
