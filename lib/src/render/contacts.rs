//! How contacts look, as text and as JSON.

use crate::{Fingerprint, Result, store::contacts::Contact, text};
use serde::Serialize;
use std::io::Write;

/// A contact in JSON, version 1 (sn-contact(1)).
#[derive(Serialize)]
struct Json<'a> {
    v: u32,
    name: &'a str,
    fingerprint: String,
    state: &'a str,
    grade: &'a str,
    alarm: &'a str,
    calls_themselves: &'a str,
    about: Option<&'a str>,
    addresses: &'a [String],
    serial: u64,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
}

fn json<'a>(contact: &'a Contact, groups: Option<&'a [String]>) -> Json<'a> {
    Json {
        v: 1,
        name: &contact.petname,
        fingerprint: contact.fingerprint.to_string(),
        state: contact.state.as_str(),
        grade: contact.grade.as_str(),
        alarm: &contact.alarm,
        calls_themselves: &contact.profile.name,
        about: contact.profile.about.as_deref(),
        addresses: &contact.profile.addresses,
        serial: contact.profile.serial,
        since: contact.since.to_string(),
        groups,
    }
}

/// Everybody, a line each.
pub fn list(out: &mut impl Write, contacts: &[Contact], as_json: bool) -> Result<()> {
    let width = contacts.iter().map(|contact| text::width(&contact.petname)).max().unwrap_or(0);
    for contact in contacts {
        if as_json {
            super::json_line(out, &json(contact, None))?;
            continue;
        }
        let pad = width - text::width(&contact.petname);
        let grade = if contact.grade.as_str().is_empty() { "-" } else { contact.grade.as_str() };
        let name = text::one_line(&contact.profile.name);
        write!(
            out,
            "{}{:pad$}  {:7}  {grade:10}  {}  {name}",
            contact.petname,
            "",
            contact.state.as_str(),
            contact.fingerprint.short()
        )?;
        if !contact.alarm.is_empty() {
            write!(out, "  ! {}", text::one_line(&contact.alarm))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// All that is known of one.
pub fn one(out: &mut impl Write, contact: &Contact, groups: &[String], as_json: bool) -> Result<()> {
    if as_json {
        return super::json_line(out, &json(contact, Some(groups)));
    }
    let mut row = |label: &str, value: &str| writeln!(out, "{label:12} {}", text::one_line(value));
    row("name", &contact.petname)?;
    row("calls self", &contact.profile.name)?;
    row("fingerprint", &contact.fingerprint.spoken())?;
    row("state", contact.state.as_str())?;
    row(
        "grade",
        if contact.grade.as_str().is_empty() {
            "nothing speaks for the key yet"
        } else {
            contact.grade.as_str()
        },
    )?;
    if !contact.alarm.is_empty() {
        row("alarm", &contact.alarm)?;
    }
    if let Some(about) = &contact.profile.about {
        row("about", about)?;
    }
    for address in &contact.profile.addresses {
        row("address", address)?;
    }
    for group in groups {
        row("group", &format!("@{group}"))?;
    }
    row("serial", &contact.profile.serial.to_string())?;
    row("since", &contact.since.to_string())?;
    Ok(())
}

/// All groups, a line each.
pub fn groups(out: &mut impl Write, groups: &[(String, Vec<String>)]) -> Result<()> {
    for (group, members) in groups {
        writeln!(out, "@{group}: {}", members.join(" "))?;
    }
    Ok(())
}

/// Two fingerprints, to be read aloud to each other.
pub fn compare(out: &mut impl Write, own: Fingerprint, contact: &Contact) -> Result<()> {
    writeln!(out, "Read yours to {}, by voice or side by side:\n  {}", contact.petname, own.spoken())?;
    writeln!(out, "They should read this to you:\n  {}", contact.fingerprint.spoken())?;
    writeln!(out, "Then say: sn-contact check {} WHAT THEY READ", contact.petname)?;
    Ok(())
}
