//! What is on its way, and what the last round said.

use super::{Frame, render};
use crate::{node::Desk, rounds::Round};
use askama::Template;
use socialnet::{
    Result,
    store::delivery::{self, Listed},
    text,
};

/// Deliveries that are listed, at most.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "waiting.html")]
struct Page {
    frame: Frame,
    running: bool,
    last: Option<Said>,
    counts: Counts,
    deliveries: Vec<Row>,
}

struct Said {
    when: String,
    well: bool,
    lines: Vec<String>,
}

#[derive(Default)]
struct Counts {
    waiting: usize,
    sent: usize,
    failed: usize,
}

struct Row {
    reader: String,
    what: &'static str,
    state: String,
    queued: String,
    next: Option<String>,
    reason: String,
}

/// The page.
pub fn page(desk: &mut Desk<'_>, frame: Frame, (running, last): (bool, Option<Round>)) -> Result<String> {
    let db = desk.store.snapshot()?;
    let (mut counts, mut deliveries) = (Counts::default(), Vec::new());
    delivery::list(&db, &mut |listed| {
        match listed.state.as_str() {
            "waiting" => counts.waiting += 1,
            "sent" => counts.sent += 1,
            "failed" => counts.failed += 1,
            // It has arrived.
            _ => return Ok(()),
        }
        if deliveries.len() < LISTED {
            deliveries.push(row(desk, &listed));
        }
        Ok(())
    })?;
    drop(db);
    let last = last.map(|round| Said {
        when: text::ago(round.ended, &desk.now),
        well: round.well,
        lines: round.said.lines().map(text::one_line).collect(),
    });
    render(&Page { frame, running, last, counts, deliveries })
}

fn row(desk: &Desk<'_>, listed: &Listed) -> Row {
    let delivery = &listed.delivery;
    let reader = listed.petname.clone().unwrap_or_else(|| delivery.reader.short());
    let mut reason = text::one_line(&delivery.reason);
    if !listed.hint.is_empty() {
        reason += &format!(" (somebody on the way says: {})", text::one_line(&listed.hint));
    }
    Row {
        reader: text::one_line(&reader),
        what: if delivery.is_chunk() { "part of a file" } else { "envelope" },
        state: match listed.state.as_str() {
            "sent" => "sent, not confirmed yet".to_owned(),
            other => other.to_owned(),
        },
        queued: text::ago(delivery.queued, &desk.now),
        next: listed.next_try().map(|next| text::ago(next, &desk.now)),
        reason,
    }
}
