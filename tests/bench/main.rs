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
use world::World;

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
    if wanted("start") {
        start::rows(&World::new()?)?;
    }
    if wanted("seal") {
        let world = World::new()?;
        world.circle("alice", seal::CIRCLE)?;
        seal::rows(&world, "alice")?;
        relay::rows(&world, "alice", seal::CIRCLE)?;
    }
    for (part, rows) in [
        ("files", files::rows as fn(&World, &str, &str) -> Result<()>),
        ("ingest", ingest::rows),
        ("feed", feed::rows),
        ("web", web::rows),
        ("reading", reading::rows),
        ("http", |world: &World, _: &str, _: &str| http::rows(world)),
        ("fetch", fetch::rows),
    ] {
        if wanted(part) {
            let world = World::new()?;
            world.circle("alice", 1)?;
            rows(&world, "alice1", "alice")?;
        }
    }
    if wanted("search") {
        search::rows(&World::new()?)?;
    }
    if wanted("smtp") {
        smtp::rows(&World::new()?)?;
    }
    if wanted("chat") {
        chat::rows(&World::new()?)?;
    }
    Ok(())
}
