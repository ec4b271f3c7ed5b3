//! Packets held, own ones and others': the writing side, and look-up by name. `feed.rs` has the reading side.

use super::{
    former::{self, KEYS_OF_AUTHOR},
    gaps::PATIENCE,
    words,
};
use crate::{
    Fingerprint, Result,
    packet::{About, Body, Content, Digest, Name, Packet},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use uuid::Uuid;

/// Nothing travels for so long: what says that it is older was made by a clock that is wrong.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What a share in `packet` carries, as `carried`, as long as something is left of both. What came first under that name may
/// be something else by its author, a message perhaps, which nobody shared.
pub(super) const CARRIED: &str = "packet.type = 'share' AND packet.state = 'feed'
   AND carried.author = packet.about_author AND carried.id = packet.about_id
   AND carried.type IN ('status', 'photo') AND carried.root_id IS NULL AND carried.state IN ('feed', 'quiet')";

/// How a packet is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Shown in the feed.
    Feed,
    /// Kept, not shown: people, service and application packets.
    Quiet,
    /// Not understood: its fallback is shown, and it is read again after an upgrade.
    Unknown,
}

impl Keep {
    fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Quiet => "quiet",
            Self::Unknown => "unknown",
        }
    }
}

/// A verified packet, with what is to be kept of it.
#[derive(Clone, Debug)]
pub struct Holding<'a> {
    /// As read from its XML.
    pub packet: &'a Packet,
    /// SHA-256 of its XML.
    pub digest: Digest,
    /// SignedData by its author, DER.
    pub signed: &'a [u8],
    /// Who brought it, when that is not its author.
    pub through: Option<Fingerprint>,
    /// Now.
    pub received: Timestamp,
    /// Whether it is shown.
    pub keep: Keep,
}

/// What became of a packet that was to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is new; its row.
    New(i64),
    /// It was here already; its row.
    Known(i64),
    /// Other bytes are here under its name; they stay, and are marked.
    Doubled(i64),
}

/// A packet that is here already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Row.
    pub seq: i64,
    /// SHA-256 of its XML.
    pub digest: Digest,
    /// SignedData by its author, DER. Empty: its words are gone.
    pub signed: Vec<u8>,
}

/// Looks a packet up by its name.
pub fn get(db: &Connection, name: Name) -> Result<Option<Known>> {
    let mut query =
        db.prepare_cached("SELECT seq, digest, signed FROM packet WHERE author = ?1 AND id = ?2")?;
    let row = query.query_row((name.from, name.id), |row| {
        Ok(Known { seq: row.get(0)?, digest: row.get(1)?, signed: row.get(2)? })
    });
    Ok(row.optional()?)
}

/// Whether a packet is here, and its row.
pub fn row(db: &Connection, name: Name) -> Result<Option<i64>> {
    let mut query = db.prepare_cached("SELECT seq FROM packet WHERE author = ?1 AND id = ?2")?;
    Ok(query.query_row((name.from, name.id), |row| row.get(0)).optional()?)
}

/// The SignedData of a row, DER.
pub fn signed(db: &Connection, seq: i64) -> Result<Vec<u8>> {
    let mut query = db.prepare_cached("SELECT signed FROM packet WHERE seq = ?1")?;
    Ok(query.query_row([seq], |row| row.get(0))?)
}

/// Holds a packet, unless its name is taken.
pub fn hold(db: &Transaction<'_>, new: &Holding<'_>) -> Result<Held> {
    let packet = new.packet;
    if let Some(known) = get(db, packet.name)? {
        if known.digest == new.digest && new.keep == Keep::Feed && forget_quiet(db, known.seq)? {
            return hold(db, new);
        }
        if known.digest == new.digest {
            // Whoever brings it once more, as by a share, sends its chunks as well, and waits to hear of them.
            if let Some(sender) = new.through {
                list(db, packet, sender, new.received)?;
            }
            return Ok(Held::Known(known.seq));
        }
        db.execute("UPDATE packet SET doubled = 1 WHERE seq = ?1", [known.seq])?;
        return Ok(Held::Doubled(known.seq));
    }
    let (about_author, about_id) = about(packet);
    db.prepare_cached(
        "INSERT INTO packet (author, id, type, created, received, expires, through, root_author, root_id,
           about_author, about_id, state, digest, text, signed, author_name)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?
    .execute(rusqlite::params![
        packet.name.from,
        packet.name.id,
        packet.kind,
        packet.created.as_second(),
        new.received.as_second(),
        packet.expires.map(|expires| end(packet.created, expires, new.received).as_second()),
        new.through,
        packet.thread.map(|root| root.from),
        packet.thread.map(|root| root.id),
        about_author,
        about_id,
        new.keep.as_str(),
        new.digest,
        words(packet),
        new.signed,
        packet.author_name.as_deref().unwrap_or(""),
    ])?;
    let seq = db.last_insert_rowid();
    enter(db, seq, packet)?;
    Ok(Held::New(seq))
}

// What a share brought before is held quietly, and to be shown once it comes for itself: as something new, for whoever
// reads on from where they were.
fn forget_quiet(db: &Transaction<'_>, seq: i64) -> Result<bool> {
    let mut quiet = db.prepare_cached("SELECT 1 FROM packet WHERE seq = ?1 AND state = 'quiet'")?;
    if !quiet.exists([seq])? {
        return Ok(false);
    }
    unlist(db, seq)?;
    db.prepare_cached("DELETE FROM packet WHERE seq = ?1")?.execute([seq])?;
    Ok(true)
}

/// When a packet is to be gone, by our clock. An author whose clock is far from ours is not believed: the packet lasts as
/// long as they meant, from when it came (socialnet-protocol(7), Expiry).
fn end(created: Timestamp, expires: Timestamp, received: Timestamp) -> Timestamp {
    if created > received || created < received - CLOCKS_DIFFER {
        received.checked_add(expires.duration_since(created)).unwrap_or(Timestamp::MAX)
    } else {
        expires
    }
}

/// Keeps a packet that is understood only now as what it is: its row stays where it is in the feed. False: it was
/// understood before, or is gone.
pub fn understand(db: &Transaction<'_>, seq: i64, packet: &Packet, keep: Keep) -> Result<bool> {
    let mut unknown = db.prepare_cached("SELECT 1 FROM packet WHERE seq = ?1 AND state = 'unknown'")?;
    if !unknown.exists([seq])? {
        return Ok(false);
    }
    words::remove(db, seq)?;
    unlist(db, seq)?;
    let (about_author, about_id) = about(packet);
    let (root, state, text) = (packet.thread, keep.as_str(), words(packet));
    db.prepare_cached(
        "UPDATE packet SET state = ?2, text = ?3, root_author = ?4, root_id = ?5, about_author = ?6, about_id = ?7
         WHERE seq = ?1",
    )?
    .execute((seq, state, text, root.map(|it| it.from), root.map(|it| it.id), about_author, about_id))?;
    enter(db, seq, packet)?;
    Ok(true)
}

fn about(packet: &Packet) -> (Option<Fingerprint>, Option<Uuid>) {
    match &packet.about {
        Some(About::Packet(name, _)) => (Some(name.from), Some(name.id)),
        Some(About::Person(person)) => (Some(*person), None),
        None => (None, None),
    }
}

/// The words that a person sees and searches.
fn words(packet: &Packet) -> &str {
    match (&packet.body, &packet.text, &packet.fallback) {
        (Body::Unknown { .. }, _, Some(fallback)) => fallback,
        (Body::Unknown { why }, _, None) => why,
        (_, Some(text), _) => text,
        (_, None, Some(fallback)) => fallback,
        (_, None, None) => "",
    }
}

/// What else there is of a packet, beside its row.
fn enter(db: &Transaction<'_>, seq: i64, packet: &Packet) -> Result<()> {
    let mut add = db.prepare_cached(
        "INSERT INTO attachment (packet, position, name, media_type, size, sha256, alt, preview, content, key, chunks)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for (position, attachment) in packet.attachments.iter().enumerate() {
        let (content, key, chunks) = match &attachment.content {
            Content::Inline(bytes) => (Some(bytes), None, None),
            Content::Blob { key, chunks } => (None, Some(key), Some(chunks.concat())),
        };
        add.execute(rusqlite::params![
            seq,
            position + 1,
            attachment.name,
            attachment.media_type,
            attachment.size,
            attachment.sha256,
            attachment.alt.as_deref().unwrap_or(""),
            attachment.preview,
            content,
            key,
            chunks,
        ])?;
    }
    let mut count = db.prepare_cached(
        "INSERT INTO chunk (sha256, listed) VALUES (?1, 1) ON CONFLICT DO UPDATE SET listed = listed + 1",
    )?;
    let mut note = db.prepare_cached("INSERT OR IGNORE INTO listing (chunk, packet) VALUES (?1, ?2)")?;
    for chunk in packet.chunks() {
        count.execute([chunk])?;
        note.execute((chunk, seq))?;
    }
    if packet.chunks().next().is_some() {
        let mut query =
            db.prepare_cached("SELECT ifnull(through, author), received FROM packet WHERE seq = ?1")?;
        let (sender, received) = query.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
        list(db, packet, sender, super::time(received)?)?;
    }
    words::add(db, seq)
}

/// Notes that somebody sent a packet with these chunks: who is asked for them, and told that they are here.
fn list(db: &Transaction<'_>, packet: &Packet, sender: Fingerprint, received: Timestamp) -> Result<()> {
    if packet.chunks().next().is_none() {
        return Ok(());
    }
    // Whoever has another key by now is asked under that one.
    let sender = former::present(db, sender)?;
    let ask = received.as_second().saturating_add(PATIENCE.as_secs());
    let mut list = db.prepare_cached(
        "INSERT OR IGNORE INTO lister (chunk, sender, unsaid, next_ask)
         SELECT sha256, ?2, here, iif(here, NULL, ?3) FROM chunk WHERE sha256 = ?1",
    )?;
    Ok(packet.chunks().try_for_each(|chunk| list.execute((chunk, sender, ask)).map(drop))?)
}

/// Deletes a packet's attachments, which list their chunks no longer.
pub(super) fn unlist(db: &Transaction<'_>, seq: i64) -> Result<()> {
    let mut query =
        db.prepare_cached("DELETE FROM attachment WHERE packet = ?1 RETURNING ifnull(chunks, x'')")?;
    let lists = query.query_map([seq], |row| row.get(0))?.collect::<rusqlite::Result<Vec<Vec<u8>>>>()?;
    let mut unlist = db.prepare_cached("UPDATE chunk SET listed = listed - 1 WHERE sha256 = ?1")?;
    let mut forget = db.prepare_cached("DELETE FROM listing WHERE chunk = ?1 AND packet = ?2")?;
    for digest in lists.iter().flat_map(|list| list.chunks_exact(size_of::<Digest>())) {
        unlist.execute([digest])?;
        forget.execute((digest, seq))?;
    }
    Ok(())
}

/// Chunks whose files a backup did not have are missing, and asked for like any other.
pub fn forget_missing_chunks(
    db: &Transaction<'_>,
    now: Timestamp,
    is_there: impl Fn(&Digest) -> bool,
) -> Result<()> {
    let mut query = db.prepare("SELECT sha256 FROM chunk WHERE here = 1")?;
    let here = query.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<Vec<Digest>>>()?;
    let mut forget = db.prepare("UPDATE chunk SET here = 0 WHERE sha256 = ?1")?;
    let mut ask = db
        .prepare("UPDATE lister SET unsaid = 0, said_in = NULL, asked = 0, next_ask = ?2 WHERE chunk = ?1")?;
    for chunk in here.iter().filter(|chunk| !is_there(chunk)) {
        forget.execute([chunk])?;
        ask.execute((chunk, now.as_second()))?;
    }
    Ok(())
}

/// The next chunks that no packet lists any more and that do not wait to be sent, at most `limit`.
pub fn unlisted_chunks(db: &Connection, limit: u32) -> Result<Vec<Digest>> {
    let mut query = db.prepare_cached(
        "SELECT sha256 FROM chunk WHERE listed = 0
           AND NOT EXISTS (SELECT 1 FROM delivery WHERE item = sha256 AND state = 'waiting') LIMIT ?1",
    )?;
    Ok(query.query_map([limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Forgets a chunk whose file was deleted.
pub fn forget_chunk(db: &Transaction<'_>, sha256: &Digest) -> Result<()> {
    db.prepare_cached("DELETE FROM chunk WHERE sha256 = ?1 AND listed = 0")?.execute([sha256])?;
    Ok(())
}

/// Bytes of the chunks in `blobs/` that others sent.
pub fn foreign_bytes(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT ifnull(sum(size), 0) FROM chunk WHERE here = 1", (), |row| row.get(0))?)
}

/// Whether a chunk's file is in `blobs/`.
pub fn has_chunk(db: &Connection, sha256: &Digest) -> Result<bool> {
    Ok(db.prepare_cached("SELECT 1 FROM chunk WHERE sha256 = ?1 AND here = 1")?.exists([sha256])?)
}

/// Notes that a chunk's file is in `blobs/`, whether or not it was before; `size`: its bytes if others sent it, for an own
/// one 0. Gives all who sent packets that list it.
pub fn chunk_is_here(db: &Transaction<'_>, sha256: &Digest, size: u64) -> Result<Vec<Fingerprint>> {
    db.prepare_cached("UPDATE chunk SET size = iif(here, size, ?2), here = 1 WHERE sha256 = ?1")?
        .execute((sha256, size))?;
    // Whoever sends it again has not heard that it came; and nothing says which of them that is.
    let mut tell = db.prepare_cached(
        "UPDATE lister SET unsaid = 1, said_in = NULL, next_ask = NULL WHERE chunk = ?1 RETURNING sender",
    )?;
    Ok(tell.query_map([sha256], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether a packet held here lists this chunk.
pub fn chunk_is_listed(db: &Connection, sha256: &Digest) -> Result<bool> {
    let mut query = db.prepare_cached("SELECT 1 FROM chunk WHERE sha256 = ?1 AND listed > 0")?;
    Ok(query.exists([sha256])?)
}

/// Notes that a packet was sealed, or passed on, to a reader.
pub fn add_reader(db: &Transaction<'_>, seq: i64, reader: Fingerprint) -> Result<()> {
    let mut add = db.prepare_cached("INSERT OR IGNORE INTO audience (packet, reader) VALUES (?1, ?2)")?;
    add.execute((seq, reader))?;
    Ok(())
}

/// Notes whom somebody else's packet names as its readers, the owner among them.
pub fn add_addressees(
    db: &Transaction<'_>,
    seq: i64,
    readers: &[Fingerprint],
    owner: Fingerprint,
) -> Result<()> {
    let mut add =
        db.prepare_cached("INSERT OR IGNORE INTO addressee (packet, reader, own) VALUES (?1, ?2, ?3)")?;
    for reader in readers {
        add.execute((seq, reader, *reader == owner))?;
    }
    Ok(())
}

/// Shares of a packet by somebody, under whatever key.
pub fn shares(db: &Connection, original: Name, by: Fingerprint) -> Result<Vec<i64>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT seq FROM packet WHERE type = 'share' AND about_id = :id AND about_author = :from
           AND author IN ({KEYS_OF_AUTHOR})",
    ))?;
    let values = named_params! { ":id": original.id, ":from": original.from, ":author": by };
    let rows = query.query_map(values, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Chunks of what a share carries, as far as that is held, for a reader who is not its author.
pub fn shared_chunks(db: &Connection, share: Name, reader: Fingerprint) -> Result<Vec<Digest>> {
    let mut query = db.prepare_cached(
        "SELECT chunks FROM packet AS share
           JOIN packet AS original ON original.author = share.about_author AND original.id = share.about_id
           JOIN attachment ON attachment.packet = original.seq
         WHERE share.author = ?1 AND share.id = ?2 AND share.type = 'share' AND chunks IS NOT NULL
           AND original.author <> ?3",
    )?;
    let lists = query
        .query_map((share.from, share.id, reader), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<Vec<u8>>>>()?;
    Ok(lists.iter().flat_map(|list| list.as_chunks().0).copied().collect())
}

/// Everybody a packet was sealed to.
pub fn audience(db: &Connection, seq: i64) -> Result<Vec<Fingerprint>> {
    let mut query = db.prepare_cached("SELECT reader FROM audience WHERE packet = ?1")?;
    Ok(query.query_map([seq], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// A packet to read again.
pub struct Again {
    /// Row.
    pub seq: i64,
    /// SignedData by its author, DER.
    pub signed: Vec<u8>,
    /// Who brought it.
    pub sender: Fingerprint,
}

/// The next packets after row `after` that were not understood, at most `limit`.
pub fn not_understood(db: &Connection, after: i64, limit: u32) -> Result<Vec<Again>> {
    let mut query = db.prepare(
        "SELECT seq, signed, ifnull(through, author) FROM packet WHERE state = 'unknown' AND seq > ?1
         ORDER BY seq LIMIT ?2",
    )?;
    let rows = query.query_map((after, limit), |row| {
        Ok(Again { seq: row.get(0)?, signed: row.get(1)?, sender: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The name in a row of the table.
pub fn name(db: &Connection, seq: i64) -> Result<Name> {
    let row = db.query_row("SELECT author, id FROM packet WHERE seq = ?1", [seq], |row| {
        Ok(Name { from: row.get(0)?, id: row.get::<_, Uuid>(1)? })
    });
    Ok(row?)
}
