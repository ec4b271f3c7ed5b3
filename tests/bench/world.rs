//! The people of the measurements, in a folder on the disk where the project was built: a real one, as its syncs count.
//! They meet through the real commands; only where ten thousand envelopes are wanted does the library make them, with
//! the sender's real keys.

use crate::run::Run;
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use socialnet::{
    Error, Fingerprint, Kind, Result,
    envelope::Envelope,
    identity::{Keyring, Purpose, ReaderKeys},
    mailbox::{Mailbox, name_of},
    seal,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use uuid::Uuid;

/// Where the worlds are until all is measured. A disk that is told of each block that is free (ext4 with `discard`) syncs
/// ten times slower for a minute after thousands of files were deleted, so they are deleted together, at the end.
pub struct Ground {
    folder: TempDir,
}

impl Ground {
    /// On the disk where the project was built.
    pub fn new() -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        Ok(Self { folder: TempDir::new_in(std::path::absolute(target)?)? })
    }

    /// In memory, so that syncing and deleting cost nothing.
    pub fn without_disk() -> Result<Self> {
        Ok(Self { folder: TempDir::new_in("/dev/shm")? })
    }

    /// An empty world.
    pub fn world(&self) -> Result<World> {
        Ok(World { folder: TempDir::new_in(&self.folder)?.keep() })
    }

    /// One in which `alice` has so many contacts.
    pub fn circle(&self, others: u32) -> Result<World> {
        let world = self.world()?;
        world.circle("alice", others)?;
        Ok(world)
    }
}

/// Everybody's accounts, and room for files.
pub struct World {
    folder: PathBuf,
}

impl World {
    /// A file of this name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file with these bytes.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.file(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// A command of somebody's.
    pub fn sn(&self, who: &str, line: &str) -> Run {
        Run::new(line).with("SN_HOME", self.file(who))
    }

    /// Makes an account whose post comes by folder.
    pub fn account(&self, who: &str) -> Result<()> {
        let post = self.file("post").join(who);
        fs::create_dir_all(&post)?;
        let address = format!("file://{}", post.display());
        self.sn(who, "sn-init --name").word(who).word("--address").word(address).once()?;
        Ok(())
    }

    /// Makes `host` and so many others, who accept an invitation of theirs: `HOST1`, `HOST2`, and so on.
    fn circle(&self, host: &str, others: u32) -> Result<()> {
        self.account(host)?;
        let names: Vec<_> = (1..=others).map(|number| format!("{host}{number}")).collect();
        for name in &names {
            self.account(name)?;
            let invitation = self.file("invitation");
            self.sn(host, "sn-contact invite").writes(&invitation).once()?;
            self.sn(name, "sn-contact add").reads(&invitation).once()?;
        }
        // Requests, answers, profiles.
        for _ in 0..2 {
            for name in &names {
                self.sn(name, "sn-sync").once()?;
            }
            self.sn(host, "sn-sync").once()?;
        }
        Ok(())
    }

    /// Somebody's keys.
    pub fn keys(&self, who: &str) -> Result<Keyring> {
        Keyring::load(&self.file(who).join("identity"))
    }

    /// What others hold of somebody's sealing keys.
    pub fn reader(&self, who: &str) -> Result<ReaderKeys> {
        let keys = self.keys(who)?;
        ReaderKeys::stored(keys.newest(Purpose::Sealing)?.offer(), Purpose::Sealing, Timestamp::now())
    }

    /// Somebody's inpackets.
    pub fn inpackets(&self, who: &str) -> Result<Mailbox> {
        Mailbox::open(&self.file(who).join("inpackets"))
    }

    /// Puts `envelopes` from `sender` into `reader`'s inpackets, each with so many statuses.
    pub fn fill(&self, sender: &str, reader: &str, envelopes: u64, packets: u64) -> Result<()> {
        self.fill_with(sender, reader, envelopes, packets, status)
    }

    /// As [`World::fill`], with packets that are made of their author's keys and a number.
    pub fn fill_with(
        &self,
        sender: &str,
        reader: &str,
        envelopes: u64,
        packets: u64,
        make: impl Fn(&Keyring, u64) -> Vec<u8> + Sync,
    ) -> Result<()> {
        let (from, to) = (self.keys(sender)?, self.keys(reader)?);
        let keys = self.reader(reader)?;
        // A stream nobody counted in before.
        let stream = *Uuid::now_v7().as_bytes();
        let numbers: Vec<u64> = (1..=envelopes).collect();
        let inpackets = self.inpackets(reader)?;
        for some in numbers.chunks(1000) {
            let sealed = some.par_iter().map(|&counter| {
                let statuses = (0..packets)
                    .map(|number| seal::sign(&from.identity, &make(&from, counter * packets + number)));
                let envelope = Envelope {
                    from: from.identity.fingerprint,
                    to: to.identity.fingerprint,
                    sent: today(),
                    stream,
                    counter,
                    received: Vec::new(),
                    answers: Vec::new(),
                    blobs: Vec::new(),
                    packets: statuses.collect::<Result<_>>()?,
                };
                seal::seal(&seal::sign(&from.identity, &envelope.write()?)?, &keys)
            });
            let mut batch = inpackets.batch();
            for sealed in sealed.collect::<Result<Vec<_>>>()? {
                batch.add(&name_of(&sealed), &sealed)?;
            }
            batch.commit()?;
        }
        Ok(())
    }
}

/// A status as XML, in the form that `sn-pack` writes.
pub fn status(author: &Keyring, number: u64) -> Vec<u8> {
    let (id, from, created) = (Uuid::now_v7(), author.identity.fingerprint, today());
    format!(
        "<packet xmlns=\"urn:socialnet:packet:1\" id=\"{id}\" type=\"status\" from=\"{from}\" \
         created=\"{created}\">\n  <text>{}</text>\n</packet>",
        words(number)
    )
    .into_bytes()
}

/// An envelope that says nothing but one packet, a SignedData.
pub fn envelope(from: Fingerprint, signed: Vec<u8>) -> Envelope {
    Envelope {
        from,
        to: from,
        sent: today(),
        stream: [0; 16],
        counter: 1,
        received: Vec::new(),
        answers: Vec::new(),
        blobs: Vec::new(),
        packets: vec![signed],
    }
}

/// In whole seconds, as packets and envelopes have it.
pub fn today() -> Timestamp {
    let now = Timestamp::now();
    now - SignedDuration::from_nanos(now.subsec_nanosecond().into())
}

/// Two dozen words that no other number has in this order.
pub fn words(number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ra", "mo", "li", "den", "tu", "sar", "ke", "vo", "nim", "pa", "hel", "bor", "ci", "gra", "wen", "os",
    ];
    let mut dice = Dice(number);
    let mut draw = || SYLLABLES[usize::from(dice.byte() >> 4)];
    let words: Vec<_> = (0..24).map(|_| format!("{}{}{}", draw(), draw(), draw())).collect();
    words.join(" ")
}

/// The same numbers in every run: Knuth's MMIX generator, of which the high bits are good enough for this.
pub struct Dice(pub u64);

impl Dice {
    /// One throw.
    pub fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }
}

/// Bytes that nothing can compress.
pub fn noise(path: &Path, bytes: u64) -> Result<()> {
    let random = fs::File::open("/dev/urandom").map_err(|error| Error::io("open", path, error))?;
    let copied = std::io::copy(&mut std::io::Read::take(random, bytes), &mut fs::File::create(path)?)?;
    if copied == bytes { Ok(()) } else { Err(Error::new(Kind::Io, "/dev/urandom ended")) }
}
