//! Packets: the tree is the bytes it came from, and what was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::packet::{self, tree};

fuzz_target!(|data: &[u8]| {
    if let Ok(root) = tree::parse(data, packet::MAX_BYTES) {
        let mut written = Vec::new();
        root.write(&mut written);
        assert_eq!(written, data);
    }
    if let Ok(read) = packet::read(data) {
        if let Ok(written) = packet::write(&read, None) {
            assert_eq!(packet::read(&written), Ok(read));
        }
    }
});
