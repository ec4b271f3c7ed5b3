//! The feed as a folder of pages that any browser reads, without a server and without a script.
//!
//! | file | knows |
//! |---|---|
//! | `folder.rs` | the files: which are ours, which have changed |
//! | `state.rs` | how far the site has come, and what every page depends on |
//! | `parts.rs` | months, and the pages that long ones are cut into |
//! | `plan.rs` | which pages a change is seen on |
//! | `places.rs` | where everything is |
//! | `page.rs` | each kind of page |
//!
//! A page shows rows of the feed that came one after another, or a thread, or a person. What is drawn again is what the
//! database says has changed since the run before ([`crate::store::touched`]), and where that is seen; all of it, when
//! something changed that may be seen anywhere, such as a petname. A page is written when its bytes are others than those
//! that lie there. Killed half way, a run leaves the state of the one before, so that the next draws the same pages.

mod folder;
mod page;
mod parts;
mod places;
mod plan;
mod state;
#[cfg(test)]
mod tests;

use crate::{
    Fingerprint, Kind, Result, attach,
    home::Home,
    packet::Name,
    render::html::{Conversation, Person, STYLE, Who, anchor, conversations},
    store::{
        Store,
        account::{self, Account},
        contacts,
        feed::{self, Entry},
        filter::Filter,
        former, named, packets, threads, touched,
    },
};
use folder::Folder;
use jiff::Zoned;
use page::{Frame, Link};
use parts::Part;
use places::{Places, picture_names};
use plan::Plan;
use rusqlite::Connection;
use state::State;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

/// Packets on the first page, and on that of a person.
const NEWEST: u32 = 20;
/// Answers on the page of a thread, at most: the others are on the pages of their months.
const MOST_ANSWERS: u32 = 1000;
/// Bytes of text after which the page of a thread ends.
const MOST_TEXT: u64 = 1 << 20;

/// Writes the feed of the account, whose owner is `own`, into the folder `path`, or what has changed of it there.
/// [`Kind::CantCreate`]: the folder, or a file in it, is not of a site of this account. [`Kind::Again`]: another command
/// is at it.
pub fn write(home: &Home, store: &Store, own: Fingerprint, path: &Path, now: &Zoned) -> Result<()> {
    let _lock = home.lock("site")?;
    let db = store.snapshot()?;
    let mut folder = Folder::open(path, own, |who| former::was_mine(&db, who))?;
    let account = account::get(&db)?;
    let key = state::key(&db, &account, &home.config.feed.hide, now)?;
    let before = folder.state()?.filter(|before| before.key == key);
    let mut parts = parts::extend(&db, before.as_ref(), now.time_zone())?;
    let plan = Plan::new(&db, own, before.as_ref(), &parts, now.timestamp())?;
    if !plan.is_empty() {
        let (seq, touched) = (feed::newest(&db)?, touched::latest(&db)?);
        let mut site = Site {
            db: &db,
            blobs: home.blobs(),
            places: Places::new(&db, path, own, now.time_zone(), &parts),
            filter: Filter::load(&db, &home.config.feed.hide)?,
            account,
            own,
            now,
            folder: &mut folder,
            with_files: HashSet::new(),
        };
        site.draw(&plan, &mut parts)?;
        folder.finish(&State {
            key,
            owner: own.to_string(),
            seq,
            touched,
            at: now.timestamp().as_second(),
            parts,
        })?;
    }
    folder.close()
}

/// A run.
struct Site<'a> {
    db: &'a Connection,
    blobs: PathBuf,
    places: Places<'a>,
    filter: Filter,
    account: Account,
    own: Fingerprint,
    now: &'a Zoned,
    folder: &'a mut Folder,
    /// Rows with files, on the pages of months that were drawn.
    with_files: HashSet<i64>,
}

impl Site<'_> {
    fn draw(&mut self, plan: &Plan, parts: &mut [Part]) -> Result<()> {
        self.folder.style(STYLE)?;
        // First: they bring the photographs that other pages show.
        for at in &plan.parts {
            parts[*at].count = self.part(parts, *at)?;
        }
        for root in &plan.threads {
            self.thread(*root)?;
        }
        for who in &plan.people {
            self.person(*who)?;
        }
        self.people()?;
        self.index(parts)?;
        if plan.all {
            return self.folder.sweep();
        }
        let gone = plan.changed.iter().filter(|row| !self.with_files.contains(&row.seq));
        self.folder.remove_pictures(&gone.map(|row| anchor(&row.name)).collect())
    }

    /// A page of a month; gives how many packets it shows.
    fn part(&mut self, parts: &[Part], at: usize) -> Result<u32> {
        let part = &parts[at];
        let before = parts.get(at + 1).map(|next| next.first);
        let rows =
            self.rows(feed::Query { after: Some(part.first - 1), before, ..feed::Query::default() })?;
        let entries = self.entries(&rows)?;
        for (entry, _) in &entries {
            self.pictures(entry.with_files())?;
        }
        let tops: Vec<_> =
            entries.iter().filter(|(_, depth)| *depth == 0).map(|(entry, _)| name(entry)).collect();
        let mut shown = self.conversations("", entries)?;
        for (conversation, top) in shown.iter_mut().zip(tops) {
            self.tell_of_comments(conversation, top)?;
        }
        let link = |part: &Part| Link { href: part.page(), words: part.title() };
        let frame = Frame { title: part.title(), owner: &self.account.name, up: "", here: "months" };
        let older = at.checked_sub(1).and_then(|at| parts.get(at)).map(link);
        let html = page::rows(frame, shown, older, parts.get(at + 1).map(link))?;
        self.folder.page(&part.page(), Some(&html))?;
        Ok(rows.len() as u32)
    }

    /// The page of a thread, as long as there is one.
    fn thread(&mut self, root: Name) -> Result<()> {
        let file = places::thread_page(root);
        let mut rows = match touched::has_answers(self.db, root)? {
            true => {
                let limit = Some(MOST_ANSWERS);
                self.rows(feed::Query { thread: Some(root), limit, ..feed::Query::default() })?
            }
            false => Vec::new(),
        };
        if rows.is_empty() {
            return self.folder.page(&file, None);
        }
        let mut left = MOST_TEXT;
        let mut first = rows.len();
        while first > 0 && left > 0 {
            first -= 1;
            left = left.saturating_sub(touched::bytes(self.db, rows[first])?);
        }
        let all = first == 0 && rows.len() < MOST_ANSWERS as usize;
        rows.drain(..first);
        // The root is what it is all about, however old it is.
        if let Some(top) = packets::row(self.db, root)?.filter(|top| !rows.contains(top)) {
            let (after, before) = (Some(top - 1), Some(top + 1));
            rows.extend(self.rows(feed::Query { after, before, ..feed::Query::default() })?);
            rows.sort_unstable();
        }
        let entries = self.entries(&rows)?;
        let Some((first, _)) = entries.first() else { return self.folder.page(&file, None) };
        let (title, first) = (page::thread_title(first), first.author.clone());
        let shown = self.conversations("../", entries)?;
        let frame = Frame { title, owner: &self.account.name, up: "../", here: "" };
        self.folder.page(&file, Some(&page::thread(frame, &first, shown, all)?))
    }

    /// The page of somebody.
    fn person(&mut self, who: Fingerprint) -> Result<()> {
        let file = places::person_page(who);
        match self.places.page_of(who)? {
            Some(page) if page == who => {}
            Some(page) => {
                self.folder.page(&file, None)?;
                return self.person(page);
            }
            None => return self.folder.page(&file, None),
        }
        let contact = contacts::by_fingerprint(self.db, who)?;
        let mut rows = Vec::new();
        for key in named::keys(self.db, who)? {
            rows.extend(touched::newest_by(self.db, key, NEWEST, self.now.timestamp())?);
        }
        rows.retain(|seq| matches!(self.filter.hides(self.db, *seq), Ok(None)));
        rows.sort_unstable();
        rows.drain(..rows.len().saturating_sub(NEWEST as usize));
        let entries = self.entries(&rows)?;
        let site = self.places.up("../");
        let person = match (&contact, entries.first()) {
            (Some(contact), _) => Person::contact(&site, contact),
            (None, _) if who == self.own => Person::owner(&site, who, &self.account),
            (None, Some((entry, _))) => Person::stranger(&site, &entry.author),
            (None, None) => return self.folder.page(&file, None),
        };
        let shown = self.conversations("../", entries)?;
        let frame =
            Frame { title: person.name().to_owned(), owner: &self.account.name, up: "../", here: "people" };
        self.folder.page(&file, Some(&page::person(frame, person, shown)?))
    }

    /// Everybody the owner knows.
    fn people(&mut self) -> Result<()> {
        let mut people = Vec::new();
        let mut add = |fingerprint, petname: Option<String>| -> Result<()> {
            if self.places.page_of(fingerprint)?.is_some() {
                let own = petname.is_none();
                people.push(Who::new(
                    &self.places.up(""),
                    &feed::Person { fingerprint, petname, claims: None, own },
                ));
            }
            Ok(())
        };
        add(self.own, None)?;
        for contact in contacts::all(self.db)? {
            add(contact.fingerprint, Some(contact.petname))?;
        }
        let frame = Frame { title: "People".into(), owner: &self.account.name, up: "", here: "people" };
        self.folder.page("people.html", Some(&page::people(frame, people)?))
    }

    /// The newest packets, and the way to all others.
    fn index(&mut self, parts: &[Part]) -> Result<()> {
        let rows = self.rows(feed::Query { limit: Some(NEWEST), ..feed::Query::default() })?;
        let entries = self.entries(&rows)?;
        let shown = self.conversations("", entries)?;
        let frame = Frame { title: "Latest".into(), owner: &self.account.name, up: "", here: "index" };
        self.folder.page("index.html", Some(&page::index(frame, shown, parts::months(parts))?))
    }

    fn rows(&self, query: feed::Query) -> Result<Vec<i64>> {
        let filter = Some(self.filter.clone());
        feed::rows(self.db, &feed::Query { filter, ..query }, self.now.timestamp())
    }

    fn entries(&self, rows: &[i64]) -> Result<Vec<(Entry, usize)>> {
        let entry = |place: threads::Placed| -> Result<(Entry, usize)> {
            let entry = feed::entry(self.db, place.seq, self.now.timestamp())?;
            // Who has confirmed it changes too often to be of use on a page.
            Ok((Entry { delivery: None, ..entry }, place.depth))
        };
        threads::arrange(self.db, rows)?.into_iter().map(entry).collect()
    }

    /// On a page from which `up` leads to the first one.
    fn conversations(&self, up: &'static str, entries: Vec<(Entry, usize)>) -> Result<Vec<Conversation>> {
        let shown = conversations(&self.places.up(up), entries);
        self.places.check()?;
        Ok(shown)
    }

    /// What is said elsewhere about the packet at the top.
    fn tell_of_comments(&self, conversation: &mut Conversation, top: Name) -> Result<()> {
        let mut count = 0;
        for seq in touched::comments(self.db, top)? {
            count += u32::from(self.filter.hides(self.db, seq)?.is_none());
        }
        if let Some(packet) = conversation.packets.first_mut() {
            packet.set_comments(count, places::thread_page(top));
        }
        Ok(())
    }

    /// Brings the photographs of a packet into the folder, as far as they have come.
    fn pictures(&mut self, entry: &Entry) -> Result<()> {
        for shown in &entry.attachments {
            self.with_files.insert(entry.seq);
            let (small, large) = picture_names(&name(entry), shown);
            let whole = || named::attachment(self.db, entry.seq, shown.number);
            if let (Some(small), Some(photo)) = (small, whole()?)
                && let Some(preview) = attach::preview_of(&photo).filter(attach::is_jpeg)
            {
                let size = preview.size;
                self.folder.picture(&small, size, |path| attach::save(&preview, path, &self.blobs))?;
                if let Some(large) = large {
                    self.folder.picture(&large, photo.size, |path| {
                        match attach::save(&photo, path, &self.blobs) {
                            // It was announced as another one, or its parts are still on their way: a preview is there.
                            Err(error) if matches!(error.kind(), Kind::Malformed | Kind::Again) => Ok(()),
                            done => done,
                        }
                    })?;
                }
            }
        }
        Ok(())
    }
}

fn name(entry: &Entry) -> Name {
    Name { from: entry.author.fingerprint, id: entry.id }
}
