//! sn-recv(1): drivers into inpackets; prints the new files.

mod args;

use socialnet::{Result, cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| fetch(args, console))
}

fn fetch(_args: args::Args, _console: &mut cli::Console) -> Result<()> {
    todo!()
}
