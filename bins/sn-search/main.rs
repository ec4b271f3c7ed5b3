//! sn-search(1): one packet for each contact, by which they look for somebody; and what has come of it.

mod args;

use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    identity::Keyring,
    protocol::search::ask,
    render::searches as render,
    search::Handle,
    secret,
    store::{Store, own_searches},
    stream,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, search)
}

fn search(args: args::Args, _: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    let now = Timestamp::now();
    let mut out = cli::output();
    match args.stop {
        _ if args.list => render::list(&mut out, &own_searches::all(store.read())?, now, args.json)?,
        Some(number) => ask::end(&mut store, number, now)?,
        None => {
            let details = Handle::parse(&args.details)?;
            let keyring = Keyring::load(&home.identity())?;
            let secret = args
                .secret_command
                .map(|command| secret::first_line("--secret-command", &command, ""))
                .transpose()?;
            let packets = ask::begin(
                &mut store,
                &keyring,
                &details,
                secret.as_deref(),
                &args.note.unwrap_or_default(),
                now,
            )?;
            packets.iter().try_for_each(|packet| stream::write_packet(&mut out, packet))?;
        }
    }
    cli::finish(out)
}
