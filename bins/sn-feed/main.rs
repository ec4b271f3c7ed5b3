//! sn-feed(1): what has come, as text or JSON lines.

mod args;

use args::Args;
use jiff::Zoned;
use socialnet::{
    Error, Kind, Result, cli,
    home::Home,
    render::{json, text::Style},
    store::{Store, feed, filter::Filter, named},
    text,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: Args, _| show(&args))
}

fn show(args: &Args) -> Result<()> {
    let now = Zoned::now();
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    let style = Style { columns: cli::columns(), colour: cli::wants_colour(), now: now.clone() };
    let mut out = cli::output();
    let snapshot = store.snapshot()?;
    let filter = Filter::load(&snapshot, &home.config.feed.hide)?;
    let shown = if args.all { Filter::default() } else { filter.clone() };
    let rows = feed::rows(&snapshot, &query(args, &store, &now, shown)?, now.timestamp())?;
    for seq in &rows {
        let hidden = if args.all { filter.hides(&snapshot, *seq)? } else { None };
        let entry = feed::Entry { hidden, ..feed::entry(&snapshot, *seq, now.timestamp())? };
        if args.json { json::write(&mut out, &entry)? } else { style.write(&mut out, &entry)? }
    }
    drop(snapshot);
    cli::finish(out)?;
    match rows.last() {
        // Only now: what nobody saw is still new.
        Some(last) if args.new => {
            let write = store.begin()?;
            feed::set_mark(&write, *last)?;
            Ok(write.commit()?)
        }
        None if args.asks_for_some() => Err(Error::new(Kind::Nothing, "")),
        _ => Ok(()),
    }
}

impl Args {
    /// Whether finding nothing is an answer, and not just a quiet day.
    fn asks_for_some(&self) -> bool {
        self.since.is_some() || self.from.is_some() || self.thread.is_some() || self.r#type.is_some()
    }
}

fn query(args: &Args, store: &Store, now: &Zoned, filter: Filter) -> Result<feed::Query> {
    let db = store.read();
    let no_limit = args.new || args.since.is_some() || args.thread.is_some();
    Ok(feed::Query {
        limit: args.number.or(if no_limit { None } else { Some(50) }),
        after: if args.new { Some(feed::mark(db)?) } else { None },
        since: args.since.as_deref().map(|time| text::past(time, now)).transpose()?,
        from: args.from.as_deref().map(|name| named::person(db, name)).transpose()?,
        thread: match &args.thread {
            Some(id) => Some(named::find(db, id, now.timestamp())?.root),
            None => None,
        },
        kind: args.r#type.clone(),
        filter: Some(filter),
    })
}
