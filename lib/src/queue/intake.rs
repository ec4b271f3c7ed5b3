//! How a sealed block becomes a file of outpackets and its rows.

use super::{Run, envelope_of, file_name};
use crate::{
    Context, Error, Fingerprint, Result, driver, file,
    home::Home,
    mailbox::{Mailbox, hash_in, name_of},
    packet::Digest,
    store::{
        Store,
        delivery::{self, Standing},
    },
    stream::{Pem, PemItems, write_pem},
};
use jiff::Timestamp;
use std::{
    io::{BufRead, BufReader},
    path::Path,
};

/// Blocks, and bytes of them, that are committed together.
const BATCH: usize = 2000;
const BATCH_BYTES: usize = 16 << 20;
/// Bytes of a file in outpackets: base64 of the largest envelope, and its header lines.
const MAX_FILE: usize = 16 << 20;

/// Where a sealed block goes, from the lines before it.
struct Label {
    to: Fingerprint,
    blobs: Vec<Digest>,
}

impl Label {
    fn read(pem: &Pem) -> Result<Self> {
        if pem.label != "CMS" {
            return Err(Error::malformed(format!("a PEM block '{}' is not sealed", pem.label))
                .hint("sn-seal makes what sn-send takes"));
        }
        let mut to = pem.header("To");
        let (Some(reader), None) = (to.next(), to.next()) else {
            return Err(Error::malformed(
                "a sealed block needs exactly one line 'To: FINGERPRINT' before it",
            ));
        };
        let blobs = pem.header("Blob").map(hash_in).collect::<Option<Vec<Digest>>>();
        Ok(Self {
            to: reader.parse().context(|| "'To:'")?,
            blobs: blobs.ok_or_else(|| Error::malformed("'Blob:' needs 64 hexadecimal digits"))?,
        })
    }
}

/// The SHA-256 of an envelope, from its file's name.
fn digest(pem: &Pem) -> (Digest, String) {
    let name = format!("{}.pem", name_of(&pem.der));
    (envelope_of(&name).unwrap_or_default(), name)
}

/// Puts sealed blocks into outpackets, durably, to be sent by the next [`super::run`]. Says how many. A bad block, and
/// input that can't be read, is told to `bad` and left out.
pub fn add(
    home: &Home,
    store: &mut Store,
    blocks: impl Iterator<Item = Result<Pem>>,
    now: Timestamp,
    bad: &mut dyn FnMut(Error),
) -> Result<usize> {
    let outpackets = home.outpackets()?;
    let mut group = Group { outpackets: &outpackets, blocks: Vec::new(), size: 0 };
    let mut count = 0;
    for block in blocks {
        match block.and_then(|pem| Label::read(&pem).map(|label| (pem, label))) {
            Ok((pem, label)) => {
                group.size += pem.der.len();
                group.blocks.push((pem, label));
                count += 1;
            }
            Err(error) => bad(error),
        }
        if group.blocks.len() >= BATCH || group.size >= BATCH_BYTES {
            group.commit(store, now)?;
        }
    }
    group.commit(store, now)?;
    Ok(count)
}

struct Group<'a> {
    outpackets: &'a Mailbox,
    blocks: Vec<(Pem, Label)>,
    size: usize,
}

impl Group<'_> {
    fn commit(&mut self, store: &mut Store, now: Timestamp) -> Result<()> {
        self.size = 0;
        let blocks: Vec<_> = self.blocks.drain(..).map(|(pem, label)| (digest(&pem), pem, label)).collect();
        // A block that comes again after it was sent or given up is sent again. A run that is under way must not find
        // the new file with the old rows, or it would take the matter for finished.
        let write = store.begin()?;
        let mut failed = Vec::new();
        for ((envelope, name), ..) in &blocks {
            match delivery::standing(&write, envelope)? {
                Standing::Unknown | Standing::Waiting => {}
                Standing::Sent => delivery::forget(&write, envelope)?,
                Standing::Failed(_) => {
                    delivery::forget(&write, envelope)?;
                    failed.push(name);
                }
            }
        }
        write.commit()?;
        let mut batch = self.outpackets.batch();
        for ((_, name), pem, _) in &blocks {
            let mut text = Vec::new();
            write_pem(&mut text, pem)?;
            batch.add(name, &text)?;
        }
        batch.commit()?;
        let write = store.begin()?;
        for ((envelope, _), _, label) in &blocks {
            delivery::enter(&write, envelope, label.to, &label.blobs, now)?;
        }
        write.commit()?;
        failed.into_iter().try_for_each(|name| self.outpackets.remove("failed", name))
    }
}

/// Reads the file of an envelope: one block, whose bytes the name names.
pub(super) fn load(path: &Path, envelope: &Digest) -> Result<Pem> {
    let text = file::read(path, MAX_FILE)?;
    let mut blocks = PemItems::new(text.as_slice(), driver::MAX_BYTES);
    let pem = blocks.next().unwrap_or_else(|| Err(Error::malformed("there is no PEM block")))?;
    if blocks.next().is_some() {
        return Err(Error::malformed("there is more than one PEM block"));
    }
    if digest(&pem).0 != *envelope {
        return Err(Error::malformed("the bytes are not those that the name names"));
    }
    Ok(pem)
}

impl Run<'_> {
    /// Makes rows for files that have none: dropped by hand, or the database is newer than they are.
    pub(super) fn enter(&mut self, envelopes: &[Digest]) -> Result<()> {
        for some in envelopes.chunks(BATCH) {
            let now = self.clock.now();
            let mut refused = Vec::new();
            let write = self.store.begin()?;
            for envelope in some {
                let name = file_name(envelope);
                let path = self.outpackets.path("new", &name);
                match load(&path, envelope).and_then(|pem| Label::read(&pem)) {
                    Ok(label) => delivery::enter(&write, envelope, label.to, &label.blobs, now)?,
                    Err(error) => refused.push((name, error)),
                }
            }
            write.commit()?;
            refused.iter().try_for_each(|(name, error)| self.refuse(name, error))?;
        }
        Ok(())
    }

    /// Takes in a file that somebody dropped under a name of their own: its sealed blocks get files and rows, then it
    /// goes. A clear packet is left for sn-seal; anything else is given up.
    pub(super) fn adopt(&mut self, name: &str) -> Result<()> {
        let path = self.outpackets.path("new", name);
        let mut input = match file::open(&path) {
            Ok(file) => BufReader::new(file),
            Err(error) => return self.refuse(name, &error),
        };
        let start = input.fill_buf().map_err(|error| Error::io("read", &path, error))?;
        if start.trim_ascii_start().starts_with(b"<") {
            return Ok(());
        }
        let mut wrong = None;
        let blocks = PemItems::new(input, driver::MAX_BYTES);
        let count = add(self.home, self.store, blocks, self.clock.now(), &mut |error| {
            wrong = wrong.take().or(Some(error))
        })?;
        match wrong {
            Some(error) => self.refuse(name, &error),
            None if count == 0 => {
                self.refuse(name, &Error::malformed("neither sealed PEM nor a clear packet"))
            }
            None => self.outpackets.remove("new", name),
        }
    }

    fn refuse(&mut self, name: &str, error: &Error) -> Result<()> {
        (self.note)(&format!("'{name}' failed: {}", error.message()));
        self.outpackets.give_up(name, error.message())
    }
}
