//! Details in canonical form: once more changes nothing, and a handle of them is read as it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::search::{
    Handle,
    canon::{KEYS, canonical},
};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = str::from_utf8(data) else { return };
    for (key, _) in KEYS {
        let Ok(once) = canonical(key, value) else { continue };
        assert_eq!(canonical(key, &once).as_deref(), Ok(once.as_str()));
        let handle = Handle::parse(&[format!("{key}={value}")]).unwrap();
        assert_eq!(Handle::from_canonical(&handle.canonical()), Ok(handle));
    }
});
