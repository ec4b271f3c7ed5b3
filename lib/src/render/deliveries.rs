//! What is on its way and to whom, as a table and as JSON lines. sn-send(1) is the authority for the fields; `v` rises
//! when one changes its meaning.

use super::json_line;
use crate::{
    Result,
    store::delivery::{self, Listed},
    text,
};
use data_encoding::HEXLOWER;
use jiff::Zoned;
use rusqlite::Connection;
use serde::Serialize;
use std::io::Write;

/// Version of the fields.
const VERSION: u32 = 1;
/// Columns that a petname widens the table to, at most.
const WIDEST: usize = 24;

#[derive(Serialize)]
struct Json<'a> {
    v: u32,
    reader: String,
    petname: Option<&'a str>,
    kind: &'static str,
    item: String,
    envelope: String,
    state: &'a str,
    complete: Option<bool>,
    attempts: u32,
    queued: String,
    next_try: Option<String>,
    reason: &'a str,
    hint: &'a str,
}

impl<'a> From<&'a Listed> for Json<'a> {
    fn from(listed: &'a Listed) -> Self {
        let delivery = &listed.delivery;
        Self {
            v: VERSION,
            reader: delivery.reader.to_string(),
            petname: listed.petname.as_deref(),
            kind: kind(listed),
            item: HEXLOWER.encode(&delivery.item),
            envelope: HEXLOWER.encode(&delivery.envelope),
            state: &listed.state,
            complete: listed.complete,
            attempts: delivery.attempts,
            queued: delivery.queued.to_string(),
            next_try: listed.next_try().map(|next| next.to_string()),
            reason: &delivery.reason,
            hint: &listed.hint,
        }
    }
}

fn kind(listed: &Listed) -> &'static str {
    if listed.delivery.is_chunk() { "blob" } else { "envelope" }
}

fn reader(listed: &Listed) -> String {
    text::one_line(&listed.petname.clone().unwrap_or_else(|| listed.delivery.reader.short()))
}

/// Writes every delivery as JSON, one object a line.
pub fn json(out: &mut impl Write, db: &Connection) -> Result<()> {
    delivery::list(db, &mut |listed| json_line(out, &Json::from(&listed)))
}

/// Writes every delivery, one a line, in columns. There may be many: they are read twice rather than kept.
pub fn table(out: &mut impl Write, db: &Connection, now: &Zoned) -> Result<()> {
    let read = db.unchecked_transaction()?;
    let (mut wide, mut tried) = (0, 0);
    delivery::list(&read, &mut |listed| {
        wide = wide.max(text::width(&reader(&listed)).min(WIDEST));
        tried = tried.max(tries(listed.delivery.attempts).len());
        Ok(())
    })?;
    delivery::list(&read, &mut |listed| row(out, &listed, (wide, tried), now))
}

fn row(out: &mut impl Write, listed: &Listed, (wide, tried): (usize, usize), now: &Zoned) -> Result<()> {
    let delivery = &listed.delivery;
    let item = &HEXLOWER.encode(&delivery.item)[..12];
    let reader = reader(listed);
    let gap = " ".repeat(wide.saturating_sub(text::width(&reader)));
    let state = if listed.complete == Some(true) { "complete" } else { &listed.state };
    let tries = tries(delivery.attempts);
    let mut line = format!("{item}  {reader}{gap}  {:8}  {state:9}  {tries:tried$}", kind(listed));
    if let Some(next) = listed.next_try() {
        line += &format!("  next {}", text::ago(next, now));
    }
    if !delivery.reason.is_empty() {
        line += &format!("  {}", text::one_line(&delivery.reason));
    }
    if !listed.hint.is_empty() && listed.state != "confirmed" {
        line += &format!("  somebody on the way says: {}", text::one_line(&listed.hint));
    }
    Ok(writeln!(out, "{}", line.trim_end())?)
}

fn tries(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "1 try".to_owned(),
        many => format!("{many} tries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        contacts,
        delivery::Outcome,
        sample::{self, BOB, CAROL, NOW, at},
    };

    #[test]
    fn strangers_words_are_harmless_and_columns_stand_below_each_other() {
        let (_dir, mut store) = sample::store();
        let write = store.begin().unwrap();
        contacts::rename(&write, CAROL, "carolina").unwrap();
        for (item, reader) in [([1; 32], BOB), ([2; 32], CAROL)] {
            delivery::enter(&write, &item, reader, &[], at(NOW)).unwrap();
        }
        let waiting = delivery::due(&write, at(NOW), 1).unwrap().remove(0);
        let later = Outcome::Later(at(NOW + 300));
        delivery::record(&write, &waiting, &later, "file:///x", "no\u{202e}\u{9b}2J", at(NOW)).unwrap();
        write.commit().unwrap();

        let mut lines = Vec::new();
        json(&mut lines, store.read()).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert!(lines.lines().all(|line| !line.contains(text::is_hidden)), "{lines}");
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!((&first["v"], &first["reason"]), (&1.into(), &"no\u{202e}\u{9b}2J".into()));
        assert_eq!((&first["petname"], &first["state"]), (&"bob".into(), &"waiting".into()));
        assert!(first["complete"].is_null());

        let mut lines = Vec::new();
        table(&mut lines, store.read(), &at(NOW).to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert!(lines.lines().all(|line| !line.contains(text::is_hidden)), "{lines}");
        for word in ["envelope", "waiting", "next"] {
            let columns: Vec<_> = lines.lines().map(|line| line.find(word).unwrap()).collect();
            assert_eq!(columns[0], columns[1], "{word} in\n{lines}");
        }
    }
}
