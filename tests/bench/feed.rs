//! The feed, read when it has grown.

use crate::{
    run::timed,
    table::{self, Goal},
    world::World,
};
use socialnet::Result;
use std::time::Duration;

/// Packets in an envelope of those that fill the feed.
const PACKETS: u64 = 250;
const MEBIBYTE: u64 = 1 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    table::section("Reading the feed");
    let small = grow(world, sender, reader, 100_000)?;
    let most = Duration::from_millis(10);
    table::limit("sn-feed -n 50 of 100,000 packets", small, most);
    table::memory("", world.sn(reader, "sn-feed -n 50").peak(&world.file("peak"))?, 20 * MEBIBYTE);
    let large = grow(world, sender, reader, 900_000)?;
    table::time("sn-feed -n 50 of 1,000,000 packets", large, "of 100,000", small, Goal::AtMost(1.5));
    table::memory("", world.sn(reader, "sn-feed -n 50").peak(&world.file("peak"))?, 20 * MEBIBYTE);
    Ok(())
}

/// Adds packets, and reads the newest.
fn grow(world: &World, sender: &str, reader: &str, packets: u64) -> Result<Duration> {
    world.fill(sender, reader, packets / PACKETS, PACKETS)?;
    let took = timed(1, || world.sn(reader, "sn-ingest").once().map(|_| ()))?;
    table::note(&format!("sn-ingest of {packets} packets, {PACKETS} an envelope"), took);
    world.sn(reader, "sn-feed -n 50").best(20)
}
