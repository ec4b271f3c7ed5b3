//! The feed as JSON lines. sn-feed(1) is the authority for the fields; `v` rises when one changes its meaning.

use super::json_line;
use crate::{
    Result,
    packet::Name,
    store::{feed, filter::Why},
};
use data_encoding::HEXLOWER;
use serde::Serialize;
use std::io::Write;

/// Version of the fields.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Entry<'a> {
    v: u32,
    seq: i64,
    id: String,
    from: Person<'a>,
    through: Option<Person<'a>>,
    r#type: &'a str,
    created: String,
    received: String,
    expires: Option<String>,
    text: &'a str,
    edited: bool,
    closed: bool,
    gone: Option<&'static str>,
    understood: bool,
    doubled: bool,
    thread: Option<Thread>,
    about: Option<About<'a>>,
    shared: Option<Shared<'a>>,
    attachments: Vec<Attachment<'a>>,
    delivery: Option<Delivery>,
    to: Option<Vec<Person<'a>>>,
    hidden: Option<&'static str>,
}

#[derive(Serialize)]
struct Person<'a> {
    fingerprint: String,
    petname: Option<&'a str>,
    claims: Option<&'a str>,
    own: bool,
}

#[derive(Serialize)]
struct Thread {
    from: String,
    id: String,
}

#[derive(Serialize)]
struct About<'a> {
    from: Person<'a>,
    id: Option<String>,
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Shared<'a> {
    from: Person<'a>,
    id: String,
    r#type: &'a str,
    created: String,
    expires: Option<String>,
    text: &'a str,
    edited: bool,
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    number: u32,
    name: &'a str,
    media_type: &'a str,
    size: u64,
    sha256: String,
    alt: &'a str,
    preview: bool,
    chunks: u32,
    chunks_here: u32,
    complete: bool,
}

#[derive(Serialize)]
struct Delivery {
    sealed: u32,
    confirmed: u32,
    waiting: u32,
    complete: Option<u32>,
}

impl<'a> From<&'a feed::Person> for Person<'a> {
    fn from(person: &'a feed::Person) -> Self {
        Self {
            fingerprint: person.fingerprint.to_string(),
            petname: person.petname.as_deref(),
            claims: person.claims.as_deref(),
            own: person.own,
        }
    }
}

impl From<Name> for Thread {
    fn from(name: Name) -> Self {
        Self { from: name.from.to_string(), id: name.id.to_string() }
    }
}

impl<'a> From<&'a feed::Attachment> for Attachment<'a> {
    fn from(attachment: &'a feed::Attachment) -> Self {
        Self {
            number: attachment.number,
            name: &attachment.name,
            media_type: &attachment.media_type,
            size: attachment.size,
            sha256: HEXLOWER.encode(&attachment.sha256),
            alt: &attachment.alt,
            preview: attachment.has_preview,
            chunks: attachment.chunks,
            chunks_here: attachment.chunks_here,
            complete: attachment.complete(),
        }
    }
}

impl<'a> From<&'a feed::Entry> for Shared<'a> {
    fn from(entry: &'a feed::Entry) -> Self {
        Self {
            from: (&entry.author).into(),
            id: entry.id.to_string(),
            r#type: &entry.kind,
            created: entry.created.to_string(),
            expires: entry.expires.map(|then| then.to_string()),
            text: &entry.text,
            edited: entry.edited,
            attachments: entry.attachments.iter().map(Attachment::from).collect(),
        }
    }
}

impl<'a> From<&'a feed::Entry> for Entry<'a> {
    fn from(entry: &'a feed::Entry) -> Self {
        Self {
            v: VERSION,
            seq: entry.seq,
            id: entry.id.to_string(),
            from: (&entry.author).into(),
            through: entry.through.as_ref().map(Person::from),
            r#type: &entry.kind,
            created: entry.created.to_string(),
            received: entry.received.to_string(),
            expires: entry.expires.map(|then| then.to_string()),
            text: &entry.text,
            edited: entry.edited,
            closed: entry.closed,
            gone: entry.gone.map(|gone| match gone {
                feed::Gone::Retracted => "retracted",
                feed::Gone::Removed => "removed",
            }),
            understood: entry.understood,
            doubled: entry.doubled,
            thread: entry.thread.map(Thread::from),
            about: entry.about.as_ref().map(|about| About {
                from: (&about.author).into(),
                id: about.id.map(|id| id.to_string()),
                text: about.text.as_deref(),
            }),
            shared: entry.shared.as_deref().map(Shared::from),
            attachments: entry.attachments.iter().map(Attachment::from).collect(),
            delivery: entry.delivery.map(|delivery| Delivery {
                sealed: delivery.sealed,
                confirmed: delivery.confirmed,
                waiting: delivery.waiting(),
                complete: delivery.complete,
            }),
            to: entry.to.as_ref().map(|readers| readers.iter().map(Person::from).collect()),
            hidden: entry.hidden.map(Why::as_str),
        }
    }
}

/// An entry with its bytes.
#[cfg(feature = "crypto")]
#[derive(Serialize)]
struct WithXml<'a> {
    #[serde(flatten)]
    entry: Entry<'a>,
    xml: &'a str,
}

/// Writes one entry, and the packet's XML as its author signed it: `signed` is SignedData, DER.
#[cfg(feature = "crypto")]
pub fn write_signed(out: &mut impl Write, entry: &feed::Entry, signed: &[u8]) -> Result<()> {
    let xml = crate::seal::verify(signed)?.content;
    json_line(out, &WithXml { entry: entry.into(), xml: &String::from_utf8_lossy(&xml) })
}

/// Writes one entry.
pub fn write(out: &mut impl Write, entry: &feed::Entry) -> Result<()> {
    json_line(out, &Entry::from(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::sample::{self, ALICE, BOB, NOW, at},
        text,
    };

    #[test]
    fn what_is_shared_is_an_object_of_its_own() {
        let (_dir, mut store) = sample::store();
        let said = "ring twice, and bring a chair; ".repeat(20);
        let mut original = sample::status(ALICE, &said);
        original.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        sample::hold_quiet(&mut store, &original, BOB, NOW);
        sample::hold(&mut store, &sample::share(BOB, &original, "Look!"));
        let mut line = Vec::new();
        write(&mut line, &feed::entry(store.read(), 2, at(NOW)).unwrap()).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let shared = &value["shared"];
        assert_eq!((&value["text"], &shared["text"]), (&"Look!".into(), &said.into()));
        assert_eq!((&shared["from"]["petname"], &shared["id"]), (&"alice".into(), &value["about"]["id"]));
        assert_eq!(shared["attachments"][0]["name"], "ridge.jpg");
        assert_eq!(value["attachments"], serde_json::json!([]));
    }

    #[test]
    fn a_line_says_all_and_nothing_hidden() {
        let (_dir, mut store) = sample::store();
        let said = "hello \"bob\"\n\u{202e}\u{9b}2J \u{e0041} 👩\u{200d}🚀";
        let mut packet = sample::status(ALICE, said);
        packet.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        sample::hold_through(&mut store, &packet, BOB);
        let entry = feed::entry(store.read(), 1, at(NOW)).unwrap();
        let mut line = Vec::new();
        write(&mut line, &entry).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.find(text::is_hidden), Some(line.len() - 1), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["v"], &value["text"]), (&1.into(), &said.into()));
        assert_eq!(
            (&value["from"]["petname"], &value["through"]["petname"]),
            (&"alice".into(), &"bob".into())
        );
        assert_eq!(value["created"], "2026-11-22T10:15:00Z");
        assert_eq!(value["attachments"][0]["complete"], false);
        assert!(value["delivery"].is_null() && value["about"].is_null());
    }
}
