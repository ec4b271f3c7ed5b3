//! A packet, and a conversation.

use super::{
    Site, anchor, name,
    person::Who,
    remarks,
    words::{Paragraph, paragraphs},
    xml_line,
};
use crate::{
    packet::{Name, Type},
    store::feed::{Attachment, Entry, Reference},
    text,
};
use askama::{Template, filters::HtmlSafe};

/// Answers to answers step to the right so many times, at most.
const MOST_STEPS: usize = 6;
/// Columns of another packet's words that are quoted, at most.
const QUOTED: usize = 120;

/// One packet.
#[derive(Template)]
#[template(path = "packet.html")]
pub struct Packet {
    anchor: String,
    steps: usize,
    who: Who,
    through: Option<Who>,
    /// What it is, where that is more than words or pictures.
    kind: Option<String>,
    to: Vec<Who>,
    about: Option<About>,
    created: String,
    time: String,
    href: Option<String>,
    new: bool,
    facts: Vec<String>,
    said: Said,
    shared: Option<Shared>,
    remarks: Vec<String>,
    warning: Option<&'static str>,
    reactions: Vec<Reaction>,
    comments: Option<Comments>,
    tools: Option<String>,
}

impl HtmlSafe for Packet {}

/// Words, and files.
#[derive(Template)]
#[template(path = "said.html")]
struct Said {
    words: Vec<Paragraph>,
    pictures: Vec<Picture>,
    files: Vec<File>,
}

impl HtmlSafe for Said {}

/// What a share carries.
struct Shared {
    who: Who,
    kind: String,
    created: String,
    time: String,
    href: Option<String>,
    facts: Vec<String>,
    said: Said,
    warning: Option<&'static str>,
}

/// What a packet speaks of, where that does not stand above it.
struct About {
    who: Who,
    words: Option<String>,
    href: Option<String>,
}

/// A photograph.
struct Picture {
    small: String,
    large: Option<String>,
    alt: String,
}

/// A file that is not shown.
struct File {
    number: u32,
    name: String,
    media_type: String,
    size: String,
    href: Option<String>,
    alt: String,
    state: Option<String>,
}

/// A sign, and who gave it.
struct Reaction {
    sign: String,
    who: Vec<String>,
}

/// What is said about a packet, elsewhere.
struct Comments {
    count: u32,
    href: String,
}

impl Packet {
    /// As a site shows it; `beneath` what it answers or not.
    fn new(site: &dyn Site, entry: &Entry, steps: usize, beneath: bool) -> Self {
        let own_name = Name { from: entry.author.fingerprint, id: entry.id };
        let person = |person| Who::new(site, person);
        let mut facts = facts(site, entry);
        facts.extend(entry.delivery.map(|delivery| match (delivery.confirmed, delivery.waiting()) {
            (confirmed, 0) => format!("confirmed by {confirmed}"),
            (0, _) => "not confirmed yet".to_owned(),
            (confirmed, _) => format!("confirmed by {confirmed} of {}", delivery.sealed),
        }));
        // What is shared stands beneath.
        let about = entry.about.as_ref().filter(|_| !beneath && entry.shared.is_none());
        Self {
            anchor: anchor(&own_name),
            steps: steps.min(MOST_STEPS),
            who: person(&entry.author),
            through: entry.through.as_ref().map(person),
            // What is plain to see is not said.
            kind: Some(xml_line(&entry.kind)).filter(|_| match Type::named(&entry.kind) {
                Some(Type::Status | Type::Photo) => false,
                Some(Type::Comment) => !beneath,
                _ => true,
            }),
            to: entry.to.iter().flatten().map(person).collect(),
            about: about.map(|about| About::new(site, entry, about)),
            created: entry.created.to_string(),
            time: site.time(entry.created),
            href: site.packet(own_name, entry.thread.unwrap_or(own_name)),
            new: site.is_new(entry),
            facts,
            said: Said::new(site, entry),
            shared: entry.shared.as_deref().map(|shared| Shared::new(site, shared)),
            remarks: sentences(entry),
            warning: warning(entry),
            reactions: Vec::new(),
            comments: None,
            tools: site.tools(entry),
        }
    }

    /// Says how much is said about it on another page, and where.
    pub fn set_comments(&mut self, count: u32, href: String) {
        self.comments = Some(Comments { count, href }).filter(|comments| comments.count > 0);
    }

    fn react(&mut self, entry: &Entry) {
        let (sign, who) = (xml_line(&entry.text), xml_line(&name(&entry.author)));
        match self.reactions.iter_mut().find(|reaction| reaction.sign == sign) {
            // Pressed twice is meant once. Petnames differ, and one person's keys have one.
            Some(reaction) if reaction.who.contains(&who) => {}
            Some(reaction) => reaction.who.push(who),
            None => self.reactions.push(Reaction { sign, who: vec![who] }),
        }
    }
}

fn facts(site: &dyn Site, entry: &Entry) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(entry.edited.then(|| "edited".to_owned()));
    facts.extend(entry.closed.then(|| "closed".to_owned()));
    facts.extend(entry.expires.map(|then| format!("ends {}", site.time(then))));
    facts
}

fn warning(entry: &Entry) -> Option<&'static str> {
    entry.doubled.then_some("Other words came under the same id later; these came first.")
}

/// As sentences.
fn sentences(entry: &Entry) -> Vec<String> {
    let mut remarks = remarks(entry);
    remarks.extend((!entry.understood).then_some("this node does not understand it"));
    remarks.iter().map(|words| format!("{}{}.", words[..1].to_ascii_uppercase(), &words[1..])).collect()
}

impl Said {
    fn new(site: &dyn Site, entry: &Entry) -> Self {
        let (mut pictures, mut files) = (Vec::new(), Vec::new());
        for attachment in &entry.attachments {
            match site.preview(entry, attachment) {
                Some(small) => pictures.push(Picture::new(small, site.file(entry, attachment), attachment)),
                None => files.push(File::new(site.file(entry, attachment), attachment)),
            }
        }
        Self { words: paragraphs(&entry.text), pictures, files }
    }
}

impl Shared {
    fn new(site: &dyn Site, entry: &Entry) -> Self {
        let name = Name { from: entry.author.fingerprint, id: entry.id };
        Self {
            who: Who::new(site, &entry.author),
            kind: xml_line(&entry.kind),
            created: entry.created.to_string(),
            time: site.time(entry.created),
            // It is nowhere else, unless it has come for itself.
            href: if entry.quiet { None } else { site.packet(name, name) },
            facts: facts(site, entry),
            said: Said::new(site, entry),
            warning: warning(entry),
        }
    }
}

impl About {
    fn new(site: &dyn Site, entry: &Entry, about: &Reference) -> Self {
        let words = about.text.as_deref().map(xml_line).filter(|words| !words.is_empty());
        let subject = about.id.map(|id| Name { from: about.author.fingerprint, id });
        // The packet that is spoken of is in the same thread, or none is known. What was shared is not there any more.
        let subject = subject.filter(|_| entry.kind != Type::Share.name());
        let href = subject.and_then(|subject| site.packet(subject, entry.thread.unwrap_or(subject)));
        Self {
            who: Who::new(site, &about.author),
            words: words.map(|words| text::truncate(&words, QUOTED)),
            href,
        }
    }
}

impl Picture {
    fn new(small: String, large: Option<String>, attachment: &Attachment) -> Self {
        Self { small, large, alt: xml_line(&attachment.alt) }
    }
}

impl File {
    fn new(href: Option<String>, attachment: &Attachment) -> Self {
        let (here, all) = (attachment.chunks_here, attachment.chunks);
        Self {
            number: attachment.number,
            name: xml_line(&attachment.name),
            media_type: xml_line(&attachment.media_type),
            size: text::bytes(attachment.size),
            href,
            alt: xml_line(&attachment.alt),
            state: (here < all).then(|| format!("{here} of {all} parts have come")),
        }
    }
}

/// A packet, and what answers it, and what answers that, in the order of `store::threads`.
#[derive(Template)]
#[template(path = "conversation.html")]
pub struct Conversation {
    /// The one at the top comes first.
    pub packets: Vec<Packet>,
}

impl HtmlSafe for Conversation {}

/// Entries in the order of `store::threads`, each with its depth, as conversations. A reaction to something that is shown
/// becomes a sign upon that.
pub fn conversations(
    site: &dyn Site,
    entries: impl IntoIterator<Item = (Entry, usize)>,
) -> Vec<Conversation> {
    let mut conversations: Vec<Conversation> = Vec::new();
    // Where in the conversation, by depth, what is answered next stands; a sign stands nowhere.
    let mut above: Vec<Option<usize>> = Vec::new();
    for (entry, depth) in entries {
        above.truncate(depth);
        let parent = above.last().copied().flatten();
        if depth == 0 {
            conversations.push(Conversation { packets: Vec::new() });
        }
        let Some(Conversation { packets }) = conversations.last_mut() else { continue };
        let signed = parent.and_then(|parent| packets.get_mut(parent)).filter(|_| is_sign(&entry));
        match signed {
            Some(packet) => {
                packet.react(&entry);
                above.push(None);
            }
            None => {
                above.push(Some(packets.len()));
                packets.push(Packet::new(site, &entry, depth, parent.is_some()));
            }
        }
    }
    conversations
}

fn is_sign(entry: &Entry) -> bool {
    entry.kind == Type::Reaction.name() && entry.gone.is_none() && entry.understood && entry.hidden.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fingerprint,
        packet::{About, Packet},
        store::{
            Store, feed,
            sample::{self, ALICE, BOB, CAROL, NOW, at},
            threads,
        },
    };
    use jiff::Timestamp;
    use quick_xml::{Reader, events::Event};
    use std::collections::BTreeSet;

    /// All places there are.
    struct Everywhere;

    impl Site for Everywhere {
        fn person(&self, who: Fingerprint) -> Option<String> {
            Some(format!("people/{who}"))
        }
        fn thread(&self, root: Name) -> Option<String> {
            Some(format!("threads/{}", anchor(&root)))
        }
        fn preview(&self, _: &Entry, attachment: &Attachment) -> Option<String> {
            Some(format!("photos/{}", attachment.number)).filter(|_| attachment.number == 1)
        }
        fn file(&self, _: &Entry, attachment: &Attachment) -> Option<String> {
            Some(format!("files/{}", attachment.number))
        }
        fn time(&self, then: Timestamp) -> String {
            then.to_string()
        }
    }

    fn shown(store: &Store) -> Vec<Conversation> {
        let rows = feed::rows(store.read(), &feed::Query::default(), at(NOW)).unwrap();
        let placed = threads::arrange(store.read(), &rows).unwrap();
        conversations(
            &Everywhere,
            placed.iter().map(|it| (feed::entry(store.read(), it.seq, at(NOW)).unwrap(), it.depth)),
        )
    }

    fn on(from: Fingerprint, about: &Packet, kind: &str, text: &str) -> Packet {
        let mut packet = sample::status(from, text);
        packet.kind = kind.into();
        packet.thread = Some(about.root());
        packet.about = Some(About::Packet(about.name, None));
        packet
    }

    #[test]
    fn what_answers_stands_beneath_and_signs_stand_upon() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "Back from the hills.");
        let comment = on(BOB, &root, "comment", "Was there snow?");
        let signs = [on(BOB, &root, "reaction", "🎉"), on(CAROL, &root, "reaction", "🎉")];
        let again = on(BOB, &root, "reaction", "🎉");
        let on_sign = on(ALICE, &signs[0], "comment", "Thank you");
        for packet in [&root, &comment, &signs[0], &signs[1], &again, &on_sign] {
            sample::hold(&mut store, packet);
        }
        let [conversation] = shown(&store).try_into().ok().unwrap();
        let steps: Vec<_> = conversation.packets.iter().map(|it| (it.steps, it.about.is_some())).collect();
        assert_eq!(steps, [(0, false), (1, false), (2, true)]);
        let html = conversation.render().unwrap();
        assert!(html.contains("<span class=\"sign\">🎉</span> <bdi>bob, carol</bdi>"), "{html}");
    }

    const BAD: &str = "</p><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;]]>--><!--\
                       <style>*{background:url(//x.example)}</style>\u{202e}\u{200b}\u{1b}[2J\u{ffff}{{ 7 }}";

    #[test]
    fn what_strangers_write_is_text() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, BAD);
        sample::hold(&mut store, &root);
        let mut bad = on(BOB, &root, &format!("org.{BAD}"), BAD);
        for number in 0..2 {
            bad.attachments.push(sample::blob(BAD, &[[number; 32]]));
            bad.attachments[usize::from(number)].alt = Some(BAD.into());
            bad.attachments[usize::from(number)].media_type = BAD.into();
        }
        bad.author_name = Some(BAD.into());
        sample::hold_through(&mut store, &bad, CAROL);
        sample::hold(&mut store, &on(CAROL, &root, "reaction", BAD));
        // A picture of somebody's that only a share has brought.
        let mut shared = sample::status(ALICE, BAD);
        shared.attachments.push(sample::blob(BAD, &[]));
        shared.attachments[0].alt = Some(BAD.into());
        sample::hold_quiet(&mut store, &shared, CAROL, NOW);
        sample::hold(&mut store, &sample::share(CAROL, &shared, BAD));
        let write = store.begin().unwrap();
        write.execute("DELETE FROM contact WHERE fingerprint = ?1", [BOB]).unwrap();
        write.commit().unwrap();
        let html: String = shown(&store).iter().map(|it| it.render().unwrap()).collect();
        assert!(!html.contains(['\u{202e}', '\u{200b}', '\u{1b}', '\u{ffff}']), "{html}");
        let mut reader = Reader::from_str(&html);
        let mut elements = BTreeSet::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) | Event::Empty(element) => {
                    elements.insert(element.name().as_ref().to_owned());
                    for attribute in element.attributes() {
                        let name = attribute.unwrap().key.as_ref().to_owned();
                        assert!(!name.starts_with("on") && name != "style", "{html}");
                    }
                }
                Event::Comment(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) => panic!("{html}"),
                Event::Eof => break,
                _ => {}
            }
        }
        for element in ["script", "style", "iframe", "object", "form", "svg"] {
            assert!(!elements.contains(element), "{html}");
        }
        assert_eq!(html.matches("<img ").count(), 2, "{html}");
        assert_eq!(html.matches("<blockquote class=\"shared\">").count(), 1, "{html}");
        assert!(!html.contains(&anchor(&shared.name)), "it stands nowhere else: {html}");
        assert!(html.contains("{{ 7 }}"), "{html}");
    }
}
