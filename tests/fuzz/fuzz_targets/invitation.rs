//! Invitations, long and short, and the profiles in them: what was read is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{profile::Invitation, short::Short};

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = Invitation::read(data) {
        let written = read.write().unwrap();
        assert_eq!(Invitation::read(&written), Ok(read));
    }
    if let Some(short) = str::from_utf8(data).ok().and_then(|text| text.parse::<Short>().ok()) {
        assert_eq!(short.to_string().parse(), Ok(short));
    }
});
