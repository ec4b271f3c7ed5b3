//! Attachments too large for a packet: encrypted once with RFC 8188 (`aes128gcm`, 64 KiB records), cut in chunks of at
//! most 4 MiB, each a file named by the SHA-256 of its bytes. socialnet-seal(5) is the authority.
//!
//! Both directions work in rounds of a few chunks: the records of a round are independent of each other and so are its
//! chunks, which occupies all cores, and memory stays at one round however long the file is.

mod record;

use crate::{Error, Result, file, packet::Digest, seal};
use data_encoding::HEXLOWER;
use openssl::sha::Sha256;
use rayon::prelude::*;
use record::{HEADER, Keys, OVERHEAD, Place};
use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Bytes of a chunk, at most.
pub const CHUNK: usize = 4 << 20;
/// The last piece of a blob may be so short that it is ASCII by chance; anything longer that is text is no chunk.
const SHORT: usize = 32;

/// Whether these bytes may be a chunk: random ones, and not too many.
pub fn may_be_chunk(bytes: &[u8]) -> bool {
    (1..=CHUNK).contains(&bytes.len()) && (bytes.len() < SHORT || !bytes.is_ascii())
}

/// RFC 8188 record size.
pub const RECORD: u32 = 64 << 10;

/// Bytes of a record's plaintext.
const CLEAR: usize = RECORD as usize - OVERHEAD;
/// Chunks of one round: two of these rounds in memory are 16 MiB, and one chunk for each core of most machines.
const ROUND_CHUNKS: usize = 2;
/// Records that are as long as a round.
const ROUND: usize = ROUND_CHUNKS * CHUNK / RECORD as usize;

/// An encrypted attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Input keying material.
    pub key: [u8; 16],
    /// Clear bytes.
    pub size: u64,
    /// Of the clear bytes.
    pub sha256: Digest,
    /// Of each chunk.
    pub chunks: Vec<Digest>,
}

/// Encrypts `input` into chunk files in `dir`, written in `tmp` and renamed, not yet synced.
pub fn encrypt(mut input: impl Read, dir: &Path, tmp: &Path) -> Result<Blob> {
    let (key, salt) = (seal::random()?, seal::random()?);
    let keys = Keys::derive(&key, &salt)?;

    let mut blob = Blob { key, size: 0, sha256: [0; 32], chunks: Vec::new() };
    let mut digest = Sha256::new();
    let mut stream = record::header(&salt, RECORD).to_vec();
    // One byte more than a round, to know whether this is the last one.
    let mut clear = vec![0; ROUND * CLEAR + 1];
    let mut first = 0;
    let mut carried = 0;
    loop {
        let length = carried + fill(&mut input, &mut clear[carried..])?;
        let last = length < clear.len();
        let round = &clear[..length.min(ROUND * CLEAR)];
        blob.size += round.len() as u64;
        let (chunks, ()) = rayon::join(
            || {
                encrypt_round(&keys, first, last, round, &mut stream)?;
                write_chunks(&mut stream, last, dir, tmp)
            },
            || digest.update(round),
        );
        blob.chunks.extend(chunks?);
        if last {
            blob.sha256 = digest.finish();
            return Ok(blob);
        }
        first += ROUND as u64;
        clear[0] = clear[ROUND * CLEAR];
        carried = 1;
    }
}

/// Reads until `buffer` is full or `input` at its end.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(length)
}

/// Encrypts the records of one round, the `first` of which has that number, to the end of `stream`.
fn encrypt_round(keys: &Keys, first: u64, last: bool, clear: &[u8], stream: &mut Vec<u8>) -> Result<()> {
    // An empty file is one record, the last.
    let records = clear.len().div_ceil(CLEAR).max(1);
    let start = stream.len();
    stream.resize(start + clear.len() + records * OVERHEAD, 0);
    stream[start..].par_chunks_mut(RECORD as usize).enumerate().try_for_each(|(n, record)| {
        let from = n * CLEAR;
        let place = Place { number: first + n as u64, last: last && n + 1 == records };
        keys.encrypt(place, &clear[from..from + record.len() - OVERHEAD], record)
    })
}

/// Takes all full chunks, and at the end the rest, from the front of `stream` and writes them.
fn write_chunks(stream: &mut Vec<u8>, last: bool, dir: &Path, tmp: &Path) -> Result<Vec<Digest>> {
    let end = if last { stream.len() } else { stream.len() - stream.len() % CHUNK };
    let digests = stream[..end].par_chunks(CHUNK).map(|chunk| write_chunk(chunk, dir, tmp)).collect();
    stream.drain(..end);
    digests
}

fn write_chunk(chunk: &[u8], dir: &Path, tmp: &Path) -> Result<Digest> {
    let digest = sha256(chunk);
    let name = file_name(&digest);
    let unfinished = tmp.join(&name);
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(chunk)?;
        // A chunk of that name has these bytes: to replace it changes nothing.
        fs::rename(&unfinished, dir.join(&name))
    };
    write().map_err(|error| {
        // The error is told; what could not be deleted as well is a leftover like that of a crash.
        let _ = fs::remove_file(&unfinished);
        Error::io("write", &unfinished, error)
    })?;
    Ok(digest)
}

/// Decrypts the chunks in `dir` to `out`. The caller shows nothing of `out` to anybody before this returned `Ok`.
pub fn decrypt(blob: &Blob, dir: &Path, mut out: impl Write) -> Result<()> {
    let encrypted = encrypted_size(blob.size)?;
    if blob.chunks.len() as u64 != encrypted.div_ceil(CHUNK as u64) {
        return Err(Error::malformed("blob: not as many chunks as its size needs"));
    }
    let mut digest = Sha256::new();
    let mut stream = Vec::new();
    let mut first = 0;
    let mut left = encrypted;
    let mut rounds = blob.chunks.chunks(ROUND_CHUNKS);
    let mut chunks = read_chunks(rounds.next().unwrap_or_default(), dir, left)?;
    let keys = read_header(&blob.key, chunks.first().map(Vec::as_slice).unwrap_or_default())?;
    let mut header = HEADER;
    loop {
        for chunk in chunks.drain(..) {
            left -= chunk.len() as u64;
            stream.extend_from_slice(&chunk);
        }
        stream.drain(..std::mem::take(&mut header));
        let last = left == 0;
        let end = if last { stream.len() } else { stream.len() - stream.len() % RECORD as usize };
        first += decrypt_round(&keys, first, last, &mut stream[..end])?;
        let texts = || stream[..end].chunks(RECORD as usize).map(|record| &record[..record.len() - OVERHEAD]);
        let mut next = Ok(Vec::new());
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| texts().for_each(|text| digest.update(text)));
            scope.spawn(|_| next = read_chunks(rounds.next().unwrap_or_default(), dir, left));
            texts().try_for_each(|text| out.write_all(text))
        })?;
        chunks = next?;
        stream.drain(..end);
        if last {
            break;
        }
    }
    out.flush()?;
    if digest.finish() != blob.sha256 {
        return Err(Error::malformed("blob: the file in it is not the one that was announced"));
    }
    Ok(())
}

/// Bytes of the encrypted stream for so many in clear.
fn encrypted_size(clear: u64) -> Result<u64> {
    let records = clear.div_ceil(CLEAR as u64).max(1);
    records
        .checked_mul(OVERHEAD as u64)
        .and_then(|overhead| clear.checked_add(overhead)?.checked_add(HEADER as u64))
        .ok_or_else(|| Error::malformed("blob: no file is that long"))
}

/// Reads and checks some chunks; `left` bytes of the stream are not read yet.
fn read_chunks(names: &[Digest], dir: &Path, left: u64) -> Result<Vec<Vec<u8>>> {
    let length = |n: usize| (left - (n * CHUNK) as u64).min(CHUNK as u64);
    names.par_iter().enumerate().map(|(n, name)| read_chunk(name, dir, length(n))).collect()
}

fn read_chunk(name: &Digest, dir: &Path, length: u64) -> Result<Vec<u8>> {
    let path = dir.join(file_name(name));
    let chunk = file::read(&path, CHUNK)?;
    if chunk.len() as u64 != length || sha256(&chunk) != *name {
        return Err(Error::malformed(format!("'{}' is not the chunk that its name says", path.display())));
    }
    Ok(chunk)
}

/// Reads the header at the beginning of the first chunk.
fn read_header(material: &[u8; 16], chunk: &[u8]) -> Result<Keys> {
    let strange = || Error::malformed("blob: its header is not the one that belongs here");
    let (salt, rest) = chunk.get(..HEADER).ok_or_else(strange)?.split_at(16);
    if rest != &record::header(&[0; 16], RECORD)[16..] {
        return Err(strange());
    }
    Keys::derive(material, salt)
}

/// Decrypts the records of one round in their places, the `first` of which has that number; gives how many.
fn decrypt_round(keys: &Keys, first: u64, last: bool, stream: &mut [u8]) -> Result<u64> {
    let records = stream.len().div_ceil(RECORD as usize);
    stream.par_chunks_mut(RECORD as usize).enumerate().try_for_each(|(n, record)| {
        keys.decrypt(Place { number: first + n as u64, last: last && n + 1 == records }, record)
    })?;
    Ok(records as u64)
}

/// A chunk's file name.
fn file_name(digest: &Digest) -> String {
    HEXLOWER.encode(digest)
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    openssl::sha::sha256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use tempfile::TempDir;

    /// A folder with `blobs` and `tmp`.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        folder
    }

    /// Bytes of which no two records are alike.
    fn bytes(length: usize) -> Vec<u8> {
        (0..length as u32).flat_map(u32::to_le_bytes).take(length).collect()
    }

    fn store(clear: &[u8]) -> (TempDir, Blob) {
        let folder = folder();
        let blob = encrypt(clear, folder.path(), &folder.path().join("tmp")).unwrap();
        (folder, blob)
    }

    fn refused(blob: &Blob, folder: &TempDir) -> String {
        let error = decrypt(blob, folder.path(), Vec::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed, "{error}");
        error.message().replace(&folder.path().display().to_string(), "blobs")
    }

    #[test]
    fn files_of_any_size_come_back() {
        let whole_round = ROUND * CLEAR;
        for length in
            [0, 1, CLEAR - 1, CLEAR, CLEAR + 1, CHUNK - 38, CHUNK, whole_round, whole_round + 1, 40 << 20]
        {
            let clear = bytes(length);
            let (folder, blob) = store(&clear);
            assert_eq!((blob.size, blob.sha256), (length as u64, sha256(&clear)));
            let sizes: Vec<u64> = blob
                .chunks
                .iter()
                .map(|name| fs::metadata(folder.path().join(file_name(name))).unwrap().len())
                .collect();
            assert!(sizes.iter().rev().skip(1).all(|&size| size == CHUNK as u64), "{sizes:?}");
            assert_eq!(sizes.iter().sum::<u64>(), encrypted_size(blob.size).unwrap());
            assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
            let mut back = Vec::new();
            decrypt(&blob, folder.path(), &mut back).unwrap();
            assert!(back == clear, "{length}");
        }
    }

    #[test]
    fn a_chunk_that_is_not_what_its_name_says_is_refused() {
        let (folder, blob) = store(&bytes(5 << 20));
        let path = folder.path().join(file_name(&blob.chunks[1]));
        let chunk = fs::read(&path).unwrap();
        let name = file_name(&blob.chunks[1]);
        for wrong in
            [&chunk[..chunk.len() - 1], &[&chunk[..], &[0]].concat(), &[&[!chunk[0]], &chunk[1..]].concat()]
        {
            fs::write(&path, wrong).unwrap();
            assert_eq!(
                refused(&blob, &folder),
                format!("'blobs/{name}' is not the chunk that its name says")
            );
        }
    }

    #[test]
    fn chunks_in_another_order_or_number_are_refused() {
        let (folder, blob) = store(&bytes(9 << 20));
        let with = |chunks: Vec<Digest>| refused(&Blob { chunks, ..blob.clone() }, &folder);
        let [a, b, c] = blob.chunks[..] else { panic!("not three chunks") };
        assert_eq!(with(vec![b, a, c]), "blob: its header is not the one that belongs here");
        assert!(with(vec![a, a, c]).ends_with("is not genuine"));
        for number in [vec![a, b], vec![a, b, c, c], vec![]] {
            assert_eq!(with(number), "blob: not as many chunks as its size needs");
        }
    }

    #[test]
    fn another_size_key_or_file_than_was_announced_is_refused() {
        let (folder, blob) = store(&bytes(1 << 20));
        assert!(refused(&Blob { size: blob.size - 1, ..blob.clone() }, &folder).ends_with("its name says"));
        assert!(refused(&Blob { size: u64::MAX, ..blob.clone() }, &folder).ends_with("no file is that long"));
        assert_eq!(refused(&Blob { key: [0; 16], ..blob.clone() }, &folder), "blob: record 0 is not genuine");
        let other = refused(&Blob { sha256: [0; 32], ..blob.clone() }, &folder);
        assert_eq!(other, "blob: the file in it is not the one that was announced");
    }

    #[test]
    fn a_missing_chunk_is_said() {
        let (folder, blob) = store(b"short");
        fs::remove_file(folder.path().join(file_name(&blob.chunks[0]))).unwrap();
        let error = decrypt(&blob, folder.path(), Vec::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.message().ends_with("No such file or directory"), "{error}");
    }
}
