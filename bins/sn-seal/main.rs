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
        sealing::{Sealed, Sealer},
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
    if args.due {
        renewal::run(&home, &mut store, &mut keyring, now)?;
    }
    let mut sealer = Sealer::new(&mut store, &keyring, home.blobs(), now);
    let mut out = cli::output();
    if args.due {
        print(&mut out, sealer.seal_due()?, console)?;
        for item in dropped::clear_packets(&home.outpackets()?)? {
            match item.read().and_then(|packets| sealer.seal(packets, &[])) {
                Ok(sealed) => {
                    print(&mut out, sealed, console)?;
                    out.flush()?;
                    item.done()?;
                }
                Err(error) => console.failed(&item.give_up(error)?),
            }
        }
        return cli::finish(out);
    }
    for file in cli::operands(args.files) {
        let input = cli::open(&file)?;
        for batch in Batches::new(input.bytes) {
            let (packets, broken) = batch;
            print(&mut out, sealer.seal(packets, &args.to)?, console)?;
            if let Some(error) = broken {
                console.failed(&error.context(&input.name));
            }
        }
    }
    cli::finish(out)
}

fn print(out: &mut impl Write, sealed: Sealed, console: &mut cli::Console) -> Result<()> {
    for letter in sealed.letters {
        let mut headers = vec![
            ("To".to_owned(), letter.reader.to_string()),
            ("Envelope".to_owned(), mailbox::name_for(&letter.envelope)),
        ];
        headers.extend(letter.chunks.iter().map(|chunk| ("Blob".to_owned(), mailbox::name_for(chunk))));
        stream::write_pem(out, &Pem { headers, label: seal::LABEL.to_owned(), der: letter.der })?;
    }
    sealed.failures.iter().for_each(|error| console.failed(error));
    Ok(())
}
