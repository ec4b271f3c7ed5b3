//! The lines a driver is given.

use crate::{
    Error, Result,
    address::{MAX_ADDRESS, scheme},
    mailbox::is_name,
};
use std::{fmt, str::FromStr};

/// What a job carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// Bare DER of a sealed envelope.
    Envelope,
    /// Bytes of a chunk.
    Blob,
}

impl Cargo {
    const ALL: [(Self, &str); 2] = [(Self::Envelope, "envelope"), (Self::Blob, "blob")];
}

/// A job as a driver reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// What its report will name.
    pub id: String,
    /// Envelope or blob.
    pub cargo: Cargo,
    /// Where to.
    pub address: String,
    /// A file in the working folder.
    pub file: String,
}

impl fmt::Display for JobLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cargo = Cargo::ALL.iter().find(|(cargo, _)| *cargo == self.cargo).map_or("", |(_, word)| word);
        write!(f, "{}\t{cargo}\t{}\t{}", self.id, self.address, self.file)
    }
}

impl FromStr for JobLine {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let cargo = |word| Cargo::ALL.iter().find(|(_, known)| *known == word).map(|(cargo, _)| *cargo);
        let id = |id: &str| is_name(id) && id.len() <= 32 && !id.contains('.');
        match *fields.as_slice() {
            [name, word, address, file] if id(name) && scheme(address).is_some() && is_name(file) => {
                cargo(word).map(|cargo| Self {
                    id: name.into(),
                    cargo,
                    address: address.into(),
                    file: file.into(),
                })
            }
            _ => None,
        }
        .ok_or_else(|| {
            Error::malformed(format!(
                "not a job: ID, envelope or blob, ADDRESS (at most {MAX_ADDRESS}), FILE"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let job = JobLine {
            id: "12".into(),
            cargo: Cargo::Blob,
            address: "file:///media/stick/bob".into(),
            file: "3".into(),
        };
        assert_eq!(job.to_string(), "12\tblob\tfile:///media/stick/bob\t3");
        assert_eq!(job.to_string().parse(), Ok(job));
    }

    #[test]
    fn anything_else_is_no_job() {
        for wrong in [
            "",
            "1\tblob\tfile:///x",
            "1\tblob\tfile:///x\t3\t",
            "1\tparcel\tfile:///x\t3",
            "\tblob\tfile:///x\t3",
            "1.2\tblob\tfile:///x\t3",
            "1\tblob\tfile:///x y\t3",
            "1\tblob\tx\t3",
            "1\tblob\tfile:///x\t../3",
            "1\tblob\tfile:///x\t.",
        ] {
            assert!(wrong.parse::<JobLine>().is_err(), "{wrong}");
        }
    }
}
