//! The servers of a mail address: named by the owner, found, or asked for; and the settings that come of it.

use crate::args::Mail;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use socialnet::{
    Error, Kind, Result, cli,
    home::Home,
    protocol::profile,
    store::{Store, account},
};
use socialnet_autoconfig::{Offers, Protocol, Secret, Server, ask, domain, guess, tables};
use std::{
    io::{IsTerminal, Write, stderr, stdin},
    net::ToSocketAddrs,
};

const INCOMING: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];
/// The provider list, which is asked last: if even this name can't be resolved, there is no network.
const LIST: &str = "autoconfig.thunderbird.net";
/// The options to name servers by.
const FORMS: &str = "--incoming imaps://HOST --outgoing smtps://HOST";
/// RFC 6068 section 2: what stands in a `mailto:` URI as it is.
const PLAIN: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+').remove(b'@');

/// What is written into config.toml, and what the profile says.
pub struct Found {
    email: String,
    settings: String,
    /// `mailto:alice@example.org`.
    pub address: String,
}

impl Found {
    /// Writes the settings, unless an earlier run has done so, which is said.
    pub fn write(&self, home: &mut Home, console: &cli::Console) -> Result<()> {
        match home.config.send.get("mailto") {
            None => home.add_settings(&self.settings),
            Some(table) if table.get("from").and_then(|from| from.as_str()) == Some(&self.email) => {
                let file = home.path().join("config.toml");
                console.note(&format!(
                    "{} is set up there already, and nothing is changed: '{}'",
                    self.email,
                    file.display()
                ));
                Ok(())
            }
            Some(_) => Err(Error::new(Kind::Config, "the settings have a [send.mailto] already")
                .hint(format!("one account sends by one: edit '{}/config.toml'", home.path().display()))),
        }
    }

    /// Gives it all to an account that is there. Settings first: contacts are told of the address only when mail is
    /// fetched from there.
    pub fn add_to(
        &self,
        home: &mut Home,
        store: &mut Store,
        now: Timestamp,
        console: &cli::Console,
    ) -> Result<()> {
        self.write(home, console)?;
        let mut addresses = account::get(store.read())?.addresses;
        if !addresses.contains(&self.address) {
            addresses.push(self.address.clone());
        }
        let change = profile::Change { addresses: Some(addresses), ..profile::Change::default() };
        profile::change(store, change, now)
    }
}

/// Finds the servers of `email`. Nothing is written.
pub fn find(email: &str, options: &Mail, console: &cli::Console) -> Result<Found> {
    domain(email)?;
    let named = |uri: &Option<String>, protocols: &[Protocol]| {
        uri.as_ref().map(|uri| Server::from_uri(uri, protocols, email)).transpose()
    };
    let mut incoming = named(&options.incoming, &INCOMING)?;
    let mut outgoing = named(&options.outgoing, &[Protocol::Smtp])?;
    let ca_file = options.ca_file.as_ref().map(std::path::absolute).transpose()?;
    let ca_text = ca_file
        .as_ref()
        .map(|file| file.to_str().ok_or_else(|| Error::new(Kind::Config, "a file's name is not UTF-8")));
    let ca_text = ca_text.transpose()?;
    if incoming.is_none() || outgoing.is_none() {
        let (offers, whose) = match ask(email, options.autoconfig.as_deref(), ca_file.clone())? {
            Some(told) => told,
            None => {
                let offers = guess(email, ca_text)?;
                if offers.incoming.is_empty() && offers.outgoing.is_empty() && !resolves(LIST) {
                    let message =
                        format!("the servers of {email} can't be looked for: no names are resolved here");
                    return Err(Error::new(Kind::Again, message)
                        .hint(format!("wait for the network, or name both servers: {FORMS}")));
                }
                (offers, "their usual names".to_owned())
            }
        };
        let Offers { incoming: first, outgoing: second } = offers;
        console.note(&format!("servers of {email} by {whose}:"));
        incoming = incoming.or_else(|| first.into_iter().next());
        outgoing = outgoing.or_else(|| second.into_iter().next());
    }
    let incoming = incoming.map_or_else(|| by_hand(email, "incoming", "imaps://HOST", &INCOMING), Ok)?;
    let outgoing =
        outgoing.map_or_else(|| by_hand(email, "outgoing", "smtps://HOST", &[Protocol::Smtp]), Ok)?;
    let secret = match (&options.password_command, &options.token_command) {
        (Some(command), _) => Secret::Password(command.clone()),
        (None, Some(command)) => Secret::Token(command.clone()),
        (None, None) => Secret::usual(email, incoming.token || outgoing.token),
    };
    console.note(&format!("comes from {}, goes to {}", incoming.uri(), outgoing.uri()));
    console.note(&format!("logs in with what '{}' prints; try it with sn-check", secret.command()));
    Ok(Found {
        settings: tables(email, &incoming, &outgoing, &secret, ca_text),
        address: format!("mailto:{}", utf8_percent_encode(email, &PLAIN)),
        email: email.to_owned(),
    })
}

/// Whether a name leads to an address, as it does on a machine with a network.
fn resolves(host: &str) -> bool {
    (host, 443).to_socket_addrs().is_ok()
}

/// Asks whoever sits at the terminal, or says which option has the answer.
fn by_hand(email: &str, which: &str, form: &str, protocols: &[Protocol]) -> Result<Server> {
    if !stdin().is_terminal() {
        let message = format!("no {which} server with TLS was found for {email}");
        return Err(Error::new(Kind::Unavailable, message)
            .hint(format!("your provider's help pages name them: {FORMS}")));
    }
    write!(stderr(), "The server for {which} mail, as {form}: ")?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Server::from_uri(line.trim(), protocols, email)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6761 sections 6.3 and 6.4.
    #[test]
    fn a_name_that_leads_nowhere_is_known() {
        assert!(resolves("localhost"));
        assert!(!resolves("imap.invalid"));
    }
}
