//! Which of a reader's addresses a delivery takes.

use crate::{
    address::scheme,
    driver,
    home::Home,
    store::delivery::{Delivery, Reader},
};
use jiff::Timestamp;
use std::time::Duration;

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

/// The address that a delivery takes now: the one that it took last, until that has put it off for as long as the
/// settings say, then the next one that may be used and has not refused it; after the last one, the first.
///
/// A chunk is up to 8 MiB that a stranger's profile could make us push at somebody else's door. So an address that came
/// with a profile gets envelopes only until one was confirmed. It gets chunks from the beginning if the owner chose it,
/// or chose the folders where it may lead.
pub fn route(home: &Home, reader: &Reader, delivery: &Delivery, now: Timestamp) -> Route {
    let addresses = &reader.addresses;
    if addresses.is_empty() {
        return Route::Later("no address is known".to_owned());
    }
    let last = addresses.iter().position(|address| address.uri == delivery.address);
    let waited = Duration::try_from(now.duration_since(delivery.began)).unwrap_or_default();
    let patient = waited < home.config.retry.next_address;
    let first = last.map_or(0, |at| if patient { at } else { at + 1 });
    let mut why = None;
    for address in (first..first + addresses.len()).map(|at| &addresses[at % addresses.len()]) {
        if delivery.refused.contains(&address.uri) {
            continue;
        }
        let local = scheme(&address.uri).is_some_and(|scheme| driver::is_local(home, scheme));
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
        None => Route::Nowhere(format!("every address refused it; the last one: {}", delivery.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fingerprint, store::delivery::Address};
    use jiff::SignedDuration;

    const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

    fn address(uri: &str) -> Address {
        Address { uri: uri.into(), by_hand: false, proven: false }
    }

    fn bob(addresses: Vec<Address>) -> Reader {
        Reader { blocked: false, addresses }
    }

    /// An envelope or chunk that was tried last through `address`, `hours` ago for the first time, and refused by some.
    fn delivery(chunk: bool, address: &str, hours: i64, refused: &[&str]) -> Delivery {
        Delivery {
            item: [u8::from(chunk); 32],
            reader: Fingerprint::from_bytes([0xb0; 32]),
            envelope: [0; 32],
            queued: Timestamp::UNIX_EPOCH,
            address: address.into(),
            began: NOW - SignedDuration::from_hours(hours),
            attempts: 0,
            refused: refused.iter().map(|uri| (*uri).to_owned()).collect(),
            reason: "no such person".into(),
        }
    }

    fn through(uri: &str) -> Route {
        Route::Through(uri.into())
    }

    const WEB: &str = "https://b/in";
    const MAIL: &str = "mailto:b@example.org";

    #[test]
    fn the_first_that_is_allowed_and_has_not_refused() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "[send.https]\n[send.mailto]").unwrap();
        let bob = bob(vec![address("xmpp:b"), address(WEB), address(MAIL)]);
        let goes = |delivery| route(&home, &bob, &delivery, NOW);
        assert_eq!(goes(delivery(false, "", 0, &[])), through(WEB));
        assert_eq!(goes(delivery(false, WEB, 0, &[WEB])), through(MAIL));
        let not_allowed = Route::Later("the settings have no [send.xmpp]".into());
        assert_eq!(goes(delivery(false, MAIL, 0, &[WEB, MAIL])), not_allowed);
        let nowhere = Route::Nowhere("every address refused it; the last one: no such person".into());
        assert_eq!(goes(delivery(false, MAIL, 0, &["xmpp:b", WEB, MAIL])), nowhere);
        // An address that refused and is gone from the profile: from the beginning.
        assert_eq!(goes(delivery(false, "https://old/in", 0, &["https://old/in"])), through(WEB));
    }

    #[test]
    fn an_address_that_puts_off_for_hours_gives_way_to_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "[send.https]\n[send.mailto]").unwrap();
        let bob = bob(vec![address(WEB), address(MAIL)]);
        let goes = |delivery| route(&home, &bob, &delivery, NOW);
        assert_eq!(goes(delivery(false, WEB, 3, &[])), through(WEB));
        assert_eq!(goes(delivery(false, WEB, 4, &[])), through(MAIL));
        assert_eq!(goes(delivery(false, MAIL, 3, &[])), through(MAIL));
        assert_eq!(goes(delivery(false, MAIL, 4, &[])), through(WEB), "after the last one the first");
        assert_eq!(goes(delivery(false, WEB, 4, &[MAIL])), through(WEB), "there is no other one");
    }

    #[test]
    fn without_an_address_it_waits() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("alice"), "").unwrap();
        let waits = |addresses, why: &str| {
            assert_eq!(
                route(&home, &bob(addresses), &delivery(false, "", 0, &[]), NOW),
                Route::Later(why.into())
            );
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
        assert_eq!(route(&home, &bob(vec![new.clone()]), &delivery(true, "", 0, &[]), NOW), waits);
        assert_eq!(
            route(&home, &bob(vec![new.clone()]), &delivery(false, "", 0, &[]), NOW),
            through("https://b/in")
        );
        for good in [
            Address { proven: true, ..new.clone() },
            Address { by_hand: true, ..new.clone() },
            address("file:///media/bob"),
        ] {
            let bob = bob(vec![new.clone(), good.clone()]);
            let found = route(&home, &bob, &delivery(true, "", 0, &[]), NOW);
            assert_eq!(found, through(&good.uri));
        }
    }
}
