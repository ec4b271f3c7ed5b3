//! What people do, as packets: their words, files and what they speak of go in, XML comes out.

use crate::{
    Context, Error, Fingerprint, Kind, Result,
    packet::{self, About, Attachment, Body, Class, Name, Packet, Type},
    protocol::{change, share},
    seal,
    store::{account, changes, contacts, former, named, packets},
};
use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

/// What every kind of packet may have.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What the author says.
    pub text: Option<String>,
    /// Files and photographs.
    pub attachments: Vec<Attachment>,
    /// Named readers, as people name them: petname, `@GROUP`, `all` or fingerprint.
    pub to: Vec<String>,
    /// When the author wants it gone.
    pub expires: Option<Timestamp>,
    /// Whether readers may share it.
    pub shareable: bool,
}

/// Who writes, when, and what they have read.
pub struct Author<'a> {
    /// The owner of the account.
    pub fingerprint: Fingerprint,
    /// Now; packets have whole seconds.
    pub now: Timestamp,
    /// The account's database.
    pub db: &'a Connection,
}

impl Author<'_> {
    /// A few words for everybody it is sealed to.
    pub fn status(&self, draft: Draft) -> Result<Vec<u8>> {
        packet::write(&self.packet(draft, Body::Status)?, None)
    }

    /// Photographs.
    pub fn photo(&self, draft: Draft) -> Result<Vec<u8>> {
        packet::write(&self.packet(draft, Body::Photo)?, None)
    }

    /// Words to named people only.
    pub fn message(&self, draft: Draft) -> Result<Vec<u8>> {
        packet::write(&self.packet(draft, Body::Message)?, None)
    }

    /// Words about another packet.
    pub fn comment(&self, about: &str, draft: Draft) -> Result<Vec<u8>> {
        self.about(about, self.packet(draft, Body::Comment)?)
    }

    /// One emoji or short word about another packet.
    pub fn reaction(&self, about: &str, draft: Draft) -> Result<Vec<u8>> {
        self.about(about, self.packet(draft, Body::Reaction)?)
    }

    /// Another author's packet, passed on as that author signed it.
    pub fn share(&self, id: &str, draft: Draft) -> Result<Vec<u8>> {
        let target = named::find(self.db, id, self.now)?;
        self.living(id, target.name)?;
        let held = packets::get(self.db, target.name)?.ok_or_else(|| gone(id))?;
        let original =
            packet::read(&seal::verify(&held.signed)?.content).context(|| format!("packet '{id}'"))?;
        share::check(&original).context(|| format!("packet '{id}'"))?;
        let body = Body::Share { original: held.signed };
        packet::write(&self.packet(draft, body)?, None)
    }

    /// New words for an own packet.
    pub fn edit(&self, id: &str, draft: Draft) -> Result<Vec<u8>> {
        let target = self.own(id)?;
        if Class::of(&target.kind) != Class::Words {
            let message = format!("a {} is not edited, only taken back", target.kind);
            return Err(Error::new(Kind::Usage, message).hint("'sn-pack retract' takes it back"));
        }
        self.change(id, draft, |version| Body::Edit { version, closes: false })
    }

    /// Ends an own thread: no more comments.
    pub fn close(&self, id: &str) -> Result<Vec<u8>> {
        if self.own(id)?.thread.is_some() {
            return Err(Error::new(Kind::Usage, format!("packet '{id}' is not the root of a thread")));
        }
        self.change(id, Draft::default(), |version| Body::Edit { version, closes: true })
    }

    /// Takes back an own packet, or removes another one from an own thread.
    pub fn retract(&self, id: &str) -> Result<Vec<u8>> {
        let target = named::find(self.db, id, self.now)?;
        if !self.is(target.name.from)? && !self.is(target.root.from)? {
            return Err(Error::new(Kind::NotAllowed, format!("packet '{id}' is not yours to take back"))
                .hint("only its author and the author of its thread can"));
        }
        self.change(id, Draft::default(), |_| Body::Retract)
    }

    fn own(&self, id: &str) -> Result<changes::Target> {
        let name = named::find(self.db, id, self.now)?.name;
        if !self.is(name.from)? {
            return Err(Error::new(Kind::NotAllowed, format!("packet '{id}' is not yours to edit")));
        }
        self.living(id, name)
    }

    /// Whether this is, or was, the owner.
    fn is(&self, author: Fingerprint) -> Result<bool> {
        former::speaks_for(self.db, self.fingerprint, author)
    }

    /// A packet of which something is left.
    fn living(&self, id: &str, name: Name) -> Result<changes::Target> {
        let target = changes::target(self.db, name)?.filter(|target| !target.gone);
        target.ok_or_else(|| Error::new(Kind::Nothing, format!("packet '{id}' was taken back")))
    }

    /// It travels as its target did, so it names no readers.
    fn change(&self, id: &str, draft: Draft, body: impl FnOnce(u32) -> Body) -> Result<Vec<u8>> {
        let target = named::find(self.db, id, self.now)?;
        let living = self.living(id, target.name)?;
        let mut packet = self.packet(draft, body(changes::next_version(self.db, target.name)?))?;
        packet.thread = living.thread;
        // Said again: whoever gets no other edit than this one must know it, too.
        if packet.expires.is_none() && matches!(packet.body, Body::Edit { .. }) {
            packet.expires = living.expires.and_then(|expires| Timestamp::from_second(expires).ok());
        }
        packet.about = Some(About::Packet(target.name, Some(target.digest)));
        packet::write(&packet, None)
    }

    /// A packet of an application: `kind` is a reverse domain name, `body` the XML of the application's own elements,
    /// `fallback` what is shown by nodes that don't have it.
    pub fn application(
        &self,
        kind: &str,
        body: &[u8],
        fallback: Option<String>,
        draft: Draft,
    ) -> Result<Vec<u8>> {
        if !packet::is_application(kind) {
            let message = format!("'{kind}' is not the type of an application");
            return Err(
                Error::new(Kind::Usage, message).hint("it is a reverse domain name: org.example.chess.move")
            );
        }
        let mut packet = self.packet(draft, Body::Application)?;
        packet.kind = kind.to_owned();
        packet.fallback = fallback;
        packet::write(&packet, Some(body))
    }

    /// An application says its type itself.
    fn packet(&self, draft: Draft, body: Body) -> Result<Packet> {
        let mut to = Vec::new();
        for word in &draft.to {
            let readers = contacts::resolve(self.db, word)?;
            to.extend(readers.into_iter().filter(|reader| !to.contains(reader)).collect::<Vec<_>>());
        }
        let whole_seconds = |then: Timestamp, what: &str| {
            let too_far = |_| Error::new(Kind::Usage, format!("{what} is out of range"));
            Timestamp::from_second(then.as_second()).map_err(too_far)
        };
        let created = whole_seconds(self.now, "the time of this machine's clock")?;
        if draft.expires.is_some_and(|expires| expires <= created) {
            return Err(Error::new(Kind::Usage, "it would have expired before it was made"));
        }
        Ok(Packet {
            name: Name { from: self.fingerprint, id: Uuid::now_v7() },
            kind: body.kind().map_or("", Type::name).to_owned(),
            created,
            expires: draft.expires.map(|then| whole_seconds(then, "the time of expiry")).transpose()?,
            shareable: draft.shareable,
            author_name: None,
            to,
            thread: None,
            about: None,
            text: draft.text,
            attachments: draft.attachments,
            fallback: None,
            body,
        })
    }

    /// A packet in a thread goes to the author of its root, whose node passes it on; in an own thread that is us, and
    /// sn-seal gives it to whoever got the root.
    fn about(&self, id: &str, mut packet: Packet) -> Result<Vec<u8>> {
        let target = named::find(self.db, id, self.now)?;
        self.living(id, target.name)?;
        change::check_open(self.db, target.root)?;
        packet.thread = Some(target.root);
        packet.about = Some(About::Packet(target.name, Some(target.digest)));
        packet.author_name = Some(account::get(self.db)?.name);
        if !self.is(target.root.from)? {
            packet.to = vec![former::present(self.db, target.root.from)?];
        }
        packet::write(&packet, None)
    }
}

fn gone(id: &str) -> Error {
    Error::new(Kind::Nothing, format!("no packet '{id}' is here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{self, ALICE, BOB, CAROL, NOW, at};

    fn words(text: &str) -> Draft {
        Draft { text: Some(text.into()), ..Draft::default() }
    }

    fn alice(db: &Connection) -> Author<'_> {
        Author { fingerprint: ALICE, now: at(NOW), db }
    }

    #[test]
    fn a_status_says_who_and_when_in_whole_seconds() {
        let (_dir, store) = sample::store();
        let now = at(NOW) + jiff::Span::new().milliseconds(999);
        let author = Author { now, ..alice(store.read()) };
        let read = packet::read(&author.status(words("Back from the hills.")).unwrap()).unwrap();
        assert_eq!(
            (read.name.from, read.created, read.text.as_deref()),
            (ALICE, at(NOW), Some("Back from the hills."))
        );
    }

    #[test]
    fn a_comment_goes_to_the_author_of_the_root_however_deep_it_is() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(BOB, "root");
        let mut comment = sample::status(ALICE, "first");
        comment.thread = Some(root.name);
        sample::hold(&mut store, &root);
        sample::hold(&mut store, &comment);
        let id = comment.name.id.to_string();
        let read = packet::read(&alice(store.read()).comment(&id, words("second")).unwrap()).unwrap();
        assert_eq!((read.thread, &read.to), (Some(root.name), &vec![BOB]));
        assert_eq!(read.about, Some(About::Packet(comment.name, Some([1; 32]))));
        assert_eq!(read.kind, "comment");
    }

    #[test]
    fn a_comment_in_an_own_thread_names_no_reader() {
        let (_dir, mut store) = sample::store();
        let root = sample::status(ALICE, "root");
        sample::hold(&mut store, &root);
        let id = root.name.id.to_string();
        let read = packet::read(&alice(store.read()).reaction(&id, words("🎉")).unwrap()).unwrap();
        assert!(read.to.is_empty());
        let unknown = alice(store.read()).comment("ffffffff", words("lost")).unwrap_err();
        assert_eq!(unknown.kind(), Kind::Nothing);
    }

    #[test]
    fn a_message_names_each_reader_once() {
        let (_dir, store) = sample::store();
        let to = ["bob", "carol", "bob"].map(String::from).to_vec();
        let made = alice(store.read()).message(Draft { to, ..words("Dinner at eight.") }).unwrap();
        assert_eq!(packet::read(&made).unwrap().to, [BOB, CAROL]);
    }

    #[test]
    fn what_makes_no_packet_is_refused() {
        let (_dir, store) = sample::store();
        let author = alice(store.read());
        assert!(author.status(Draft::default()).is_err(), "a status says something");
        assert!(author.message(words("to nobody")).is_err(), "a message names its readers");
        let expired = Draft { expires: Some(at(NOW)), ..words("late") };
        assert_eq!(author.status(expired).unwrap_err().kind(), Kind::Usage);
        assert_eq!(author.application("chess", b"", None, words("e4")).unwrap_err().kind(), Kind::Usage);
        let body = b"<move xmlns='urn:example:chess'>e4</move>";
        let made =
            author.application("org.example.chess", body, Some("a move".into()), Draft::default()).unwrap();
        assert_eq!(packet::read(&made).unwrap().fallback.as_deref(), Some("a move"));
    }
}
