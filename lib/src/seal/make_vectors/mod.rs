//! Makes the vectors in tests/vectors/seal, which are data: `lib/tests/vectors_seal.rs` reads them.
//!
//! ```text
//! cargo test --release -p socialnet --all-features make_vectors -- --ignored
//! ```
//!
//! makes all of them anew, with new keys. Each bad one is good but for the one thing that it is named for, wherever that
//! can be: what stands inside an encrypted layer is changed before it is sealed, and what was signed is signed again.

mod edit;
mod layers;
mod signatures;

use super::*;
use crate::{
    blob::sha256,
    stream::{Pem, write_pem},
};
use data_encoding::HEXLOWER;
use edit::{change, hex, swap};
use jiff::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The keys that open the vectors: bob's, with an older sealing pair.
struct Keys {
    alice: Keyring,
    bob: Keyring,
    carol: Keyring,
}

const OLDER: &str = "2026-11-01T08:00:00Z";
const NEWER: &str = "2026-11-22T10:15:00Z";
const ENVELOPE: &[u8] = b"<envelope/>";

/// tests/vectors/seal.
struct Folder(PathBuf);

impl Folder {
    fn write(&self, group: &str, name: &str, headers: &[(&str, &str)], der: &[u8]) {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut out = Vec::new();
        write_pem(&mut out, &Pem { headers, label: LABEL.to_owned(), der: der.to_vec() }).unwrap();
        let folder = self.0.join(group);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.pem")), out).unwrap();
    }

    /// A seal that bob opens.
    fn opens(&self, name: &str, der: &[u8], keys: &Keys) {
        let opened = open(der, &keys.bob).unwrap();
        let content = HEXLOWER.encode(&sha256(&verify(&opened.signed).unwrap().content));
        let layers = if opened.hybrid { "two" } else { "one" };
        let headers = [("Under", opened.under.name()), ("Layers", layers), ("Content", &content)];
        self.write("opens", name, &headers, der);
    }

    /// SignedData that holds.
    fn verifies(&self, name: &str, der: &[u8]) {
        let signed = verify(der).unwrap();
        let content = HEXLOWER.encode(&sha256(&signed.content));
        self.write("verifies", name, &[("Signer", &signed.signer.to_string()), ("Content", &content)], der);
    }

    /// A seal that bob does not open, for this reason.
    fn sealed(&self, name: &str, der: &[u8], keys: &Keys, reason: &str) {
        assert_eq!(open(der, &keys.bob).unwrap_err().message(), reason, "{name}");
        self.write("not-opened", name, &[("Reason", reason)], der);
    }

    /// SignedData that is refused, for this reason.
    fn signed(&self, name: &str, der: &[u8], reason: &str) {
        assert_eq!(verify(der).unwrap_err().message(), reason, "{name}");
        self.write("not-verified", name, &[("Reason", reason)], der);
    }
}

#[test]
#[ignore = "writes tests/vectors/seal, which is checked in"]
fn make_vectors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/seal");
    for group in ["opens", "verifies", "not-opened", "not-verified", "keys"] {
        let _ = fs::remove_dir_all(root.join(group));
    }
    fs::create_dir_all(root.join("keys")).unwrap();
    let mut bob = Keyring::create(&root.join("keys"), OLDER.parse().unwrap()).unwrap();
    bob.add_pair(&root.join("keys"), Purpose::Sealing, NEWER.parse().unwrap()).unwrap();
    let elsewhere = || Keyring::create(tempfile::tempdir().unwrap().path(), NEWER.parse().unwrap()).unwrap();
    let keys = Keys { alice: elsewhere(), bob, carol: elsewhere() };
    let folder = Folder(root);
    good(&folder, &keys);
    layers::bad_outer(&folder, &keys);
    layers::bad_inner(&folder, &keys);
    layers::bad_padding(&folder, &keys);
    signatures::bad_signed(&folder, &keys);
    signatures::bad_certificate(&folder, &keys);
}

fn reader(pair: &KeyPair, hybrid: bool) -> ReaderKeys {
    let mut offer = pair.offer().clone();
    if !hybrid {
        offer.ml_kem_768 = None;
    }
    ReaderKeys::stored(&offer, pair.purpose, NEWER.parse::<Timestamp>().unwrap()).unwrap()
}

impl Keys {
    /// To bob's newest sealing pair.
    fn bob(&self) -> ReaderKeys {
        reader(&self.bob.pairs[0], true)
    }

    fn signed(&self) -> Vec<u8> {
        sign(&self.alice.identity, ENVELOPE).unwrap()
    }
}

fn good(folder: &Folder, keys: &Keys) {
    let of = |length: usize| sign(&keys.alice.identity, &vec![b' '; length]).unwrap();
    let newest = keys.bob.newest(Purpose::Sealing).unwrap();
    let older = keys.bob.pairs.iter().rfind(|pair| pair.purpose == Purpose::Sealing).unwrap();
    let meeting = keys.bob.newest(Purpose::Meeting).unwrap();
    let signed = keys.signed();
    let opens = |name: &str, signed: &[u8], pair: &KeyPair, hybrid: bool| {
        folder.opens(name, &seal(signed, &reader(pair, hybrid)).unwrap(), keys);
    };
    opens("hybrid", &signed, newest, true);
    opens("outer-layer-only", &signed, newest, false);
    opens("older-pair", &signed, older, true);
    opens("meeting-pair", &signed, meeting, true);
    opens("meeting-pair-outer-layer-only", &signed, meeting, false);
    opens("nothing-in-it", &of(0), newest, true);
    let overhead = of(4000).len() - 4000;
    let exact = (0..32).map(|_| of(4096 - overhead)).find(|signed| signed.len() == 4096).unwrap();
    opens("no-padding-needed", &exact, newest, true);
    opens("just-over-4096", &of(4100 - overhead), newest, true);
    opens("padme-9216", &of(8400), newest, false);

    folder.verifies("envelope", &signed);
    folder.verifies("nothing", &of(0));
    let later = hex("18 0f 32303530303130313030303030305a");
    folder.verifies(
        "signed-in-2050",
        &signatures::resign(&change(&signed, signatures::TIME, swap(later)), &keys.alice),
    );
}
