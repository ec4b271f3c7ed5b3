//! Who may fetch: a secret compared in constant time, or a token for who signed a box-login. socialnet-http(7).
//!
//! Nonces and tokens carry their own time and a MAC under a key that lives as long as the process, so that asking for
//! them costs no memory. Only nonces that were used are remembered, for as long as they would hold.

use crate::boxes::Place;
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use openssl::{hash::MessageDigest, memcmp, pkey::PKey, sha::sha256, sign::Signer};
use socialnet::{Error, Fingerprint, Kind, Result, login::BoxLogin, seal};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Seconds for which a nonce and a form hold.
const NONCE: i64 = 60;
/// Seconds for which a token holds.
const TOKEN: i64 = 3600;
/// Bytes of a MAC in a nonce: a nonce has 32 bytes in all.
const SHORT: usize = 16;
/// Bytes of a login's body, at most.
pub const MAX_BODY: usize = 8 << 10;

/// The key of this process, and nonces that were used.
pub struct Logins {
    key: [u8; 32],
    hosts: Vec<String>,
    used: Mutex<HashMap<[u8; 32], i64>>,
}

impl Logins {
    /// For a server that is called `hosts`.
    pub fn new(hosts: Vec<String>) -> Result<Self> {
        Ok(Self { key: seal::random()?, hosts, used: Mutex::default() })
    }

    /// A nonce for one login to a box.
    pub fn nonce(&self, name: &str, now: Timestamp) -> Result<String> {
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&now.as_second().to_be_bytes());
        nonce[8..16].copy_from_slice(&seal::random::<8>()?);
        let mac = self.mac("nonce", name, &nonce[..16])?;
        nonce[16..].copy_from_slice(&mac[..SHORT]);
        Ok(HEXLOWER.encode(&nonce))
    }

    /// Checks a signed form in base64, and gives a token. Why not is for the log alone.
    pub fn login(&self, place: &Place, base64: &[u8], now: Timestamp) -> Result<String> {
        let refused = |why: &str| Error::new(Kind::NotAllowed, why);
        let der = BASE64.decode(base64.trim_ascii()).map_err(|_| refused("not base64"))?;
        let owner = place.owner()?.ok_or_else(|| refused("the box has no owner"))?;
        let signed = seal::verify(&der)?;
        let form = BoxLogin::read(&signed.content)?;
        if form.from != signed.signer || form.from != owner {
            return Err(refused("not the owner's"));
        }
        if form.name != place.name || !self.hosts.contains(&form.host) {
            return Err(refused("for another host or box"));
        }
        if form.created.as_second().abs_diff(now.as_second()) > NONCE as u64 {
            return Err(refused("made too long ago, or not yet"));
        }
        self.use_up(&form, now)?;
        let expires = (now.as_second() + TOKEN).to_be_bytes();
        let mac = self.mac("token", &place.name, &token_of(&owner, &expires))?;
        Ok(HEXLOWER.encode(&[expires.as_slice(), &mac].concat()))
    }

    fn use_up(&self, form: &BoxLogin, now: Timestamp) -> Result<()> {
        let refused = |why: &str| Err(Error::new(Kind::NotAllowed, why));
        let (open, mac) = form.nonce.split_at(SHORT);
        if !memcmp::eq(&self.mac("nonce", &form.name, open)?[..SHORT], mac) {
            return refused("not a nonce of this server");
        }
        let made = first_eight(open);
        if !(0..=NONCE).contains(&(now.as_second() - made)) {
            return refused("a nonce that has ended");
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, made| now.as_second() - *made <= NONCE);
        match used.insert(form.nonce, made) {
            Some(_) => refused("a nonce that was used before"),
            None => Ok(()),
        }
    }

    /// Whether a token lets into a box: its secret, or one that [`Logins::login`] gave for it.
    pub fn lets_in(&self, place: &Place, token: &[u8], now: Timestamp) -> Result<bool> {
        // Digests, since a comparison takes as long as what is compared.
        let is_secret =
            place.secret()?.is_some_and(|secret| memcmp::eq(&sha256(secret.as_bytes()), &sha256(token)));
        Ok(is_secret || self.is_token(place, token, now)?)
    }

    fn is_token(&self, place: &Place, token: &[u8], now: Timestamp) -> Result<bool> {
        let Ok(token) = HEXLOWER.decode(token) else { return Ok(false) };
        let Some((expires, mac)) = token.split_at_checked(8).filter(|(_, mac)| mac.len() == 32) else {
            return Ok(false);
        };
        let Some(owner) = place.owner()? else { return Ok(false) };
        let genuine = memcmp::eq(&self.mac("token", &place.name, &token_of(&owner, expires))?, mac);
        Ok(genuine && now.as_second() <= first_eight(expires))
    }

    /// HMAC-SHA-256 over what it is for, the box (which has no NUL) and the bytes.
    fn mac(&self, what: &str, name: &str, bytes: &[u8]) -> Result<[u8; 32]> {
        let failed = |reason| Error::new(Kind::Unavailable, format!("cannot make a MAC: {reason}"));
        let key = PKey::hmac(&self.key).map_err(failed)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key).map_err(failed)?;
        for part in [what.as_bytes(), b"\0", name.as_bytes(), b"\0", bytes] {
            signer.update(part).map_err(failed)?;
        }
        let mut mac = [0; 32];
        signer.sign(&mut mac).map_err(failed)?;
        Ok(mac)
    }
}

/// What a token is a MAC over, beside its box: it ends with the owner it was given to.
fn token_of(owner: &Fingerprint, expires: &[u8]) -> Vec<u8> {
    [owner.as_bytes(), expires].concat()
}

fn first_eight(bytes: &[u8]) -> i64 {
    bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::Boxes;
    use socialnet::identity::Keyring;
    use std::fs;
    use tempfile::TempDir;

    fn at(seconds: i64) -> Timestamp {
        "2026-11-22T10:15:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
    }

    struct World {
        dir: TempDir,
        alice: Keyring,
        logins: Logins,
    }

    fn world() -> World {
        let dir = tempfile::tempdir().unwrap();
        let identity = dir.path().join("identity");
        fs::create_dir(&identity).unwrap();
        let alice = Keyring::create(&identity, at(-10)).unwrap();
        for name in ["alices", "bobs"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("alices/owner"), format!("{}\n", alice.identity.fingerprint)).unwrap();
        fs::write(dir.path().join("bobs/secret"), "correct horse\n").unwrap();
        World { dir, alice, logins: Logins::new(vec!["example.net".into()]).unwrap() }
    }

    impl World {
        fn place(&self, name: &str) -> Place {
            Boxes::open(self.dir.path()).unwrap().find(name).unwrap().unwrap()
        }

        fn form(&self, host: &str, name: &str, nonce: &str, now: Timestamp) -> String {
            let identity = &self.alice.identity;
            let form =
                BoxLogin::answer(&format!("{host} {name} {nonce}"), identity.fingerprint, now).unwrap();
            BASE64.encode(&seal::sign(identity, &form.write()).unwrap())
        }
    }

    #[test]
    fn the_owner_logs_in_once_with_a_nonce() {
        let world = world();
        let place = world.place("alices");
        let nonce = world.logins.nonce("alices", at(0)).unwrap();
        let form = world.form("example.net", "alices", &nonce, at(1));
        let token = world.logins.login(&place, format!("{form}\n").as_bytes(), at(2)).unwrap();
        let lets_in =
            |name, token: &str, now| world.logins.lets_in(&world.place(name), token.as_bytes(), now).unwrap();
        assert!(lets_in("alices", &token, at(3)) && lets_in("alices", &token, at(3600)));
        assert!(!lets_in("alices", &token, at(3604)));
        assert!(!lets_in("bobs", &token, at(3)));
        let changed = token.replace(&token[20..22], if &token[20..22] == "00" { "11" } else { "00" });
        assert!(!lets_in("alices", &changed, at(3)));
        let again = world.logins.login(&place, form.as_bytes(), at(3)).unwrap_err();
        assert_eq!(again.message(), "a nonce that was used before");
        let next = Fingerprint::from_slice(&[7; 32]).unwrap();
        fs::write(world.dir.path().join("alices/owner"), format!("{next}\n")).unwrap();
        assert!(!lets_in("alices", &token, at(4)), "the box is somebody else's now");
    }

    #[test]
    fn a_form_holds_here_for_this_box_and_now_only() {
        let world = world();
        let place = world.place("alices");
        let other = Logins::new(vec!["example.net".into()]).unwrap();
        let refused = |form: String, now| {
            world.logins.login(&place, form.as_bytes(), now).unwrap_err().message().to_owned()
        };
        let nonce = || world.logins.nonce("alices", at(0)).unwrap();
        let form = |host, name| world.form(host, name, &nonce(), at(0));
        assert_eq!(refused(form("example.org", "alices"), at(1)), "for another host or box");
        assert_eq!(refused(form("example.net", "bobs"), at(1)), "for another host or box");
        assert_eq!(refused(form("example.net", "alices"), at(61)), "made too long ago, or not yet");
        assert_eq!(refused(form("example.net", "alices"), at(-61)), "made too long ago, or not yet");
        let late = world.form("example.net", "alices", &nonce(), at(61));
        assert_eq!(refused(late, at(61)), "a nonce that has ended");
        let foreign = world.form("example.net", "alices", &other.nonce("alices", at(0)).unwrap(), at(0));
        assert_eq!(refused(foreign, at(0)), "not a nonce of this server");
        let for_bobs =
            world.form("example.net", "alices", &world.logins.nonce("bobs", at(0)).unwrap(), at(0));
        assert_eq!(refused(for_bobs, at(0)), "not a nonce of this server");
        assert_eq!(refused("*".into(), at(0)), "not base64");
        // Something else that alice signed is no login.
        let packet =
            seal::sign(&world.alice.identity, b"<packet xmlns=\"urn:socialnet:packet:1\"/>").unwrap();
        assert!(refused(BASE64.encode(&packet), at(0)).contains("box-login"));
    }

    #[test]
    fn nobody_else_is_the_owner() {
        let (world, carols) = (world(), world());
        let nonce = world.logins.nonce("alices", at(0)).unwrap();
        let form = carols.form("example.net", "alices", &nonce, at(0));
        let place = world.place("alices");
        assert_eq!(
            world.logins.login(&place, form.as_bytes(), at(0)).unwrap_err().message(),
            "not the owner's"
        );
    }

    #[test]
    fn a_secret_lets_in_and_nothing_like_it() {
        let world = world();
        let place = world.place("bobs");
        for (token, right) in
            [("correct horse", true), ("correct horse ", false), ("correct hors", false), ("", false)]
        {
            assert_eq!(world.logins.lets_in(&place, token.as_bytes(), at(0)), Ok(right), "{token}");
        }
        // No secret is not the empty one.
        assert_eq!(world.logins.lets_in(&world.place("alices"), b"", at(0)), Ok(false));
    }
}
