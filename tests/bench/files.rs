//! Large files: attached, sealed, carried, got back.

use crate::{
    peers,
    table::{self, Goal},
    world::{World, noise},
};
use socialnet::{Error, Result};
use std::fs;

const MEBIBYTE: u64 = 1 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    let (large, scratch) = (world.file("large"), world.file("scratch"));

    table::section("A file of 50 MB");
    noise(&large, 50_000_000)?;
    let age = peers::age(world)?.reads(&large).writes(world.file("large.age")).best(5)?;
    let pack = world.sn(sender, "sn-pack status fifty --file").word(large.display().to_string());
    table::time("sn-pack --file", pack.best(5)?, "age", age, Goal::AtMost(0.8));
    let (clear, sealed) = (world.file("clear"), world.file("sealed"));
    pack.writes(&clear).once()?;
    world.sn(sender, "sn-seal --to").word(reader).reads(clear).writes(&sealed).once()?;
    world.sn(sender, "sn-send").reads(sealed).once()?;
    world.sn(reader, "sn-recv").once()?;
    world.sn(reader, "sn-ingest").once()?;
    let unage = peers::unage(world)?.reads(world.file("large.age")).writes(&scratch).best(5)?;
    let get = world.sn(reader, &format!("sn-get -o - {}", newest(world, reader)?)).writes(&scratch);
    table::time("sn-get", get.best(5)?, "age -d", unage, Goal::AtMost(0.8));
    if fs::read(&scratch)? != fs::read(&large)? {
        return Err(Error::malformed("sn-get gave other bytes"));
    }

    table::section("A file of 1 GiB: memory of each command");
    noise(&large, 1 << 30)?;
    let step = |who: &str, line: &str| -> Result<()> {
        let run = world.sn(who, line).reads(world.file("in")).writes(world.file("out"));
        table::memory(line.split(' ').next().unwrap_or(line), run.peak(&world.file("peak"))?, 64 * MEBIBYTE);
        Ok(fs::rename(world.file("out"), world.file("in"))?)
    };
    world.write("in", b"")?;
    step(sender, &format!("sn-pack status large --file {}", large.display()))?;
    step(sender, &format!("sn-seal --to {reader}"))?;
    step(sender, "sn-send")?;
    step(reader, "sn-recv")?;
    step(reader, "sn-ingest")?;
    step(reader, &format!("sn-get -o - {}", newest(world, reader)?))?;

    table::section("An account with that file: memory of its backup");
    let (words, backup) = (world.file("words"), world.file("backup"));
    world.write("words", b"correct horse\n")?;
    let step = |who: &str, verb: &str| -> Result<()> {
        let run = world.sn(who, "sn-backup --passphrase-command").word(format!("cat {}", words.display()));
        let run = run.word(verb).word(backup.display().to_string());
        // Argon2id has 64 MiB for itself.
        table::memory(&format!("sn-backup {verb}"), run.peak(&world.file("peak"))?, 128 * MEBIBYTE);
        Ok(())
    };
    step(reader, "create")?;
    step(reader, "verify")?;
    step("restored", "restore")
}

/// The end of the newest packet's id: the last word of its first line in the feed.
pub fn newest(world: &World, who: &str) -> Result<String> {
    let feed = world.file("feed");
    world.sn(who, "sn-feed -n 1").writes(&feed).once()?;
    let feed = fs::read_to_string(feed)?;
    let id = feed.lines().next().and_then(|line| line.rsplit(' ').next());
    id.map(str::to_owned).ok_or_else(|| Error::malformed("the feed is empty"))
}
