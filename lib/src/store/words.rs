//! Packets found by their words. FTS5 keeps the words, apart from each other as Unicode's annex 29 parts them: where
//! writing has no spaces each character is a word, and a word of several is found as a phrase.

use super::{filter::folded, packets::CARRIED, touched};
use crate::{Error, Kind, Result, packet::Name};
use rusqlite::{Connection, Transaction};

/// Words that are looked for at once, at most.
const MOST: usize = 64;

/// Has the words of a packet that is shown, and of what is said to be seen in its files, entered as the transaction ends:
/// FTS5 writes out all it holds at each savepoint, which for thousands of packets costs as much as all else.
pub(super) fn add(db: &Transaction<'_>, seq: i64) -> Result<()> {
    db.prepare_cached("INSERT OR IGNORE INTO unsearched (packet) VALUES (?1)")?.execute([seq])?;
    Ok(())
}

/// Takes the words of a packet out again.
pub(super) fn remove(db: &Connection, seq: i64) -> Result<()> {
    if db.prepare_cached("DELETE FROM unsearched WHERE packet = ?1")?.execute([seq])? == 0 {
        db.prepare_cached("DELETE FROM packet_text WHERE rowid = ?1")?.execute([seq])?;
    }
    Ok(())
}

/// Has the words of what shares a packet entered anew, among which are the packet's.
pub(super) fn renew_shares(db: &Transaction<'_>, name: Name) -> Result<()> {
    for share in touched::shares(db, name)? {
        remove(db, share)?;
        add(db, share)?;
    }
    Ok(())
}

/// Enters what this transaction added.
pub(super) fn enter(db: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut words = db.prepare_cached(&format!(
        "SELECT packet.seq, packet.text
           || ' ' || ifnull((SELECT group_concat(alt, ' ') FROM attachment WHERE attachment.packet = packet.seq), '')
           || ' ' || ifnull(carried.text, '')
           || ' ' || ifnull((SELECT group_concat(alt, ' ') FROM attachment WHERE attachment.packet = carried.seq), '')
         FROM unsearched CROSS JOIN packet ON packet.seq = unsearched.packet LEFT JOIN packet AS carried ON {CARRIED}
         WHERE packet.state IN ('feed', 'unknown')"
    ))?;
    let mut enter = db.prepare_cached("INSERT INTO packet_text (rowid, text) VALUES (?1, ?2)")?;
    let mut added = words.query(())?;
    while let Some(row) = added.next()? {
        enter.execute((row.get::<_, i64>(0)?, folded(row.get_ref(1)?.as_str()?)))?;
    }
    // Row by row: a table that is empty stays as it is.
    db.prepare_cached("DELETE FROM unsearched WHERE true")?.execute(())?;
    Ok(())
}

/// What a person looks for, as FTS5 has it. Everything is quoted: to FTS5 no word of theirs is more than a word. One that
/// ends in `*` stands for all that begin so. [`Kind::Usage`]: there is no word in it, or too many.
pub(super) fn expression(sought: &str) -> Result<String> {
    let phrase = |word: &str| {
        // An abbreviation in Hebrew is one word with a quotation mark in it.
        let words = folded(word).trim().replace('"', "\"\"");
        let all = if word.ends_with('*') { "*" } else { "" };
        (!words.is_empty()).then(|| format!("\"{words}\"{all}"))
    };
    let phrases: Vec<_> = sought.split_whitespace().filter_map(phrase).collect();
    match phrases.len() {
        0 => Err(Error::new(Kind::Usage, format!("'{sought}' has no word in it"))),
        1..=MOST => Ok(phrases.join(" ")),
        _ => Err(Error::new(Kind::Usage, format!("at most {MOST} words can be looked for"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::Packet,
        store::{
            Store, feed,
            sample::{self, ALICE, BOB, NOW, at},
        },
    };
    use proptest::prelude::*;

    fn said(store: &mut Store, text: &str) -> Packet {
        let packet = sample::status(ALICE, text);
        sample::hold(store, &packet);
        packet
    }

    fn found(store: &Store, sought: &str) -> Vec<String> {
        let query = feed::Query { sought: Some(sought.into()), ..feed::Query::default() };
        let rows = feed::rows(store.read(), &query, at(NOW)).unwrap();
        rows.iter().map(|seq| feed::entry(store.read(), *seq, at(NOW)).unwrap().text).collect()
    }

    #[test]
    fn words_of_any_language_are_found_however_they_are_written() {
        let (_dir, mut store) = sample::store();
        for (text, sought) in [
            ("Über die Straße", "uber STRASSE"),
            ("Un café à Genève", "cafe geneve"),
            ("Привет из гор", "ПРИВЕТ"),
            ("我喜欢足球。", "足球"),
            ("東京タワーへ行った", "東京 タワー"),
            ("ไปเที่ยวภูเขา", "ภูเขา"),
            ("안녕하세요 여러분", "여러분"),
            ("שלום מצה\"ל", "מצה\"ל"),
            ("don't", "don't"),
            ("the hills", "hil*"),
        ] {
            said(&mut store, text);
            assert_eq!(found(&store, sought), [text], "{sought}");
        }
        for sought in ["hil", "球足", "nothing"] {
            assert!(found(&store, sought).is_empty(), "{sought}");
        }
    }

    #[test]
    fn what_is_to_be_seen_is_found_and_what_is_gone_is_not() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(BOB, "Look");
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        let seq = sample::hold(&mut store, &photo);
        assert_eq!(found(&store, "red sky"), ["Look"]);
        let write = store.begin().unwrap();
        remove(&write, seq).unwrap();
        write.commit().unwrap();
        assert!(found(&store, "red sky").is_empty());
    }

    #[test]
    fn a_share_is_found_by_what_it_carries() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(ALICE, "Bring a chair");
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        sample::hold_quiet(&mut store, &photo, BOB, NOW);
        sample::hold(&mut store, &sample::share(BOB, &photo, "Look!"));
        for sought in ["chair", "red sky", "look chair sky"] {
            assert_eq!(found(&store, sought), ["Look!"], "{sought}");
        }
    }

    #[test]
    fn the_best_is_last_and_of_equals_the_newest() {
        let (_dir, mut store) = sample::store();
        for text in ["ridge ridge", "the ridge seen from far away on a day of rain", "ridge ridge"] {
            said(&mut store, text);
        }
        let rows = |limit| {
            let query = feed::Query { sought: Some("ridge".into()), limit, ..feed::Query::default() };
            feed::rows(store.read(), &query, at(NOW)).unwrap()
        };
        assert_eq!((rows(None), rows(Some(1))), (vec![2, 1, 3], vec![3]));
    }

    #[test]
    fn what_fts5_would_obey_is_only_words() {
        let (_dir, mut store) = sample::store();
        said(&mut store, "text NOT near OR ridge AND col");
        for (sought, there) in [
            ("text:ridge", 0),
            ("NOT", 1),
            ("OR", 1),
            ("NEAR( text ridge )", 1),
            ("\"ridge", 1),
            ("ridge\"\"", 1),
            ("(ridge)", 1),
            ("^text", 1),
            ("-ridge", 1),
            ("{text}: ridge", 1),
            ("ridge + col", 1),
            ("ridge OR nothing", 0),
            ("ridge'; DROP TABLE packet; --", 0),
        ] {
            assert_eq!(found(&store, sought).len(), there, "{sought}");
        }
        for sought in ["", " ", "\"\"", "*", "()"] {
            assert_eq!(expression(sought).unwrap_err().kind(), Kind::Usage, "{sought}");
        }
        assert_eq!(expression(&"a ".repeat(MOST + 1)).unwrap_err().kind(), Kind::Usage);
    }

    proptest! {
        #[test]
        fn no_words_are_an_error_to_fts5(sought in "[ -~א\"*^:(){}+-]{1,40}|\\PC{1,40}") {
            if let Ok(expression) = expression(&sought) {
                let db = Connection::open_in_memory().unwrap();
                db.execute("CREATE VIRTUAL TABLE packet_text USING fts5 (text)", ()).unwrap();
                let mut query = db.prepare("SELECT 1 FROM packet_text WHERE packet_text MATCH ?1").unwrap();
                prop_assert_eq!(query.exists([expression]), Ok(false));
            }
        }
    }
}
