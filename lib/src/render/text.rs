//! The feed for people: a line that says who, what, when and the id; then the words, then the files. What answers
//! something stands beneath it, a step to the right.

use super::{name, remarks};
use crate::{
    Result,
    packet::Type,
    store::feed::{Attachment, Entry, Person, Reference},
    text,
};
use jiff::Zoned;
use std::io::Write;
use uuid::Uuid;

/// The reader and their terminal.
pub struct Style {
    /// Columns of the terminal; `usize::MAX` where lines are not to be broken.
    pub columns: usize,
    /// Whether it has colours.
    pub colour: bool,
    /// Now, in the reader's time zone.
    pub now: Zoned,
    /// What others wrote in later rows is marked as new.
    pub read: Option<i64>,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const ALARM: &str = "31";
const INDENT: &str = "  ";
/// In front of the rest of a line that was too long.
const HANGING: &str = "    ";
/// Answers to answers step to the right so many times, at most.
const MOST_STEPS: usize = 12;
/// Colours of the palette of 256 that can be read on black and on white, and told apart.
const PEOPLE: [&str; 12] = [
    "38;5;32", "38;5;35", "38;5;63", "38;5;67", "38;5;71", "38;5;98", "38;5;131", "38;5;133", "38;5;136",
    "38;5;166", "38;5;169", "38;5;172",
];
/// Columns of another packet's words that are quoted, at most.
const QUOTED: usize = 60;

impl Style {
    /// Writes one entry and an empty line, `depth` steps to the right, as far as there is room. What hangs under
    /// another one stands under that, and need not say what it is about.
    pub fn write(&self, out: &mut impl Write, entry: &Entry, depth: usize) -> Result<()> {
        let room = (self.columns / 3 / INDENT.len()).min(MOST_STEPS);
        let margin = INDENT.repeat(depth.min(room));
        self.heading(out, &margin, entry, (1..=room).contains(&depth))?;
        self.body(out, &(margin + INDENT), entry)?;
        writeln!(out)?;
        Ok(())
    }

    /// What a packet says, and beneath its words what it shares.
    fn body(&self, out: &mut impl Write, margin: &str, entry: &Entry) -> Result<()> {
        self.paragraph(out, margin, &text::lines(&entry.text))?;
        for attachment in &entry.attachments {
            self.attachment(out, margin, attachment)?;
        }
        if let Some(shared) = &entry.shared {
            self.heading(out, margin, shared, false)?;
            self.body(out, &format!("{margin}{INDENT}"), shared)?;
        }
        for words in remarks(entry) {
            self.remark(out, margin, DIM, words)?;
        }
        if !entry.understood {
            let words = "not understood; 'sn-ingest --again' reads it anew after an upgrade";
            self.remark(out, margin, DIM, words)?;
        }
        if entry.doubled {
            let words = "other words came under the same id later; these came first";
            self.remark(out, margin, ALARM, words)?;
        }
        Ok(())
    }

    fn heading(&self, out: &mut impl Write, margin: &str, entry: &Entry, beneath: bool) -> Result<()> {
        let through = entry.through.as_ref().map(|bringer| format!(", through {}", name(bringer)));
        let kind = text::one_line(&entry.kind);
        let mut facts = vec![match &entry.about {
            Some(about) if entry.kind == Type::Share.name() => format!("{kind} of {}", shared(entry, about)),
            Some(about) if !beneath => format!("{kind} on {}", self.reference(about)),
            _ => kind,
        }];
        if let Some(readers) = &entry.to {
            facts[0] += &format!(" to {}", readers.iter().map(name).collect::<Vec<_>>().join(", "));
        }
        facts.push(text::ago(entry.created, &self.now));
        let new = self.read.is_some_and(|read| entry.seq > read) && !entry.author.own && !entry.quiet;
        facts.extend(new.then(|| "new".to_owned()));
        facts.extend(entry.edited.then(|| "edited".to_owned()));
        facts.extend(entry.closed.then(|| "closed".to_owned()));
        facts.extend(entry.expires.map(|then| format!("ends {}", text::ago(then, &self.now))));
        facts.extend(entry.delivery.map(|delivery| {
            let waiting = match delivery.waiting() {
                0 => String::new(),
                count => format!(", waiting for {count}"),
            };
            let complete =
                delivery.complete.map(|count| format!(", complete for {count}")).unwrap_or_default();
            format!("confirmed by {} of {}{complete}{waiting}", delivery.confirmed, delivery.sealed)
        }));
        let (who, id) = (name(&entry.author), short(entry.id));
        let words = format!("{who}{} · {} · {id}", through.unwrap_or_default(), facts.join(" · "));
        let mut lines = text::wrap(&words, self.columns.saturating_sub(margin.len()));
        // Coloured only now that they are broken, where they were not broken themselves.
        if let Some(last) = lines.last_mut()
            && let Some(before) = last.strip_suffix(&id)
        {
            *last = format!("{before}{}", self.paint(DIM, &id));
        }
        if let Some(first) = lines.first_mut().filter(|first| first.starts_with(&who)) {
            first.replace_range(..who.len(), &self.paint(colour(&entry.author), &who));
        }
        for (line, text) in lines.iter().enumerate() {
            writeln!(out, "{margin}{}{text}", if line > 0 { HANGING } else { "" })?;
        }
        Ok(())
    }

    /// `alice's "Back from the hills."`
    fn reference(&self, about: &Reference) -> String {
        let Some(id) = about.id else { return name(&about.author) };
        let whose = whose(&about.author);
        match about.text.as_deref().map(text::one_line) {
            Some(words) if !words.is_empty() => {
                format!("{whose} \"{}\"", text::truncate(&words, QUOTED.min(self.columns / 2)))
            }
            _ => format!("{whose} {}", short(id)),
        }
    }

    /// Writes what is to be known of one file.
    pub fn attachment(&self, out: &mut impl Write, margin: &str, attachment: &Attachment) -> Result<()> {
        let state = if attachment.complete() {
            String::new()
        } else {
            format!("  ({} of {} parts have come)", attachment.chunks_here, attachment.chunks)
        };
        let words = format!(
            "[{}] {}  {}  {}{state}",
            attachment.number,
            text::one_line(&attachment.name),
            text::one_line(&attachment.media_type),
            text::bytes(attachment.size),
        );
        self.paragraph(out, margin, &words)?;
        self.paragraph(out, &format!("{margin}{HANGING}"), &text::lines(&attachment.alt))
    }

    fn paragraph(&self, out: &mut impl Write, margin: &str, words: &str) -> Result<()> {
        if !words.is_empty() {
            for line in text::wrap(words, self.columns.saturating_sub(margin.len())) {
                writeln!(out, "{}", format_args!("{margin}{line}").to_string().trim_end())?;
            }
        }
        Ok(())
    }

    fn remark(&self, out: &mut impl Write, margin: &str, colour: &str, words: &str) -> Result<()> {
        for line in text::wrap(&format!("({words})"), self.columns.saturating_sub(margin.len())) {
            writeln!(out, "{margin}{}", self.paint(colour, &line))?;
        }
        Ok(())
    }

    /// ECMA-48 SGR.
    fn paint(&self, colour: &str, words: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{words}\x1b[0m") } else { words.to_owned() }
    }
}

/// `alice's photo`: what is shared stands beneath.
fn shared(share: &Entry, about: &Reference) -> String {
    let kind = share.shared.as_ref().map_or("packet".into(), |shared| text::one_line(&shared.kind));
    format!("{} {kind}", whose(&about.author))
}

fn whose(person: &Person) -> String {
    if person.own { "your".to_owned() } else { format!("{}'s", name(person)) }
}

/// Everybody has a colour of their own, the same for ever: it is derived from the key, so that taking somebody's name does not
/// take their colour. The owner is in bold.
fn colour(person: &Person) -> &'static str {
    let [first, ..] = person.fingerprint.as_bytes();
    if person.own { BOLD } else { PEOPLE[usize::from(*first) % PEOPLE.len()] }
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
            threads,
        },
    };

    fn shown(store: &Store, colour: bool) -> String {
        let style = Style {
            columns: 60,
            colour,
            now: at(NOW + 7200).to_zoned(jiff::tz::TimeZone::UTC),
            read: Some(2),
        };
        let mut out = Vec::new();
        let rows = feed::rows(store.read(), &feed::Query::default(), at(NOW)).unwrap();
        for place in threads::arrange(store.read(), &rows).unwrap() {
            let entry = feed::entry(store.read(), place.seq, at(NOW)).unwrap();
            style.write(&mut out, &entry, place.depth).unwrap();
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
  [1] ridge.jpg  image/jpeg  4.9 MB  (0 of 2 parts have
  come)
      A ridge under a red sky

bob · comment on alice's \"The ridge at dawn, seen from…\" · 2
    h ago · {}
  What a view!

",
            end(&photo),
            end(&comment)
        );
        assert_eq!(shown(&store, false), expected);
    }

    #[test]
    fn what_is_shared_stands_beneath_the_words_of_who_shares_it() {
        let (_dir, mut store) = sample::store();
        let mut photo =
            sample::status(ALICE, "The ridge at dawn, seen from the hut where we stayed for a night");
        photo.kind = "photo".into();
        photo.attachments.push(sample::blob("ridge.jpg", &[[1; 32]]));
        sample::hold_quiet(&mut store, &photo, BOB, NOW);
        let share = sample::share(BOB, &photo, "Look!");
        sample::hold(&mut store, &share);
        let expected = format!(
            "bob · share of alice's photo · 2 h ago · {}
  Look!
  alice · photo · 2 h ago · {}
    The ridge at dawn, seen from the hut where we stayed for
    a night
    [1] ridge.jpg  image/jpeg  4.9 MB  (0 of 1 parts have
    come)
        A ridge under a red sky

",
            end(&share),
            end(&photo)
        );
        assert_eq!(shown(&store, false), expected);
        let write = store.begin().unwrap();
        write.execute("UPDATE packet SET state = 'retracted' WHERE type = 'photo'", ()).unwrap();
        write.commit().unwrap();
        let gone = "alice's packet · 2 h ago · ";
        let shown = shown(&store, false);
        assert!(
            shown.contains(gone) && shown.ends_with("  (what it shares was taken back, or has ended)\n\n"),
            "{shown}"
        );
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
        let coloured = format!("\u{1b}[{}mbob\u{1b}[0m · ", PEOPLE[0xb0 % PEOPLE.len()]);
        assert!(shown(&store, true).starts_with(&coloured), "{coloured}");
    }

    #[test]
    fn answers_stand_beneath_and_nothing_is_wider_than_the_terminal() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "Back from the hills.");
        sample::hold(&mut store, &root);
        let mut above = root.clone();
        for depth in 0..40 {
            let mut comment = sample::status(BOB, &format!("answer {depth} {}", "word ".repeat(20)));
            comment.kind = "comment".into();
            comment.thread = Some(root.name);
            comment.about = Some(About::Packet(above.name, None));
            comment.attachments.push(sample::blob(&"long".repeat(20), &[[1; 32]]));
            sample::hold(&mut store, &comment);
            above = comment;
        }
        let text = shown(&store, false);
        assert!(text.contains("\n  bob · comment · 2 h ago · "), "{text}");
        assert!(text.contains("\n    bob · comment · 2 h ago · new · "), "{text}");
        assert!(text.contains("comment on bob's \"answer 20"), "{text}");
        assert!(text.lines().all(|line| text::width(line) <= 60), "{text}");
    }
}
