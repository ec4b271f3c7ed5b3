//! Attachments: shown as a picture if the bytes are one of the few kinds that browsers only ever show, whatever their
//! author calls them; else to be saved.

use super::nothing;
use crate::{
    node::Desk,
    reply::{self, Reply},
};
use socialnet::{
    Error, Result, attach,
    packet::{Attachment, Name, safe_name},
    photo,
    store::{feed, named, packets},
};
use std::{
    fs::File,
    io::{Read, Seek},
};

/// Bytes by which a picture is recognised.
const START: u64 = 32;

/// A file that is to be sent.
pub struct Whole {
    file: File,
    size: u64,
    kind: Option<&'static str>,
    name: String,
}

impl Whole {
    /// Sends it.
    pub fn reply(self) -> Result<Reply> {
        reply::file(self.file, self.size, self.kind, &self.name)
    }
}

/// A whole attachment. [`socialnet::Kind::Again`]: parts of it have not come yet.
pub fn whole(desk: &mut Desk<'_>, packet: Name, number: u32) -> Result<Whole> {
    let attachment = find(desk, packet, number)?;
    let mut file = attach::open(&attachment, &desk.home.blobs())?;
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(START).read_to_end(&mut start)?;
    file.rewind()?;
    let size = file.metadata()?.len();
    Ok(Whole { file, size, kind: photo::media_type(&start), name: safe_name(&attachment.name) })
}

/// The small picture of one. Nobody but its author says that it is one.
pub fn preview(desk: &mut Desk<'_>, packet: Name, number: u32) -> Result<(&'static str, Vec<u8>)> {
    let bytes = find(desk, packet, number)?.preview.ok_or_else(nothing)?;
    let kind = photo::media_type(&bytes).ok_or_else(|| Error::malformed("the preview is no picture"))?;
    Ok((kind, bytes))
}

fn find(desk: &Desk<'_>, packet: Name, number: u32) -> Result<Attachment> {
    let db = desk.store.read();
    let seq = packets::row(db, packet)?.ok_or_else(nothing)?;
    let expires = feed::entry(db, seq, desk.instant())?.expires;
    if expires.is_some_and(|expires| expires <= desk.instant()) {
        return Err(nothing());
    }
    named::attachment(db, seq, number)?.ok_or_else(nothing)
}
