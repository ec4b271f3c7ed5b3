//! What has changed in the feed since somebody drew it elsewhere, and what else shows a packet: its thread, what answers
//! it, shares of it. Triggers of the schema keep the list, so that no writer need think of it.

use super::time;
use crate::{
    Fingerprint, Result,
    packet::{Class, Name},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params};

/// A packet that is, or was, shown, for itself or by what shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Row.
    pub seq: i64,
    /// Its name.
    pub name: Name,
    /// The root of its thread; itself when it is one.
    pub root: Name,
}

/// The latest change; 0 if there was none.
pub fn latest(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT ifnull(max(n), 0) FROM touched", (), |row| row.get(0))?)
}

/// Rows that look different since the change `n`.
pub fn since(db: &Connection, n: i64) -> Result<Vec<i64>> {
    rows(db, "SELECT packet FROM touched WHERE n > ?1", [n])
}

/// Rows whose time was over after `then`, and by `now`, and that nobody has deleted yet: that is a change like others.
pub fn expired(db: &Connection, then: Timestamp, now: Timestamp) -> Result<Vec<i64>> {
    // With the words of the index.
    let sql = "SELECT seq FROM packet WHERE expires > ?1 AND expires <= ?2
               AND state NOT IN ('retracted', 'removed', 'expired')";
    rows(db, sql, (then.as_second(), now.as_second()))
}

/// A row. One that is kept quietly may be what a share shows.
pub fn shown(db: &Connection, seq: i64) -> Result<Option<Shown>> {
    let mut query = db.prepare_cached(
        "SELECT author, id, ifnull(root_author, author), ifnull(root_id, id) FROM packet WHERE seq = ?1",
    )?;
    let shown = query.query_row([seq], |row| {
        Ok(Shown {
            seq,
            name: Name { from: row.get(0)?, id: row.get(1)? },
            root: Name { from: row.get(2)?, id: row.get(3)? },
        })
    });
    Ok(shown.optional()?)
}

/// What answers a packet, or did.
pub fn answers(db: &Connection, name: Name) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM packet
               WHERE about_id = ?1 AND about_author = ?2 AND state = 'feed' AND root_id IS NOT NULL";
    rows(db, sql, (name.id, name.from))
}

/// What a packet is about and is gone: that is shown while somebody answers it, as one line.
pub fn gone(db: &Connection, answer: i64) -> Result<Vec<i64>> {
    let sql = "SELECT gone.seq FROM packet CROSS JOIN packet AS gone
                 ON gone.id = packet.about_id AND gone.author = packet.about_author
               WHERE packet.seq = ?1 AND gone.state NOT IN ('feed', 'unknown', 'quiet')";
    rows(db, sql, [answer])
}

/// Shares of a packet.
pub fn shares(db: &Connection, name: Name) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM packet WHERE type = 'share' AND about_id = ?1 AND about_author = ?2";
    rows(db, sql, (name.id, name.from))
}

/// What a share carries, or did.
pub fn carried(db: &Connection, share: i64) -> Result<Vec<i64>> {
    let sql = "SELECT carried.seq FROM packet CROSS JOIN packet AS carried
                 ON carried.id = packet.about_id AND carried.author = packet.about_author
               WHERE packet.seq = ?1 AND packet.type = 'share'";
    rows(db, sql, [share])
}

/// All that belongs to the thread of a root, without the root.
pub fn thread(db: &Connection, root: Name) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM packet WHERE root_id = ?1 AND root_author = ?2 AND state <> 'quiet'";
    rows(db, sql, (root.id, root.from))
}

/// Whether a root has an answer, reactions among them.
pub fn has_answers(db: &Connection, root: Name) -> Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT 1 FROM packet WHERE root_id = ?1 AND root_author = ?2 AND state IN ('feed', 'unknown')",
    )?;
    Ok(query.exists((root.id, root.from))?)
}

/// Comments in the thread of a root.
pub fn comments(db: &Connection, root: Name) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM packet WHERE root_id = ?1 AND root_author = ?2 AND state = 'feed'
               AND type = 'comment'";
    rows(db, sql, (root.id, root.from))
}

/// The roots of all threads in which somebody answered, each once.
pub fn roots(db: &Connection) -> Result<Vec<Name>> {
    let mut query = db.prepare(
        "SELECT DISTINCT root_id, root_author FROM packet WHERE root_id IS NOT NULL AND state <> 'quiet'",
    )?;
    let names = query.query_map((), |row| Ok(Name { id: row.get(0)?, from: row.get(1)? }))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Every key by which something was written that is shown.
pub fn authors(db: &Connection) -> Result<Vec<Fingerprint>> {
    let mut query = db.prepare("SELECT DISTINCT author FROM packet WHERE state IN ('feed', 'unknown')")?;
    Ok(query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether somebody wrote, under one key, anything that is shown.
pub fn is_author(db: &Connection, who: Fingerprint) -> Result<bool> {
    let mut query =
        db.prepare_cached("SELECT 1 FROM packet WHERE author = ?1 AND state IN ('feed', 'unknown')")?;
    Ok(query.exists([who])?)
}

/// Gives `take` each row after one, in order, that is or may have been shown, when it came, and the bytes of its text. What it
/// is tells, not its state: that of one that a share brought, and that is taken back, changes.
pub fn each(db: &Connection, after: i64, mut take: impl FnMut(i64, Timestamp, u64)) -> Result<()> {
    let mut query = db.prepare(
        "SELECT seq, received, octet_length(text), type, state = 'unknown' FROM packet WHERE seq > ?1 ORDER BY seq",
    )?;
    let mut rows = query.query([after])?;
    while let Some(row) = rows.next()? {
        let kind = Class::of(row.get_ref(3)?.as_str().unwrap_or_default());
        if matches!(kind, Class::Words | Class::Sign | Class::Unknown) || row.get(4)? {
            take(row.get(0)?, time(row.get(1)?)?, row.get(2)?);
        }
    }
    Ok(())
}

/// The newest rows by somebody, under one key, oldest first: by id, which begins with the time (RFC 9562 section 5.7).
pub fn newest_by(db: &Connection, author: Fingerprint, limit: u32, now: Timestamp) -> Result<Vec<i64>> {
    let sql = "SELECT seq FROM packet WHERE author = ?1 AND state IN ('feed', 'unknown')
                 AND (expires IS NULL OR expires > ?3) ORDER BY id DESC LIMIT ?2";
    let mut newest = rows(db, sql, (author, limit, now.as_second()))?;
    newest.reverse();
    Ok(newest)
}

/// Bytes of a row's text.
pub fn bytes(db: &Connection, seq: i64) -> Result<u64> {
    Ok(db
        .prepare_cached("SELECT octet_length(text) FROM packet WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?)
}

fn rows(db: &Connection, sql: &str, values: impl Params) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached(sql)?;
    Ok(query.query_map(values, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        packets,
        sample::{self, ALICE, BOB, NOW, at},
    };

    #[test]
    fn who_reads_on_sees_each_change_once() {
        let (_dir, mut store) = sample::store();
        let first = sample::hold(&mut store, &sample::status(ALICE, "one"));
        let second = sample::hold(&mut store, &sample::status(ALICE, "two"));
        assert_eq!(latest(store.read()).unwrap(), 0);
        let write = store.begin().unwrap();
        for seq in [first, second, first] {
            write.execute("UPDATE packet SET edited = 1 WHERE seq = ?1", [seq]).unwrap();
        }
        write.commit().unwrap();
        assert_eq!(since(store.read(), 0).unwrap(), [second, first]);
        assert!(since(store.read(), latest(store.read()).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn a_photograph_that_has_come_is_a_change() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(BOB, "");
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32], [2; 32]]));
        let seq = sample::hold(&mut store, &photo);
        let write = store.begin().unwrap();
        packets::chunk_is_here(&write, &[2; 32], 1).unwrap();
        let n = latest(&write).unwrap();
        assert_eq!(since(&write, 0).unwrap(), [seq]);
        packets::chunk_is_here(&write, &[2; 32], 1).unwrap();
        assert_eq!(latest(&write).unwrap(), n, "it was here before");
    }

    #[test]
    fn what_a_packet_is_shown_with() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "root");
        let mut comment = sample::status(BOB, "comment");
        comment.kind = "comment".into();
        comment.thread = Some(root.name);
        comment.about = Some(crate::packet::About::Packet(root.name, None));
        comment.expires = Some(at(NOW + 10));
        let [_, answer] = [&root, &comment].map(|packet| sample::hold(&mut store, packet));
        let db = store.read();
        let found = shown(db, answer).unwrap().unwrap();
        assert_eq!((found.name, found.root), (comment.name, root.name));
        assert_eq!(answers(db, root.name).unwrap(), [answer]);
        assert_eq!(thread(db, root.name).unwrap(), [answer]);
        assert_eq!(roots(db).unwrap(), [root.name]);
        assert!(has_answers(db, root.name).unwrap() && !has_answers(db, comment.name).unwrap());
        assert_eq!(expired(db, at(NOW), at(NOW + 10)).unwrap(), [answer]);
        assert!(expired(db, at(NOW + 10), at(NOW + 20)).unwrap().is_empty());
    }
}
