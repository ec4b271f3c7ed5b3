//! Envelopes: what was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::envelope::Envelope;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = Envelope::read(data) {
        let written = read.write().unwrap();
        assert_eq!(Envelope::read(&written), Ok(read));
    }
});
