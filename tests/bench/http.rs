//! Boxes on a web server, beside nginx taking the same uploads, and a node that sends beside curl(1).

use crate::{
    run::{Run, memory, timed},
    table::{self, Goal},
    talk::Talk,
    world::{Ground, World},
};
use socialnet::{Context, Error, Kind, Result, mailbox::name_of};
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Envelopes that are posted, their bytes, and the connections they are posted over.
const ENVELOPES: usize = 5000;
const SIZE: usize = 3 << 10;
const CONNECTIONS: usize = 50;
/// Listings in one figure.
const LISTINGS: usize = 1000;
/// Those who wait for something new.
const WAITING: usize = 1000;
/// Envelopes that are sent by `sn-send`, and by curl.
const SENT: usize = 1000;
const CURLED: u32 = 50;

/// The rows.
pub fn rows(world: &World) -> Result<()> {
    table::section("Taking 5,000 envelopes of 3 KiB over 50 connections");
    let here = world.file("http");
    fs::create_dir(&here)?;
    accept("durably", &here, Goal::AtMost(2.0))?;
    let nowhere = Ground::without_disk()?;
    accept("where syncing costs nothing", &nowhere.world()?.file(""), Goal::None)?;

    let boxes = world.file("boxes");
    fs::create_dir(&boxes)?;
    make_boxes(&boxes, 10)?;
    let server = Server::start(&boxes)?;
    table::section("Sending 1,000 envelopes to one host");
    let settings = world.file("alice").join("config.toml");
    fs::write(&settings, fs::read_to_string(&settings)? + "\n[send.http]\nallow-private = true\n")?;
    // A host is another machine, and what it syncs is not the sender's working copies: on one disk with the sender it
    // would write them all out before they are deleted.
    let elsewhere = nowhere.world()?.file("boxes");
    make_boxes(&elsewhere, 2)?;
    send(world, &Server::start(&elsewhere)?)?;

    table::section("1,000 listings of a box with one item; 1,000 who wait");
    let few = list(&server)?;
    make_boxes(&boxes, 10_000)?;
    table::time("among 10,000 boxes", list(&server)?, "among 10", few, Goal::AtMost(1.2));
    table::memory("sn-httpd, while they wait", waiting(&server)?, 64 << 20);
    Ok(())
}

fn accept(how: &str, folder: &Path, goal: Goal) -> Result<()> {
    let boxes = folder.join("boxes");
    make_boxes(&boxes, 1)?;
    let server = Server::start(&boxes)?;
    let nginx = Server::nginx(folder)?;
    let mut ours = upload(&server, 0)?;
    let theirs = upload(&nginx, 1)?;
    table::time(how, ours.took, "nginx, PUT, never synced", theirs.took, goal);
    for (what, share) in [("  half are answered within", 2), ("  99 of 100 within", 100)] {
        table::note(what, ours.within(share));
    }
    Ok(())
}

/// What came of an upload.
struct Uploaded {
    took: Duration,
    each: Vec<Duration>,
}

impl Uploaded {
    /// The time within which all but one in so many were answered.
    fn within(&mut self, share: usize) -> Duration {
        self.each.sort();
        let at = self.each.len() - self.each.len() / share - 1;
        self.each.get(at).copied().unwrap_or_default()
    }
}

/// Uploads all; the `round` makes bodies differ.
fn upload(server: &Server, round: usize) -> Result<Uploaded> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let each = thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut talk = Talk::open(server.address)?;
                    let mut each = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= ENVELOPES {
                            return Ok(each);
                        }
                        let mut body = vec![b'x'; SIZE];
                        body[..16].copy_from_slice(format!("{round:8}{number:8}").as_bytes());
                        let asked = Instant::now();
                        talk.ask(&(server.request)(number), &body, 200..=204)?;
                        each.push(asked.elapsed());
                    }
                })
            })
            .collect();
        let failed = |_| Error::new(Kind::Unavailable, "a connection failed");
        workers.into_iter().map(|it| it.join().map_err(failed)?).collect::<Result<Vec<Vec<Duration>>>>()
    })?;
    Ok(Uploaded { took: begun.elapsed(), each: each.concat() })
}

fn make_boxes(boxes: &Path, count: u32) -> Result<()> {
    for number in 0..count {
        let new = boxes.join(format!("box{number}/new"));
        if !new.exists() {
            fs::create_dir_all(&new)?;
            fs::write(new.with_file_name("secret"), "correct-horse\n")?;
            fs::write(new.join(name_of(b"item")), "item")?;
        }
    }
    Ok(())
}

/// The head of a listing.
const LIST: &str = "GET /in/box7?wait=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer correct-horse\r\n";

fn list(server: &Server) -> Result<Duration> {
    let mut talk = Talk::open(server.address)?;
    timed(5, || (0..LISTINGS).try_for_each(|_| talk.ask(LIST, b"", 200..=200).map(drop)))
}

fn waiting(server: &Server) -> Result<u64> {
    // Nothing has come for this one.
    let empty = server.boxes.join("empty");
    fs::create_dir(&empty)?;
    fs::write(empty.join("secret"), "correct-horse\n")?;
    let mut open = Vec::new();
    for _ in 0..WAITING {
        let mut stream = TcpStream::connect(server.address)?;
        let request = LIST.replace("box7?wait=0", "empty?wait=300");
        stream.write_all(format!("{request}\r\n").as_bytes())?;
        open.push(stream);
    }
    let line = format!("socialnet_waiting {WAITING}");
    for _ in 0..100 {
        let mut counters = String::new();
        let mut stream = TcpStream::connect(server.counters)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
        stream.read_to_string(&mut counters)?;
        if counters.lines().any(|it| it == line) {
            return server.memory();
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(Error::new(Kind::Unavailable, "not all of them wait"))
}

fn send(world: &World, server: &Server) -> Result<()> {
    let (who, reader) = ("alice", "alice1");
    let address = format!("http://{}/in/box1", server.address);
    world.sn(who, "sn-contact address").word(reader).word(&address).once()?;
    let reader = world.keys(reader)?.identity.fingerprint;
    let letters = world.file("letters.pem");
    let mut pem = Vec::new();
    for number in 0..SENT {
        let der = [format!("letter {number}").into_bytes(), vec![b'x'; SIZE]].concat();
        let headers = vec![("To".to_owned(), reader.to_string())];
        socialnet::stream::write_pem(
            &mut pem,
            &socialnet::stream::Pem { headers, label: socialnet::seal::LABEL.to_owned(), der },
        )?;
    }
    fs::write(&letters, pem)?;
    let ours = world.sn(who, "sn-send").reads(&letters).once()?;
    let arrived = fs::read_dir(server.boxes.join("box1/new"))?.count();
    if arrived != SENT + 1 {
        return Err(Error::new(Kind::Unavailable, format!("{arrived} arrived")));
    }
    let body = world.write("letter", &[b'y'; SIZE])?;
    let curl = Run::new("curl -q -sS -f -o /dev/null -H Content-Type:application/octet-stream --data-binary")
        .word(format!("@{}", body.display()))
        .word(address);
    let mut theirs = Duration::ZERO;
    for number in 0..CURLED {
        fs::write(&body, format!("letter {number}") + &"y".repeat(SIZE))?;
        theirs += curl.once()?;
    }
    let theirs = theirs * (SENT as u32 / CURLED);
    table::time("sn-send", ours, "curl, once for each of 1,000", theirs, Goal::TimesFaster(20.0));
    Ok(())
}

/// A server that runs as long as this is held.
struct Server {
    child: Child,
    address: SocketAddr,
    counters: SocketAddr,
    boxes: PathBuf,
    request: fn(usize) -> String,
}

impl Server {
    /// sn-httpd.
    fn start(boxes: &Path) -> Result<Self> {
        let (address, counters) = (free()?, free()?);
        let settings = boxes.with_extension("toml");
        let text = format!(
            "boxes = '{}'\nlisten = ['{address}']\nmetrics = '{counters}'\nlog = 'none'\n[limits]\n\
             requests-per-minute = 1000000000\nconnections-per-address = 2000\nitems = 1000000\n",
            boxes.display()
        );
        fs::write(&settings, text)?;
        let child = Command::new("sn-httpd").arg(settings).stderr(Stdio::null()).spawn();
        let request =
            |_| "POST /in/box0 HTTP/1.1\r\nHost: x\r\nContent-Type: application/pkcs7-mime\r\n".to_owned();
        let child = child.context(|| "sn-httpd")?;
        Self { child, address, counters, boxes: boxes.to_owned(), request }.ready()
    }

    /// nginx, which takes files by PUT.
    fn nginx(folder: &Path) -> Result<Self> {
        let address = free()?;
        let (here, files) = (folder.display(), folder.join("files"));
        fs::create_dir(&files)?;
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {here}/{what};\n"))
            .concat();
        // Started by root its workers would become somebody else, who may not enter here.
        let user = if fs::metadata(folder)?.uid() == 0 { "user root;" } else { "" };
        let text = format!(
            "daemon off; {user} worker_processes auto; pid {here}/nginx.pid; error_log /dev/null;\n\
             events {{ worker_connections 512; }}\nhttp {{ access_log off; keepalive_requests 1000000;\n{temporary}\
             server {{ listen {address}; location / {{ root {here}; dav_methods PUT; }} }} }}\n"
        );
        let settings = folder.join("nginx.conf");
        fs::write(&settings, text)?;
        let mut nginx = Command::new("nginx");
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let child = nginx.env("PATH", path).arg("-c").arg(&settings).arg("-e").arg("/dev/null").spawn();
        let child = child.context(|| "nginx")?;
        let request = |number| format!("PUT /files/{number} HTTP/1.1\r\nHost: x\r\n");
        Self { child, address, counters: address, boxes: files, request }.ready()
    }

    fn ready(self) -> Result<Self> {
        for _ in 0..100 {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(self);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Error::new(Kind::Unavailable, "a server does not start"))
    }

    /// Bytes that it holds now.
    fn memory(&self) -> Result<u64> {
        memory(&self.child, "VmRSS")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that nginx takes its workers with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
