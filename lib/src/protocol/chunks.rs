//! Chunks that go beside envelopes: which of them, and that they are on the disk before anybody relies on them.

use super::open::Verified;
use crate::{
    Context, Fingerprint, Result, file, mailbox,
    packet::{Body, Digest},
    store::packets,
};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// What these packets list, or share, and what of `asked` is not among it. Of what others wrote only what has come: a reader
/// who lacks the rest asks for it.
pub(super) fn beside(
    db: &Connection,
    blobs: &Path,
    (me, reader): (Fingerprint, Fingerprint),
    packets: &[Arc<Verified>],
    asked: &[Digest],
) -> Result<Vec<Digest>> {
    let mut chunks = asked.to_vec();
    for Verified { packet, .. } in packets.iter().map(Arc::as_ref) {
        let mut others = Vec::new();
        let listed = if packet.name.from == me { &mut chunks } else { &mut others };
        listed.extend(packet.chunks());
        if matches!(packet.body, Body::Share { .. }) {
            others.extend(packets::shared_chunks(db, packet.name, reader)?);
        }
        chunks.extend(others.iter().filter(|chunk| is_here(blobs, chunk)));
    }
    chunks.sort_unstable();
    chunks.dedup();
    Ok(chunks)
}

/// Whether a chunk's file is there.
pub(super) fn is_here(blobs: &Path, chunk: &Digest) -> bool {
    blobs.join(mailbox::name_for(chunk)).is_file()
}

/// sn-pack wrote the chunks, but did not wait for the disk: now somebody begins to rely on them. One that is lost, as after
/// a restore without blobs, is for the queue to say: the other packets must leave all the same.
pub(super) fn sync<'a>(
    blobs: &Path,
    packets: impl Iterator<Item = &'a Verified>,
    me: Fingerprint,
) -> Result<()> {
    let own = packets.filter(|packet| packet.packet.name.from == me);
    let paths: Vec<PathBuf> = own
        .flat_map(|packet| packet.packet.chunks())
        .filter(|chunk| is_here(blobs, chunk))
        .map(|chunk| blobs.join(mailbox::name_for(chunk)))
        .collect();
    if paths.is_empty() {
        return Ok(());
    }
    file::sync(&paths).context(|| "an attachment's chunks")?;
    file::sync_folder(blobs)
}
