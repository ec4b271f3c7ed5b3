//! Clear packets that somebody, or a program of theirs, put into `outpackets/new` by hand: `sn-seal --due` owes them to
//! those they name, and seals them with the rest.

use crate::{
    Context, Error, Result, file,
    mailbox::Mailbox,
    packet,
    stream::{Clear, ClearItems},
};
use std::{io::Read, path::Path};

/// One such file.
pub struct Dropped<'a> {
    outpackets: &'a Mailbox,
    name: String,
}

/// The clear packets in `outpackets/new`; sealed ones are left to `sn-send`.
pub fn clear_packets(outpackets: &Mailbox) -> Result<Vec<Dropped<'_>>> {
    let mut found = Vec::new();
    for name in outpackets.items("new")? {
        let name = name?;
        // What sn-send puts there is named by its hash: with many of them waiting, none of those is read.
        if !name.ends_with(".pem") && is_xml(&outpackets.path("new", &name)) {
            found.push(Dropped { outpackets, name });
        }
    }
    Ok(found)
}

// What can't be read, and what is no file at all, is left to sn-send, which sets it aside with the reason.
fn is_xml(path: &Path) -> bool {
    let mut start = [0; 64];
    let read = file::open(path).and_then(|mut file| Ok(file.read(&mut start)?));
    read.is_ok_and(|length| start[..length].trim_ascii_start().starts_with(b"<"))
}

impl Dropped<'_> {
    /// Its packets.
    pub fn read(&self) -> Result<Vec<Clear>> {
        let bytes = file::read(&self.outpackets.path("new", &self.name), 4 * packet::MAX_BYTES)?;
        ClearItems::new(bytes.as_slice()).collect()
    }

    /// Its packets are owed: the file is not needed any more. Killed before, they are owed again, and readers drop the
    /// second copy.
    pub fn done(&self) -> Result<()> {
        self.outpackets.remove("new", &self.name)
    }

    /// It can't be sealed: moved to `failed` with the reason. Gives the failure to report.
    pub fn give_up(&self, why: Error) -> Result<Error> {
        self.outpackets
            .give_up(&self.name, why.message())
            .context(|| "cannot move a packet that can't be sealed")?;
        Ok(why.context(format!("'{}'", self.name)))
    }
}
