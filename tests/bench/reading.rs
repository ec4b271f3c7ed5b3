//! The feed as people read it: the newest, what has a word, and pages for a browser, with photographs and threads.

use crate::{
    peers,
    run::{Run, timed},
    table::{self, Goal},
    world::{self, Dice, World, words},
};
use data_encoding::{BASE64, HEXLOWER};
use openssl::sha::sha256;
use socialnet::{Result, identity::Keyring};
use std::time::Duration;
use uuid::Builder;

const PACKETS: u64 = 100_000;
const PHOTOGRAPHS: u64 = 5_000;
/// Packets in an envelope, and photographs.
const TOGETHER: u64 = 250;
const PHOTOGRAPHS_TOGETHER: u64 = 25;
/// Bytes of a photograph, which come inside its packet, and of its preview.
const PHOTOGRAPH: usize = 14_000;
const PREVIEW: usize = 8_000;
/// One packet in so many is an answer to the one before.
const ANSWERS: u64 = 10;
/// A word that is in every second packet, and one that is in five.
const COMMON: &str = "ridge";
const RARE: &str = "glacier";
const MEBIBYTE: u64 = 1 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    table::section(&format!("Reading {PACKETS} packets and {PHOTOGRAPHS} photographs"));
    world.fill_with(sender, reader, PACKETS / TOGETHER, TOGETHER, packet)?;
    let photographs = PHOTOGRAPHS / PHOTOGRAPHS_TOGETHER;
    world.fill_with(sender, reader, photographs, PHOTOGRAPHS_TOGETHER, photograph)?;
    let took = timed(1, || world.sn(reader, "sn-ingest").once().map(|_| ()))?;
    table::note("sn-ingest of them", took);

    let most = Duration::from_millis(10);
    table::limit("sn-feed -n 50", world.sn(reader, "sn-feed -n 50").best(20)?, most);
    let mail = peers::notmuch(world, PACKETS, remembered)?;
    for (word, kind) in [(COMMON, "a common word"), (RARE, "a rare word")] {
        let ours = world.sn(reader, "sn-feed -n 50 --match").word(word);
        let theirs = Run::new("notmuch search --limit=50").word(word).with("NOTMUCH_CONFIG", &mail.settings);
        let (ours_took, theirs_took) = (ours.best(20)?, theirs.best(20)?);
        table::limit(&format!("sn-feed --match, {kind}"), ours_took, Duration::from_millis(15));
        table::time("", ours_took, "notmuch search --limit=50", theirs_took, Goal::None);
        table::memory("", ours.peak(&world.file("peak"))?, 64 * MEBIBYTE);
    }
    pages(world, sender, reader)
}

fn pages(world: &World, sender: &str, reader: &str) -> Result<()> {
    let html =
        |folder: &str| world.sn(reader, "sn-feed --html").word(world.file(folder).display().to_string());
    table::limit("sn-feed --html, everything", html("site").once()?, Duration::from_secs(60));
    table::memory("", html("other").peak(&world.file("peak"))?, 64 * MEBIBYTE);
    let one_more = || -> Result<()> {
        world.fill(sender, reader, 1, 1)?;
        world.sn(reader, "sn-ingest").once().map(|_| ())
    };
    let mut shortest = Duration::MAX;
    for _ in 0..5 {
        one_more()?;
        shortest = shortest.min(html("site").once()?);
    }
    table::limit("sn-feed --html, one new packet", shortest, Duration::from_millis(500));
    one_more()?;
    table::memory("", html("site").peak(&world.file("peak"))?, 64 * MEBIBYTE);
    table::note("sn-feed --html, nothing new", html("site").best(5)?);
    Ok(())
}

/// The text of a packet, and of a mail beside it.
fn remembered(number: u64) -> String {
    let common = if number.is_multiple_of(2) { COMMON } else { "" };
    let rare = if number.is_multiple_of(PACKETS / 5) { RARE } else { "" };
    format!("{} {common} {rare}", words(number))
}

/// A status, or an answer to the one before.
fn packet(author: &Keyring, number: u64) -> Vec<u8> {
    let from = author.identity.fingerprint;
    let id = |number: u64| {
        let begun = world::today().as_second().unsigned_abs() * 1000 - 3_600_000;
        Builder::from_unix_timestamp_millis(begun / 86_400_000 * 86_400_000 + number, &[7; 10]).into_uuid()
    };
    let (kind, about) = match number % ANSWERS {
        0 => ("status", String::new()),
        1 => {
            let above = format!("id=\"{}\" from=\"{from}\"", id(number - 1));
            ("comment", format!("\n  <thread {above}/>\n  <about {above}/>"))
        }
        _ => ("status", String::new()),
    };
    format!(
        "<packet xmlns=\"urn:socialnet:packet:1\" id=\"{}\" type=\"{kind}\" from=\"{from}\" \
         created=\"{}\">{about}\n  <text>{}</text>\n</packet>",
        id(number),
        world::today(),
        remembered(number)
    )
    .into_bytes()
}

/// A photograph: noise that begins as a JPEG does, as nobody decodes it here.
fn photograph(author: &Keyring, number: u64) -> Vec<u8> {
    let mut dice = Dice(number);
    let mut jpeg = |bytes: usize| {
        let noise = (0..bytes - 3).map(|_| dice.byte());
        [0xff, 0xd8, 0xff].into_iter().chain(noise).collect::<Vec<u8>>()
    };
    let (whole, small) = (jpeg(PHOTOGRAPH), jpeg(PREVIEW));
    format!(
        "<packet xmlns=\"urn:socialnet:packet:1\" id=\"{}\" type=\"photo\" from=\"{}\" created=\"{}\">\n  \
         <text>{}</text>\n  <attachment name=\"{number}.jpg\" type=\"image/jpeg\" size=\"{PHOTOGRAPH}\" \
         sha256=\"{}\">\n    <alt>A {COMMON}</alt>\n    <preview>{}</preview>\n    <inline>{}</inline>\n  \
         </attachment>\n</packet>",
        uuid::Uuid::now_v7(),
        author.identity.fingerprint,
        world::today(),
        words(number),
        HEXLOWER.encode(&sha256(&whole)),
        BASE64.encode(&small),
        BASE64.encode(&whole),
    )
    .into_bytes()
}
