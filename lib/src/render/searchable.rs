//! By what the owner may be found, as text and as JSON lines.

use super::json_line;
use crate::{Result, protocol::searchable::ListedHandle, store::handles::Searchers, text};
use serde::Serialize;
use std::io::Write;

/// One handle in JSON, version 1 (sn-profile(1)).
#[derive(Serialize)]
struct Json {
    v: u32,
    handle: String,
    bits: f64,
    weak: bool,
    secret: bool,
    searchers: &'static str,
}

/// Who may search, and a line for each handle.
pub fn list(out: &mut impl Write, searchers: Searchers, all: &[ListedHandle], as_json: bool) -> Result<()> {
    if as_json {
        return all.iter().try_for_each(|one| {
            let json = Json {
                v: 1,
                handle: one.handle.to_string(),
                bits: one.bits,
                weak: one.is_weak(),
                secret: one.secret,
                searchers: searchers.as_str(),
            };
            json_line(out, &json)
        });
    }
    let who = match searchers {
        _ if all.is_empty() => "nobody finds you: you are searchable by nothing",
        Searchers::Nobody => "nobody may search for you; what you have chosen is",
        Searchers::Contacts => "contacts of your contacts find you by",
        Searchers::Secret => "contacts of your contacts who know the secret find you by",
    };
    writeln!(out, "{who}")?;
    for one in all {
        writeln!(out, "{}", line(one))?;
    }
    Ok(())
}

/// One handle, with how many bits it takes to guess it.
pub fn line(one: &ListedHandle) -> String {
    let note = match (one.secret, one.is_weak()) {
        (true, _) => "+ secret",
        (false, true) => "weak",
        (false, false) => "",
    };
    format!("{:>4.0} bits {note:8}  {}", one.bits, text::one_line(&one.handle.to_string()))
}
