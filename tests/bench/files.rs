//! Large files: attached, sealed, carried, got back.

use crate::{
    peers,
    table::{self, Goal},
    world::{World, noise},
};
use socialnet::Result;

const MEBIBYTE: u64 = 1 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    let (large, scratch) = (world.file("large"), world.file("scratch"));

    table::section("A file of 50 MB");
    noise(&large, 50_000_000)?;
    let pack = world.sn(sender, "sn-pack status large --file").word(large.display().to_string());
    let age = peers::age(world)?.reads(&large).writes(&scratch);
    let packed = pack.best(5)?;
    table::time("sn-pack --file", packed, "age", age.best(5)?, Goal::AtMost(0.8));

    table::section("A file of 1 GiB: memory of each command");
    noise(&large, 1 << 30)?;
    let step = |who: &str, line: &str| -> Result<()> {
        let run = world.sn(who, line).reads(world.file("in")).writes(world.file("out"));
        table::memory(line, run.peak(&world.file("peak"))?, 64 * MEBIBYTE);
        Ok(std::fs::rename(world.file("out"), world.file("in"))?)
    };
    world.write("in", b"")?;
    step(sender, &format!("sn-pack status large --file {}", large.display()))?;
    step(sender, &format!("sn-seal --to {reader}"))?;
    step(sender, "sn-send")?;
    step(reader, "sn-recv")?;
    step(reader, "sn-ingest")?;
    Ok(())
}
