//! Streams of clear packets: each item that was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::stream::{Clear, ClearItems, write_packet, write_signed};

fuzz_target!(|data: &[u8]| {
    for item in ClearItems::new(data).flatten() {
        let mut written = Vec::new();
        match &item {
            Clear::Packet(xml) => write_packet(&mut written, xml).unwrap(),
            Clear::Signed(der) => write_signed(&mut written, der).unwrap(),
        }
        let again: Vec<_> = ClearItems::new(written.as_slice()).collect();
        assert_eq!(again, [Ok(item)]);
    }
});
