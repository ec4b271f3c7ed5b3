//! Successions: what was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::succession::Succession;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = Succession::read(data) {
        assert_eq!(Succession::read(&read.write()), Ok(read));
    }
});
