//! sn-web, when the feed has grown.

use crate::{
    run::{memory, timed},
    table,
    talk::{Talk, header},
    world::{World, words},
};
use socialnet::{Context, Error, Kind, Result};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Packets in the feed, and in an envelope of those that fill it.
const FEED: u64 = 100_000;
const PACKETS: u64 = 250;
/// What a page may take, and the server hold.
const PAGE: Duration = Duration::from_millis(20);
const MEMORY: u64 = 64 << 20;

/// The rows. `sender` and `reader` are contacts.
pub fn rows(world: &World, sender: &str, reader: &str) -> Result<()> {
    table::section("Pages of sn-web, with 100,000 packets");
    world.fill(sender, reader, FEED / PACKETS, PACKETS)?;
    world.sn(reader, "sn-ingest").once()?;
    let mut browser = Browser::open(world, reader)?;
    let writer = world.keys(sender)?.identity.fingerprint;
    // One packet in two hundred has it.
    let words = words(1);
    let word = words.split(' ').next().unwrap_or_default();
    for (what, path) in [
        ("the feed", "/".to_owned()),
        ("50,000 packets further back", format!("/?before={}", FEED / 2)),
        ("a person", format!("/person/{writer}")),
        ("a search", format!("/search?q={word}")),
        ("what is on its way", "/waiting".to_owned()),
    ] {
        table::limit(what, timed(20, || browser.look(&path))?, PAGE);
    }
    table::memory("sn-web, at most", memory(&browser.server.0, "VmHWM")?, MEMORY);
    Ok(())
}

/// A server that runs as long as this is held.
struct Server(Child);

/// Somebody who is inside.
struct Browser {
    server: Server,
    host: String,
    cookie: String,
    talk: Talk,
}

impl Browser {
    fn open(world: &World, who: &str) -> Result<Self> {
        let mut command = Command::new("sn-web");
        command.env("SN_HOME", world.file(who)).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Server(command.spawn().context(|| "sn-web")?);
        let mut address = String::new();
        let out = server.0.stdout.take().ok_or_else(no_address)?;
        BufReader::new(out).read_line(&mut address)?;
        let (host, token) = address
            .trim()
            .strip_prefix("http://")
            .and_then(|it| it.split_once('/'))
            .ok_or_else(no_address)?;
        let mut talk = Talk::open(host.parse().map_err(|_| no_address())?)?;
        let head = talk.ask(&format!("GET /{token} HTTP/1.1\r\nHost: {host}\r\n"), b"", 303..=303)?;
        let cookie =
            header(&head, "set-cookie").and_then(|it| it.split(';').next()).ok_or_else(no_address)?;
        Ok(Self { server, host: host.to_owned(), cookie: cookie.to_owned(), talk })
    }

    fn look(&mut self, path: &str) -> Result<()> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n", self.host, self.cookie);
        self.talk.ask(&head, b"", 200..=200).map(drop)
    }
}

fn no_address() -> Error {
    Error::new(Kind::Unavailable, "sn-web does not let anybody in")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
