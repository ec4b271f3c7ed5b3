//! Sealed envelopes, as the guard and then OpenSSL see them; and whatever somebody with our public keys may put inside
//! of the outer layer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{
    identity::{Keyring, Purpose, ReaderKeys},
    seal,
};
use std::{path::Path, sync::LazyLock};

static BOB: LazyLock<(Keyring, ReaderKeys)> = LazyLock::new(|| {
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/seal/keys");
    let bob = Keyring::load(&keys).unwrap();
    let pair = bob.newest(Purpose::Sealing).unwrap();
    let mut offer = pair.offer().clone();
    offer.ml_kem_768 = None;
    let reader = ReaderKeys::stored(&offer, Purpose::Sealing, pair.made).unwrap();
    (bob, reader)
});

fuzz_target!(|data: &[u8]| {
    let (bob, reader) = &*BOB;
    both_tell_the_same(data, bob);
    let sealed = seal::seal(data, reader).unwrap();
    if let Some(opened) = both_tell_the_same(&sealed, bob) {
        // What was cut off may have been zeros, which the padding gives back.
        let (sealed, padding) = opened.signed.split_at(opened.signed.len().min(data.len()));
        assert!(opened.hybrid || data.starts_with(sealed) && padding.iter().all(|&byte| byte == 0));
    }
});

/// `explain` refuses what `open` or `verify` refuses, with the same words.
fn both_tell_the_same(sealed: &[u8], bob: &Keyring) -> Option<seal::Unsealed> {
    let opened = seal::open(sealed, bob);
    let verified = opened.as_ref().map_err(Clone::clone).and_then(|opened| seal::verify(&opened.signed));
    if seal::looks_sealed(sealed) {
        assert_eq!(seal::explain(sealed, Some(bob)).1, verified.map(drop));
    }
    opened.ok()
}
