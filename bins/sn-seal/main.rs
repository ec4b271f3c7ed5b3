//! sn-seal(1): clear packets in, signed and sealed envelopes out, one per reader.

mod args;

use jiff::Timestamp;
use socialnet::{
    Result, cli,
    home::Home,
    identity::Keyring,
    mailbox,
    protocol::{
        dropped, renewal,
        sealing::{Letter, Sealed, Sealer},
    },
    seal,
    store::Store,
    stream::{self, Batches, Pem},
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, seal_all)
}

fn seal_all(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut keyring = Keyring::load(&home.identity())?;
    let mut store = Store::open(&home.database())?;
    let now = Timestamp::now();
    let mut out = cli::output();
    if args.due {
        // Who is at it already seals what is due, or the next one does: nothing is to be paid twice.
        let Some(_lock) = home.lock_if_free("due")? else { return Ok(()) };
        renewal::run(&home, &mut store, &mut keyring, now)?;
        let mut sealer = Sealer::new(&home, &mut store, &keyring, now);
        for item in dropped::clear_packets(&home.outpackets()?)? {
            let failures = match item.read() {
                Ok(packets) => sealer.owe(packets)?,
                Err(error) => vec![error],
            };
            // Whoever wrote it finds in failed what did not reach everybody.
            let mut failures = failures.into_iter();
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
    for file in cli::operands(args.files) {
        let input = cli::open(&file)?;
        for batch in Batches::new(input.bytes) {
            let (packets, broken) = batch;
            sealer.seal(packets, &args.to, &mut |sealed| print(&mut out, sealed, console))?;
            if let Some(error) = broken {
                console.failed(&error.context(&input.name));
            }
        }
    }
    cli::finish(out)
}

fn print(out: &mut impl Write, sealed: Sealed, console: &mut cli::Console) -> Result<()> {
    write(out, sealed.letters)?;
    sealed.failures.iter().for_each(|error| console.failed(error));
    Ok(())
}

fn write(out: &mut impl Write, letters: Vec<Letter>) -> Result<()> {
    for letter in letters {
        let mut headers = vec![
            ("To".to_owned(), letter.reader.to_string()),
            ("Envelope".to_owned(), mailbox::name_for(&letter.envelope)),
        ];
        headers.extend(letter.chunks.iter().map(|chunk| ("Blob".to_owned(), mailbox::name_for(chunk))));
        stream::write_pem(out, &Pem { headers, label: seal::LABEL.to_owned(), der: letter.der })?;
    }
    Ok(())
}
