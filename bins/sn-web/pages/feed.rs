//! Packets: the feed, a conversation, and what is found by its words.

use super::{Asked, Frame, Place, nothing, render, sentence, write::Readers};
use crate::node::Desk;
use askama::Template;
use socialnet::{
    Kind, Result,
    packet::Name,
    render::html::{Conversation, conversations},
    store::{
        feed::{self, Query},
        filter::Filter,
        threads::{self, Placed},
    },
};

/// Packets on a page.
pub const PAGE: u32 = 50;
/// Packets of one conversation, at most: its newest.
const LONGEST: u32 = 500;
/// New things are counted so far.
const COUNTED: u32 = 100;

#[derive(Template)]
#[template(path = "feed.html")]
struct Feed {
    frame: Frame,
    conversations: Vec<Conversation>,
    readers: Readers,
    newest: i64,
    first: bool,
    older: Option<i64>,
}

/// The feed: the newest conversations first.
pub fn feed(desk: &mut Desk<'_>, frame: Frame, asked: &Asked) -> Result<String> {
    let before = asked.number("before")?;
    let db = desk.store.snapshot()?;
    let (newest, read) = (feed::newest(&db)?, feed::mark(&db)?);
    let query = Query { limit: Some(PAGE), before, ..desk.unhidden()? };
    let rows = feed::rows(&db, &query, desk.instant())?;
    let placed = threads::arrange(&db, &rows)?;
    let place = Place { now: &desk.now, frame: &frame, read: Some(read).filter(|read| *read > 0) };
    let mut conversations = shown(desk, &place, &placed)?;
    conversations.reverse();
    let page = Feed {
        conversations,
        readers: Readers::of(desk)?,
        newest,
        first: before.is_none(),
        older: older(&rows),
        frame,
    };
    let html = render(&page)?;
    drop(db);
    // As sn-feed --new does: what was shown is not new any more.
    if before.is_none() && newest > read {
        let write = desk.store.begin()?;
        feed::set_mark(&write, newest)?;
        write.commit()?;
    }
    Ok(html)
}

/// Where the next page begins, if there may be one.
pub fn older(rows: &[i64]) -> Option<i64> {
    rows.first().copied().filter(|_| rows.len() == PAGE as usize)
}

fn shown(desk: &Desk<'_>, place: &Place<'_>, placed: &[Placed]) -> Result<Vec<Conversation>> {
    let db = desk.store.read();
    let entries = placed.iter().map(|it| Ok((feed::entry(db, it.seq, desk.instant())?, it.depth)));
    Ok(conversations(place, entries.collect::<Result<Vec<_>>>()?))
}

/// Rows as conversations of one packet each, the last first.
pub fn one_by_one(desk: &Desk<'_>, place: &Place<'_>, rows: &[i64]) -> Result<Vec<Conversation>> {
    let placed: Vec<_> = rows.iter().rev().map(|seq| Placed { seq: *seq, depth: 0 }).collect();
    shown(desk, place, &placed)
}

#[derive(Template)]
#[template(path = "thread.html")]
struct Thread {
    frame: Frame,
    conversations: Vec<Conversation>,
    cut: bool,
}

/// A root and all that answers it.
pub fn thread(desk: &mut Desk<'_>, frame: Frame, root: Name) -> Result<String> {
    let db = desk.store.snapshot()?;
    let query = Query { limit: Some(LONGEST), thread: Some(root), ..desk.unhidden()? };
    let rows = feed::rows(&db, &query, desk.instant())?;
    if rows.is_empty() {
        return Err(nothing());
    }
    let placed = threads::arrange(&db, &rows)?;
    let place = Place { now: &desk.now, frame: &frame, read: None };
    let conversations = shown(desk, &place, &placed)?;
    render(&Thread { conversations, cut: rows.len() == LONGEST as usize, frame })
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    sought: String,
    wrong: Option<String>,
    conversations: Vec<Conversation>,
}

/// What has some words in it, the best first.
pub fn search(desk: &mut Desk<'_>, frame: Frame, asked: &Asked) -> Result<String> {
    let sought = asked.word("q").unwrap_or_default().to_owned();
    let mut page = Search { sought: sought.clone(), wrong: None, conversations: Vec::new(), frame };
    if sought.is_empty() {
        return render(&page);
    }
    let db = desk.store.snapshot()?;
    let query = Query { limit: Some(PAGE), sought: Some(sought), ..desk.unhidden()? };
    match feed::rows(&db, &query, desk.instant()) {
        Ok(rows) => {
            let place = Place { now: &desk.now, frame: &page.frame, read: None };
            page.conversations = one_by_one(desk, &place, &rows)?;
        }
        Err(error) if error.kind() == Kind::Usage => page.wrong = Some(sentence(error.message())),
        Err(error) => return Err(error),
    }
    render(&page)
}

/// How many things came after a row, up to a hundred.
pub fn news(desk: &mut Desk<'_>, after: i64) -> Result<usize> {
    let db = desk.store.snapshot()?;
    let query = Query { limit: Some(COUNTED), after: Some(after), ..desk.unhidden()? };
    Ok(feed::rows(&db, &query, desk.instant())?.len())
}

impl Desk<'_> {
    /// All that the owner wants to see.
    pub fn unhidden(&self) -> Result<Query> {
        let filter = Filter::load(self.store.read(), &self.home.config.feed.hide)?;
        Ok(Query { filter: Some(filter), ..Query::default() })
    }
}
