//! The feed for people: a line that says who, what, when and the id; then the words, then the files.

use crate::{
    Result,
    store::{
        feed::{Attachment, Entry, Gone, Person, Reference},
        filter::Why,
    },
    text,
};
use jiff::Zoned;
use std::io::Write;
use uuid::Uuid;

/// For whom it is drawn.
pub struct Style {
    /// Of the terminal.
    pub columns: usize,
    /// Whether it has colours.
    pub colour: bool,
    /// Now, in the reader's time zone.
    pub now: Zoned,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const ALARM: &str = "31";
const INDENT: &str = "  ";

impl Style {
    /// Writes one entry and an empty line.
    pub fn write(&self, out: &mut impl Write, entry: &Entry) -> Result<()> {
        self.heading(out, entry)?;
        self.paragraph(out, INDENT, &text::lines(&entry.text))?;
        for attachment in &entry.attachments {
            self.attachment(out, attachment)?;
        }
        match entry.gone {
            Some(Gone::Retracted) => self.remark(out, DIM, "taken back by its author")?,
            Some(Gone::Removed) => self.remark(out, DIM, "removed by the author of the thread")?,
            None => {}
        }
        if !entry.understood {
            self.remark(out, DIM, "not understood; 'sn-ingest --again' reads it anew after an upgrade")?;
        }
        match entry.hidden {
            Some(Why::Blocked) => self.remark(out, DIM, "hidden: somebody blocked")?,
            Some(Why::Muted) => self.remark(out, DIM, "hidden: somebody muted")?,
            Some(Why::Word) => self.remark(out, DIM, "hidden: a word of your settings")?,
            None => {}
        }
        if entry.doubled {
            self.remark(out, ALARM, "other words came under the same id later; these came first")?;
        }
        writeln!(out)?;
        Ok(())
    }

    fn heading(&self, out: &mut impl Write, entry: &Entry) -> Result<()> {
        let through = entry.through.as_ref().map(|bringer| format!(", through {}", name(bringer)));
        let kind = text::one_line(&entry.kind);
        let mut facts = vec![match &entry.about {
            Some(about) if entry.kind == "share" => format!("{kind} of {}", self.reference(about)),
            Some(about) => format!("{kind} on {}", self.reference(about)),
            None => kind,
        }];
        facts.push(text::ago(entry.created, &self.now));
        facts.extend(entry.edited.then(|| "edited".to_owned()));
        facts.extend(entry.closed.then(|| "closed".to_owned()));
        facts.extend(entry.expires.map(|then| format!("until {}", text::ago(then, &self.now))));
        facts.extend(entry.delivery.map(|delivery| {
            let waiting = match delivery.waiting() {
                0 => String::new(),
                count => format!(", waiting for {count}"),
            };
            format!("confirmed by {} of {}{waiting}", delivery.confirmed, delivery.sealed)
        }));
        writeln!(
            out,
            "{}{} · {} · {}",
            self.paint(BOLD, &name(&entry.author)),
            through.unwrap_or_default(),
            facts.join(" · "),
            self.paint(DIM, &short(entry.id)),
        )?;
        Ok(())
    }

    /// `alice's "Back from the hills."`
    fn reference(&self, about: &Reference) -> String {
        let Some(id) = about.id else { return name(&about.author) };
        let whose = if about.author.own { "your".to_owned() } else { format!("{}'s", name(&about.author)) };
        match about.text.as_deref().map(text::one_line) {
            Some(words) if !words.is_empty() => {
                format!("{whose} \"{}\"", text::truncate(&words, self.columns / 2))
            }
            _ => format!("{whose} {}", short(id)),
        }
    }

    /// Writes what is to be known of one file.
    pub fn attachment(&self, out: &mut impl Write, attachment: &Attachment) -> Result<()> {
        let state = if attachment.complete() {
            String::new()
        } else {
            format!("  ({} of {} parts have come)", attachment.chunks_here, attachment.chunks)
        };
        writeln!(
            out,
            "{INDENT}[{}] {}  {}  {}{state}",
            attachment.number,
            text::one_line(&attachment.name),
            text::one_line(&attachment.media_type),
            text::bytes(attachment.size),
        )?;
        self.paragraph(out, "      ", &text::lines(&attachment.alt))
    }

    fn paragraph(&self, out: &mut impl Write, indent: &str, words: &str) -> Result<()> {
        if !words.is_empty() {
            for line in text::wrap(words, self.columns.saturating_sub(indent.len())) {
                writeln!(out, "{}", format_args!("{indent}{line}").to_string().trim_end())?;
            }
        }
        Ok(())
    }

    fn remark(&self, out: &mut impl Write, colour: &str, words: &str) -> Result<()> {
        writeln!(out, "{INDENT}{}", self.paint(colour, &format!("({words})")))?;
        Ok(())
    }

    /// ECMA-48 SGR.
    fn paint(&self, colour: &str, words: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{words}\x1b[0m") } else { words.to_owned() }
    }
}

/// A petname is the owner's own. Somebody unknown has a fingerprint, and what they call themselves is a claim beside it.
fn name(person: &Person) -> String {
    match &person.petname {
        _ if person.own => "you".into(),
        Some(petname) => text::one_line(petname),
        None => match &person.claims {
            Some(claims) => format!("{} ({})", text::one_line(claims), person.fingerprint.short()),
            None => person.fingerprint.short(),
        },
    }
}

/// The end of an id that people type instead of the whole: the part after its last `-`.
fn short(id: Uuid) -> String {
    format!("{:012x}", id.as_u128() & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::{About, Body, Packet},
        store::{
            Store, feed,
            sample::{self, ALICE, BOB, NOW, at},
        },
    };

    fn shown(store: &Store, colour: bool) -> String {
        let style = Style { columns: 60, colour, now: at(NOW + 7200).to_zoned(jiff::tz::TimeZone::UTC) };
        let mut out = Vec::new();
        for seq in feed::rows(store.read(), &feed::Query::default(), at(NOW)).unwrap() {
            let entry = feed::entry(store.read(), seq, at(NOW)).unwrap();
            style.write(&mut out, &entry).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    fn end(packet: &Packet) -> String {
        packet.name.id.to_string()[24..].to_owned()
    }

    #[test]
    fn a_photograph_and_a_comment() {
        let (_dir, mut store) = sample::store();
        let mut photo =
            sample::status(ALICE, "The ridge at dawn, seen from the hut where we stayed for a night");
        photo.kind = "photo".into();
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32], [2; 32]]));
        let mut comment = sample::status(BOB, "What a view!");
        comment.kind = "comment".into();
        comment.about = Some(About::Packet(photo.name, None));
        sample::hold(&mut store, &photo);
        sample::hold(&mut store, &comment);
        let expected = format!(
            "alice · photo · 2 h ago · {}
  The ridge at dawn, seen from the hut where we stayed for a
  night
  [1] ridge.jpg  image/jpeg  4.9 MB  (0 of 2 parts have come)
      A ridge under a red sky

bob · comment on alice's \"The ridge at dawn, seen from…\" · 2 h ago · {}
  What a view!

",
            end(&photo),
            end(&comment)
        );
        assert_eq!(shown(&store, false), expected);
    }

    #[test]
    fn nobody_writes_on_the_terminal_but_we() {
        let (_dir, mut store) = sample::store();
        let mut bad = sample::status(BOB, "\u{1b}]0;title\u{7}\u{202e}live");
        bad.attachments.push(sample::blob("a\u{1b}[2J.jpg", &[]));
        bad.attachments[0].alt = Some("\u{9b}31m".into());
        bad.attachments[0].media_type = "\u{1b}c".into();
        bad.kind = "org.example.\u{1b}x".into();
        bad.body = Body::Unknown { why: "an unknown type \u{1b}".into() };
        sample::hold(&mut store, &bad);
        let plain = shown(&store, false);
        assert!(!plain.contains(|c: char| text::is_hidden(c) && c != '\n'), "{plain}");
        assert!(plain.contains("not understood"), "{plain}");
        assert!(shown(&store, true).starts_with("\u{1b}[1mbob\u{1b}[0m · "));
    }
}
