//! The feed as it is read: which packets; `entry.rs` has what a person wants to know of each, `packets.rs` the writing side.
//!
//! Rowid order is feed order, so that the newest fifty cost the same whatever else is held. What has expired is not
//! shown, even before it is deleted, and neither is what `filter.rs` hides. Of what was taken back it is told that it was
//! there, if somebody answered it.

mod entry;

pub use entry::{Attachment, DeliveryCount, Entry, Gone, Person, Reference, entry};

use super::{
    filter::Filter,
    former::KEYS_OF_AUTHOR,
    named::{self, Named},
    words,
};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{Class, Name},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction};

/// Of more that are found by their words, the newest so many are compared: a word that is in every second packet would
/// have each of them weighed.
const WEIGHED: u32 = 1000;

/// Which packets.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The newest so many.
    pub limit: Option<u32>,
    /// Rows after this one.
    pub after: Option<i64>,
    /// Rows before this one.
    pub before: Option<i64>,
    /// Received since.
    pub since: Option<Timestamp>,
    /// By this author, under whatever key.
    pub from: Option<Fingerprint>,
    /// A root and what belongs to it.
    pub thread: Option<Name>,
    /// About this packet.
    pub about: Option<Named>,
    /// With these words, the best last.
    pub sought: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// What is kept quietly too.
    pub quiet: bool,
    /// What is not shown; without it, what blocked and muted people have to do with.
    pub filter: Option<Filter>,
}

/// Rows of the feed: the newest last, or what has most of the words that are sought.
pub fn rows(db: &Connection, query: &Query, now: Timestamp) -> Result<Vec<i64>> {
    let now = now.as_second();
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let since = query.since.map(Timestamp::as_second);
    let sought = query.sought.as_deref().map(words::expression).transpose()?;
    let mut sql = String::from(match sought {
        None => "SELECT seq FROM packet WHERE true",
        Some(_) => {
            "SELECT seq FROM (SELECT seq, bm25(packet_text) AS distance
               FROM packet_text CROSS JOIN packet ON seq = packet_text.rowid WHERE packet_text MATCH :sought"
        }
    });
    sql += match query.quiet {
        true => " AND state <> 'expired'",
        false => " AND state NOT IN ('quiet', 'expired')",
    };
    sql += "
           AND (state NOT IN ('retracted', 'removed') OR EXISTS (
             SELECT 1 FROM packet AS answer WHERE answer.about_id = packet.id AND answer.about_author = packet.author
               AND answer.state = 'feed' AND answer.root_id IS NOT NULL))
           AND (expires IS NULL OR expires > :now)";
    let mut values: Vec<(&str, &dyn ToSql)> = vec![(":now", &now)];
    if let Some(after) = &query.after {
        sql += " AND seq > :after";
        values.push((":after", after));
    }
    if let Some(before) = &query.before {
        sql += " AND seq < :before";
        values.push((":before", before));
    }
    if let Some(since) = &since {
        // Rows come in the order of their receipt: going back, the first one that is older ends the search.
        sql += " AND seq > ifnull((SELECT seq FROM packet WHERE received < :since ORDER BY seq DESC LIMIT 1), 0)";
        values.push((":since", since));
    }
    let keys = query.from.map(|author| named::keys(db, author)).transpose()?;
    match (keys.as_deref(), &query.from) {
        (None, _) | (_, None) => {}
        // Of one key, which most people have, an index knows the rows in their order.
        (Some([only]), _) => {
            sql += " AND author = :author";
            values.push((":author", only));
        }
        (Some(_), Some(author)) => {
            sql += &format!(" AND author IN ({KEYS_OF_AUTHOR})");
            values.push((":author", author));
        }
    }
    if let Some(root) = &query.thread {
        sql += " AND (root_id = :root AND root_author = :by OR id = :root AND author = :by)";
        values.extend([(":root", &root.id as &dyn ToSql), (":by", &root.from)]);
    }
    if let Some(about) = &query.about {
        // In its thread, or a share of it: for both there is an index.
        sql += " AND (root_id = :its_root AND root_author = :its_root_by OR type = 'share')
                 AND about_id = :about AND about_author = :about_by";
        values.extend([(":its_root", &about.root.id as &dyn ToSql), (":its_root_by", &about.root.from)]);
        values.extend([(":about", &about.name.id as &dyn ToSql), (":about_by", &about.name.from)]);
    }
    if let Some(kind) = &query.kind {
        sql += " AND type = :type";
        values.push((":type", kind));
    }
    if let Some(sought) = &sought {
        // By this name of the row, FTS5 itself goes back from the newest: nothing beyond the last one is weighed.
        sql += " ORDER BY packet_text.rowid DESC LIMIT :weighed) ORDER BY distance, seq DESC";
        values.extend([(":sought", sought as &dyn ToSql), (":weighed", &WEIGHED)]);
    } else {
        sql += " ORDER BY seq DESC";
    }
    let filter = query.filter.clone().map_or_else(|| Filter::load(db, &[]), Ok)?;
    let mut newest = db.prepare(&sql)?;
    let mut found = newest.query(values.as_slice())?;
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
