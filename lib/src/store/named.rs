//! A packet that a person points at, and the files that go with it.

use super::{contacts, former::KEYS_OF_AUTHOR};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{Attachment, Content, Digest, Name},
};
use jiff::Timestamp;
use rusqlite::{Connection, named_params};

/// Hexadecimal digits at the end of an id that may stand for the whole, at least. Version 7 ids begin with the time, so
/// that their beginnings are alike.
const SHORTEST_ENDING: usize = 6;

/// A packet that a person pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Row.
    pub seq: i64,
    /// Its name.
    pub name: Name,
    /// The root of the thread it belongs to; itself when it is one.
    pub root: Name,
    /// SHA-256 of its XML.
    pub digest: Digest,
}

/// The packet that an id names: whole, or its last six hexadecimal digits or more; with `AUTHOR/` before it, one by that
/// author. [`Kind::Nothing`]: there is none. [`Kind::Usage`]: there are several, or it is no id.
pub fn find(db: &Connection, word: &str, now: Timestamp) -> Result<Named> {
    let (author, id) = match word.rsplit_once('/') {
        Some((author, id)) => (Some(person(db, author)?), id),
        None => (None, word),
    };
    let ending = id.replace('-', "").to_ascii_uppercase();
    let digits = ending.len();
    if !(SHORTEST_ENDING..=32).contains(&digits) || !ending.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::new(Kind::Usage, format!("'{word}' is no id of a packet"))
            .hint("an id is given whole, or by its last 6 digits or more, as sn-feed shows them"));
    }
    let mut query = db.prepare(&format!(
        "SELECT seq, author, id, ifnull(root_author, author), ifnull(root_id, id), digest FROM packet
         WHERE seq IN (SELECT seq FROM packet WHERE substr(hex(id), -:digits) = :ending)
           AND (:author IS NULL OR author IN ({KEYS_OF_AUTHOR})) AND (expires IS NULL OR expires > :now) LIMIT 10",
    ))?;
    let values = named_params! {
        ":digits": digits, ":ending": ending, ":author": author, ":now": now.as_second()
    };
    let found = query.query_map(values, |row| {
        Ok(Named {
            seq: row.get(0)?,
            name: Name { from: row.get(1)?, id: row.get(2)? },
            root: Name { from: row.get(3)?, id: row.get(4)? },
            digest: row.get(5)?,
        })
    })?;
    match found.collect::<rusqlite::Result<Vec<_>>>()?.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::new(Kind::Nothing, format!("no packet '{word}' is here"))
            .hint("sn-feed shows what is here, with its id")),
        several => {
            let names = several.iter().map(|one| format!("{}/{}", one.name.from, one.name.id));
            Err(Error::new(Kind::Usage, format!("'{word}' is the id of several packets"))
                .hint(format!("it is one of {}", names.collect::<Vec<_>>().join(", "))))
        }
    }
}

/// A contact, or anybody by fingerprint: the owner is no contact.
pub fn person(db: &Connection, word: &str) -> Result<Fingerprint> {
    word.parse().or_else(|_| contacts::find(db, word).map(|contact| contact.fingerprint))
}

/// As [`person`], or whoever wrote something here, by the beginning of their fingerprint as the feed shows it: for reading,
/// as nothing may be sealed to somebody who is named by so little. [`Kind::Usage`]: there are several.
pub fn author(db: &Connection, word: &str) -> Result<Fingerprint> {
    let known = person(db, word);
    if known.is_ok() || word.len() != Fingerprint::SHORT_LENGTH {
        return known;
    }
    let mut query = db.prepare("SELECT DISTINCT author FROM packet")?;
    let authors = query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<Vec<Fingerprint>>>()?;
    let mut alike = authors.into_iter().filter(|author| author.short() == word);
    match (alike.next(), alike.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => known,
        (Some(_), Some(_)) => {
            Err(Error::new(Kind::Usage, format!("the fingerprints of several begin with '{word}'"))
                .hint("sn-feed --json has them whole"))
        }
    }
}

/// Every key that somebody has or had.
pub fn keys(db: &Connection, who: Fingerprint) -> Result<Vec<Fingerprint>> {
    let mut query = db.prepare_cached(KEYS_OF_AUTHOR)?;
    let keys = query.query_map(named_params! { ":author": who }, |row| row.get(0))?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// One attachment of a packet, by its number: 1 and up.
pub fn attachment(db: &Connection, seq: i64, number: u32) -> Result<Option<Attachment>> {
    let mut query = db.prepare(
        "SELECT name, media_type, size, sha256, alt, preview, content, key, chunks FROM attachment
         WHERE packet = ?1 AND position = ?2",
    )?;
    let mut rows = query.query((seq, number))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let content = match row.get("content")? {
        Some(bytes) => Content::Inline(bytes),
        None => {
            let digests: Vec<u8> = row.get("chunks")?;
            let (chunks, _) = digests.as_chunks();
            Content::Blob { key: row.get("key")?, chunks: chunks.to_vec() }
        }
    };
    Ok(Some(Attachment {
        name: row.get("name")?,
        media_type: row.get("media_type")?,
        size: row.get("size")?,
        sha256: row.get("sha256")?,
        alt: Some(row.get("alt")?).filter(|alt: &String| !alt.is_empty()),
        preview: row.get("preview")?,
        content,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{self, ALICE, BOB, NOW, at};

    #[test]
    fn an_ending_is_enough_as_long_as_it_is_the_only_one() {
        let (_dir, mut store) = sample::store();
        let alices = sample::status(ALICE, "hello");
        sample::hold(&mut store, &alices);
        let id = alices.name.id.to_string();
        for word in [&id, &id[24..], &id[30..], &id.to_uppercase(), &format!("alice/{id}")] {
            assert_eq!(find(store.read(), word, at(NOW)).unwrap().name, alices.name, "{word}");
        }
        for (word, kind) in [
            ("hello", Kind::Usage),
            (&id[31..], Kind::Usage),
            (&id.replace('-', "0"), Kind::Usage),
            ("ffffffffffff", Kind::Nothing),
            (&format!("bob/{id}"), Kind::Nothing),
            (&format!("nobody/{id}"), Kind::Usage),
        ] {
            assert_eq!(find(store.read(), word, at(NOW)).unwrap_err().kind(), kind, "{word}");
        }

        // Bob took Alice's id.
        let mut bobs = sample::status(BOB, "mine");
        bobs.name.id = alices.name.id;
        sample::hold(&mut store, &bobs);
        let several = find(store.read(), &id, at(NOW)).unwrap_err();
        assert_eq!(several.kind(), Kind::Usage);
        assert!(several.advice().unwrap().contains(&format!("{BOB}/{id}")));
        assert_eq!(find(store.read(), &format!("{BOB}/{id}"), at(NOW)).unwrap().name, bobs.name);
    }

    #[test]
    fn a_comment_leads_to_its_root() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "root");
        let mut comment = sample::status(BOB, "comment");
        comment.thread = Some(root.name);
        sample::hold(&mut store, &comment);
        let found = find(store.read(), &comment.name.id.to_string(), at(NOW)).unwrap();
        assert_eq!((found.name, found.root), (comment.name, root.name));
    }

    #[test]
    fn an_author_is_named_as_the_feed_shows_them() {
        let (_dir, mut store) = sample::store();
        let stranger = Fingerprint::from_bytes([0x5a; 32]);
        sample::hold_through(&mut store, &sample::status(stranger, "hello"), BOB);
        for (word, who) in
            [("alice", ALICE), (&*stranger.short(), stranger), (&*stranger.to_string(), stranger)]
        {
            assert_eq!(author(store.read(), word), Ok(who));
        }
        assert_eq!(author(store.read(), "aaaaaaaa").unwrap_err().kind(), Kind::Usage);
        assert_eq!(person(store.read(), &stranger.short()).unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn attachments_are_numbered_from_one() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(BOB, "");
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32], [2; 32]]));
        sample::hold(&mut store, &photo);
        assert_eq!(attachment(store.read(), 1, 1).unwrap().as_ref(), Some(&photo.attachments[0]));
        assert_eq!(attachment(store.read(), 1, 2).unwrap(), None);
    }
}
