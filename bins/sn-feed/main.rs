//! sn-feed(1): what has come, as text, JSON lines, Atom or a folder of pages.

mod args;

use args::Args;
use jiff::Zoned;
use socialnet::{
    Error, Kind, Result, cli,
    home::Home,
    identity::Identity,
    render::{atom, json, text::Style},
    site,
    store::{
        Store, account, feed,
        filter::Filter,
        named,
        threads::{self, Placed},
    },
    text,
};
use std::{process::ExitCode, thread, time::Duration};

/// Between two looks for what has come.
const PAUSE: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: Args, _| read(&args))
}

fn read(args: &Args) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    if let Some(folder) = &args.html {
        let own = Identity::fingerprint(&home.identity())?;
        return site::write(&home, &store, own, folder, &Zoned::now());
    }
    let mut version = store.version()?;
    let mut seen = show(args, &home, &mut store, None)?;
    if !args.follow {
        return Ok(());
    }
    loop {
        thread::sleep(PAUSE);
        let now = store.version()?;
        if now != version {
            seen = show(args, &home, &mut store, Some(seen))?;
            version = now;
        }
    }
}

/// Shows what there is, or what came after the row `seen`; gives the newest row that there was.
fn show(args: &Args, home: &Home, store: &mut Store, seen: Option<i64>) -> Result<i64> {
    let now = Zoned::now();
    let mut out = cli::output();
    let snapshot = store.snapshot()?;
    let newest = feed::newest(&snapshot)?;
    let filter = Filter::load(&snapshot, &home.config.feed.hide)?;
    let shown = if args.all { Filter::default() } else { filter.clone() };
    let mut query = query(args, store, &now, shown)?;
    if seen.is_some() {
        query = feed::Query { after: seen, limit: None, ..query };
    }
    let rows = feed::rows(&snapshot, &query, now.timestamp())?;
    let entry = |seq| -> Result<feed::Entry> {
        let hidden = if args.all { filter.hides(&snapshot, seq)? } else { None };
        Ok(feed::Entry { hidden, ..feed::entry(&snapshot, seq, now.timestamp())? })
    };
    if args.json {
        rows.iter().try_for_each(|seq| json::write(&mut out, &entry(*seq)?))?;
    } else if args.atom {
        let account = account::get(&snapshot)?;
        let whose = atom::Whose { owner: &account.name, account: account.stream, now: now.timestamp() };
        atom::write(&mut out, &whose, rows.iter().rev().map(|seq| entry(*seq)))?;
    } else {
        // Of those who never asked for what is new, all would be.
        let read = Some(feed::mark(&snapshot)?).filter(|mark| *mark > 0 && !args.new);
        let style = Style { columns: cli::columns(), colour: cli::wants_colour(), now: now.clone(), read };
        // What was sought stands in its own order.
        let places = match args.r#match {
            None => threads::arrange(&snapshot, &rows)?,
            Some(_) => rows.iter().map(|seq| Placed { seq: *seq, depth: 0 }).collect(),
        };
        for place in places {
            style.write(&mut out, &entry(place.seq)?, place.depth)?;
        }
    }
    drop(snapshot);
    cli::finish(out)?;
    match rows.last() {
        // Only now: what nobody saw is still new.
        Some(last) if args.new => {
            let write = store.begin()?;
            feed::set_mark(&write, *last)?;
            write.commit()?;
        }
        None if args.asks_for_some() => return Err(Error::new(Kind::Nothing, "")),
        _ => {}
    }
    Ok(newest)
}

impl Args {
    /// Whether finding nothing is an answer, and not just a quiet day.
    fn asks_for_some(&self) -> bool {
        let chosen = [&self.since, &self.from, &self.about, &self.thread, &self.r#type, &self.r#match];
        !self.follow && chosen.iter().any(|choice| choice.is_some())
    }
}

fn query(args: &Args, store: &Store, now: &Zoned, filter: Filter) -> Result<feed::Query> {
    let db = store.read();
    let no_limit = args.new || args.since.is_some() || args.about.is_some() || args.thread.is_some();
    let packet =
        |id: &Option<String>| id.as_deref().map(|id| named::find(db, id, now.timestamp())).transpose();
    Ok(feed::Query {
        limit: args.number.or(if no_limit { None } else { Some(50) }),
        after: if args.new { Some(feed::mark(db)?) } else { None },
        before: None,
        until: None,
        since: args.since.as_deref().map(|time| text::past(time, now)).transpose()?,
        from: args.from.as_deref().map(|name| named::person(db, name)).transpose()?,
        about: packet(&args.about)?,
        thread: packet(&args.thread)?.map(|packet| packet.root),
        sought: args.r#match.clone(),
        kind: args.r#type.clone(),
        filter: Some(filter),
    })
}
