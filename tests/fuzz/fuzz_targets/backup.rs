//! Backups: any bytes as the whole seal, and after a beginning that holds; as its content, which comes back; and as the
//! archive in it. The key is given, for Argon2id takes its time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{
    Result,
    backup::{self, Opening, Sealing},
};
use std::{
    io::{Read, Write},
    sync::OnceLock,
};

/// Bytes of a seal after those that its content begins with: no piece, the end of pieces, the tag, the end of all.
const AFTER: usize = 4 + 2 + 16 + 6;

fn seal(content: &[u8]) -> Vec<u8> {
    let mut sealing = Sealing::new(Vec::new(), |_| Ok([7; 32])).unwrap();
    sealing.write_all(content).unwrap();
    sealing.finish().unwrap()
}

fn open(sealed: &[u8]) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    Opening::new(sealed, |_| Ok([7; 32]))?.read_to_end(&mut content)?;
    Ok(content)
}

fuzz_target!(|data: &[u8]| {
    static BEGIN: OnceLock<Vec<u8>> = OnceLock::new();
    let begin = BEGIN.get_or_init(|| {
        let whole = seal(b"");
        whole[..whole.len() - AFTER].to_vec()
    });
    assert!(open(data).is_err());
    assert!(open(&[begin.as_slice(), data].concat()).is_err());
    assert_eq!(open(&seal(data)).unwrap(), data);
    let _ = backup::read(data, None);
});
