//! How contacts look, as text and as JSON.

use crate::{
    Fingerprint, Result,
    store::{contacts::Contact, requests::Came},
    text,
};
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
    recovery: Option<String>,
    addresses: &'a [String],
    serial: u64,
    since: String,
    note: &'a str,
    introduced_by: Option<Introducer<'a>>,
    muted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
}

#[derive(Serialize)]
struct Introducer<'a> {
    name: Option<&'a str>,
    fingerprint: String,
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
        recovery: contact.profile.recovery.map(|key| key.to_string()),
        addresses: &contact.profile.addresses,
        serial: contact.profile.serial,
        since: contact.since.to_string(),
        note: &contact.note,
        introduced_by: contact.introduced_by.map(|fingerprint| Introducer {
            name: contact.introducer.as_deref(),
            fingerprint: fingerprint.to_string(),
        }),
        muted: contact.muted,
        groups,
        came: None,
        by: None,
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
            "{}{:pad$}  {:10}  {grade:10}  {}  {name}",
            contact.petname,
            "",
            contact.state.as_str(),
            contact.fingerprint.short()
        )?;
        if contact.muted {
            write!(out, "  (muted)")?;
        }
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
    if let Some(by) = introducer(contact) {
        row("introduced", &format!("by {by}"))?;
    }
    if !contact.note.is_empty() {
        row("note", &contact.note)?;
    }
    if contact.muted {
        row("muted", "what they say is not shown")?;
    }
    if let Some(about) = &contact.profile.about {
        row("about", about)?;
    }
    for address in &contact.profile.addresses {
        row("address", address)?;
    }
    if let Some(key) = contact.profile.recovery {
        row("recovery", &key.spoken())?;
    }
    for group in groups {
        row("group", &format!("@{group}"))?;
    }
    row("serial", &contact.profile.serial.to_string())?;
    row("since", &contact.since.to_string())?;
    Ok(())
}

/// The petname of who introduced somebody, else the beginning of their fingerprint.
fn introducer(contact: &Contact) -> Option<String> {
    contact.introduced_by.map(|by| contact.introducer.clone().unwrap_or_else(|| by.short()))
}

/// Who waits, and how they came: all of it strangers' words.
pub fn requests(out: &mut impl Write, waiting: &[(Contact, Came)], as_json: bool) -> Result<()> {
    for (contact, came) in waiting {
        if as_json {
            let by = match came {
                Came::Searching { by, .. } | Came::Found(by) => Some(by.as_str()),
                _ => None,
            };
            super::json_line(out, &Json { came: Some(came.as_str()), by, ..json(contact, None) })?;
            continue;
        }
        writeln!(out, "{}  since {}", contact.petname, contact.since)?;
        let mut row = |label: &str, value: &str| writeln!(out, "  {label:12} {}", text::one_line(value));
        row("calls self", &contact.profile.name)?;
        row("fingerprint", &contact.fingerprint.spoken())?;
        row("came", &how(came))?;
        if let Some(by) = introducer(contact) {
            row("introduced", &format!("by {by}"))?;
        }
        if !contact.note.is_empty() {
            row("note", &contact.note)?;
        }
        if !contact.alarm.is_empty() {
            row("alarm", &contact.alarm)?;
        }
    }
    Ok(())
}

/// How somebody came to wait, in words; a petname in it is as the owner gave it.
pub fn how(came: &Came) -> String {
    match came {
        Came::Introduced => "by a friend's word alone; they have not written".to_owned(),
        Came::Searching { by, asked_first: None } => format!("in search of you, by {by}"),
        Came::Searching { by, asked_first: Some(first) } => {
            format!("in search of you, by {by}; asked {first} first")
        }
        Came::Found(by) => format!("found by your search for {by}; their key is only introduced"),
        Came::Uninvited => "without a code".to_owned(),
        Came::UnknownCode => "with a code that was never given out, or is forgotten".to_owned(),
        Came::EndedCode(petname) if petname.is_empty() => "with a code that has ended".to_owned(),
        Came::EndedCode(petname) => format!("with a code that has ended, given out for {petname}"),
        Came::UsedCode(user) => format!("with a code that {user} used first"),
    }
}

/// Everybody who is muted, a line each: petname if there is one, and fingerprint.
pub fn muted(out: &mut impl Write, muted: &[(Fingerprint, Option<String>)]) -> Result<()> {
    for (who, petname) in muted {
        writeln!(out, "{}  {who}", petname.as_deref().unwrap_or("-"))?;
    }
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
