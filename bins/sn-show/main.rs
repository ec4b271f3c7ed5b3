//! sn-show(1): says what a file is, layer by layer, and why it would be refused.

mod args;

use socialnet::{Result, cli, explain::Explainer};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, show)
}

fn show(args: args::Args, console: &mut cli::Console) -> Result<()> {
    let explainer = Explainer::open()?;
    let mut out = cli::output();
    console.inputs(args.files, |input, console| {
        let explained = explainer.explain(&mut out, &input.name, input.bytes);
        // What was explained comes before why it failed, and before what is wrong with the next, wherever the two meet.
        cli::finish(&mut out)?;
        if let Err(error) = explained {
            console.failed(&error);
        }
        Ok(())
    })?;
    cli::finish(out)
}
