//! Attachments too large for a packet: encrypted once with RFC 8188 (`aes128gcm`, 64 KiB records), cut in chunks of at
//! most 4 MiB, each a file named by the SHA-256 of its bytes. socialnet-seal(5) is the authority.
//!
//! Both directions work in rounds: the records of a round are independent of each other, and hashes are taken while others
//! read and write, which occupies all cores; memory stays at one round however long the file is.

mod chunk;
mod record;

pub use chunk::CHUNK;

use crate::{Error, Result, packet::Digest, seal};
use chunk::Writer;
use openssl::sha::Sha256;
use rayon::prelude::*;
use record::{HEADER, Keys, OVERHEAD, Place};
use std::{
    io::{Read, Write},
    path::Path,
};

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
/// Bytes that a round of encryption adds to the stream: few, since memory that a process touches first costs as much as to
/// encrypt it.
const ROUND: usize = 1 << 20;
/// Chunks that a round of decryption reads: one for each core of most machines.
const CHUNKS: usize = 2;
/// Records of a round of encryption.
const ROUND_RECORDS: usize = ROUND / RECORD as usize;

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
pub fn encrypt(mut input: impl Read + Send, dir: &Path, tmp: &Path) -> Result<Blob> {
    let (key, salt) = (seal::random()?, seal::random()?);
    let keys = Keys::derive(&key, &salt)?;

    let (mut size, mut digest) = (0, Sha256::new());
    let mut chunks = Writer::new(dir, tmp);
    chunks.write(&record::header(&salt, RECORD))?;
    let mut stream = vec![0; ROUND];
    // One byte more than a round, to know whether this is the last one.
    let mut clear = vec![0; ROUND_RECORDS * CLEAR + 1];
    let mut ahead = vec![0; clear.len()];
    let mut length = fill(&mut input, &mut clear)?;
    let mut first = 0;
    loop {
        let (round, more) = clear[..length].split_at(length.min(ROUND_RECORDS * CLEAR));
        let last = more.is_empty();
        // Who reads on behind the end may wait there for ever.
        let room = if last { &mut [][..] } else { &mut ahead[1..] };
        let encrypted = encrypt_round(&keys, first, last, round, &mut stream)?;
        let (written, ((), read)) = rayon::join(
            || chunks.write(encrypted),
            || rayon::join(|| digest.update(round), || fill(&mut input, room)),
        );
        written?;
        size += round.len() as u64;
        if last {
            return Ok(Blob { key, size, sha256: digest.finish(), chunks: chunks.finish()? });
        }
        ahead[..1].copy_from_slice(more);
        length = 1 + read?;
        first += ROUND_RECORDS as u64;
        std::mem::swap(&mut clear, &mut ahead);
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

/// Encrypts the records of one round, the `first` of which has that number, to the beginning of `stream`; gives that part.
fn encrypt_round<'a>(
    keys: &Keys,
    first: u64,
    last: bool,
    clear: &[u8],
    stream: &'a mut [u8],
) -> Result<&'a [u8]> {
    // An empty file is one record, the last.
    let records = clear.len().div_ceil(CLEAR).max(1);
    let round = &mut stream[..clear.len() + records * OVERHEAD];
    round.par_chunks_mut(RECORD as usize).enumerate().try_for_each(|(n, record)| {
        let from = n * CLEAR;
        let place = Place { number: first + n as u64, last: last && n + 1 == records };
        keys.encrypt(place, &clear[from..from + record.len() - OVERHEAD], record)
    })?;
    Ok(round)
}

/// Decrypts the chunks in `dir` to `out`. The caller shows nothing of `out` to anybody before this returned `Ok`.
pub fn decrypt(blob: &Blob, dir: &Path, mut out: impl Write) -> Result<()> {
    /// Before what is read, there is room for what the round before has left: part of a record.
    const ROOM: usize = RECORD as usize;
    let mut left = encrypted_size(blob.size)?;
    if blob.chunks.len() as u64 != left.div_ceil(CHUNK as u64) {
        return Err(Error::malformed("blob: not as many chunks as its size needs"));
    }
    let mut digest = Sha256::new();
    let mut stream = vec![0; ROOM + CHUNKS * CHUNK];
    let mut ahead = vec![0; stream.len()];
    let mut rounds = blob.chunks.chunks(CHUNKS);
    let mut next = |left, into: &mut [u8]| read_chunks(rounds.next().unwrap_or_default(), dir, left, into);
    let mut read = next(left, &mut stream[ROOM..])?;
    let keys = read_header(&blob.key, &stream[ROOM..ROOM + read])?;
    let mut from = ROOM + HEADER;
    let mut first = 0;
    loop {
        left -= read as u64;
        let to = ROOM + read;
        let last = left == 0;
        let end = if last { to } else { to - (to - from) % RECORD as usize };
        first += decrypt_round(&keys, first, last, &mut stream[from..end])?;
        let texts =
            || stream[from..end].chunks(RECORD as usize).map(|record| &record[..record.len() - OVERHEAD]);
        let carried = ROOM - (to - end);
        ahead[carried..ROOM].copy_from_slice(&stream[end..to]);
        let mut more = Ok(0);
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| texts().for_each(|text| digest.update(text)));
            scope.spawn(|_| more = next(left, &mut ahead[ROOM..]));
            texts().try_for_each(|text| out.write_all(text))
        })?;
        read = more?;
        if last {
            break;
        }
        from = carried;
        std::mem::swap(&mut stream, &mut ahead);
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

/// Reads some chunks to the beginning of `into`; `left` bytes of the stream are not read yet. Gives how many bytes they are.
fn read_chunks(names: &[Digest], dir: &Path, left: u64, into: &mut [u8]) -> Result<usize> {
    let length = usize::try_from(left).unwrap_or(usize::MAX).min(names.len() * CHUNK);
    let places = into[..length].par_chunks_mut(CHUNK);
    names.par_iter().zip(places).try_for_each(|(name, place)| chunk::read(name, dir, place))?;
    Ok(length)
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

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Digest {
    openssl::sha::sha256(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use crate::mailbox::name_for;
    use std::fs;
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
        let whole_round = ROUND_RECORDS * CLEAR;
        for length in [
            0,
            1,
            CLEAR - 1,
            CLEAR,
            CLEAR + 1,
            CHUNK - 38,
            CHUNK,
            whole_round,
            whole_round + 1,
            4 * whole_round,
            40 << 20,
        ] {
            let clear = bytes(length);
            let (folder, blob) = store(&clear);
            assert_eq!((blob.size, blob.sha256), (length as u64, sha256(&clear)));
            let sizes: Vec<u64> = blob
                .chunks
                .iter()
                .map(|name| fs::metadata(folder.path().join(name_for(name))).unwrap().len())
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
        let path = folder.path().join(name_for(&blob.chunks[1]));
        let chunk = fs::read(&path).unwrap();
        let name = name_for(&blob.chunks[1]);
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
        fs::remove_file(folder.path().join(name_for(&blob.chunks[0]))).unwrap();
        let error = decrypt(&blob, folder.path(), Vec::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.message().ends_with("No such file or directory"), "{error}");
    }
}
