//! Which of a reader's addresses a delivery takes.

use crate::{
    driver,
    home::Home,
    store::delivery::{Delivery, Reader},
};

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through this address.
    Through(String),
    /// There is none now; why. That may change: settings, proofs and profiles do.
    Later(String),
    /// There is none left; why.
    Nowhere(String),
}

/// The first address after the one that refused that may be used.
///
/// A chunk is up to 8 MiB that a stranger's profile could make us push at somebody else's door. So an address that came
/// with a profile gets envelopes only until one was confirmed. It gets chunks from the beginning if the owner chose it,
/// or chose the folders where it may lead.
pub fn route(home: &Home, reader: &Reader, delivery: &Delivery) -> Route {
    let refused = reader.addresses.iter().position(|address| address.uri == delivery.refused_by);
    let left = &reader.addresses[refused.map_or(0, |at| at + 1)..];
    let mut why = None;
    for address in left {
        let local = driver::scheme(&address.uri).is_some_and(|scheme| driver::is_local(home, scheme));
        match driver::allowed(home, &address.uri, address.by_hand) {
            Err(error) => drop(why.get_or_insert_with(|| error.message().to_owned())),
            Ok(()) if delivery.is_chunk() && !(address.proven || address.by_hand || local) => {
                why.get_or_insert_with(|| format!("waits until something came through '{}'", address.uri));
            }
            Ok(()) => return Route::Through(address.uri.clone()),
        }
    }
    match why {
        Some(why) => Route::Later(why),
        None if reader.addresses.is_empty() => Route::Later("no address is known".to_owned()),
        None => Route::Nowhere(format!("every address refused it; the last one: {}", delivery.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fingerprint, store::delivery::Address};
    use jiff::Timestamp;

    fn address(uri: &str) -> Address {
        Address { uri: uri.into(), by_hand: false, proven: false }
    }

    fn bob(addresses: Vec<Address>) -> Reader {
        Reader { blocked: false, addresses }
    }

    fn delivery(chunk: bool, refused_by: &str) -> Delivery {
        Delivery {
            item: [u8::from(chunk); 32],
            reader: Fingerprint::from_bytes([0xb0; 32]),
            envelope: [0; 32],
            queued: Timestamp::UNIX_EPOCH,
            attempts: 0,
            refused_by: refused_by.into(),
            reason: "no such person".into(),
        }
    }

    fn through(uri: &str) -> Route {
        Route::Through(uri.into())
    }

    #[test]
    fn the_first_that_is_allowed_and_did_not_refuse() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "[send.https]\n[send.mailto]").unwrap();
        let bob = bob(vec![address("xmpp:b"), address("https://b/in"), address("mailto:b@example.org")]);
        assert_eq!(route(&home, &bob, &delivery(false, "")), through("https://b/in"));
        assert_eq!(route(&home, &bob, &delivery(false, "https://b/in")), through("mailto:b@example.org"));
        let nowhere = Route::Nowhere("every address refused it; the last one: no such person".into());
        assert_eq!(route(&home, &bob, &delivery(false, "mailto:b@example.org")), nowhere);
        // An address that refused and is gone from the profile: from the beginning.
        assert_eq!(route(&home, &bob, &delivery(false, "https://old/in")), through("https://b/in"));
    }

    #[test]
    fn without_an_address_it_waits() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "").unwrap();
        let waits = |addresses, why: &str| {
            assert_eq!(route(&home, &bob(addresses), &delivery(false, "")), Route::Later(why.into()));
        };
        waits(vec![], "no address is known");
        waits(vec![address("xmpp:b"), address("https://b")], "the settings have no [send.xmpp]");
    }

    #[test]
    fn a_new_address_gets_no_chunks() {
        let dir = tempfile::tempdir().unwrap();
        let home =
            Home::create(&dir.path().join("alice"), "[send.https]\n[send.file]\nroots = ['/media']").unwrap();
        let new = address("https://b/in");
        let waits = Route::Later("waits until something came through 'https://b/in'".into());
        assert_eq!(route(&home, &bob(vec![new.clone()]), &delivery(true, "")), waits);
        assert_eq!(route(&home, &bob(vec![new.clone()]), &delivery(false, "")), through("https://b/in"));
        for good in [
            Address { proven: true, ..new.clone() },
            Address { by_hand: true, ..new.clone() },
            address("file:///media/bob"),
        ] {
            let bob = bob(vec![new.clone(), good.clone()]);
            let found = route(&home, &bob, &delivery(true, ""));
            assert_eq!(found, through(&good.uri));
        }
    }
}
