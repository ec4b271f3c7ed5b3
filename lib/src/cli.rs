//! Where the library meets the terminal: arguments, messages, exit codes, and `-`.
//!
//! A command's `main` is one call of [`run`]. The body returns an [`Error`] for what stops it, and tells the
//! [`Console`] of what is wrong with a single item before it goes on with the next; both decide the exit code.

mod passphrase;

pub use passphrase::Passphrase;

use crate::{Error, Kind, Result, text};
use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What it means when nobody reads the output any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Half an output is none: a closed pipe is a failure.
    Filter,
    /// Somebody has read enough: a closed pipe is silence.
    Reader,
}

/// Standard error, and what was said there so far.
pub struct Console {
    name: String,
    failed: Option<Kind>,
}

impl Console {
    /// One line about something that is not a failure.
    pub fn note(&self, message: &str) {
        self.say(message);
    }

    /// Reports that one item failed. The command goes on; its exit code will tell.
    pub fn failed(&mut self, error: &Error) {
        self.report(error);
        self.remember(error.kind());
    }

    /// Gives the operands, or standard input when there are none, to `read`, one after another. One that can't be opened
    /// is reported, and the next one follows; what `read` returns ends it.
    pub fn inputs(
        &mut self,
        files: Vec<PathBuf>,
        mut read: impl FnMut(Input, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let files = if files.is_empty() { vec![PathBuf::from("-")] } else { files };
        for file in files {
            match open(&file) {
                Ok(input) => read(input, self)?,
                Err(error) => self.failed(&error),
            }
        }
        Ok(())
    }

    /// A failure that needs a person wins over one that time may heal; among equals the first stays.
    fn remember(&mut self, kind: Kind) {
        if self.failed.is_none_or(|known| known == Kind::Again) {
            self.failed = Some(kind);
        }
    }

    fn report(&self, error: &Error) {
        if error.kind() == Kind::Nothing && error.message().is_empty() {
            return;
        }
        self.say(error.message());
        if let Some(hint) = error.advice() {
            self.say(&format!("hint: {hint}"));
        }
    }

    // Messages may quote a stranger's words, and logs are read on terminals too: escaped wherever they go. A failing
    // stderr leaves nobody to tell.
    fn say(&self, message: &str) {
        let _ = writeln!(io::stderr().lock(), "{}: {}", self.name, text::one_line(message));
    }
}

/// Parses the arguments, runs the body, reports, and gives the exit code.
pub fn run<A: Parser>(role: Role, body: impl FnOnce(A, &mut Console) -> Result<()>) -> ExitCode {
    let command = A::command();
    let mut console = Console { name: command.get_name().to_owned(), failed: None };
    let arguments = match A::try_parse() {
        Ok(arguments) => arguments,
        // --help and --version come this way too, on stdout and with success.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            console.failed(&misuse(&error));
            return exit_code(Kind::Usage);
        }
    };
    match body(arguments, &mut console) {
        Ok(()) => {}
        Err(error) if error.kind() == Kind::ClosedPipe && role == Role::Reader => {}
        Err(error) => console.failed(&error),
    }
    console.failed.map_or(ExitCode::SUCCESS, exit_code)
}

/// What clap says of a wrong command line, in one line and a hint as everything else is said. Its words are paragraphs:
/// `error: …`, perhaps `tip: …`, and `Usage: …`; or the whole help when there was no argument at all.
fn misuse(error: &clap::Error) -> Error {
    let words = error.render().to_string();
    let paragraphs = words.split("\n\n").map(|lines| lines.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut message = "an argument is missing".to_owned();
    let (mut tip, mut usage) = (None, None);
    for paragraph in paragraphs {
        if let Some(what) = paragraph.strip_prefix("error: ") {
            message = what.to_owned();
        } else if let Some(what) = paragraph.strip_prefix("tip: ") {
            tip = Some(what.to_owned());
        } else if let Some(what) = paragraph.strip_prefix("Usage: ") {
            usage = Some(format!("usage: {what}"));
        }
    }
    let usage = usage.filter(|_| !says_all(error));
    let error = Error::new(Kind::Usage, message);
    match tip.or(usage) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Whether the message needs no usage behind it. After a conflict, or where an option is missing, clap's usage repeats what was
/// typed, also what it has just forbidden.
fn says_all(error: &clap::Error) -> bool {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::ArgumentConflict, _) => true,
        (ErrorKind::MissingRequiredArgument, Some(ContextValue::Strings(missing))) => {
            missing.iter().all(|argument| argument.starts_with('-'))
        }
        _ => false,
    }
}

/// sysexits(3), and 1 for a query that found nothing.
fn exit_code(kind: Kind) -> ExitCode {
    ExitCode::from(match kind {
        Kind::Nothing => 1,
        Kind::Usage => 64,
        Kind::Malformed => 65,
        Kind::Unavailable => 69,
        Kind::CantCreate => 73,
        Kind::Io | Kind::Full | Kind::ClosedPipe => 74,
        Kind::Again => 75,
        Kind::NotAllowed => 77,
        Kind::Config => 78,
    })
}

/// One input of a filter: its name for messages, and its bytes.
pub struct Input {
    /// The operand, or `standard input`.
    pub name: String,
    /// Buffered bytes.
    pub bytes: Box<dyn BufRead>,
}

/// Opens an operand; `-` is standard input.
pub fn open(operand: &Path) -> Result<Input> {
    if operand == Path::new("-") {
        return Ok(Input { name: "standard input".into(), bytes: Box::new(io::stdin().lock()) });
    }
    let file = File::open(operand).map_err(|error| Error::io("open", operand, error))?;
    Ok(Input {
        name: operand.display().to_string(),
        bytes: Box::new(BufReader::with_capacity(1 << 16, file)),
    })
}

/// Reads the whole of standard input, at most `max` bytes, as text of the user's own.
pub fn read_text(max: usize) -> Result<String> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(io::stdin().lock(), max as u64 + 1), &mut bytes)?;
    if bytes.len() > max {
        return Err(Error::malformed(format!("standard input is longer than {max} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Error::malformed("standard input is not UTF-8 text"))
}

/// File names from standard input, one a line, or NUL-ended ones with `nul`. Names are bytes.
pub fn read_names(nul: bool) -> Result<Vec<PathBuf>> {
    use std::os::unix::ffi::OsStrExt;
    let end = if nul { 0 } else { b'\n' };
    let names = io::stdin().lock().split(end).collect::<io::Result<Vec<_>>>()?;
    Ok(names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect())
}

/// Buffered standard output; call [`finish`] at the end, or a full disk goes unnoticed.
pub fn output() -> BufWriter<io::StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Flushes and reports what the buffer still held.
pub fn finish(mut out: impl Write) -> Result<()> {
    out.flush().map_err(|error| Error::from(error).context("cannot write to standard output"))
}

/// Whether standard output is a terminal that wants colour (NO_COLOR is respected).
pub fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns to write in: `$COLUMNS`, else those of the terminal. What is no terminal gets its lines whole.
pub fn columns() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    // A terminal that does not know its size says 0.
    let unknown = if io::stdout().is_terminal() { 80 } else { usize::MAX };
    said.or_else(terminal).filter(|columns| *columns > 0).unwrap_or(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    #[command(name = "sn-walk")]
    struct Args {
        #[arg(long)]
        _far: bool,
        #[arg(long, conflicts_with = "_far")]
        _near: bool,
        #[arg(long, requires = "_far")]
        _fast: bool,
        _from: String,
        _to: String,
    }

    fn said(words: &[&str]) -> (String, String) {
        let error = Args::try_parse_from(words).map(|_| ()).unwrap_err();
        let error = misuse(&error);
        assert_eq!(error.kind(), Kind::Usage);
        (error.message().to_owned(), error.advice().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_wrong_command_line_is_said_in_one_line_and_a_hint() {
        let (message, hint) = said(&["sn-walk"]);
        assert_eq!(message, "the following required arguments were not provided: <FROM> <TO>");
        assert_eq!(hint, "usage: sn-walk <FROM> <TO>");
        let (message, hint) = said(&["sn-walk", "here", "there", "--farr"]);
        assert_eq!(message, "unexpected argument '--farr' found");
        assert_eq!(hint, "a similar argument exists: '--far'");
        let (message, hint) = said(&["sn-walk", "here", "there", "--far", "--near"]);
        assert_eq!(message, "the argument '--far' cannot be used with '--near'");
        assert_eq!(hint, "", "no usage with what was forbidden");
        let (message, hint) = said(&["sn-walk", "here", "there", "--fast"]);
        assert_eq!(message, "the following required arguments were not provided: --far");
        assert_eq!(hint, "");
    }
}
