//! Ten thousand envelopes taken in, each with one status.

use crate::{
    peers,
    run::timed,
    table::{self, Goal},
    world::{Ground, World},
};
use rayon::prelude::*;
use rusqlite::Connection;
use socialnet::{Result, identity::Keyring, seal};
use std::{fs, path::PathBuf, time::Duration};

const ENVELOPES: u64 = 10_000;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    table::section("Taking in 10,000 envelopes");
    let ingest = take_in("sn-ingest, durably", world, (sender, reader), Goal::AtMost(1.4))?;
    let notmuch = peers::notmuch(world, ENVELOPES, crate::world::words)?.took;
    table::time("", ingest, "notmuch new, plain messages", notmuch, Goal::TimesFaster(15.0));
    let nowhere = Ground::without_disk()?;
    take_in("where syncing and deleting cost nothing", &nowhere.circle(1)?, (sender, reader), Goal::None)?;
    Ok(())
}

fn take_in(how: &str, world: &World, (sender, reader): (&str, &str), goal: Goal) -> Result<Duration> {
    world.fill(sender, reader, ENVELOPES, 1)?;
    let inpackets = world.inpackets(reader)?;
    let files = inpackets.names("new")?.map(|name| Ok(inpackets.path("new", &name?)));
    let files = files.collect::<Result<Vec<_>>>()?;
    let (opening, signed) = open(&world.keys(reader)?, &files)?;
    let inserting = insert(world, &signed)?;
    let ingest = world.sn(reader, "sn-ingest").once()?;
    let longer = if opening > inserting { "opening them, all cores" } else { "bare inserts, full text" };
    table::time(how, ingest, longer, opening.max(inserting), goal);
    table::time("", ingest, "both", opening + inserting, Goal::None);
    Ok(ingest)
}

/// Reads, opens and verifies them all; gives the signed envelopes.
fn open(keys: &Keyring, files: &[PathBuf]) -> Result<(Duration, Vec<Vec<u8>>)> {
    let mut all = Vec::new();
    let took = timed(1, || {
        let opened = files.par_iter().map(|path| {
            let opened = seal::open(&fs::read(path)?, keys)?;
            let envelope = socialnet::envelope::Envelope::read(&seal::verify(&opened.signed)?.content)?;
            for packet in &envelope.packets {
                seal::verify(packet)?;
            }
            Ok(opened.signed)
        });
        all = opened.collect::<Result<_>>()?;
        Ok(())
    })?;
    Ok((took, all))
}

/// Inserts as many rows of the same size into the same tables, durably, and nothing around it.
fn insert(world: &World, signed: &[Vec<u8>]) -> Result<Duration> {
    let path = world.file("bare.db");
    timed(1, || {
        let mut db = Connection::open(&path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.execute_batch(include_str!("../../lib/src/store/schema.sql"))?;
        for (batch, signed) in signed.chunks(1000).enumerate() {
            let transaction = db.transaction()?;
            {
                let mut packet = transaction.prepare_cached(
                    "INSERT INTO packet (author, id, type, created, received, state, digest, text, signed)
                     VALUES (?1, ?2, 'status', 1, 1, 'feed', ?1, ?3, ?4)",
                )?;
                let mut text =
                    transaction.prepare_cached("INSERT INTO packet_text (rowid, text) VALUES (?1, ?2)")?;
                let mut opened = transaction.prepare_cached(
                    "INSERT INTO opened (sender, stream, counter, digest) VALUES (?1, ?2, ?3, ?1)",
                )?;
                for (at, signed) in signed.iter().enumerate() {
                    let number = (batch * 1000 + at) as u64;
                    let words = crate::world::words(number);
                    packet.execute((
                        [7_u8; 32],
                        uuid::Uuid::now_v7().as_bytes(),
                        &words,
                        &signed[..signed.len() / 2],
                    ))?;
                    text.execute((transaction.last_insert_rowid(), &words))?;
                    opened.execute(([7_u8; 32], [7_u8; 16], number as i64))?;
                }
            }
            transaction.commit()?;
        }
        Ok(())
    })
}
