//! What the owner does not want to see: people they blocked or muted, and words. It is applied when the feed is read, over
//! whole threads: what hangs under something hidden, or shares it, is hidden with it, whoever wrote it and whoever
//! brought it. Nothing is deleted, so that a person who is unmuted was never away.

use super::contacts;
use crate::{Fingerprint, Result, packet::Name};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use std::collections::{HashMap, HashSet};
use unicode_segmentation::UnicodeSegmentation;

/// Packets that one is followed up through, at most: what hangs deeper is judged by what is near.
const STEPS: usize = 100;

/// Why something is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By somebody blocked, or hanging under what they said.
    Blocked,
    /// By somebody muted.
    Muted,
    /// A word of the settings is in it.
    Word,
}

impl Why {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Muted => "muted",
            Self::Word => "word",
        }
    }
}

/// People and words.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    people: HashMap<Fingerprint, Why>,
    words: Vec<String>,
}

/// A packet, as far as the filter looks at it.
struct Seen {
    author: Fingerprint,
    /// The packet it is about, and the root of its thread.
    above: [Option<Name>; 2],
    text: String,
    own: bool,
}

/// Columns of [`Seen`], up to the condition. What is by a key of the owner, and nobody brought it, is theirs.
macro_rules! seen {
    () => {
        "SELECT author, about_author, about_id, root_author, root_id, text,
           through IS NULL AND EXISTS (SELECT 1 FROM own_key WHERE fingerprint = author) AS own
         FROM packet WHERE "
    };
}
impl Filter {
    /// The blocked and the muted of an account, and `words` of its settings.
    pub fn load(db: &Connection, words: &[String]) -> Result<Self> {
        let mut people = HashMap::new();
        for (sql, why) in [
            (
                "SELECT who FROM muted UNION
                 SELECT former.fingerprint FROM muted JOIN contact ON contact.fingerprint = who
                     JOIN former ON former.contact = contact.id",
                Why::Muted,
            ),
            (
                "SELECT person.fingerprint FROM person JOIN contact ON contact.id = contact WHERE state = 'blocked'",
                Why::Blocked,
            ),
        ] {
            let mut query = db.prepare(sql)?;
            for who in query.query_map((), |row| row.get(0))? {
                people.insert(who?, why);
            }
        }
        Ok(Self { people, words: words.iter().map(|word| folded(word)).collect() })
    }

    /// Whether it hides nothing at all.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.words.is_empty()
    }

    /// Why the packet in a row is hidden: it itself, what it is about, the root of its thread, what those are about, and so
    /// on. What is about itself in a circle is looked at once.
    pub fn hides(&self, db: &Connection, seq: i64) -> Result<Option<Why>> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut by_name = db.prepare_cached(concat!(seen!(), "author = ?1 AND id = ?2"))?;
        let mut by_row = db.prepare_cached(concat!(seen!(), "seq = ?1"))?;
        let mut here = by_row.query_row([seq], seen).optional()?;
        let mut known = HashSet::new();
        let mut above = Vec::new();
        loop {
            if let Some(seen) = here {
                if let Some(why) = self.judge(&seen) {
                    return Ok(Some(why));
                }
                above.extend(seen.above.into_iter().flatten().filter(|name| known.insert(*name)));
            }
            if known.len() > STEPS {
                return Ok(None);
            }
            let Some(name) = above.pop() else { return Ok(None) };
            // It need not be here to be known by its author.
            if let Some(why) = self.people.get(&name.from) {
                return Ok(Some(*why));
            }
            here = by_name.query_row((name.from, name.id), seen).optional()?;
        }
    }

    fn judge(&self, seen: &Seen) -> Option<Why> {
        if let Some(why) = self.people.get(&seen.author) {
            return Some(*why);
        }
        // Who minds a word may say it.
        let spoken = !self.words.is_empty() && !seen.own && !seen.text.is_empty();
        let text = if spoken { folded(&seen.text) } else { return None };
        self.words.iter().any(|word| text.contains(word.as_str())).then_some(Why::Word)
    }
}

fn seen(row: &Row<'_>) -> rusqlite::Result<Seen> {
    let name = |author: &str, id: &str| -> rusqlite::Result<Option<Name>> {
        let from: Option<Fingerprint> = row.get(author)?;
        Ok(from.zip(row.get(id)?).map(|(from, id)| Name { from, id }))
    };
    Ok(Seen {
        author: row.get("author")?,
        above: [name("about_author", "about_id")?, name("root_author", "root_id")?],
        text: row.get("text")?,
        own: row.get("own")?,
    })
}

/// The words of a text (Unicode's annex 29), one space around each, upper and lower case alike.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::from(" ");
    for word in text.unicode_words() {
        // Through upper case, so that `ß` is `ss`; one character at a time, so that a sigma is one wherever it stands.
        folded.extend(word.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
        folded.push(' ');
    }
    folded
}

/// Shows nothing of somebody from now on, whoever they are, and by whichever of their keys they are named; or everything
/// again.
pub fn mute(db: &Transaction<'_>, who: Fingerprint, muted: bool) -> Result<()> {
    let who = contacts::by_fingerprint(db, who)?.map_or(who, |known| known.fingerprint);
    let sql = match muted {
        true => "INSERT OR IGNORE INTO muted (who) VALUES (?1)",
        false => "DELETE FROM muted WHERE who = ?1",
    };
    db.execute(sql, [who])?;
    Ok(())
}

/// Everybody who is muted, and their petname if they have one.
pub fn muted(db: &Connection) -> Result<Vec<(Fingerprint, Option<String>)>> {
    let mut query = db.prepare(
        "SELECT who, petname FROM muted LEFT JOIN contact ON fingerprint = who ORDER BY petname, who",
    )?;
    let rows = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::{About, Packet},
        store::{
            Store,
            contacts::State,
            sample::{self, ALICE, BOB, CAROL, ME},
        },
    };

    fn comment(from: Fingerprint, on: &Packet, text: &str) -> Packet {
        let mut comment = sample::status(from, text);
        comment.kind = "comment".into();
        comment.thread = Some(on.root());
        comment.about = Some(About::Packet(on.name, None));
        comment
    }

    fn change(store: &mut Store, work: impl FnOnce(&Transaction<'_>) -> Result<()>) {
        let db = store.begin().unwrap();
        work(&db).unwrap();
        db.commit().unwrap();
    }

    fn why(store: &Store, words: &[&str], seq: i64) -> Option<Why> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Filter::load(store.read(), &words).unwrap().hides(store.read(), seq).unwrap()
    }

    #[test]
    fn what_hangs_under_the_hidden_is_hidden_however_deep() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "root");
        let first = comment(CAROL, &root, "first");
        let second = comment(BOB, &first, "second");
        let third = comment(ALICE, &second, "third");
        let other = comment(BOB, &root, "other");
        let rows: Vec<i64> =
            [&root, &first, &second, &third, &other].map(|it| sample::hold(&mut store, it)).into();
        change(&mut store, |db| mute(db, CAROL, true));
        let seen: Vec<_> = rows.iter().map(|seq| why(&store, &[], *seq)).collect();
        assert_eq!(seen, [None, Some(Why::Muted), Some(Why::Muted), Some(Why::Muted), None]);
        change(&mut store, |db| {
            mute(db, CAROL, false)?;
            contacts::set_state(db, ALICE, State::Blocked)
        });
        assert!(rows.iter().all(|seq| why(&store, &[], *seq) == Some(Why::Blocked)), "it is all her thread");
    }

    #[test]
    fn what_never_came_is_known_by_its_author() {
        let (_dir, mut store) = sample::store();
        let lost = sample::status(CAROL, "lost");
        let reply = sample::hold(&mut store, &comment(BOB, &lost, "reply"));
        change(&mut store, |db| mute(db, CAROL, true));
        assert_eq!(why(&store, &[], reply), Some(Why::Muted));
    }

    #[test]
    fn a_circle_and_a_long_chain_end() {
        let (_dir, mut store) = sample::store();
        let mut one = sample::status(ALICE, "one");
        let mut two = comment(BOB, &one, "two");
        one.about = Some(About::Packet(two.name, None));
        two.thread = Some(two.name);
        let rows = [&one, &two].map(|it| sample::hold(&mut store, it));
        change(&mut store, |db| mute(db, CAROL, true));
        assert_eq!(rows.map(|seq| why(&store, &[], seq)), [None, None]);
        let mut above = sample::status(ALICE, "root");
        let mut last = sample::hold(&mut store, &above);
        for _ in 0..3 * STEPS {
            above = comment(BOB, &above, "deeper");
            last = sample::hold(&mut store, &above);
        }
        assert_eq!(why(&store, &[], last), None);
    }

    #[test]
    fn words_are_whole_and_know_no_case() {
        let (_dir, mut store) = sample::store();
        let says = |store: &mut Store, text: &str| sample::hold(store, &sample::status(ALICE, text));
        let words = ["Football", "world cup", "STRASSE", "足球"];
        for text in ["football!", "#FOOTBALL", "the World\n Cup is on", "Meine Straße", "我喜欢足球。"]
        {
            let seq = says(&mut store, text);
            assert_eq!(why(&store, &words, seq), Some(Why::Word), "{text}");
        }
        for text in ["footballs", "a cup of the world", "strassen", "foot ball", ""] {
            let seq = says(&mut store, text);
            assert_eq!(why(&store, &words, seq), None, "{text}");
        }
    }

    #[test]
    fn the_owner_may_say_what_they_do_not_want_to_hear() {
        let (_dir, mut store) = sample::store();
        let own = sample::status(ME, "No football here.");
        let seq = sample::hold(&mut store, &own);
        assert_eq!(why(&store, &["football"], seq), None);
    }
}
