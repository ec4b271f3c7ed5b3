//! Alice, Bob and Carol: whole accounts in temporary folders, and what they do with them. Letters go from hand to hand.

#![allow(dead_code)] // each test file needs some of it
#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

pub mod changing;
pub mod searching;

use jiff::{SignedDuration, Timestamp};
use socialnet::{
    Error, Fingerprint, Kind,
    blob::{self, Blob},
    envelope::Envelope,
    home::Home,
    identity::{Identity, Keyring, Purpose, ReaderKeys},
    mailbox::name_for,
    packet::{self, About, Attachment, Body, Content, Name, Packet},
    protocol::{
        asking,
        ingest::Ingest,
        invitation, profile, renewal,
        sealing::{Letter, Sealed, Sealer},
        start, stranger, successor,
    },
    seal,
    store::{
        Store, contacts,
        delivery::{self, Standing},
    },
    stream::Clear,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use uuid::Uuid;

/// When every story begins.
pub fn morning() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

pub struct Person {
    _dir: TempDir,
    pub home: Home,
    pub store: Store,
    pub keyring: Keyring,
    pub now: Timestamp,
}

impl Person {
    pub fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("account");
        let owner = start::Owner { name: name.to_owned(), about: None, addresses: Vec::new() };
        start::account(&path, owner, || Ok(None), morning()).unwrap();
        Self::at(dir, &path, morning())
    }

    /// Another machine with a copy of the whole folder.
    pub fn copy(&self) -> Self {
        Self::made_by(self.now, |path| {
            let copied = Command::new("cp").arg("-a").args([self.home.path(), path]).status().unwrap();
            assert!(copied.success());
        })
    }

    /// An account that `make` makes in the folder it is given.
    pub fn made_by(now: Timestamp, make: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("account");
        make(&path);
        Self::at(dir, &path, now)
    }

    fn at(dir: TempDir, path: &Path, now: Timestamp) -> Self {
        let home = Home::open_at(path).unwrap();
        let store = Store::open(&home.database()).unwrap();
        let keyring = Keyring::load(&home.identity()).unwrap();
        Self { _dir: dir, home, store, keyring, now }
    }

    pub fn is(&self) -> Fingerprint {
        self.keyring.identity.fingerprint
    }

    pub fn waits(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// Writes a packet; `edit` says what it says.
    pub fn writes(&self, kind: &str, body: Body, edit: impl FnOnce(&mut Packet)) -> Vec<u8> {
        let name = Name { from: self.is(), id: Uuid::now_v7() };
        let mut packet = Packet::new(name, kind, self.now, body);
        edit(&mut packet);
        packet::write(&packet, None).unwrap()
    }

    pub fn status(&self, text: &str) -> Vec<u8> {
        self.writes("status", Body::Status, |packet| packet.text = Some(text.to_owned()))
    }

    /// A comment on `xml`, in its thread.
    pub fn comment(&self, xml: &[u8], text: &str) -> Vec<u8> {
        let about = packet::read(xml).unwrap();
        self.writes("comment", Body::Comment, |packet| {
            packet.text = Some(text.to_owned());
            packet.thread = Some(about.root());
            packet.about = Some(About::Packet(about.name, None));
        })
    }

    /// A status with a file that lies in the author's blobs already.
    pub fn attaches(&self, blob: &Blob, text: &str) -> Vec<u8> {
        let attachment = Attachment {
            name: "film.bin".into(),
            media_type: "application/octet-stream".into(),
            size: blob.size,
            sha256: blob.sha256,
            alt: None,
            preview: None,
            content: Content::Blob { key: blob.key, chunks: blob.chunks.clone() },
        };
        self.writes("status", Body::Status, |packet| {
            packet.text = Some(text.to_owned());
            packet.attachments.push(attachment);
        })
    }

    /// A status with a file of these bytes, and its chunks.
    pub fn writes_with_file(&self, bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let dir = self.home.blobs();
        let blob = blob::encrypt(bytes, &dir, &dir.join("tmp")).unwrap();
        let chunks = blob.chunks.iter().map(|chunk| fs::read(dir.join(name_for(chunk))).unwrap()).collect();
        (self.attaches(&blob, "A film."), chunks)
    }

    /// Seals, and expects that nothing fails.
    pub fn seals(&mut self, xml: Vec<u8>, to: &[&str]) -> Vec<Letter> {
        let (letters, failures) = self.tries_to_seal(xml, to);
        assert_eq!(failures, []);
        letters
    }

    pub fn tries_to_seal(&mut self, xml: Vec<u8>, to: &[&str]) -> (Vec<Letter>, Vec<Error>) {
        self.tries_to_seal_all(vec![xml], to)
    }

    /// Seals several packets that come in one stream.
    pub fn tries_to_seal_all(&mut self, packets: Vec<Vec<u8>>, to: &[&str]) -> (Vec<Letter>, Vec<Error>) {
        let to: Vec<String> = to.iter().map(|word| (*word).to_owned()).collect();
        let mut sealer = Sealer::new(&self.home, &mut self.store, &self.keyring, self.now);
        let (mut letters, mut failures) = (Vec::new(), Vec::new());
        let mut each = |sealed: Sealed| {
            letters.extend(sealed.letters);
            failures.extend(sealed.failures);
            Ok(())
        };
        sealer.seal(packets.into_iter().map(Clear::Packet).collect(), &to, &mut each).unwrap();
        (letters, failures)
    }

    /// Runs sn-seal --due | sn-send, whose letters then go from hand to hand.
    pub fn seals_what_is_due(&mut self) -> Vec<Letter> {
        let letters = self.seals_what_is_due_and_loses_it();
        self.queues(&letters);
        letters
    }

    /// What sn-send does first: it takes letters.
    pub fn queues(&mut self, letters: &[Letter]) {
        let db = self.store.begin().unwrap();
        for letter in letters {
            if delivery::standing(&db, &letter.envelope).unwrap() == Standing::Unknown {
                delivery::enter(&db, &letter.envelope, letter.reader, &letter.chunks, self.now).unwrap();
            }
        }
        db.commit().unwrap();
    }

    /// Runs sn-seal --due; nobody takes what it prints.
    pub fn seals_what_is_due_and_loses_it(&mut self) -> Vec<Letter> {
        let (letters, failures) = self.tries_to_seal_what_is_due();
        assert_eq!(failures, []);
        letters
    }

    /// The same, whatever fails.
    pub fn tries_to_seal_what_is_due(&mut self) -> (Vec<Letter>, Vec<Error>) {
        renewal::run(&self.home, &mut self.store, &mut self.keyring, self.now).unwrap();
        let mut sealer = Sealer::new(&self.home, &mut self.store, &self.keyring, self.now);
        let (mut letters, mut failures) = (Vec::new(), Vec::new());
        let mut each = |sealed: Sealed| {
            letters.extend(sealed.letters);
            failures.extend(sealed.failures);
            Ok(())
        };
        sealer.seal_due(&mut each).unwrap();
        (letters, failures)
    }

    /// Gets letters, reads them, and says what was refused.
    pub fn gets(&mut self, letters: &[Letter]) -> Vec<Error> {
        let files: Vec<Vec<u8>> = letters.iter().map(|letter| letter.der.clone()).collect();
        self.finds(&files)
    }

    /// Finds these files in their inpackets.
    pub fn finds(&mut self, files: &[Vec<u8>]) -> Vec<Error> {
        let inpackets = self.home.inpackets().unwrap();
        let mut batch = inpackets.batch();
        for bytes in files {
            batch.add(&socialnet::mailbox::name_of(bytes), bytes).unwrap();
        }
        batch.commit().unwrap();
        self.reads()
    }

    /// Runs sn-ingest.
    pub fn reads(&mut self) -> Vec<Error> {
        let mut refused = Vec::new();
        let mut ingest = Ingest::new(&self.home, &mut self.store, &self.keyring, self.now).unwrap();
        ingest.inbox(&mut |error| refused.push(error)).unwrap();
        assert_eq!(self.folder("inpackets/new"), [] as [String; 0], "everything leaves new");
        refused
    }

    /// Runs sn-sync, which finds these letters in every source that it reads.
    pub fn syncs(&mut self, letters: &[Letter]) -> Vec<Letter> {
        self.home.mark_round(self.now).unwrap();
        assert_eq!(self.gets(letters), []);
        self.seals_what_is_due()
    }

    /// Runs sn-ingest --again.
    pub fn reads_again(&mut self) -> Vec<Error> {
        let mut refused = Vec::new();
        let mut ingest = Ingest::new(&self.home, &mut self.store, &self.keyring, self.now).unwrap();
        ingest.again(&mut |error| refused.push(error)).unwrap();
        refused
    }

    /// An envelope made by hand, with whatever in it: SignedData of packets, under any counter.
    pub fn envelope(&self, reader: &Self, counter: u64, packets: Vec<Vec<u8>>) -> Vec<u8> {
        let envelope = Envelope {
            from: self.is(),
            to: reader.is(),
            sent: self.now,
            stream: [7; 16],
            counter,
            received: Vec::new(),
            answers: Vec::new(),
            blobs: Vec::new(),
            packets,
        };
        self.sealed(&envelope.write().unwrap(), reader, Purpose::Sealing)
    }

    /// Signs and seals any words.
    pub fn sealed(&self, content: &[u8], reader: &Self, purpose: Purpose) -> Vec<u8> {
        seal_signed(&self.signs(content), reader, purpose)
    }

    pub fn signs(&self, content: &[u8]) -> Vec<u8> {
        seal::sign(&self.keyring.identity, content).unwrap()
    }

    /// What is in a folder of the account, sorted.
    pub fn folder(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.home.path().join(name)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The feed, as `who: what they say`, oldest first.
    pub fn sees(&self) -> Vec<String> {
        let db = self.store.read();
        let mut query =
            db.prepare("SELECT author, text FROM packet WHERE state <> 'quiet' ORDER BY seq").unwrap();
        let rows =
            query.query_map((), |row| Ok((row.get::<_, Fingerprint>(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.map(|row| {
            let (author, text) = row.unwrap();
            format!("{}: {text}", self.calls(author))
        })
        .collect()
    }

    /// Rows of a table, or those of which a condition holds: what no command shows.
    pub fn rows(&self, of: &str) -> usize {
        let sql = format!("SELECT count(*) FROM {of}");
        self.store.read().query_row(&sql, (), |row| row.get(0)).unwrap()
    }

    /// Whether a packet still holds these words, whether or not it shows them.
    pub fn keeps(&self, words: &str) -> bool {
        let sql = "SELECT 1 FROM packet WHERE instr(text, ?1) OR instr(signed, CAST(?1 AS BLOB))";
        self.store.read().prepare(sql).unwrap().exists([words]).unwrap()
    }

    fn calls(&self, who: Fingerprint) -> String {
        if who == self.is() {
            return "me".to_owned();
        }
        let contact = contacts::by_fingerprint(self.store.read(), who).unwrap();
        contact.map_or_else(|| "somebody".to_owned(), |contact| contact.petname)
    }

    /// State and grade of somebody.
    pub fn knows(&self, petname: &str) -> (&'static str, &'static str) {
        let contact = contacts::by_petname(self.store.read(), petname).unwrap();
        contact.map_or(("unknown", ""), |contact| (contact.state.as_str(), contact.grade.as_str()))
    }

    /// The alarm beside somebody's name.
    pub fn alarm(&self, petname: &str) -> String {
        contacts::by_petname(self.store.read(), petname).unwrap().unwrap().alarm
    }

    /// Invites somebody, whoever it may be.
    pub fn invites(&mut self) -> Vec<u8> {
        self.invites_so(false)
    }

    /// The same; `in_person`: it is handed over face to face.
    pub fn invites_so(&mut self, in_person: bool) -> Vec<u8> {
        let terms = invitation::Terms { petname: None, days: 30, in_person };
        invitation::invite(&mut self.store, &self.keyring, &terms, self.now).unwrap().der
    }

    /// Adds somebody by what they handed over, and gives the request.
    pub fn adds(&mut self, introduction: &[u8]) -> Vec<Letter> {
        let them = stranger::verify(introduction).unwrap();
        asking::add(&mut self.store, &self.keyring, &them, None, self.now).unwrap();
        self.seals_what_is_due()
    }
}

/// Seals SignedData for somebody, whoever signed it.
pub fn seal_signed(signed: &[u8], reader: &Person, purpose: Purpose) -> Vec<u8> {
    let offer = reader.keyring.newest(purpose).unwrap().offer();
    seal::seal(signed, &ReaderKeys::stored(offer, purpose, reader.now).unwrap()).unwrap()
}

/// Two people become friends by invitation.
pub fn meet(inviting: &mut Person, invited: &mut Person) {
    let invitation = inviting.invites();
    assert_eq!(inviting.gets(&invited.adds(&invitation)), []);
    assert_eq!(invited.gets(&inviting.seals_what_is_due()), []);
    assert_eq!(inviting.gets(&invited.seals_what_is_due()), []);
}

/// A recovery key on a stick, to which its owner has committed.
pub struct Stick {
    _dir: TempDir,
    pub path: PathBuf,
}

impl Stick {
    pub fn of(person: &mut Person) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("recovery.key");
        let make = || Identity::create_recovery(&path, Some("correct horse"));
        profile::commit_to_recovery(&mut person.store, make, person.now).unwrap();
        Self { _dir: dir, path }
    }

    pub fn key(&self) -> Identity {
        Identity::read_recovery(&self.path, || Ok("correct horse".to_owned())).unwrap()
    }
}

/// Who goes on from an account under a new key, which the old one names, or the recovery key.
pub fn successor_of(old: &Person, recovery: Option<&Identity>) -> Person {
    Person::made_by(old.now, |path| {
        successor::of_folder(path, old.home.path(), recovery, old.now).unwrap();
    })
}

/// Letters for one reader.
pub fn for_reader(letters: &[Letter], reader: &Person) -> Vec<Letter> {
    letters.iter().filter(|letter| letter.reader == reader.is()).cloned().collect()
}

/// What kind of failure each is.
pub fn kinds(errors: &[Error]) -> Vec<Kind> {
    errors.iter().map(Error::kind).collect()
}
