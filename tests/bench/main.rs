//! `make bench`: what the commands cost, each figure beside what it stands on, from the same run on the same machine.
//!
//! | file | knows |
//! |---|---|
//! | `run.rs` | how a command is measured |
//! | `table.rs` | how a figure is shown, and whether its goal was met |
//! | `talk.rs` | how a server is asked |
//! | `world.rs` | the people, and how ten thousand envelopes are made |
//! | `peers.rs` | gpg, age, openssl and notmuch at a like task |
//! | the others | one part of the table each |
//!
//! It is run in the project's folder, with the commands on the PATH. `bench PART…` measures only some parts.

mod chat;
mod feed;
mod fetch;
mod files;
mod http;
mod ingest;
mod peers;
mod reading;
mod relay;
mod run;
mod seal;
mod search;
mod smtp;
mod start;
mod table;
mod talk;
mod web;
mod world;

use socialnet::Result;
use std::process::ExitCode;
use world::{Ground, World};

fn main() -> ExitCode {
    match measure(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(parts: &[String]) -> Result<()> {
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    let cores = std::thread::available_parallelism()?;
    println!("{}, {cores} cores; the best of several runs counts\n", socialnet::seal::openssl_version());
    table::heading();
    let ground = Ground::new()?;
    if wanted("start") {
        start::rows(&ground.world()?)?;
    }
    if wanted("seal") {
        let world = ground.circle(seal::CIRCLE)?;
        seal::rows(&world, "alice")?;
        relay::rows(&world, "alice", seal::CIRCLE)?;
    }
    let friends = |rows: fn(&World, &str, &str) -> Result<()>| rows(&ground.circle(1)?, "alice1", "alice");
    let empty = |rows: fn(&World) -> Result<()>| rows(&ground.world()?);
    // Those that wait for the disk come before those that delete thousands of files.
    let parts: [(&str, &dyn Fn() -> Result<()>); 10] = [
        ("http", &|| http::rows(&ground.circle(1)?)),
        ("fetch", &|| friends(fetch::rows)),
        ("smtp", &|| empty(smtp::rows)),
        ("chat", &|| empty(chat::rows)),
        ("search", &|| empty(search::rows)),
        ("files", &|| friends(files::rows)),
        ("feed", &|| friends(feed::rows)),
        ("web", &|| friends(web::rows)),
        ("ingest", &|| friends(ingest::rows)),
        ("reading", &|| friends(reading::rows)),
    ];
    for (part, rows) in parts {
        if wanted(part) {
            rows()?;
        }
    }
    Ok(())
}
