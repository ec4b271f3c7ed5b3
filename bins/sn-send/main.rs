//! sn-send(1): sealed envelopes into outpackets, outpackets to drivers.

mod args;

use args::Args;
use jiff::{Timestamp, Zoned};
use socialnet::{
    Error, Result, cli, driver,
    home::Home,
    queue,
    render::deliveries,
    store::{Store, delivery},
    stream::PemItems,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, send)
}

fn send(args: Args, console: &mut cli::Console) -> Result<()> {
    let home = Home::open()?;
    let mut store = Store::open(&home.database())?;
    if args.print {
        let mut out = cli::output();
        match args.json {
            true => deliveries::json(&mut out, store.read())?,
            false => deliveries::table(&mut out, store.read(), &Zoned::now())?,
        }
        return cli::finish(out);
    }
    if args.retry {
        let write = store.begin()?;
        delivery::retry(&write, Timestamp::now())?;
        write.commit()?;
    }
    let reading = !(args.queue || args.retry);
    if reading {
        console.inputs(args.files, |input, console| {
            let blocks = PemItems::new(input.bytes, driver::MAX_BYTES).wanted();
            let bad = &mut |error: Error| console.failed(&error.context(&input.name));
            queue::add(&home, &mut store, blocks, Timestamp::now(), bad).map(drop)
        })?;
    }
    match queue::run(&home, &mut store, Timestamp::now(), &mut |line| console.note(line)) {
        // What was read is queued: the caller need not do it again.
        Err(error) if reading => {
            console.note(error.message());
            Ok(())
        }
        ran => ran,
    }
}
