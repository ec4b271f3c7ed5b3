//! sn-open(1): sealed packets in, clear and verified ones out; nothing else ever leaves it.

mod args;

use socialnet::{
    Result, cli,
    home::Home,
    protocol::{open, senders},
    seal, stream, unlock,
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, open_all)
}

fn open_all(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let (keyring, store) = unlock(&home)?;
    let mut out = cli::output();
    console.inputs(args.files, |input, console| {
        for sealed in stream::sealed_items(input.bytes, seal::MAX_BYTES) {
            match sealed.and_then(|der| senders::from_contact(store.read(), &der, &keyring)) {
                Ok(opened) => print(&mut out, &opened.packets, args.signed)?,
                Err(error) => console.failed(&error.context(&input.name)),
            }
        }
        Ok(())
    })?;
    cli::finish(out)
}

fn print(out: &mut impl Write, packets: &[open::Verified], signed: bool) -> Result<()> {
    for packet in packets {
        match signed {
            true => stream::write_signed(out, &packet.signed)?,
            false => stream::write_packet(out, &packet.xml)?,
        }
    }
    Ok(())
}
