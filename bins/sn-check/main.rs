//! sn-check(1), the doctor: looks at the account and at everything that it is set up to use, and says what to change.
//!
//! | file | knows |
//! |---|---|
//! | `finding.rs` | what was found, in words and as JSON |
//! | `account.rs` | the account folder: modes, space, keys, queue, contacts |
//! | `ways.rs` | drivers: what they say when they log in |
//! | `probe.rs` | a packet to oneself |
//! | `provider.rs` | what to click, and where |

mod account;
mod args;
mod finding;
mod probe;
mod provider;
mod ways;

use finding::Findings;
use jiff::Timestamp;
use socialnet::{
    Kind, Result, cli,
    home::{Home, parse_duration},
    identity::Keyring,
    store::Store,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: args::Args, _| check(args))
}

fn check(args: args::Args) -> Result<()> {
    let wait = parse_duration(&args.wait).map_err(|error| error.of_kind(Kind::Usage))?;
    let home = Home::open()?;
    let store = Store::open(&home.database())?;
    let keyring = Keyring::load(&home.identity())?;
    let now = Timestamp::now();
    let mut findings = Findings::new(args.json);
    account::look(&home, &store, &keyring, now, &mut findings)?;
    ways::sending(&home, &mut findings)?;
    ways::receiving(&home, now, &mut findings)?;
    if args.send {
        probe::send(&home, &store, &keyring, wait, &mut findings)?;
    }
    findings.end()
}
