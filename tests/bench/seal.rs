//! Sealing for one, for a circle of 150, and a thousand at once.

use crate::{
    peers::{Pgp, age, cms},
    run::{Run, best, timed},
    table::{self, Goal},
    world::{Dice, World, envelope, status, today, words},
};
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use openssl::{
    derive::Deriver,
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    sign::Signer,
    symm::{Cipher, encrypt_aead},
};
use rayon::prelude::*;
use socialnet::{
    Error, Kind, Result,
    identity::{Keyring, Purpose, ReaderKeys},
    seal,
};
use std::{
    fs::{self, File},
    io::BufWriter,
    path::Path,
    time::Duration,
};

/// So many friends has somebody with many.
pub const CIRCLE: u32 = 150;

/// The rows. `host` has a circle of [`CIRCLE`].
pub fn rows(world: &World, host: &str) -> Result<()> {
    let keys = world.keys(host)?;
    let readers: Vec<_> =
        (1..=CIRCLE).map(|number| world.reader(&format!("{host}{number}"))).collect::<Result<_>>()?;
    let clear = world.write("status.xml", &status(&keys, 1))?;
    let text = world.write("status.txt", words(1).as_bytes())?;

    table::section("Sealing one status");
    let one = seal_to(world, host, &format!("{host}1")).reads(&clear).best(20)?;
    let pgp = Pgp::new(world)?;
    let gpg = pgp.seal().reads(&text).best(10)?;
    table::time("sn-seal, 1 reader", one, "gpg --sign --encrypt", gpg, Goal::AtMost(0.5));
    table::time("", one, "age, which signs nothing", age(world)?.reads(&text).best(20)?, Goal::None);
    table::time("", one, "openssl cms -sign, cms -encrypt", cms(world, host)?, Goal::None);
    let bare = bare(1)?;
    table::time("", one, "ECDSA 2, ECDH, AES-GCM 2; no ML-KEM", bare, Goal::None);
    let circle = seal_to(world, host, "all").reads(&clear).best(5)?;
    let primitives = primitives(&keys, &readers, &status(&keys, 2))?;
    let beside = "CMS calls of this process, all cores";
    table::time(&format!("sn-seal, {CIRCLE} readers"), circle, beside, primitives, Goal::AtMost(1.3));
    let decoding = decoding(world, host)?;
    table::time("", circle, "the same, and decoding readers' keys", primitives + decoding, Goal::None);

    table::section("A thousand packets for one reader each");
    let thousand = (0..1000).map(|number| status(&keys, number)).collect::<Vec<_>>();
    let thousand = world.write("thousand.xml", &thousand.join(&b'\n'))?;
    let all = seal_to(world, host, &format!("{host}1")).reads(&thousand).best(3)?;
    table::time("sn-seal, once", all, "gpg, 1,000 times", gpg * 1000, Goal::TimesFaster(30.0));

    table::section("A photograph of 5 MB for 150 readers");
    let (photo, packed) = (world.file("large.jpg"), world.file("photo.xml"));
    large_photo(&photo)?;
    let pack = world.sn(host, "sn-pack photo").word(photo.display().to_string()).writes(&packed);
    let took = best(3, || Ok(pack.once()? + seal_to(world, host, "all").reads(&packed).once()?))?;
    let bytes = fs::read(&photo)?;
    let pass = timed(5, || encrypt(&bytes).map(|_| ()).map_err(failed))?;
    let beside = "one AES-GCM pass + sn-seal as above";
    table::time("sn-pack photo, sn-seal", took, beside, pass + circle, Goal::AtMost(2.0));
    pgp.end()
}

fn seal_to(world: &World, who: &str, to: &str) -> Run {
    world.sn(who, "sn-seal --to").word(to)
}

/// What sealing stands on: the author's signature once, then for each reader a signature and two layers of encryption.
fn primitives(keys: &Keyring, readers: &[ReaderKeys], packet: &[u8]) -> Result<Duration> {
    timed(5, || {
        let signed = seal::sign(&keys.identity, packet)?;
        let envelope = envelope(keys.identity.fingerprint, signed).write()?;
        readers
            .par_iter()
            .try_for_each(|reader| seal::seal(&seal::sign(&keys.identity, &envelope)?, reader).map(|_| ()))
    })
}

/// Decodes the keys of the circle on all cores: ML-KEM's make a matrix.
fn decoding(world: &World, host: &str) -> Result<Duration> {
    let offers = (1..=CIRCLE).map(|number| {
        let keys = world.keys(&format!("{host}{number}"))?;
        Ok(keys.newest(Purpose::Sealing)?.offer().clone())
    });
    let offers = offers.collect::<Result<Vec<_>>>()?;
    timed(5, || {
        let decode = |offer| ReaderKeys::stored(offer, Purpose::Sealing, today()).map(|_| ());
        offers.par_iter().try_for_each(decode)
    })
}

/// The bare operations for so many readers on one core. The openssl crate can't encapsulate by itself, so ML-KEM is left
/// out, which makes the ratio look worse than it is.
fn bare(readers: u32) -> Result<Duration> {
    let key = p256().map_err(failed)?;
    let operations = || -> Bare<()> {
        sign(&key)?;
        for _ in 0..readers {
            sign(&key)?;
            let ephemeral = p256()?;
            let mut agreement = Deriver::new(&ephemeral)?;
            agreement.set_peer(&key)?;
            agreement.derive_to_vec()?;
            encrypt(&[0; 4096])?;
            encrypt(&[0; 4096])?;
        }
        Ok(())
    };
    timed(20, || operations().map_err(failed))
}

type Bare<T> = std::result::Result<T, ErrorStack>;

fn failed(reason: ErrorStack) -> Error {
    Error::new(Kind::Unavailable, format!("OpenSSL: {reason}"))
}

fn p256() -> Bare<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

fn sign(key: &PKey<Private>) -> Bare<Vec<u8>> {
    Signer::new(MessageDigest::sha256(), key)?.sign_oneshot_to_vec(&[0; 1024])
}

fn encrypt(bytes: &[u8]) -> Bare<Vec<u8>> {
    encrypt_aead(Cipher::aes_256_gcm(), &[1; 32], Some(&[2; 12]), &[], bytes, &mut [0; 16])
}

/// A photograph of a snowstorm: nothing else of so few pixels makes so large a JPEG.
fn large_photo(path: &Path) -> Result<()> {
    let mut dice = Dice(1);
    let picture = RgbImage::from_fn(2000, 1400, |_, _| Rgb([dice.byte(), dice.byte(), dice.byte()]));
    let mut out = BufWriter::new(File::create(path)?);
    let encoded = JpegEncoder::new_with_quality(&mut out, 85).encode_image(&picture);
    encoded.map_err(|error| Error::new(Kind::Io, error.to_string()))
}
