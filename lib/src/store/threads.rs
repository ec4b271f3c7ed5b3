//! Packets put in order for people: a thread is in one piece, what answers something beneath that.

use crate::{Fingerprint, Result, packet::Name};
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};

/// A row of the feed in its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Row.
    pub seq: i64,
    /// How many others of its thread it hangs under.
    pub depth: usize,
}

/// Puts rows, oldest first, in order: the thread with the newest row is last, and in a thread each row follows what it
/// answers, older answers first. What it answers need not be among the rows: then it begins anew.
pub fn arrange(db: &Connection, rows: &[i64]) -> Result<Vec<Placed>> {
    let mut query = db.prepare_cached(
        "SELECT author, id, about_author, about_id, root_author, root_id FROM packet WHERE seq = ?1",
    )?;
    let mut here = HashMap::new();
    let mut answers: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
    let mut newest: HashMap<Name, usize> = HashMap::new();
    let mut tops = Vec::new();
    for (at, seq) in rows.iter().enumerate() {
        let (name, about, root) = query.query_row([seq], |row| {
            let name = |at| -> rusqlite::Result<Option<Name>> {
                let from: Option<Fingerprint> = row.get(at)?;
                Ok(from.zip(row.get(at + 1)?).map(|(from, id)| Name { from, id }))
            };
            Ok((Name { from: row.get(0)?, id: row.get(1)? }, name(2)?, name(4)?))
        })?;
        // A share is a root, though it is about something.
        let above = root.and(about).and_then(|about| here.get(&about)).copied();
        here.insert(name, *seq);
        let root = root.unwrap_or(name);
        newest.insert(root, at);
        if above.is_none() {
            tops.push((root, *seq));
        }
        answers.entry(above).or_default().push(*seq);
    }
    tops.sort_by_key(|(root, seq)| (newest.get(root).copied(), *seq));
    let mut left: Vec<Placed> = tops.iter().rev().map(|(_, seq)| Placed { seq: *seq, depth: 0 }).collect();
    let mut placed = Vec::with_capacity(rows.len());
    while let Some(next) = left.pop() {
        placed.push(next);
        let beneath = answers.get(&Some(next.seq)).map_or(&[][..], Vec::as_slice);
        left.extend(beneath.iter().rev().map(|seq| Placed { seq: *seq, depth: next.depth + 1 }));
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::{About, Packet},
        store::sample::{self, ALICE, BOB, CAROL},
    };

    fn comment(from: Fingerprint, on: &Packet) -> Packet {
        let mut comment = sample::status(from, "");
        comment.kind = "comment".into();
        comment.thread = Some(on.root());
        comment.about = Some(About::Packet(on.name, None));
        comment
    }

    #[test]
    fn answers_follow_what_they_answer_and_the_newest_thread_is_last() {
        let (_dir, mut store) = sample::store();
        let first = sample::status(ALICE, "");
        let second = sample::status(BOB, "");
        let early = comment(CAROL, &first);
        let late = comment(BOB, &first);
        let deeper = comment(ALICE, &early);
        let mut share = sample::status(CAROL, "");
        share.about = Some(About::Packet(first.name, None));
        let rows = [&first, &second, &early, &share, &late, &deeper].map(|it| sample::hold(&mut store, it));
        let places = |rows: &[i64]| -> Vec<(i64, usize)> {
            arrange(store.read(), rows).unwrap().iter().map(|it| (it.seq, it.depth)).collect()
        };
        assert_eq!(places(&rows), [(2, 0), (4, 0), (1, 0), (3, 1), (6, 2), (5, 1)]);
        // Without its root, what is left of a thread stays together.
        assert_eq!(places(&[2, 3, 4, 5, 6]), [(2, 0), (4, 0), (3, 0), (6, 1), (5, 0)]);
    }

    #[test]
    fn each_row_is_there_once_even_in_a_circle() {
        let (_dir, mut store) = sample::store();
        let mut one = sample::status(ALICE, "");
        let two = comment(BOB, &one);
        one.about = Some(About::Packet(two.name, None));
        one.thread = Some(two.name);
        let mut own = sample::status(CAROL, "");
        own.about = Some(About::Packet(own.name, None));
        own.thread = Some(own.name);
        let rows = [&one, &two, &own].map(|it| sample::hold(&mut store, it));
        let mut placed: Vec<_> = arrange(store.read(), &rows).unwrap().iter().map(|it| it.seq).collect();
        placed.sort_unstable();
        assert_eq!(placed, rows);
    }
}
