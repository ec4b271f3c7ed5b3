//! The feed for news readers: Atom (RFC 4287), with answers as RFC 4685 has them. Nothing in it is fetched from anywhere.
//!
//! A packet's words go into XHTML that we make, as text: no reader is handed a stranger's markup.

use super::{name, remarks, xml_line as one_line, xml_lines as lines};
use crate::{
    Context, Result,
    envelope::Stream,
    packet::Name,
    store::feed::{Attachment, Entry},
    text,
};
use jiff::Timestamp;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::io::{self, Write};
use uuid::Uuid;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const THREADS: &str = "http://purl.org/syndication/thread/1.0";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// Columns of a title.
const TITLE: usize = 80;

/// Whose feed it is.
pub struct Whose<'a> {
    /// What the owner calls themselves.
    pub owner: &'a str,
    /// Of the account, the stream it counts in: nobody else has it.
    pub account: Stream,
    /// Now.
    pub now: Timestamp,
}

/// Writes a document with these entries.
pub fn write<W: Write>(
    out: W,
    whose: &Whose<'_>,
    entries: impl Iterator<Item = Result<Entry>>,
) -> Result<()> {
    let mut out = Document(Writer::new_with_indent(out, b' ', 2));
    out.begin(whose).context(|| CANNOT)?;
    for entry in entries {
        out.entry(&entry?).context(|| CANNOT)?;
    }
    out.end("feed").context(|| CANNOT)?;
    Ok(out.0.into_inner().write_all(b"\n")?)
}

const CANNOT: &str = "cannot write Atom";

struct Document<W: Write>(Writer<W>);

impl<W: Write> Document<W> {
    fn begin(&mut self, whose: &Whose<'_>) -> io::Result<()> {
        self.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        self.start("feed", &[("xmlns", ATOM), ("xmlns:thr", THREADS)])?;
        self.leaf("id", &Uuid::from_bytes(whose.account).urn().to_string())?;
        self.leaf("title", &format!("What {} reads", one_line(whose.owner)))?;
        self.leaf("generator", "sn-feed")?;
        self.leaf("updated", &whose.now.to_string())
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        self.start("entry", &[])?;
        self.leaf("id", &urn(&Name { from: entry.author.fingerprint, id: entry.id }))?;
        self.leaf("title", &title(entry))?;
        self.leaf("published", &entry.created.to_string())?;
        self.leaf("updated", &entry.received.to_string())?;
        self.start("author", &[])?;
        self.leaf("name", &one_line(&name(&entry.author)))?;
        self.end("author")?;
        self.0
            .create_element("category")
            .with_attribute(("term", one_line(&entry.kind).as_str()))
            .write_empty()?;
        if let (Some(_), Some(about)) = (entry.thread, &entry.about)
            && let Some(id) = about.id
        {
            let reference = urn(&Name { from: about.author.fingerprint, id });
            self.0
                .create_element("thr:in-reply-to")
                .with_attribute(("ref", reference.as_str()))
                .write_empty()?;
        }
        self.start("content", &[("type", "xhtml")])?;
        self.start("div", &[("xmlns", XHTML)])?;
        if let Some(about) = entry.about.as_ref().filter(|_| entry.shared.is_none()) {
            let whom = one_line(&name(&about.author));
            let words = about.text.as_deref().map(one_line).filter(|words| !words.is_empty());
            self.leaf(
                "p",
                &words.map_or(format!("About {whom}"), |words| {
                    format!("About {whom}: \u{201c}{words}\u{201d}")
                }),
            )?;
        }
        self.said(entry)?;
        if let Some(shared) = &entry.shared {
            let what = format!("{}, {}:", one_line(&name(&shared.author)), one_line(&shared.kind));
            self.leaf("p", &what)?;
            self.start("blockquote", &[])?;
            self.said(shared)?;
            self.end("blockquote")?;
        }
        remarks(entry).iter().try_for_each(|words| self.leaf("p", &format!("({words})")))?;
        self.end("div")?;
        self.end("content")?;
        self.end("entry")
    }

    fn said(&mut self, entry: &Entry) -> io::Result<()> {
        for line in lines(&entry.text).split('\n').filter(|line| !line.trim().is_empty()) {
            self.leaf("p", line)?;
        }
        entry.attachments.iter().try_for_each(|attachment| self.leaf("p", &described(attachment)))
    }

    fn start(&mut self, element: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
        self.0.write_event(Event::Start(BytesStart::new(element).with_attributes(attributes.iter().copied())))
    }

    fn end(&mut self, element: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(element)))
    }

    fn leaf(&mut self, element: &str, text: &str) -> io::Result<()> {
        self.0.create_element(element).write_text_content(BytesText::new(text))?;
        Ok(())
    }
}

/// A packet's name, as a URI.
fn urn(name: &Name) -> String {
    format!("urn:socialnet:{}:{}", name.from, name.id)
}

/// The first line of what it says, else of what it shares, else what it is.
fn title(entry: &Entry) -> String {
    let shared = entry.shared.as_ref().map_or("", |shared| &shared.text);
    let first = |text: &str| {
        lines(text)
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map(|line| text::truncate(line, TITLE))
    };
    first(&entry.text).or_else(|| first(shared)).unwrap_or_else(|| one_line(&entry.kind))
}

fn described(attachment: &Attachment) -> String {
    let words =
        if attachment.alt.is_empty() { String::new() } else { format!(": {}", one_line(&attachment.alt)) };
    let (name, media_type) = (one_line(&attachment.name), one_line(&attachment.media_type));
    format!("[{}] {name}, {media_type}, {}{words}", attachment.number, text::bytes(attachment.size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::About,
        store::{
            feed,
            sample::{self, ALICE, BOB, NOW, at},
        },
    };
    use quick_xml::Reader;
    use std::collections::BTreeSet;

    const BAD: &str = "<script>alert(1)</script>&amp;&x;]]>\"'--><!--\u{202e}\u{ffff}";

    #[test]
    fn what_strangers_write_is_text() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "Back from the hills.");
        sample::hold(&mut store, &root);
        let mut bad = sample::status(BOB, BAD);
        bad.kind = format!("org.{BAD}");
        bad.thread = Some(root.name);
        bad.about = Some(About::Packet(root.name, None));
        bad.attachments.push(sample::blob(BAD, &[[1; 32]]));
        bad.attachments[0].alt = Some(BAD.into());
        bad.attachments[0].media_type = BAD.into();
        sample::hold(&mut store, &bad);
        sample::hold(&mut store, &sample::share(BOB, &root, BAD));
        let mut atom = Vec::new();
        let entries = [1, 2, 3].into_iter().map(|seq| feed::entry(store.read(), seq, at(NOW)));
        write(&mut atom, &Whose { owner: BAD, account: [0; 16], now: at(NOW) }, entries).unwrap();
        let atom = String::from_utf8(atom).unwrap();
        assert!(!atom.contains(['\u{202e}', '\u{ffff}']), "{atom}");
        assert!(atom.contains("alice, status:"), "{atom}");
        let mut elements = BTreeSet::new();
        let mut reader = Reader::from_str(&atom);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) | Event::Empty(element) => {
                    elements.insert(element.name().as_ref().to_owned());
                    assert!(element.attributes().all(|attribute| attribute.is_ok()), "{atom}");
                }
                Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) => panic!("{atom}"),
                Event::Eof => break,
                _ => {}
            }
        }
        let known = [
            "author",
            "blockquote",
            "category",
            "content",
            "div",
            "entry",
            "feed",
            "generator",
            "id",
            "name",
            "p",
            "published",
            "thr:in-reply-to",
            "title",
            "updated",
        ];
        assert_eq!(elements.iter().map(String::as_str).collect::<Vec<_>>(), known);
    }
}
