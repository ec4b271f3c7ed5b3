//! sn-web(1): the account as web pages, for one browser on this machine.
//!
//! | file | knows |
//! |---|---|
//! | `run.rs` | start, signals, end; connections |
//! | `guard.rs` | which requests another site may have made |
//! | `session.rs` | who was let in |
//! | `service.rs` | which request goes where |
//! | `node.rs` | the account, for many requests at once |
//! | `rounds.rs` | sn-sync in the background |
//! | `body.rs`, `upload.rs` | what is sent here: forms, and photographs |
//! | `reply.rs` | answers, and the headers that go with all of them |
//! | `pages/` | what is shown |
//! | `forms/` | what is done |
//! | `fixed.rs`, `static/`, `templates/` | style, script, picture; HTML |
//!
//! What is shown and done is the library's: here is only what a browser needs for that.

mod args;
mod body;
mod fixed;
mod forms;
mod guard;
mod node;
mod pages;
mod reply;
mod rounds;
mod run;
mod service;
mod session;
mod upload;

use socialnet::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run(cli::Role::Filter, |args: args::Args, console| {
        let every = args.every.as_deref().map(run::pause).transpose()?;
        run::run(args.port, every, console)
    })
}
