//! Chunks of a blob: any bytes as a chunk, and any file there and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::blob::{self, Blob};
use std::fs;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let blob = blob::encrypt(data, folder.path(), folder.path()).unwrap();
    let mut back = Vec::new();
    blob::decrypt(&blob, folder.path(), &mut back).unwrap();
    assert_eq!(back, data);

    // Where the record's tag would hold, if only for the size it needs.
    let Some(size) = data.len().checked_sub(38) else { return };
    let sha256 = blob::sha256(data);
    let name: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(folder.path().join(name), data).unwrap();
    let strange = Blob { size: size as u64, chunks: vec![sha256], ..blob };
    assert!(blob::decrypt(&strange, folder.path(), Vec::new()).is_err());
});
