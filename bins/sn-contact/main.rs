//! sn-contact(1): people the owner knows, people who want to be known, and people to hear nothing of.

mod args;
mod book;
mod meet;
mod qr;

use args::Verb;
use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    identity::Keyring,
    protocol::{asking, blocking, decide, invitation, search::sought, succession},
    render::contacts as render,
    store::{Store, contacts, filter, requests},
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, contact)
}

fn contact(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    let now = Timestamp::now();
    let mut out = cli::output();
    let find = |store: &Store, who: &str| contacts::find(store.read(), who);
    let keyring = || Keyring::load(&home.identity());
    match args.verb {
        Verb::Invite { petname, days, in_person, short, qr } => {
            let days = days.unwrap_or(if in_person { 1 } else { invitation::MAX_DAYS });
            let terms = invitation::Terms { petname: petname.as_deref(), days, in_person };
            match short || qr {
                true => meet::invite_short(&mut out, &mut store, &keyring()?, &terms, qr, now)?,
                false => meet::invite(&mut out, &mut store, &keyring()?, &terms, now)?,
            }
        }
        Verb::Add { name, note, is, in_person, file } => {
            let them = meet::introduction(file, note, is, now)?;
            let contact = asking::add(&mut store, &keyring()?, &them, name.as_deref(), now)?;
            if in_person {
                decide::met(&mut store, &contact)?;
            }
            meet::tell_asked(console, &contact);
        }
        Verb::Accept { who } => meet::accept(&home, &mut store, &who, now, console)?,
        Verb::Requests { json } => render::requests(&mut out, &requests::all(store.read(), now)?, json)?,
        Verb::Ignore { who } => {
            let who = find(&store, &who)?;
            decide::ignore(&mut store, &who)?;
        }
        Verb::Stop { who } => {
            let who = find(&store, &who)?;
            sought::stop(&mut store, meet::me(&home)?, &who, now)?;
        }
        Verb::Introduce { one, other, note } => {
            meet::introduce(&home, &mut store, [&one, &other], note.as_deref(), now)?;
        }
        Verb::List { json } => render::list(&mut out, &contacts::all(store.read())?, json)?,
        Verb::Show { who, json } => {
            let contact = find(&store, &who)?;
            render::one(&mut out, &contact, &contacts::groups_of(store.read(), &contact)?, json)?;
        }
        Verb::Group { group: None, .. } => render::groups(&mut out, &contacts::groups(store.read())?)?,
        Verb::Group { group: Some(group), who, .. } if who.is_empty() => {
            book::members(&mut out, &store, &group)?;
        }
        Verb::Group { group: Some(group), who, remove } => book::regroup(&mut store, &group, &who, remove)?,
        Verb::Rename { who, name } => book::rename(&mut store, &who, &name)?,
        Verb::Address { who, addresses } => book::address(&mut store, &who, &addresses)?,
        Verb::Succeed { who, new } => {
            let (who, new) = (find(&store, &who)?, find(&store, &new)?);
            succession::decide(&mut store, &who, &new, now)?;
        }
        Verb::Block { who } => meet::block(&home, &mut store, &who, now)?,
        Verb::Unblock { who } => {
            let who = find(&store, &who)?;
            blocking::unblock(&mut store, &who, now)?;
        }
        Verb::Mute { who } if who.is_empty() => render::muted(&mut out, &filter::muted(store.read())?)?,
        Verb::Mute { who } => book::mute(&mut store, meet::me(&home)?, &who, true)?,
        Verb::Unmute { who } => book::mute(&mut store, meet::me(&home)?, &who, false)?,
        Verb::Remove { who } => {
            let who = find(&store, &who)?;
            decide::remove(&mut store, &keyring()?, &who, now)?;
        }
        Verb::Check { who, spoken } if spoken.is_empty() => {
            render::compare(&mut out, meet::me(&home)?, &find(&store, &who)?)?;
        }
        Verb::Check { who, spoken } => {
            let who = find(&store, &who)?;
            decide::check(&mut store, &who, &spoken.concat())?;
        }
    }
    cli::finish(out)
}
