//! Which packets the arguments choose, and what is said when there are none.

use crate::args::Args;
use jiff::Zoned;
use socialnet::{
    Error, Kind, Result, packet,
    store::{Store, feed, filter::Filter, named},
    text,
};

/// Whether finding nothing is an answer, and not just a quiet day.
pub fn asks_for_some(args: &Args) -> bool {
    let chosen = [&args.since, &args.from, &args.about, &args.thread, &args.r#type, &args.r#match];
    !args.follow && chosen.iter().any(|choice| choice.is_some())
}

/// Whether an application asks for its packets, which are nothing to look at.
pub fn for_applications(args: &Args) -> bool {
    args.json && args.r#type.as_deref().is_some_and(packet::is_application)
}

/// What the arguments ask the feed for.
pub fn query(args: &Args, store: &Store, now: &Zoned, filter: Filter) -> Result<feed::Query> {
    let db = store.read();
    let no_limit = args.new || args.since.is_some() || args.about.is_some() || args.thread.is_some();
    let packet =
        |id: &Option<String>| id.as_deref().map(|id| named::find(db, id, now.timestamp())).transpose();
    args.r#type.as_deref().map_or(Ok(()), |kind| feed::check_type(db, kind))?;
    Ok(feed::Query {
        limit: args.number.or(if no_limit { None } else { Some(50) }),
        after: if args.new { Some(feed::mark(db)?) } else { None },
        before: None,
        since: args.since.as_deref().map(|time| text::past(time, now)).transpose()?,
        from: args.from.as_deref().map(|name| named::author(db, name)).transpose()?,
        about: packet(&args.about)?,
        thread: packet(&args.thread)?.map(|packet| packet.root),
        sought: args.r#match.clone(),
        kind: args.r#type.clone(),
        quiet: for_applications(args),
        filter: Some(filter),
    })
}

/// That nothing was found: in silence, unless what was named is there and hidden.
pub fn nothing(args: &Args, filter: &Filter, store: &Store, now: &Zoned) -> Result<Error> {
    let named = args.thread.as_deref().or(args.about.as_deref()).filter(|_| !args.all);
    let packet = named.map(|id| named::find(store.read(), id, now.timestamp())).transpose()?;
    let why = packet.map(|packet| filter.hides(store.read(), packet.seq)).transpose()?.flatten();
    Ok(why.map_or(Error::new(Kind::Nothing, ""), |why| {
        let message = format!("packet '{}' is hidden: {}", named.unwrap_or_default(), why.as_str());
        Error::new(Kind::Nothing, message).hint("--all shows it")
    }))
}
