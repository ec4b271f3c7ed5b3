//! SignedData: what holds was signed, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::seal;

fuzz_target!(|data: &[u8]| {
    if let Ok(signed) = seal::verify(data) {
        let length = signed.content.len();
        assert!(length == 0 || data.windows(length).any(|bytes| bytes == signed.content));
        assert_eq!(seal::explain(data, None).0.signed, Some(signed));
    }
});
