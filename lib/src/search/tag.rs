//! What Argon2id makes of a handle, and the tags by which one search is compared with what a node carries.
//! socialnet-search(7), TAGS.

use super::{Handle, Key, MAX_HANDLES, SCHEME, failed};
use crate::{Error, Kind, Result, seal};
use hmac::{Hmac, KeyInit, Mac};
use icu_normalizer::ComposingNormalizerBorrowed;
use openssl::{kdf, sha::Sha256};
use std::{
    mem,
    num::NonZero,
    panic::resume_unwind,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

/// Argon2id as RFC 9106 section 4 recommends where memory is dear: 3 passes over 64 MiB in 4 lanes.
const PASSES: u32 = 3;
const LANES: u32 = 4;
const MEMORY: u32 = 1 << 16;
/// Entries that are handed over at a time.
const CHUNK: usize = 1 << 12;

/// What a handle, and the secret that goes with it, is kept as.
#[derive(Clone, PartialEq, Eq)]
pub struct Derived {
    /// What contacts may carry.
    pub h: Key,
    /// What opens bottles, and leaves the node of nobody who knows it.
    pub b: Key,
}

/// Derives both, which takes 64 MiB and a fraction of a second. The secret is text; an empty one is [`Kind::Usage`].
pub fn derive(handle: &Handle, secret: Option<&str>) -> Result<Derived> {
    let mut salt = Sha256::new();
    salt.update(format!("socialnet-search-{SCHEME}\0").as_bytes());
    if let Some(secret) = secret {
        if secret.is_empty() {
            return Err(Error::new(Kind::Usage, "the secret is empty"));
        }
        // One spelling, as RFC 8265 section 4.2 has it for passwords.
        let spaced: String = secret.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        salt.update(ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).as_bytes());
    }
    let (password, salt) = (handle.canonical(), salt.finish());
    let mut out = [0; 64];
    kdf::argon2id(None, password.as_bytes(), &salt, None, None, PASSES, LANES, MEMORY, &mut out)
        .map_err(|reason| failed("derive a handle", reason))?;
    let (mut h, mut b) = ([0; 32], [0; 32]);
    h.copy_from_slice(&out[..32]);
    b.copy_from_slice(&out[32..]);
    Ok(Derived { h, b })
}

/// The tags of one token: a key that is prepared once.
#[derive(Clone)]
pub struct Tagger(Hmac<sha2::Sha256>);

impl Tagger {
    /// For a token.
    pub fn new(token: &Key) -> Self {
        // RFC 2104 section 2: a key shorter than a block is followed by zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(token);
        Self(Hmac::new(&block.into()))
    }

    /// The tag of an `H`: HMAC-SHA-256 under the token.
    pub fn tag(&self, h: &Key) -> Key {
        self.0.clone().chain_update(h).finalize().into_bytes().into()
    }
}

/// The tags of a search: one for each `H`, at most [`MAX_HANDLES`], and random ones beside them, so that nobody sees how
/// many it looks for.
pub fn tags(token: &Key, hs: &[Key]) -> Result<[Key; MAX_HANDLES]> {
    let tagger = Tagger::new(token);
    let mut tags = [[0; 32]; MAX_HANDLES];
    tags.as_flattened_mut().copy_from_slice(&seal::random::<{ 32 * MAX_HANDLES }>()?);
    for (tag, h) in tags.iter_mut().zip(hs) {
        *tag = tagger.tag(h);
    }
    Ok(tags)
}

/// Which entries of a hashcache a search looks for: what stands beside each that matches. `read` gives them, many at a time;
/// meanwhile all cores compare. As much memory is used for a million entries as for ten thousand.
pub fn matches<T: Copy + Send>(
    token: &Key,
    tags: &[Key],
    read: impl FnOnce(&mut dyn FnMut(&[T], &[Key])) -> Result<()>,
) -> Result<Vec<T>> {
    let tagger = Tagger::new(token);
    // Their beginnings alone say no nearly always.
    let beginnings: Vec<u64> = tags.iter().map(beginning).collect();
    let is_sought = |h: &Key| {
        let tag = tagger.tag(h);
        beginnings.contains(&beginning(&tag)) && tags.contains(&tag)
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    // One to fill and two for each core, so that neither side waits for the other at every one.
    let (empty, emptied) = mpsc::channel();
    for _ in 0..=2 * cores {
        let _ = empty.send(Default::default());
    }
    let (full, filled) = mpsc::channel::<(Vec<T>, Vec<Key>)>();
    let filled = Mutex::new(filled);
    let compare = || {
        let mut found = Vec::new();
        loop {
            let next = filled.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((mut whose, mut hs)) = next else { return found };
            found.extend(hs.iter().zip(&whose).filter(|(h, _)| is_sought(h)).map(|(_, it)| *it));
            whose.clear();
            hs.clear();
            let _ = empty.send((whose, hs));
        }
    };
    thread::scope(|scope| {
        let comparing: Vec<_> = (0..cores).map(|_| scope.spawn(compare)).collect();
        let mut chunk: (Vec<T>, Vec<Key>) = Default::default();
        read(&mut |whose, hs| {
            if chunk.1.len() + hs.len() > CHUNK
                && let Ok(next) = emptied.recv()
            {
                let _ = full.send(mem::replace(&mut chunk, next));
            }
            chunk.0.extend_from_slice(whose);
            chunk.1.extend_from_slice(hs);
        })?;
        let _ = full.send(chunk);
        drop(full);
        Ok(comparing.into_iter().flat_map(|it| it.join().unwrap_or_else(|why| resume_unwind(why))).collect())
    })
}

fn beginning(tag: &Key) -> u64 {
    u64::from_ne_bytes(*tag.first_chunk().unwrap_or(&[0; 8]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer};

    fn h(number: u32) -> Key {
        openssl::sha::sha256(&number.to_be_bytes())
    }

    #[test]
    fn secret_and_handle_both_make_the_key() {
        let ada = Handle::parse(&["name=Ada Lovelace", "town=London"]).unwrap();
        let plain = derive(&ada, None).unwrap();
        let again = derive(&Handle::parse(&["town=london", "name=lovelace ada"]).unwrap(), None).unwrap();
        assert!(plain == again);
        let with = |secret| derive(&ada, Some(secret)).unwrap();
        let secret = with("caf\u{e9} noir");
        assert!(secret == with("cafe\u{301}\u{a0}noir"), "one spelling");
        let mut all = vec![plain.h, plain.b, secret.h, secret.b, with("Caf\u{e9} noir").h];
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
        assert_eq!(derive(&ada, Some("")).err().unwrap().kind(), Kind::Usage);
    }

    #[test]
    fn a_tag_is_what_openssl_makes_too() {
        let key = PKey::hmac(&[7; 32]).unwrap();
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(&h(1)).unwrap();
        assert_eq!(Tagger::new(&[7; 32]).tag(&h(1)).to_vec(), signer.sign_to_vec().unwrap());
    }

    #[test]
    fn there_are_always_eight_and_no_two_searches_have_one_in_common() {
        let one = tags(&[1; 32], &[h(1), h(2)]).unwrap();
        let other = tags(&[2; 32], &[h(1), h(2)]).unwrap();
        let mut all = [one, other].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2 * MAX_HANDLES);
    }

    #[test]
    fn whoever_is_looked_for_is_found_wherever_they_stand() {
        let many = 20 * CHUNK as u32 + 5;
        let all: Vec<u32> = (0..many).collect();
        let hs: Vec<Key> = all.iter().map(|it| h(*it)).collect();
        let sought = [0, 1, CHUNK as u32 - 1, CHUNK as u32, many - 1];
        // However many are read at a time.
        for (looked_for, step) in sought.into_iter().zip([1, 7, CHUNK, CHUNK + 1, hs.len()]) {
            let read = |to: &mut dyn FnMut(&[u32], &[Key])| {
                all.chunks(step).zip(hs.chunks(step)).for_each(|(all, hs)| to(all, hs));
                Ok(())
            };
            let tags = tags(&[9; 32], &[h(looked_for), h(many)]).unwrap();
            assert_eq!(matches(&[9; 32], &tags, read).unwrap(), [looked_for]);
            assert_eq!(matches(&[8; 32], &tags, read).unwrap(), [0; 0], "another token");
        }
    }

    #[test]
    fn what_can_not_be_read_is_said() {
        let broken = |to: &mut dyn FnMut(&[u32], &[Key])| {
            (0..30 * CHUNK as u32).for_each(|it| to(&[it], &[h(it)]));
            Err(Error::malformed("torn"))
        };
        assert_eq!(matches(&[1; 32], &[[0; 32]], broken).unwrap_err().message(), "torn");
    }
}
