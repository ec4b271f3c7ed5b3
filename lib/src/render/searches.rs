//! Own searches, as text and as JSON lines.

use super::json_line;
use crate::{
    Result,
    search::Handle,
    store::own_searches::{Answer, ListedSearch},
    text,
};
use jiff::Timestamp;
use serde::Serialize;
use std::io::Write;

/// A search in JSON, version 1 (sn-search(1)).
#[derive(Serialize)]
struct Json<'a> {
    v: u32,
    number: i64,
    details: String,
    note: &'a str,
    begun: String,
    ends: String,
    ended: bool,
    asked: u32,
    answers: Vec<JsonAnswer<'a>>,
}

#[derive(Serialize)]
struct JsonAnswer<'a> {
    name: &'a str,
    fingerprint: String,
    state: &'a str,
    by: &'a str,
    asked_first: String,
}

fn json(answer: &Answer) -> JsonAnswer<'_> {
    JsonAnswer {
        name: &answer.petname,
        fingerprint: answer.fingerprint.to_string(),
        state: &answer.state,
        by: &answer.handle,
        asked_first: answer.introducer.to_string(),
    }
}

/// All of them, each with who has answered.
pub fn list(out: &mut impl Write, all: &[ListedSearch], now: Timestamp, as_json: bool) -> Result<()> {
    for search in all {
        let details = Handle::from_canonical(&search.details)?.to_string();
        let ended = search.ends <= now;
        if as_json {
            let json = Json {
                v: 1,
                number: search.id,
                details,
                note: &search.note,
                begun: search.begun.to_string(),
                ends: search.ends.to_string(),
                ended,
                asked: search.asked,
                answers: search.answers.iter().map(json).collect(),
            };
            json_line(out, &json)?;
            continue;
        }
        let until = if ended { "ended" } else { "until" };
        let details = text::one_line(&details);
        writeln!(
            out,
            "{}  {details}  begun {}, {until} {}, {} asked",
            search.id, search.begun, search.ends, search.asked
        )?;
        for answer in &search.answers {
            let by = text::one_line(&answer.handle);
            writeln!(out, "  {}  {}  by {by}", answer.petname, answer.state)?;
        }
    }
    Ok(())
}
