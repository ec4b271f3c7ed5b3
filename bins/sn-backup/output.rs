//! Where a backup is written: a file that is whole or not there, or standard output.

use socialnet::{Context, Error, Kind, Result, file};
use std::{
    io::{self, Write},
    path::Path,
};

/// Writes to standard output.
pub fn to_stdout<T>(write: impl FnOnce(Named<'_>) -> Result<T>) -> Result<T> {
    let mut out = io::stdout().lock();
    write(Named { out: &mut out, what: "cannot write to standard output".into() })
}

/// Writes a new file, and gives what `write` gave.
pub fn to_file<T>(file: &Path, write: impl FnOnce(Named<'_>) -> Result<T>) -> Result<T> {
    file::create_with(file, 0o600, |mut out| {
        let what = format!("cannot write '{}'", file.display());
        let written = write(Named { out: &mut out, what: what.clone() })?;
        out.sync_all().context(|| what)?;
        Ok(written)
    })
}

/// Refuses, before a passphrase is asked for, a file that is there, and one in a folder that is not.
pub fn refuse(file: &Path) -> Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(Error::new(Kind::CantCreate, format!("cannot create '{}': File exists", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.metadata().map(drop).map_err(|error| Error::io("create", file, error))
}

/// Says what could not be done when it can't be written to: much else is done meanwhile.
pub struct Named<'a> {
    out: &'a mut dyn Write,
    what: String,
}

impl Write for Named<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| Error::through_io(&self.what, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| Error::through_io(&self.what, error))
    }
}
