//! Runs one command and says how long it took, or how much memory. Input and output are files, so that nobody else's
//! work is in the figure; the best of several runs counts, as noise only ever adds.

use socialnet::{Context, Error, Kind, Result};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A command with its environment, ready to be run again and again.
#[derive(Clone)]
pub struct Run {
    words: Vec<String>,
    variables: Vec<(&'static str, PathBuf)>,
    input: PathBuf,
    output: PathBuf,
}

impl Run {
    /// The words of a command line, split at spaces.
    pub fn new(line: &str) -> Self {
        let words = line.split(' ').map(str::to_owned).collect();
        Self { words, variables: Vec::new(), input: "/dev/null".into(), output: "/dev/null".into() }
    }

    /// One more word, whatever is in it.
    pub fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// One more environment variable.
    pub fn with(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Standard input.
    pub fn reads(mut self, file: impl Into<PathBuf>) -> Self {
        self.input = file.into();
        self
    }

    /// Standard output.
    pub fn writes(mut self, file: impl Into<PathBuf>) -> Self {
        self.output = file.into();
        self
    }

    /// Runs it once.
    pub fn once(&self) -> Result<Duration> {
        let mut command = Command::new(&self.words[0]);
        // OpenSSL would read all that they name, whatever `ca-file` says: nobody's settings but this machine's.
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        command.args(&self.words[1..]).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(File::open(&self.input).context(|| self.line())?);
        command.stdout(File::create(&self.output).context(|| self.line())?).stderr(Stdio::piped());
        let start = Instant::now();
        let done = command.output().context(|| self.line())?;
        let took = start.elapsed();
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            return Err(Error::new(Kind::Unavailable, format!("{}: {}: {said}", self.line(), done.status)));
        }
        Ok(took)
    }

    /// The shortest of `times` runs.
    pub fn best(&self, times: u32) -> Result<Duration> {
        best(times, || self.once())
    }

    /// The most memory it held at once, in bytes, as time(1) tells in the file `report`.
    pub fn peak(&self, report: &Path) -> Result<u64> {
        let mut measured = self.clone();
        measured.words.splice(0..0, ["time", "-q", "-f", "%M", "-o"].map(str::to_owned));
        measured.words.insert(5, report.display().to_string());
        measured.once()?;
        let kibibytes = fs::read_to_string(report)?.trim().parse::<u64>();
        Ok(kibibytes.map_err(|_| Error::malformed("time(1) gave no number"))? * 1024)
    }

    fn line(&self) -> String {
        self.words.join(" ")
    }
}

/// Bytes that a running server holds now (`VmRSS`), or held at most (`VmHWM`).
pub fn memory(server: &Child, field: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.map(|it| it * 1024).ok_or_else(|| Error::malformed(format!("no {field}")))
}

/// The shortest of `times`.
pub fn best(times: u32, mut work: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut shortest = Duration::MAX;
    for _ in 0..times {
        shortest = shortest.min(work()?);
    }
    Ok(shortest)
}

/// How long something in this process takes: the shortest of `times`.
pub fn timed(times: u32, mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    best(times, || {
        let start = Instant::now();
        work()?;
        Ok(start.elapsed())
    })
}
