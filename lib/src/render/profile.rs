//! How the own profile looks, as text and as JSON.

use crate::{Fingerprint, Result, profile::Profile, text};
use serde::Serialize;
use std::io::Write;

/// The own profile in JSON, version 1 (sn-profile(1)).
#[derive(Serialize)]
struct Json<'a> {
    v: u32,
    name: &'a str,
    fingerprint: String,
    serial: u64,
    about: Option<&'a str>,
    recovery: Option<String>,
    addresses: &'a [String],
}

/// The profile, and who sees which part.
pub fn own(out: &mut impl Write, who: Fingerprint, profile: &Profile, as_json: bool) -> Result<()> {
    if as_json {
        return super::json_line(
            out,
            &Json {
                v: 1,
                name: &profile.name,
                fingerprint: who.to_string(),
                serial: profile.serial,
                about: profile.about.as_deref(),
                recovery: profile.recovery.map(|key| key.to_string()),
                addresses: &profile.addresses,
            },
        );
    }
    let mut row =
        |label: &str, value: &str, seen: &str| writeln!(out, "{label:12} {}{seen}", text::one_line(value));
    row("name", &profile.name, "")?;
    row("fingerprint", &who.spoken(), "")?;
    for address in &profile.addresses {
        row("address", address, "")?;
    }
    if let Some(about) = &profile.about {
        row("about", about, "  (contacts only)")?;
    }
    if let Some(key) = profile.recovery {
        row("recovery", &key.spoken(), "")?;
    }
    row("serial", &profile.serial.to_string(), "")?;
    Ok(())
}
