//! sn-show(1): says what a file is, layer by layer, and why it would be refused.

mod args;

use socialnet::{Result, cli, explain::Explainer};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, show)
}

fn show(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let explainer = Explainer::open()?;
    let mut out = cli::output();
    for file in cli::operands(args.files) {
        let explained =
            cli::open(&file).and_then(|input| explainer.explain(&mut out, &input.name, input.bytes));
        if let Err(error) = explained {
            // What was explained comes before why it failed, wherever the two meet.
            out.flush()?;
            console.failed(&error);
        }
    }
    cli::finish(out)
}
