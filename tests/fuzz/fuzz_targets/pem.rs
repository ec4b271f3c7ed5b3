//! PEM streams: each block that was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::stream::{PemItems, write_pem};

fuzz_target!(|data: &[u8]| {
    for pem in PemItems::new(data, 1 << 20).flatten() {
        let mut written = Vec::new();
        write_pem(&mut written, &pem).unwrap();
        let again: Vec<_> = PemItems::new(written.as_slice(), 1 << 20).collect();
        assert_eq!(again, [Ok(pem)]);
    }
});
