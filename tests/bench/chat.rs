//! Messages to a friend by mail, from one feed to the other, beside Delta Chat's core on the same servers.

use crate::{
    run::Run,
    table::{self, Goal},
    world::World,
};
use socialnet::{Error, Result};
use std::{fs, path::Path, time::Duration};

/// Where `make bench` has put Delta Chat's core.
const PYTHON: &str = "bench/bin/python";

/// The rows.
pub fn rows(world: &World) -> Result<()> {
    table::section("From sn-send to the friend's feed, by mail");
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let figures = world.file("figures");
    let chat = Run::new("tests/bench/chat.sh").with("PYTHON", Path::new(&target).join(PYTHON));
    chat.writes(&figures).once()?;
    let figures = fs::read_to_string(&figures)?;
    let seconds: Option<Vec<_>> = figures.split_whitespace().map(|word| word.parse().ok()).collect();
    match seconds.as_deref() {
        Some(&[one, hundred, their_one, their_hundred, idle]) => {
            let [one, hundred, their_one, their_hundred, idle] =
                [one, hundred, their_one, their_hundred, idle].map(Duration::from_secs_f64);
            table::time(
                "a hundred messages",
                hundred,
                "Delta Chat's core",
                their_hundred,
                Goal::TimesFaster(4.0),
            );
            table::time("one message", one, "Delta Chat's core", their_one, Goal::None);
            table::time("", one, "Dovecot's own IDLE", idle, Goal::None);
            table::limit("", one, idle + Duration::from_millis(60));
            Ok(())
        }
        _ => Err(Error::malformed("chat.sh gave no five figures")),
    }
}
