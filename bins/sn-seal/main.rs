//! sn-seal(1): clear packets in, signed and sealed envelopes out, one per reader.

mod args;

use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    protocol::{
        dropped, renewal,
        sealing::{Sealed, Sealer},
    },
    queue,
    stream::{self, Batches},
    unlock,
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, seal_all)
}

fn seal_all(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let (mut keyring, mut store) = unlock(&home)?;
    let now = Timestamp::now();
    let mut out = cli::output();
    // What is said about a packet goes to those who got it.
    if args.to.is_empty() {
        queue::forget_cancelled(&home, &mut store)?;
    }
    if args.due {
        // Another run is sealing what is due, and nothing may be sealed twice.
        let Some(_lock) = home.lock_if_free("due")? else { return Ok(()) };
        renewal::run(&home, &mut store, &mut keyring, now)?;
        let mut sealer = Sealer::new(&home, &mut store, &keyring, now);
        for item in dropped::clear_packets(&home.outpackets()?)? {
            let owed = match item.read() {
                Ok(packets) => sealer.owe(packets)?,
                Err(error) => Sealed { failures: vec![error], ..Sealed::default() },
            };
            owed.notes.iter().for_each(|note| console.note(note));
            // What could not be sealed for everybody goes to failed, where its writer finds it.
            let mut failures = owed.failures.into_iter();
            match failures.next() {
                None => item.done()?,
                Some(first) => console.failed(&item.give_up(first)?),
            }
            failures.for_each(|error| console.failed(&error));
        }
        sealer.seal_due(&mut |sealed| print(&mut out, sealed, console))?;
        return cli::finish(out);
    }
    let mut sealer = Sealer::new(&home, &mut store, &keyring, now);
    console.inputs(args.files, |input, console| {
        for (packets, broken) in Batches::new(input.bytes) {
            sealer.seal(packets, &args.to, &mut |sealed| print(&mut out, sealed, console))?;
            if let Some(error) = broken {
                console.failed(&error.context(&input.name));
            }
        }
        Ok(())
    })?;
    cli::finish(out)
}

fn print(out: &mut impl Write, sealed: Sealed, console: &mut cli::Console) -> Result<()> {
    sealed.letters.into_iter().try_for_each(|letter| stream::write_pem(out, &letter.pem()))?;
    sealed.failures.iter().for_each(|error| console.failed(error));
    sealed.notes.iter().for_each(|note| console.note(note));
    Ok(())
}
