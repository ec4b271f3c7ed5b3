//! Logging in to a box: what was read is read again from what is written of it, and the answer to any challenge, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{Fingerprint, login::BoxLogin};

fuzz_target!(|data: &[u8]| {
    let alice = Fingerprint::from_bytes([0xa1; 32]);
    let now = "2026-11-22T10:15:00.5Z".parse().unwrap();
    let answer = str::from_utf8(data).ok().and_then(|line| BoxLogin::answer(line, alice, now).ok());
    for form in BoxLogin::read(data).into_iter().chain(answer) {
        assert_eq!(BoxLogin::read(&form.write()), Ok(form));
    }
});
