//! Failures, by kind.
//!
//! A library function returns what went wrong and of which kind it is; only [`crate::cli`] turns a kind into an exit
//! code and the words into a line on a terminal. A message says what could not be done first, then why:
//! `cannot open 'x': No such file or directory`, lower case, no full stop. It never holds a secret.

use std::{fmt, io, path::Path};

/// The usual result of this library.
pub type Result<T> = std::result::Result<T, Error>;

/// What a caller (a shell script, cron, a mail system) can do about a failure; sysexits(3) gives the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A query that found nothing.
    Nothing,
    /// Wrong words on the command line.
    Usage,
    /// Bytes that are malformed, or not genuine.
    Malformed,
    /// A part that is needed is not there: a driver, a program.
    Unavailable,
    /// An output file can't be made.
    CantCreate,
    /// Reading or writing failed.
    Io,
    /// Writing failed for want of room: a full disk, a quota, a limit on the size of files.
    Full,
    /// May go well another time.
    Again,
    /// Not allowed, or not trusted.
    NotAllowed,
    /// Settings are wrong.
    Config,
    /// Whoever read our output has gone away.
    ClosedPipe,
}

/// One failure: its kind, one line for a person, and at most one sentence of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    /// A failure of `kind`, said in `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    /// Malformed or forged bytes (exit code 65).
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, message)
    }

    /// A failed system call on a path: `cannot VERB 'PATH': reason`.
    pub fn io(verb: &str, path: &Path, error: io::Error) -> Self {
        Self::from(error).context(format!("cannot {verb} '{}'", path.display()))
    }

    /// A failed call, with what was being done, for a `Read` or a `Write` in between. One that asks to be called again does so.
    pub fn through_io(what: impl fmt::Display, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(Self::from(error).context(what)),
        }
    }

    /// The same failure with one sentence of advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure, as one of another kind: what was found malformed in the settings is a matter of the settings.
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The same failure, with what was being done in front.
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The one line, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The sentence of advice, if there is one.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        // An error of ours that travelled through std::io (a `Read` of bounded size, say) keeps its kind.
        if error.get_ref().is_some_and(|inner| inner.is::<Error>()) {
            if let Some(Ok(ours)) = error.into_inner().map(|inner| inner.downcast::<Error>()) {
                return *ours;
            }
            return Self::new(Kind::Io, "input/output error");
        }
        let kind = match error.kind() {
            io::ErrorKind::BrokenPipe => Kind::ClosedPipe,
            io::ErrorKind::PermissionDenied => Kind::NotAllowed,
            io::ErrorKind::AlreadyExists => Kind::CantCreate,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Kind::Full
            }
            _ => Kind::Io,
        };
        Self::new(kind, strip_errno(&error.to_string()))
    }
}

/// `No such file or directory (os error 2)` without the number, which tells a person nothing.
fn strip_errno(message: &str) -> &str {
    message.find(" (os error ").map_or(message, |at| &message[..at])
}

/// Adds what was being done to whatever failed.
pub trait Context<T> {
    /// Puts `what` in front of the message of a failure.
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| error.into().context(what()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_said_without_its_number() {
        let error = Error::io("open", Path::new("x"), io::Error::from_raw_os_error(2));
        assert_eq!(error.to_string(), "cannot open 'x': No such file or directory");
        assert_eq!(error.kind(), Kind::Io);
    }

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        for (errno, words) in
            [(28, "No space left on device"), (122, "Disk quota exceeded"), (27, "File too large")]
        {
            let error = Error::io("write", Path::new("x"), io::Error::from_raw_os_error(errno));
            assert_eq!(error.to_string(), format!("cannot write 'x': {words}"));
            assert_eq!(error.kind(), Kind::Full);
        }
    }

    #[test]
    fn our_own_error_keeps_its_kind_through_std_io() {
        let error = Error::from(io::Error::other(Error::malformed("too long")));
        assert_eq!((error.kind(), error.message()), (Kind::Malformed, "too long"));
    }
}
