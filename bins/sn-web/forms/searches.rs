//! Searches for people: what sn-search and `sn-contact stop` do.

use super::{Done, people, write};
use crate::{body::Form, node::Desk, pages::searches::DETAILS};
use socialnet::{
    Error, Kind, Result,
    protocol::search::{ask, sought},
    search::Handle,
};

/// `sn-search | sn-seal | sn-send`.
pub fn begin(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let details = Handle::parse(&details(form))?;
    // As it was typed: a space at its end is part of it.
    let secret = Some(form.get("secret")).filter(|secret| !secret.is_empty());
    let note = form.words("note").unwrap_or_default();
    let (keyring, now) = (desk.keyring()?, desk.instant());
    let packets = ask::begin(desk.store, &keyring, &details, secret, &note, now)?;
    let asked = packets.len();
    let words = match asked {
        1 => "One contact is asked.".to_owned(),
        _ => format!("{asked} contacts are asked."),
    };
    let seen = Done::see("/searches").saying(format!("{words} An answer can take two days and more."));
    write::send(desk, packets, &[], seen)
}

/// The details as sn-search takes them.
fn details(form: &Form) -> Vec<String> {
    let known = DETAILS.iter().filter_map(|it| Some(format!("{}={}", it.key, form.filled(it.key)?)));
    known.chain(form.filled("more").map(str::to_owned)).collect()
}

/// What somebody typed for a search that could not begin, but the secret.
pub fn written(form: &Form) -> Option<String> {
    let lines: Vec<_> = details(form).into_iter().chain(form.words("note")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `sn-search --stop`.
pub fn end(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let number = form.get("number").parse();
    let number = number.map_err(|_| Error::new(Kind::Usage, "that is no number of a search"))?;
    let now = desk.instant();
    ask::end(desk.store, number, now)?;
    Ok(Done::see("/searches").saying("Answers to it don't count any more."))
}

/// `sn-contact stop`.
pub fn stop(desk: &mut Desk<'_>, form: &Form) -> Result<Done> {
    let (who, me, now) = (people::contact(desk, form)?, desk.me, desk.instant());
    sought::stop(desk.store, me, &who, now)?;
    let words = format!("You will not hear of {} by a search again, and they are not told so.", who.petname);
    Ok(Done::see("/people").saying(words).sending())
}
