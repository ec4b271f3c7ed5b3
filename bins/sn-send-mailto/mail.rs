//! Which jobs share a mail.
//!
//! Envelopes for one reader do, up to a size that no server minds, and a chunk goes to many readers in one transaction.
//! Small mails come first: a comment does not wait behind a film, and gets what is left of a day's budget.

use crate::message::{self, Part, mail_size, part_size, room};
use lettre::Address;
use socialnet::{
    Error, Result,
    driver::{Cargo, JobLine, MAX_BYTES, Report, serve},
    file,
};
use std::{collections::BTreeMap, fs, path::Path};

/// Bytes of envelopes that share a mail: of the smallest ones that is more than a hundred.
const SHARED: usize = 1 << 20;

/// A mail to be sent: the same bytes for all its readers.
pub struct Mail {
    /// Each with the jobs that are done by it.
    pub readers: Vec<(Address, Vec<String>)>,
    /// What they carry. Envelopes are for one reader, each by the job that stands at its place.
    parts: Vec<(Cargo, String)>,
    /// Bytes that it takes, at most.
    pub size: usize,
    /// Whether a connection broke before any of it was sent.
    pub tried: bool,
}

/// Makes mails of jobs for a server that takes `limit` bytes and so many `recipients` at once. A job whose file is not
/// there, or too large for the server, is reported.
pub fn plan(letters: Vec<(Address, JobLine)>, limit: Option<usize>, recipients: usize) -> Result<Vec<Mail>> {
    let limit = limit.unwrap_or(usize::MAX);
    let most_shared = limit.min(SHARED);
    let mut envelopes: BTreeMap<String, Vec<Mail>> = BTreeMap::new();
    let mut chunks: BTreeMap<String, Vec<Mail>> = BTreeMap::new();
    for (to, job) in letters {
        let size = match fs::metadata(&job.file) {
            // What is longer than anything may be is refused when it is read.
            Ok(about) => part_size(usize::try_from(about.len()).unwrap_or(usize::MAX).min(MAX_BYTES)),
            Err(error) => {
                let error = Error::io("read", Path::new(&job.file), error);
                serve::report(&job.id, &Report::Later(0, error.message().to_owned()))?;
                continue;
            }
        };
        if mail_size(size) > limit {
            serve::report(&job.id, &Report::TooBig(room(limit) as u64))?;
            continue;
        }
        let mails = match job.cargo {
            Cargo::Envelope => envelopes.entry(to.to_string()),
            Cargo::Blob => chunks.entry(job.file.clone()),
        }
        .or_default();
        match (mails.last_mut(), job.cargo) {
            (Some(mail), Cargo::Envelope) if mail.size + size <= most_shared => mail.add_part(job, size),
            (Some(mail), Cargo::Blob) if mail.readers.len() < recipients => mail.add_reader(to, job.id),
            _ => mails.push(Mail::new(to, job, size)),
        }
    }
    let mut mails: Vec<_> = envelopes.into_values().chain(chunks.into_values()).flatten().collect();
    mails.sort_by_key(|mail| mail.size);
    Ok(mails)
}

impl Mail {
    fn new(to: Address, job: JobLine, size: usize) -> Self {
        let JobLine { id, cargo, file, .. } = job;
        Self {
            readers: vec![(to, vec![id])],
            parts: vec![(cargo, file)],
            size: mail_size(size),
            tried: false,
        }
    }

    fn add_part(&mut self, job: JobLine, size: usize) {
        self.size += size;
        self.parts.push((job.cargo, job.file));
        self.readers.iter_mut().for_each(|(_, jobs)| jobs.push(job.id.clone()));
    }

    /// A reader for whom the same chunk comes twice gets it once.
    fn add_reader(&mut self, to: Address, id: String) {
        match self.readers.iter_mut().find(|(reader, _)| *reader == to) {
            Some((_, jobs)) => jobs.push(id),
            None => self.readers.push((to, vec![id])),
        }
    }

    /// The same mail for other readers of it.
    pub fn again(self, readers: Vec<(Address, Vec<String>)>) -> Self {
        Self { readers, ..self }
    }

    /// Whether several jobs share it, which need not.
    pub fn is_shared(&self) -> bool {
        self.parts.len() > 1
    }

    /// A mail for each job.
    pub fn apart(self) -> impl Iterator<Item = Self> {
        let Self { readers, parts, size, tried } = self;
        readers
            .into_iter()
            .flat_map(|(to, jobs)| jobs.into_iter().map(move |job| (to.clone(), vec![job])))
            .zip(parts)
            .map(move |(reader, part)| Self { readers: vec![reader], parts: vec![part], size, tried })
    }

    /// Bytes of the largest thing that it carries.
    pub fn carried(&self) -> usize {
        let bytes = |(_, file): &(Cargo, String)| fs::metadata(file).map_or(0, |about| about.len());
        self.parts.iter().map(bytes).max().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
    }

    /// Its readers' addresses.
    pub fn to(&self) -> Vec<Address> {
        self.readers.iter().map(|(to, _)| to.clone()).collect()
    }

    /// Its bytes.
    pub fn write(&self, from: &Address) -> Result<Vec<u8>> {
        let part = |(cargo, name): &(Cargo, String)| {
            Ok(Part { cargo: *cargo, bytes: file::read(Path::new(name), MAX_BYTES)? })
        };
        message::write(from, &self.to(), self.parts.iter().map(part).collect::<Result<_>>()?)
    }

    /// The same report for all its jobs.
    pub fn tell(&self, report: &Report) -> Result<()> {
        self.readers.iter().flat_map(|(_, jobs)| jobs).try_for_each(|job| serve::report(job, report))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::parse;

    /// Jobs for readers (b for Bob, …), with a file of so many bytes in `dir`.
    fn letters(dir: &Path, jobs: &[(Cargo, &str, usize)]) -> Vec<(Address, JobLine)> {
        let job = |(number, (cargo, reader, bytes)): (usize, &(Cargo, &str, usize))| {
            let file = dir.join(bytes.to_string()).to_str().unwrap().to_owned();
            fs::write(&file, vec![7; *bytes]).unwrap();
            let to = format!("{reader}@example.org");
            let line =
                JobLine { id: number.to_string(), cargo: *cargo, address: format!("mailto:{to}"), file };
            (parse(&to).unwrap(), line)
        };
        jobs.iter().enumerate().map(job).collect()
    }

    /// What each mail does: its readers with their jobs, and how many parts it has.
    fn planned(jobs: &[(Cargo, &str, usize)], limit: Option<usize>) -> Vec<(String, usize)> {
        let dir = tempfile::tempdir().unwrap();
        let mails = plan(letters(dir.path(), jobs), limit, 2).unwrap();
        let said = |mail: &Mail| {
            let readers = mail.readers.iter().map(|(to, jobs)| format!("{} {}", to.user(), jobs.join(" ")));
            (readers.collect::<Vec<_>>().join(", "), mail.parts.len())
        };
        mails.iter().map(said).collect()
    }

    #[test]
    fn envelopes_for_one_reader_share_a_mail_and_small_ones_go_first() {
        let jobs = [
            (Cargo::Blob, "bob", 90_000),
            (Cargo::Envelope, "carol", 5000),
            (Cargo::Envelope, "bob", 4000),
            (Cargo::Envelope, "bob", 3000),
        ];
        let want = [("carol 1".to_owned(), 1), ("bob 2 3".to_owned(), 2), ("bob 0".to_owned(), 1)];
        assert_eq!(planned(&jobs, None), want);
    }

    #[test]
    fn a_hundred_small_envelopes_share_one_mail_and_two_hundred_do_not() {
        for (envelopes, mails) in [(100, 1), (200, 2)] {
            assert_eq!(planned(&vec![(Cargo::Envelope, "bob", 5900); envelopes], None).len(), mails);
        }
    }

    #[test]
    fn a_chunk_goes_to_many_at_once_and_the_rest_in_the_next() {
        let jobs = ["bob", "carol", "bob", "dave"].map(|to| (Cargo::Blob, to, 10));
        assert_eq!(planned(&jobs, None), [("bob 0, carol 1".to_owned(), 1), ("bob 2, dave 3".to_owned(), 1)]);
    }

    #[test]
    fn nothing_shares_a_mail_that_the_server_would_refuse() {
        let jobs = [(Cargo::Envelope, "bob", 4000), (Cargo::Envelope, "bob", 4001)];
        assert_eq!(planned(&jobs, Some(9000)).len(), 2);
        assert_eq!(planned(&jobs, Some(5000)).len(), 0);
    }
}
