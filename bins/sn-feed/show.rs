//! What is chosen, drawn in the form that was asked for.

use crate::{args::Args, choice};
use jiff::Zoned;
use socialnet::{
    Result, cli,
    home::Home,
    photo,
    render::{atom, json, text::Style},
    store::{
        Store, account, feed,
        filter::Filter,
        named, packets,
        threads::{self, Placed},
    },
};
use std::io::Write;

/// Shows what there is, or what came after the row `seen`; gives the newest row that there was.
pub fn show(args: &Args, home: &Home, store: &mut Store, seen: Option<i64>) -> Result<i64> {
    let now = Zoned::now();
    let mut out = cli::output();
    let snapshot = store.snapshot()?;
    let newest = feed::newest(&snapshot)?;
    let filter = Filter::load(&snapshot, &home.config.feed.hide)?;
    let shown = if args.all { Filter::default() } else { filter.clone() };
    let mut query = choice::query(args, store, &now, shown)?;
    if seen.is_some() {
        query = feed::Query { after: seen, limit: None, ..query };
    }
    let rows = feed::rows(&snapshot, &query, now.timestamp())?;
    let entry = |seq| -> Result<feed::Entry> {
        let hidden = if args.all { filter.hides(&snapshot, seq)? } else { None };
        Ok(feed::Entry { hidden, ..feed::entry(&snapshot, seq, now.timestamp())? })
    };
    if choice::for_applications(args) {
        for seq in &rows {
            let signed = packets::signed(&snapshot, *seq)?;
            // Taken back: nothing is left.
            if !signed.is_empty() {
                json::write_signed(&mut out, &entry(*seq)?, &signed)?;
            }
        }
    } else if args.json {
        rows.iter().try_for_each(|seq| json::write(&mut out, &entry(*seq)?))?;
    } else if args.atom {
        let account = account::get(&snapshot)?;
        let whose = atom::Whose { owner: &account.name, account: account.stream, now: now.timestamp() };
        atom::write(&mut out, &whose, rows.iter().rev().map(|seq| entry(*seq)))?;
    } else {
        // Where nobody ever asked for what is new, everything would be marked.
        let read = Some(feed::mark(&snapshot)?).filter(|mark| *mark > 0 && !args.new);
        let style = Style { columns: cli::columns(), colour: cli::wants_colour(), now: now.clone(), read };
        // Search results are ordered by how well they match.
        let places = match args.r#match {
            None => threads::arrange(&snapshot, &rows)?,
            Some(_) => rows.iter().map(|seq| Placed { seq: *seq, depth: 0 }).collect(),
        };
        for place in places {
            let entry = entry(place.seq)?;
            style.write(&mut out, &entry, place.depth)?;
            if args.pictures {
                draw(&mut out, store, &entry)?;
            }
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
        None if choice::asks_for_some(args) => return Err(choice::nothing(args, &filter, store, &now)?),
        _ => {}
    }
    Ok(newest)
}

/// Draws the previews of what goes with a packet; one that is none is left out.
fn draw(out: &mut impl Write, store: &Store, entry: &feed::Entry) -> Result<()> {
    let entry = entry.with_files();
    for shown in entry.attachments.iter().filter(|shown| shown.has_preview) {
        let photo = named::attachment(store.read(), entry.seq, shown.number)?;
        if let Some(drawn) = photo.and_then(|photo| photo::sixel(&photo.preview?).ok()) {
            writeln!(out, "{drawn}\n")?;
        }
    }
    Ok(())
}
