//! What a person wants to know of one row.

use super::super::{filter::Why, packets::CARRIED, time};
use crate::{
    Error, Fingerprint, Kind, Result,
    packet::{Digest, Name, Type},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Characters of a text that are quoted where another packet speaks of it.
const QUOTED: usize = 200;

/// Somebody in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub fingerprint: Fingerprint,
    /// What the owner calls them, if they are a contact.
    pub petname: Option<String>,
    /// What they call themselves, where a packet of theirs says it.
    pub claims: Option<String>,
    /// The owner.
    pub own: bool,
}

/// Another packet that one speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its author.
    pub author: Person,
    /// Its id; none for a person.
    pub id: Option<Uuid>,
    /// The beginning of its text, if it is held.
    pub text: Option<String>,
}

/// A file that goes with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// 1 and up.
    pub number: u32,
    /// A label, never a path.
    pub name: String,
    /// As the author says.
    pub media_type: String,
    /// Bytes in clear.
    pub size: u64,
    /// Of the clear bytes.
    pub sha256: Digest,
    /// What is to be seen, in words, or empty.
    pub alt: String,
    /// Whether there is a small JPEG of it.
    pub has_preview: bool,
    /// Of how many chunks; none when it came inside the packet.
    pub chunks: u32,
    /// How many of them are here.
    pub chunks_here: u32,
}

impl Attachment {
    /// Whether all of it is here.
    pub fn complete(&self) -> bool {
        self.chunks_here == self.chunks
    }
}

/// How far an own packet has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryCount {
    /// Readers it was sealed for.
    pub sealed: u32,
    /// Readers who confirmed it.
    pub confirmed: u32,
    /// Those of them who have all chunks of its files; none, if it has no chunks.
    pub complete: Option<u32>,
}

impl DeliveryCount {
    /// Readers who have not confirmed it.
    pub fn waiting(self) -> u32 {
        self.sealed - self.confirmed
    }
}

/// Who took a packet back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its author.
    Retracted,
    /// The author of the root of its thread.
    Removed,
}

/// One packet of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Row.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// Its author.
    pub author: Person,
    /// Who brought it, when that is not its author.
    pub through: Option<Person>,
    /// Its type, as it came.
    pub kind: String,
    /// When its author says it was made.
    pub created: Timestamp,
    /// When it came here, or was sealed here.
    pub received: Timestamp,
    /// When its author wants it gone.
    pub expires: Option<Timestamp>,
    /// What the author says, or what a node shows instead that does not understand it.
    pub text: String,
    /// Whether its author has replaced its words.
    pub edited: bool,
    /// Whether its author wants no more comments in its thread.
    pub closed: bool,
    /// Whether it was taken back: then nothing is left of it.
    pub gone: Option<Gone>,
    /// Whether this node understands it.
    pub understood: bool,
    /// Whether other bytes came under its name later.
    pub doubled: bool,
    /// The root of the thread it belongs to.
    pub thread: Option<Name>,
    /// What it is about.
    pub about: Option<Reference>,
    /// Of a share, what it carries, as long as that is there.
    pub shared: Option<Box<Entry>>,
    /// Whether nothing but shares of it show it.
    pub quiet: bool,
    /// Files and photographs.
    pub attachments: Vec<Attachment>,
    /// For own packets, if this account has sealed them.
    pub delivery: Option<DeliveryCount>,
    /// For own messages: to whom they went. For others', if they name several readers: those, the owner among them.
    pub to: Option<Vec<Person>>,
    /// Why it is shown only when everything is asked for.
    pub hidden: Option<Why>,
}

impl Entry {
    /// Whether it is a share of something that was taken back, or has ended.
    pub fn shares_nothing(&self) -> bool {
        self.kind == Type::Share.name() && self.understood && self.gone.is_none() && self.shared.is_none()
    }

    /// Where its files are: what is shared has them, a share has none of its own.
    pub fn with_files(&self) -> &Self {
        self.shared.as_deref().unwrap_or(self)
    }
}

fn claimed(name: Option<String>) -> Option<String> {
    name.filter(|name| !name.is_empty())
}

/// What a person wants to know of one row, and of what that shares.
pub fn entry(db: &Connection, seq: i64, now: Timestamp) -> Result<Entry> {
    let mut entry = one(db, seq, now)?;
    if entry.kind == Type::Share.name() {
        // Its way here, and how far it came from here, is that of the share.
        let alone = |original| Box::new(Entry { through: None, delivery: None, ..original });
        entry.shared = carried(db, seq, now)?.map(|seq| one(db, seq, now).map(alone)).transpose()?;
        if let (None, Some(about)) = (&entry.shared, &mut entry.about) {
            about.text = None;
        }
    }
    Ok(entry)
}

/// The row of what a share carries.
fn carried(db: &Connection, share: i64, now: Timestamp) -> Result<Option<i64>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT carried.seq FROM packet CROSS JOIN packet AS carried ON {CARRIED}
         WHERE packet.seq = ?1 AND (carried.expires IS NULL OR carried.expires > ?2)"
    ))?;
    Ok(query.query_row((share, now.as_second()), |row| row.get(0)).optional()?)
}

fn one(db: &Connection, seq: i64, now: Timestamp) -> Result<Entry> {
    // What is by a key of the owner, and nobody brought it, is theirs.
    let mut query = db.prepare_cached(
        "SELECT packet.id, packet.author, writer.petname AS writer, packet.author_name, packet.through, bringer.petname AS bringer,
           packet.through IS NULL AND EXISTS (SELECT 1 FROM own_key WHERE fingerprint = packet.author) AS own,
           packet.type, packet.created, packet.received, packet.expires, packet.text, packet.state, packet.edited, packet.closed, packet.doubled,
           packet.root_author, packet.root_id, packet.about_author, packet.about_id, subject.petname AS subject, object.author_name AS subject_claims,
           object.seq IS NOT NULL AND object.through IS NULL
             AND EXISTS (SELECT 1 FROM own_key WHERE fingerprint = object.author) AS about_own,
           substr(object.text, 1, :quoted) AS quote
         FROM packet
         LEFT JOIN contact AS writer
           ON writer.id = (SELECT contact FROM person WHERE person.fingerprint = packet.author)
         LEFT JOIN contact AS bringer
           ON bringer.id = (SELECT contact FROM person WHERE person.fingerprint = packet.through)
         LEFT JOIN contact AS subject
           ON subject.id = (SELECT contact FROM person WHERE person.fingerprint = packet.about_author)
         LEFT JOIN packet AS object ON object.author = packet.about_author AND object.id = packet.about_id
           AND (object.expires IS NULL OR object.expires > :now)
         WHERE packet.seq = :seq",
    )?;
    let mut rows = query.query(named_params! { ":seq": seq, ":quoted": QUOTED, ":now": now.as_second() })?;
    let row = rows.next()?.ok_or_else(|| Error::new(Kind::Nothing, "the packet is gone"))?;
    let own = row.get("own")?;
    let (writer, bringer): (Option<String>, Option<String>) = (row.get("writer")?, row.get("bringer")?);
    let through = match row.get("through")? {
        // Themselves, by a key that they had later.
        Some(_) if writer.is_some() && writer == bringer => None,
        Some(fingerprint) => Some(Person { fingerprint, petname: bringer, claims: None, own: false }),
        None => None,
    };
    let about = match row.get("about_author")? {
        Some(fingerprint) => {
            let (petname, claims) = (row.get("subject")?, claimed(row.get("subject_claims")?));
            let author = Person { fingerprint, petname, claims, own: row.get("about_own")? };
            Some(Reference { author, id: row.get("about_id")?, text: row.get("quote")? })
        }
        None => None,
    };
    let root: Option<Fingerprint> = row.get("root_author")?;
    let (state, kind): (String, String) = (row.get("state")?, row.get("type")?);
    Ok(Entry {
        seq,
        id: row.get("id")?,
        author: Person {
            fingerprint: row.get("author")?,
            petname: writer,
            claims: claimed(row.get("author_name")?),
            own,
        },
        through,
        to: match (kind == Type::Message.name(), own) {
            (true, true) => Some(readers(db, seq)?),
            (true, false) => Some(addressees(db, seq)?).filter(|readers| !readers.is_empty()),
            (false, _) => None,
        },
        kind,
        created: time(row.get("created")?)?,
        received: time(row.get("received")?)?,
        expires: row.get::<_, Option<i64>>("expires")?.map(time).transpose()?,
        text: row.get("text")?,
        edited: row.get("edited")?,
        closed: row.get("closed")?,
        gone: match state.as_str() {
            "retracted" => Some(Gone::Retracted),
            "removed" => Some(Gone::Removed),
            _ => None,
        },
        understood: state != "unknown",
        doubled: row.get("doubled")?,
        thread: root.zip(row.get("root_id")?).map(|(from, id)| Name { from, id }),
        about,
        shared: None,
        quiet: state == "quiet",
        attachments: attachments(db, seq)?,
        // Under a key before, it was another account that sealed it.
        delivery: if own { Some(delivery(db, seq)?).filter(|delivery| delivery.sealed > 0) } else { None },
        hidden: None,
    })
}

/// The files of a packet.
fn attachments(db: &Connection, seq: i64) -> Result<Vec<Attachment>> {
    let mut query = db.prepare_cached(
        "SELECT position, name, media_type, size, sha256, alt, preview IS NOT NULL, ifnull(chunks, x'')
         FROM attachment WHERE packet = ?1 ORDER BY position",
    )?;
    let mut here = db.prepare_cached("SELECT 1 FROM chunk WHERE sha256 = ?1 AND here")?;
    let mut rows = query.query([seq])?;
    let mut attachments = Vec::new();
    while let Some(row) = rows.next()? {
        let digests: Vec<u8> = row.get(7)?;
        let chunks = digests.chunks_exact(size_of::<Digest>());
        let mut chunks_here = 0;
        for digest in chunks.clone() {
            chunks_here += u32::from(here.exists([digest])?);
        }
        attachments.push(Attachment {
            number: row.get(0)?,
            name: row.get(1)?,
            media_type: row.get(2)?,
            size: row.get(3)?,
            sha256: row.get(4)?,
            alt: row.get(5)?,
            has_preview: row.get(6)?,
            chunks: chunks.len() as u32,
            chunks_here,
        });
    }
    Ok(attachments)
}

fn delivery(db: &Connection, seq: i64) -> Result<DeliveryCount> {
    // A reader may have got it twice, when the first envelope was lost.
    let mut query = db.prepare_cached(
        "SELECT reader, max(confirmed IS NOT NULL) FROM sealed_packet
             JOIN sealed ON sealed.envelope = sealed_packet.envelope WHERE packet = ?1 GROUP BY reader",
    )?;
    let readers = query
        .query_map([seq], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(Fingerprint, bool)>>>()?;
    let confirmed: Vec<_> = readers.iter().filter(|(_, confirmed)| *confirmed).map(|(who, _)| *who).collect();
    let lacking = lacking(db, seq)?;
    let complete = |lacking: BTreeSet<_>| confirmed.iter().filter(|who| !lacking.contains(*who)).count();
    Ok(DeliveryCount {
        sealed: readers.len() as u32,
        confirmed: confirmed.len() as u32,
        complete: lacking.map(|lacking| complete(lacking) as u32),
    })
}

/// Readers who have not said to have each chunk of a packet's files; none, if these have no chunks.
fn lacking(db: &Connection, seq: i64) -> Result<Option<BTreeSet<Fingerprint>>> {
    let mut query =
        db.prepare_cached("SELECT chunks FROM attachment WHERE packet = ?1 AND chunks IS NOT NULL")?;
    let lists = query.query_map([seq], |row| row.get(0))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()?;
    let mut wait = db.prepare_cached("SELECT reader FROM delivery WHERE item = ?1 AND NOT came")?;
    let mut lacking = BTreeSet::new();
    for digest in lists.iter().flat_map(|list| list.chunks_exact(size_of::<Digest>())) {
        for reader in wait.query_map([digest], |row| row.get(0))? {
            lacking.insert(reader?);
        }
    }
    Ok(Some(lacking).filter(|_| !lists.is_empty()))
}

/// Everybody an own packet was sealed to, by the newest of their keys.
fn readers(db: &Connection, seq: i64) -> Result<Vec<Person>> {
    people(
        db,
        seq,
        "SELECT DISTINCT ifnull(contact.fingerprint, reader), petname, 0 FROM audience
           LEFT JOIN person ON person.fingerprint = reader LEFT JOIN contact ON contact.id = person.contact
         WHERE packet = ?1 ORDER BY petname, 1",
    )
}

/// Everybody whom a packet of somebody else names as its readers, the owner first.
fn addressees(db: &Connection, seq: i64) -> Result<Vec<Person>> {
    people(
        db,
        seq,
        "SELECT DISTINCT ifnull(contact.fingerprint, reader), petname, own FROM addressee
           LEFT JOIN person ON person.fingerprint = reader LEFT JOIN contact ON contact.id = person.contact
         WHERE packet = ?1 ORDER BY own DESC, petname, 1",
    )
}

fn people(db: &Connection, seq: i64, sql: &str) -> Result<Vec<Person>> {
    let mut query = db.prepare_cached(sql)?;
    let rows = query.query_map([seq], |row| {
        Ok(Person { fingerprint: row.get(0)?, petname: row.get(1)?, claims: None, own: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::About,
        store::{
            Store, counters, delivery, packets,
            sample::{self, BOB, CAROL, ME, NOW, at},
        },
    };

    #[test]
    fn an_entry_says_whom_it_speaks_of_and_who_brought_it() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ME, "Back from the hills.");
        sample::hold(&mut store, &root);
        let mut comment = sample::status(CAROL, "Welcome!");
        comment.about = Some(About::Packet(root.name, None));
        sample::hold_through(&mut store, &comment, BOB);
        let write = store.begin().unwrap();
        write.execute("DELETE FROM contact WHERE fingerprint = ?1", [CAROL]).unwrap();
        write.commit().unwrap();
        let own = entry(store.read(), 1, at(NOW)).unwrap();
        assert!(own.author.own);
        assert_eq!(own.delivery, None, "it was never sealed");
        let carols = entry(store.read(), 2, at(NOW)).unwrap();
        assert_eq!((carols.author.own, carols.author.petname), (false, None));
        assert_eq!(carols.through.unwrap().petname.as_deref(), Some("bob"));
        let about = carols.about.unwrap();
        assert_eq!((about.author.own, about.text.as_deref()), (true, Some("Back from the hills.")));
        assert_eq!(carols.delivery, None);
    }

    #[test]
    fn a_share_shows_what_is_left_of_what_it_carries() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(CAROL, "The ridge");
        photo.kind = "photo".into();
        photo.expires = Some(at(NOW + 100));
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        sample::hold_quiet(&mut store, &photo, BOB, NOW);
        let seq = sample::hold(&mut store, &sample::share(BOB, &photo, "Look!"));
        let share = |store: &Store, now| entry(store.read(), seq, at(now)).unwrap();
        let shared = share(&store, NOW).shared.unwrap();
        assert_eq!((&*shared.text, shared.attachments.len(), shared.quiet), ("The ridge", 1, true));
        assert_eq!((shared.author.fingerprint, shared.through), (CAROL, None));
        assert_eq!(share(&store, NOW).with_files().id, photo.name.id);

        // Over, though not deleted yet; held as something else; taken back: it, or the share.
        let alone = |share: &Entry| share.shared.is_none() && share.about.as_ref().unwrap().text.is_none();
        assert!(alone(&share(&store, NOW + 100)) && share(&store, NOW + 100).shares_nothing());
        for change in [
            "type = 'message' WHERE type = 'photo'",
            "type = 'photo', state = 'retracted' WHERE type = 'message'",
            "state = iif(type = 'share', 'retracted', 'quiet')",
        ] {
            let write = store.begin().unwrap();
            write.execute(&format!("UPDATE packet SET {change}"), ()).unwrap();
            write.commit().unwrap();
            assert!(alone(&share(&store, NOW)), "{change}");
        }
        assert!(!share(&store, NOW).shares_nothing(), "it was the share that was taken back");
    }

    #[test]
    fn a_reader_counts_once_however_often_it_was_sealed() {
        let (_dir, mut store) = sample::store();
        sample::hold(&mut store, &sample::status(ME, "for both"));
        let write = store.begin().unwrap();
        for (reader, counter, envelope) in [(BOB, 1, [1; 32]), (BOB, 2, [2; 32]), (CAROL, 1, [3; 32])] {
            let new = counters::Counted {
                reader,
                stream: &[0; 16],
                counter,
                envelope: &envelope,
                packets: &[1],
                at: at(NOW),
                since: at(NOW),
            };
            counters::sealed(&write, &new).unwrap();
        }
        write.execute("UPDATE sealed SET confirmed = 1 WHERE counter = 2", ()).unwrap();
        write.commit().unwrap();
        let own = entry(store.read(), 1, at(NOW)).unwrap();
        assert_eq!(own.delivery, Some(DeliveryCount { sealed: 2, confirmed: 1, complete: None }));
    }

    #[test]
    fn chunks_that_came_are_counted() {
        let (_dir, mut store) = sample::store();
        let mut photo = sample::status(BOB, "");
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32], [2; 32], [3; 32]]));
        sample::hold(&mut store, &photo);
        let write = store.begin().unwrap();
        packets::chunk_is_here(&write, &[2; 32], 1).unwrap();
        write.commit().unwrap();
        let attachment = &entry(store.read(), 1, at(NOW)).unwrap().attachments[0];
        assert_eq!((attachment.number, attachment.chunks_here, attachment.chunks), (1, 1, 3));
        assert!(!attachment.complete());
    }

    #[test]
    fn who_has_all_chunks_is_told_apart_from_who_has_the_words() {
        let (_dir, mut store) = sample::store();
        let mut film = sample::status(ME, "A film.");
        film.attachments.push(sample::blob("film.mp4", &[[8; 32], [9; 32]]));
        sample::hold(&mut store, &film);
        let write = store.begin().unwrap();
        for (reader, envelope) in [(BOB, [1; 32]), (CAROL, [2; 32])] {
            let (stream, packets, at) = (&[0; 16], &[1][..], at(NOW));
            let new =
                counters::Counted { reader, stream, counter: 1, envelope: &envelope, packets, at, since: at };
            counters::sealed(&write, &new).unwrap();
            packets::add_reader(&write, 1, reader).unwrap();
            delivery::enter(&write, &envelope, reader, &[[8; 32], [9; 32]], at).unwrap();
        }
        write.execute("UPDATE sealed SET confirmed = 1", ()).unwrap();
        delivery::chunks_came(&write, BOB, &[[8; 32], [9; 32]]).unwrap();
        delivery::chunks_came(&write, CAROL, &[[8; 32]]).unwrap();
        let own = |db: &Connection| entry(db, 1, at(NOW)).unwrap();
        assert_eq!(own(&write).delivery, Some(DeliveryCount { sealed: 2, confirmed: 2, complete: Some(1) }));
        assert_eq!(own(&write).to, None, "a status goes to whoever it may");
        write.execute("UPDATE packet SET type = 'message'", ()).unwrap();
        let to = own(&write).to.unwrap();
        assert_eq!(
            to.iter().map(|who| who.petname.as_deref()).collect::<Vec<_>>(),
            [Some("bob"), Some("carol")]
        );
    }
}
