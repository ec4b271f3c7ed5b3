//! `sn-send -p`: every delivery, as a table or as JSON lines.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::Serialize;
use socialnet::{
    Error, Kind, Result, cli,
    store::{
        Store,
        delivery::{self, Listed},
    },
    text,
};
use std::io::Write;

#[derive(Serialize)]
struct Json<'a> {
    reader: String,
    petname: Option<&'a str>,
    kind: &'a str,
    item: String,
    envelope: String,
    state: &'a str,
    attempts: u32,
    queued: String,
    next_try: Option<String>,
    reason: &'a str,
    hint: &'a str,
}

pub fn print(store: &Store, json: bool) -> Result<()> {
    let mut out = cli::output();
    let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::system());
    delivery::list(store.read(), &mut |listed| {
        let Listed { delivery, petname, hint, state, next_try } = &listed;
        let kind = if delivery.is_chunk() { "blob" } else { "envelope" };
        let next_try = Some(*next_try).filter(|_| state == "waiting");
        if json {
            let line = Json {
                reader: delivery.reader.to_string(),
                petname: petname.as_deref(),
                kind,
                item: HEXLOWER.encode(&delivery.item),
                envelope: HEXLOWER.encode(&delivery.envelope),
                state,
                attempts: delivery.attempts,
                queued: delivery.queued.to_string(),
                next_try: next_try.map(|next_try| next_try.to_string()),
                reason: &delivery.reason,
                hint,
            };
            let line =
                serde_json::to_string(&line).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
            return Ok(writeln!(out, "{line}")?);
        }
        let reader = petname.clone().unwrap_or_else(|| delivery.reader.short());
        let item = &HEXLOWER.encode(&delivery.item)[..12];
        write!(out, "{item}  {}  {kind:8}  {state:9}", text::one_line(&reader))?;
        match delivery.attempts {
            0 => {}
            1 => write!(out, "  1 try")?,
            tries => write!(out, "  {tries} tries")?,
        }
        if let Some(next_try) = next_try {
            write!(out, "  next {}", text::ago(next_try, &now))?;
        }
        if !delivery.reason.is_empty() {
            write!(out, "  {}", text::one_line(&delivery.reason))?;
        }
        if !hint.is_empty() && state != "confirmed" {
            write!(out, "  somebody on the way says: {}", text::one_line(hint))?;
        }
        Ok(writeln!(out)?)
    })?;
    cli::finish(out)
}
