//! Passphrases: from a command of the owner's, or typed at the terminal, where they are not shown.

use crate::{Context, Error, Kind, Result, secret};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::{
    consts::{SIGINT, SIGQUIT, SIGTERM, SIGTSTP},
    iterator::Signals,
    low_level::emulate_default_handler,
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
};

/// Bytes of a passphrase that is typed, at most.
const MAX: u64 = 4096;

/// Where a passphrase comes from.
pub struct Passphrase {
    command: Option<String>,
}

impl Passphrase {
    /// From `command`, which `--passphrase-command` gave; without one, from the terminal.
    pub fn from(command: Option<String>) -> Self {
        Self { command }
    }

    /// Gets the one that is known already.
    pub fn known(&self) -> Result<String> {
        match &self.command {
            Some(command) => secret::first_line("--passphrase-command", command, ""),
            None => ask("Passphrase: "),
        }
    }

    /// Gets a new one, at the terminal twice: what was mistyped would open nothing.
    pub fn new_one(&self) -> Result<String> {
        let passphrase = self.known()?;
        if self.command.is_none() && ask("Once more: ")? != passphrase {
            return Err(Error::new(Kind::Usage, "the two passphrases differ"));
        }
        Ok(passphrase)
    }
}

/// Asks at the terminal, whatever standard input is. Whoever ends or stops the command meanwhile finds a terminal that shows
/// what they type.
fn ask(words: &str) -> Result<String> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let terminal = terminal.map_err(|_| {
        Error::new(Kind::Usage, "there is no terminal to ask for the passphrase")
            .hint("--passphrase-command gets it from a command")
    })?;
    let _silent = Silent::new(&terminal, words)?;
    let mut said = Vec::new();
    BufReader::new((&terminal).take(MAX)).read_until(b'\n', &mut said)?;
    (&terminal).write_all(b"\n")?;
    let wrong = |why: &str| Error::new(Kind::Usage, format!("the passphrase is {why}"));
    let typed = String::from_utf8(said).map_err(|_| wrong("not UTF-8"))?;
    match typed.strip_suffix('\n').unwrap_or(&typed) {
        "" => Err(wrong("empty")),
        // No command could give it: see `secret`.
        typed if typed.contains(char::is_control) => Err(wrong("no plain text: it has control characters")),
        typed => Ok(typed.to_owned()),
    }
}

/// The terminal that does not show what is typed, as long as there is one. Whoever sets it holds the lock.
static HIDDEN: Mutex<Option<Hidden>> = Mutex::new(None);
/// Signals by which people end and stop what they began.
const SIGNALS: [i32; 4] = [SIGINT, SIGQUIT, SIGTERM, SIGTSTP];

struct Hidden {
    terminal: File,
    words: String,
    before: Termios,
}

impl Hidden {
    fn hide(&self) -> Result<()> {
        let mut silent = self.before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&self.terminal, OptionalActions::Flush, &silent).map_err(io::Error::from)?;
        Ok((&self.terminal).write_all(self.words.as_bytes())?)
    }

    fn show(&self) {
        // A terminal that has gone away needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// Keeps a terminal from showing what is typed.
struct Silent;

impl Silent {
    fn new(terminal: &File, words: &str) -> Result<Self> {
        static WATCHED: OnceLock<Result<()>> = OnceLock::new();
        WATCHED.get_or_init(watch).clone()?;
        let before = tcgetattr(terminal).map_err(io::Error::from)?;
        let hidden = Hidden { terminal: terminal.try_clone()?, words: words.to_owned(), before };
        // First, so that it is shown again if half of that fails.
        let silent = Self;
        current().insert(hidden).hide()?;
        Ok(silent)
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        if let Some(hidden) = current().take() {
            hidden.show();
        }
    }
}

fn current() -> MutexGuard<'static, Option<Hidden>> {
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner)
}

// For good: a signal that has a handler does nothing by itself any more, also after the prompt.
fn watch() -> Result<()> {
    let mut signals = Signals::new(SIGNALS).context(|| "cannot wait for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let hidden = current();
            hidden.iter().for_each(Hidden::show);
            // It comes back only from a stop.
            if emulate_default_handler(signal).is_ok() {
                hidden.iter().for_each(|hidden| drop(hidden.hide()));
            }
        }
    });
    Ok(())
}
