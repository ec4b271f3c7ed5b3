//! The accounts and their clock. Each is a folder with its own settings; commands are those a user has, run with the time
//! of the story by libfaketime, and killed by strace(1) where the dice say so.

use fastrand::Rng;
use socialnet::{Error, Kind, Result};
use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// When the story begins: 2030-01-01. Always the same, as the seed is.
const BEGIN: i64 = 1_893_456_000;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// Calls before which a command may die: each changes what is on the disk, or what the next one reads.
const CALLS: [&str; 8] = ["rename", "unlink", "pwrite64", "write", "fsync", "fdatasync", "openat", "mkdir"];
/// Of one kind, up to which it may get before it dies.
const STEPS: std::ops::Range<u32> = 1..40;

/// Where they all are, and when.
pub struct World {
    folder: TempDir,
    seed: u64,
    storm: (i64, i64),
    /// Seconds since 1970.
    pub now: i64,
}

/// One account.
pub struct Node {
    pub number: usize,
    pub name: String,
    pub fingerprint: String,
    pub dice: Rng,
    /// Until when its machine is off.
    pub asleep: i64,
    pub kills: u32,
    home: PathBuf,
    /// How far its clock is wrong, in seconds.
    skew: i64,
    moves: u32,
    held: BTreeSet<PathBuf>,
}

/// How a command ended.
pub struct Ran {
    pub out: Vec<u8>,
    pub said: String,
    pub code: Option<i32>,
    pub killed: bool,
}

impl World {
    /// An empty one, whose storm begins and ends so many seconds after its begin.
    pub fn new(seed: u64, storm: (i64, i64)) -> Result<Self> {
        // By itself, each of ten thousand commands would leave its share of that clock in /dev/shm.
        if env::var_os("FAKETIME_SHARED").is_none() {
            return Err(Error::new(Kind::Usage, "this is a story: faketime -m -f +0 network SEED..."));
        }
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("post"))?;
        Ok(Self { folder, seed, storm: (BEGIN + storm.0, BEGIN + storm.1), now: BEGIN })
    }

    /// Whether things get lost and commands killed now.
    pub fn is_stormy(&self) -> bool {
        (self.storm.0..self.storm.1).contains(&self.now)
    }

    /// When that is over.
    pub fn storm_ends(&self) -> i64 {
        self.storm.1
    }

    /// Keeps everything for somebody to look at; says where.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Makes an account.
    pub fn node(&self, number: usize) -> Result<Node> {
        let name = format!("node{number:02}");
        let mut dice = Rng::with_seed(self.seed.wrapping_mul(1000).wrapping_add(number as u64));
        let home = self.folder.path().join(&name);
        let skew = dice.i64(-120..=120);
        let mut node = Node {
            number,
            name,
            fingerprint: String::new(),
            dice,
            asleep: 0,
            kills: 0,
            home,
            skew,
            moves: 0,
            held: BTreeSet::new(),
        };
        let address = self.address(&node);
        fs::create_dir(self.post(&node))?;
        let ran =
            self.run(&node, &format!("sn-init --name {} --address {address}", node.name))?.went_well()?;
        node.fingerprint = String::from_utf8_lossy(&ran.out).trim().to_owned();
        self.write_settings(&node)?;
        Ok(node)
    }

    /// Moves to another provider, and goes on looking into the old place: of two who moved at once and had left their only
    /// addresses behind, neither could tell the other.
    pub fn moves(&self, node: &mut Node) -> Result<()> {
        node.moves += 1;
        fs::create_dir(self.post(node))?;
        self.write_settings(node)?;
        self.run(node, &format!("sn-profile set --address {}", self.address(node)))?.went_well()?;
        Ok(())
    }

    fn post(&self, node: &Node) -> PathBuf {
        self.post_after(node, node.moves)
    }

    fn post_after(&self, node: &Node, moves: u32) -> PathBuf {
        self.folder.path().join("post").join(format!("{}-{moves}", node.name))
    }

    fn address(&self, node: &Node) -> String {
        self.address_after(node, node.moves)
    }

    fn address_after(&self, node: &Node, moves: u32) -> String {
        format!("lossy:{}", self.post_after(node, moves).display())
    }

    fn write_settings(&self, node: &Node) -> Result<()> {
        let weather = |direction: u64| {
            let seed = self.seed.wrapping_mul(2000).wrapping_add(2 * node.number as u64 + direction) >> 1;
            format!("seed = {seed}\nstorm = '{} {}'\n", self.storm.0, self.storm.1)
        };
        let mut settings = format!("[send.lossy]\n{}", weather(0));
        for moves in 0..=node.moves {
            let source = self.address_after(node, moves);
            settings.push_str(&format!("\n[[receive]]\nsource = '{source}'\n{}", weather(1)));
        }
        Ok(fs::write(node.home.join("config.toml"), settings)?)
    }

    /// What the drivers' logs say, a letter for each thing sent and then for each thing fetched.
    pub fn weather(&self, node: &Node) -> Result<(Vec<u8>, Vec<u8>)> {
        let (mut sent, mut fetched) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(node.home.join("state"))? {
            let folder = entry?.path();
            let sending = folder.ends_with("send-lossy");
            for log in folder.read_dir().into_iter().flatten() {
                let log = log?.path();
                if log.extension().is_some_and(|extension| extension == "log") {
                    if sending { &mut sent } else { &mut fetched }.extend(fs::read(log)?);
                }
            }
        }
        Ok((sent, fetched))
    }

    /// Runs a line of shell in the folder of somebody's own things.
    pub fn run(&self, node: &Node, line: &str) -> Result<Ran> {
        self.start(node, Command::new("sh").args(["-c", line]), false)
    }

    /// As [`World::run`], but what it runs may die on the way.
    pub fn run_in_danger(&self, node: &mut Node, line: &str) -> Result<Ran> {
        let call = CALLS[node.dice.usize(..CALLS.len())];
        let step = node.dice.u32(STEPS);
        let mut command = Command::new("strace");
        command.args(["-f", "--seccomp-bpf", "-qq", "-o", "trace", "-e"]);
        command.arg(format!("trace={call}")).arg("-e").arg(format!("inject={call}:signal=KILL:when={step}"));
        let mut ran = self.start(node, command.args(["sh", "-c", line]), true)?;
        let trace = fs::read_to_string(self.things(node).join("trace"))?;
        let kills = trace.matches("killed by SIGKILL").count();
        node.kills += kills as u32;
        ran.killed |= kills > 0;
        Ok(ran)
    }

    fn things(&self, node: &Node) -> PathBuf {
        self.folder.path().join(format!("{}.things", node.name))
    }

    fn start(&self, node: &Node, command: &mut Command, in_danger: bool) -> Result<Ran> {
        let things = self.things(node);
        fs::create_dir_all(&things)?;
        let ended = command
            .current_dir(things)
            .stdin(Stdio::null())
            .env("SN_HOME", &node.home)
            .env("TZ", "UTC")
            .env("FAKETIME_FMT", "%s")
            .env("FAKETIME", (self.now + node.skew).to_string())
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .output()?;
        let code = ended.status.code();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        // 128 and the signal: what a shell says of a command that was killed, here by its own driver.
        let killed = code.is_none_or(|code| code == 137) || in_danger && code == Some(255);
        Ok(Ran { out: ended.stdout, said, code, killed })
    }

    /// What the clock of the story does not reach: the age of a file. What is held was held now.
    pub fn settle_ages(&self, node: &mut Node) -> Result<()> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.now.unsigned_abs());
        for entry in fs::read_dir(node.home.join("inpackets/held"))? {
            let path = entry?.path();
            if !node.held.contains(&path) {
                File::options().append(true).open(&path)?.set_modified(now)?;
                node.held.insert(path);
            }
        }
        Ok(())
    }

    /// Writes one of somebody's own things.
    pub fn write(&self, node: &Node, name: &str, bytes: &[u8]) -> Result<()> {
        fs::create_dir_all(self.things(node))?;
        Ok(fs::write(self.things(node).join(name), bytes)?)
    }

    /// Reads one of somebody's own things.
    pub fn read(&self, node: &Node, name: &str) -> Result<Vec<u8>> {
        Ok(fs::read(self.things(node).join(name))?)
    }

    /// How many files are in a folder of an account.
    pub fn count(&self, node: &Node, folder: &str) -> Result<usize> {
        Ok(fs::read_dir(node.home.join(folder))?.count())
    }
}

impl Ran {
    /// Fails if the command did.
    pub fn went_well(self) -> Result<Self> {
        if self.code == Some(0) {
            return Ok(self);
        }
        Err(Error::new(Kind::Unavailable, format!("exit {:?}: {}", self.code, self.said)))
    }
}

/// The photograph that everybody sends.
pub fn photograph() -> Result<PathBuf> {
    Ok(std::path::absolute(Path::new("tests/data/ridge.jpg"))?)
}
