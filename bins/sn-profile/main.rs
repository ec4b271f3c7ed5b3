//! sn-profile(1): shows, changes and exports the owner's profile.

mod args;
mod searchable;

use args::Verb;
use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    identity::Keyring,
    login::MAX_LOGIN,
    protocol::profile::{self, For},
    render::profile as render,
    store::Store,
    stream,
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: args::Args, console| run(args, console))
}

fn run(args: args::Args, console: &cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    let keyring = Keyring::load(&home.identity())?;
    let now = Timestamp::now();
    let mut out = cli::output();
    match args.verb.unwrap_or(Verb::Show { json: false }) {
        Verb::Show { json } => {
            let profile = profile::own(store.read(), &keyring, For::Contacts)?;
            render::own(&mut out, keyring.identity.fingerprint, &profile, json)?;
        }
        Verb::Set { name, about, addresses } => {
            let missing = home.missing_for_web(&addresses)?;
            let change =
                profile::Change { name, about, addresses: Some(addresses).filter(|all| !all.is_empty()) };
            profile::change(&mut store, change, now)?;
            if !missing.is_empty() {
                console.note("this is what config.toml lacks for these addresses:");
                out.write_all(missing.as_bytes())?;
            }
        }
        Verb::Login => {
            writeln!(out, "{}", profile::login(&keyring.identity, &cli::read_text(MAX_LOGIN)?, now)?)?
        }
        Verb::Searchable { verb } => searchable::run(&mut out, &mut store, verb, console, now)?,
        Verb::Export => stream::write_pem(&mut out, &profile::export(store.read(), &keyring, now)?)?,
    }
    cli::finish(out)
}
