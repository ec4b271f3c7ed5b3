//! Guesses what a contact holds, and says what that costs: a handle's `H`, a search, a bottle.
//!
//! ```text
//! crack bait name='Ada Lovelace' town=London | crack guess likely.txt
//! crack price
//! ```
//!
//! | file | knows |
//! |---|---|
//! | `args.rs` | the words of the command line |
//! | `held.rs` | what a contact holds, and whether a guess fits it |
//! | `price.rs` | guesses a second, and what they come to |

mod args;
mod held;
mod price;

use args::{Args, Verb};
use held::Held;
use rayon::prelude::*;
use socialnet::{
    Error, Kind, Result, cli,
    search::{Handle, tag::derive},
};
use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: Args, _| run(args))
}

fn run(args: Args) -> Result<()> {
    let mut out = cli::output();
    match args.verb {
        Verb::Bait { secret, details } => {
            let handle = Handle::parse(&details)?;
            for held in Held::bait(&derive(&handle, secret.as_deref())?)? {
                writeln!(out, "{held}")?;
            }
        }
        Verb::Guess { secrets, list } => guess(&mut out, &list, secrets.as_deref())?,
        Verb::Price { guesses, list } => {
            let length = list.map(|list| handles(&list)).transpose()?.map(|handles| handles.len());
            price::table(&mut out, guesses, length)?;
        }
    }
    cli::finish(out)
}

/// Tries every line of the list, with each secret and without one, on everything that standard input holds.
fn guess(out: &mut impl Write, list: &Path, secrets: Option<&Path>) -> Result<()> {
    let held: Vec<Held> = io::stdin().lines().map(|line| line?.parse()).collect::<Result<_>>()?;
    let handles = handles(list)?;
    let secrets = secrets.map(lines).transpose()?.unwrap_or_default();
    let tries: Vec<(&Handle, Option<&str>)> = (handles.iter())
        .flat_map(|handle| {
            let with = secrets.iter().map(move |secret| (handle, Some(secret.as_str())));
            with.chain([(handle, None)])
        })
        .collect();
    let guessed: Vec<String> = tries
        .par_iter()
        .map(|(handle, secret)| {
            let derived = derive(handle, *secret)?;
            let fits = held.iter().filter(|held| held.fits(&derived)).map(Held::kind);
            Ok(fits.map(|kind| format!("{kind}: {handle}")).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>>>()?
        .concat();
    for line in &guessed {
        writeln!(out, "{line}")?;
    }
    if guessed.is_empty() {
        return Err(Error::new(Kind::Nothing, format!("nothing fits, after {} guesses", tries.len())));
    }
    Ok(())
}

/// The handles of a list, one a line, with a TAB between their details.
fn handles(list: &Path) -> Result<Vec<Handle>> {
    let handle = |line: &String| Handle::parse(&line.split('\t').collect::<Vec<_>>());
    lines(list)?.iter().map(handle).collect()
}

fn lines(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).map_err(|error| Error::io("read", path, error))?;
    Ok(text.lines().map(str::to_owned).collect())
}
