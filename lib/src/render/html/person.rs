//! Who somebody is: beside what they say, and on a page of their own.

use super::{
    Site, name,
    words::{Paragraph, paragraphs},
    xml_line,
};
use crate::{
    Fingerprint,
    store::{account::Account, contacts::Contact, feed},
};
use askama::{Template, filters::HtmlSafe};

/// Colours of people in the style sheet.
const HUES: u8 = 12;

/// Somebody, as they stand beside what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// What the owner calls them.
    pub name: String,
    /// Where they are shown.
    pub href: Option<String>,
    /// The letter in place of a face.
    pub letter: String,
    /// Derived from the key, so that taking somebody's name does not take their colour.
    pub hue: u8,
}

impl Who {
    /// As a site shows them.
    pub fn new(site: &dyn Site, person: &feed::Person) -> Self {
        Self::called(site, person.fingerprint, name(person))
    }

    fn called(site: &dyn Site, who: Fingerprint, name: String) -> Self {
        let letter =
            name.chars().find(|c| c.is_alphanumeric()).map_or("?".into(), |c| c.to_uppercase().collect());
        let [first, ..] = *who.as_bytes();
        Self { letter, name: xml_line(&name), href: site.person(who), hue: first % HUES }
    }
}

/// A page's worth of somebody.
#[derive(Template)]
#[template(path = "person.html")]
pub struct Person {
    who: Who,
    calls_self: Option<String>,
    /// Where the two stand, how sure the key is.
    standing: Vec<String>,
    alarm: Option<String>,
    about: Vec<Paragraph>,
    fingerprint: String,
    addresses: Vec<String>,
}

impl HtmlSafe for Person {}

impl Person {
    /// What the owner calls them.
    pub fn name(&self) -> &str {
        &self.who.name
    }

    /// A contact.
    pub fn contact(site: &dyn Site, contact: &Contact) -> Self {
        let mut standing = vec![contact.state.as_str().to_owned()];
        standing.extend(Some(contact.grade.as_str().to_owned()).filter(|grade| !grade.is_empty()));
        standing.extend(contact.muted.then(|| "muted".to_owned()));
        Self {
            who: Who::called(site, contact.fingerprint, contact.petname.clone()),
            calls_self: Some(xml_line(&contact.profile.name)).filter(|name| *name != contact.petname),
            standing,
            alarm: Some(xml_line(&contact.alarm)).filter(|alarm| !alarm.is_empty()),
            about: paragraphs(contact.profile.about.as_deref().unwrap_or_default()),
            fingerprint: contact.fingerprint.spoken(),
            addresses: contact.profile.addresses.iter().map(|address| xml_line(address)).collect(),
        }
    }

    /// The owner.
    pub fn owner(site: &dyn Site, who: Fingerprint, account: &Account) -> Self {
        Self {
            who: Who::called(site, who, account.name.clone()),
            calls_self: None,
            standing: vec!["you".into()],
            alarm: None,
            about: paragraphs(account.about.as_deref().unwrap_or_default()),
            fingerprint: who.spoken(),
            addresses: account.addresses.iter().map(|address| xml_line(address)).collect(),
        }
    }

    /// Somebody whom only others know.
    pub fn stranger(site: &dyn Site, person: &feed::Person) -> Self {
        Self {
            who: Who::new(site, person),
            calls_self: None,
            standing: vec!["not a contact".into()],
            alarm: None,
            about: Vec::new(),
            fingerprint: person.fingerprint.spoken(),
            addresses: Vec::new(),
        }
    }
}
