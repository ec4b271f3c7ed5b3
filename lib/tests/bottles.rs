//! Bottles as people send and open them: Quinn looks for Sarah, Carol brings it, and Dave, who could open one, makes
//! more of it than he should.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests are not functions with #[test]

mod people;

use jiff::{SignedDuration, Timestamp};
use people::{Person, morning};
use socialnet::{
    Error, Fingerprint, Kind, Result,
    profile::Profile,
    protocol::{
        bottle::{self, Found, Search},
        profile::{For, own},
    },
    seal,
    search::{self, Handle, Key, tag},
    slip::{MAX_NOTE, Slip},
};
use std::sync::LazyLock;

const CAROL: Fingerprint = Fingerprint::from_bytes([0xca; 32]);

fn b(words: &[&str], secret: Option<&str>) -> Key {
    tag::derive(&Handle::parse(words).unwrap(), secret).unwrap().b
}

/// Sarah Quill of York.
fn sarah() -> Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| b(&["name=Sarah Quill", "town=York"], None));
    *KEY
}

fn dave() -> Key {
    static KEY: LazyLock<Key> = LazyLock::new(|| b(&["name=Dave Miller", "town=York"], None));
    *KEY
}

fn public(person: &Person) -> Profile {
    own(person.store.read(), &person.keyring, For::Public).unwrap()
}

fn later(days: i64) -> Timestamp {
    morning() + SignedDuration::from_hours(24 * days)
}

/// What the searcher sends to Carol, for whoever has one of `bs`.
fn fill(searcher: &Person, bs: &[Key], note: &str) -> Result<Vec<u8>> {
    let profile = public(searcher);
    Search::new(&searcher.keyring.identity, &profile, note, (morning(), later(30)), bs)?.fill(CAROL)
}

/// What a person with these `own` makes of a bottle.
fn opens(person: &Person, bytes: &[u8], own: &[Key]) -> Option<Found> {
    bottle::open(bytes, own, person.is(), later(1)).unwrap()
}

fn refusal(person: &Person, bytes: &[u8], own: &[Key]) -> Error {
    match bottle::open(bytes, own, person.is(), later(1)) {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error,
    }
}

/// The slip and its signature, as they lie in a bottle that one can open.
fn content(bytes: &[u8], own: &[Key]) -> Vec<u8> {
    search::bottle::open(bytes, own).unwrap().unwrap().content
}

/// A bottle of somebody's own making with a slip in it that says what `edit` makes it say.
fn crafted(searcher: &Person, signer: &Person, b: Key, edit: impl FnOnce(&mut Slip)) -> Vec<u8> {
    search::bottle::fill(&[b], |digest| {
        let mut slip = Slip {
            from: searcher.is(),
            introducer: CAROL,
            created: morning(),
            expires: later(30),
            bottle: *digest,
            profile: public(searcher),
            note: String::new(),
        };
        edit(&mut slip);
        seal::sign(&signer.keyring.identity, &slip.write()?)
    })
    .unwrap()
}

#[test]
fn the_person_sought_learns_who_searches_and_by_what() {
    let (quinn, someone) = (Person::new("Quinn"), Person::new("Sarah"));
    let bottle = fill(&quinn, &[dave(), sarah()], "We sailed together.").unwrap();
    let found = opens(&someone, &bottle, &[b(&["nick=squill"], None), sarah()]).unwrap();
    assert_eq!(found.handles, [1]);
    assert_eq!((found.slip.from, found.slip.introducer), (quinn.is(), CAROL));
    assert_eq!((found.slip.note.as_str(), found.slip.profile), ("We sailed together.", public(&quinn)));

    let proven = |who| search::bottle::proven(&bottle, &[dave(), sarah()], who, &found.proof).unwrap();
    assert_eq!(proven(someone.is()), Some(1));
    assert_eq!(proven(quinn.is()), None, "nobody else can show it");
}

#[test]
fn nobody_else_does() {
    let (quinn, bob) = (Person::new("Quinn"), Person::new("Bob"));
    let bottle = fill(&quinn, &[sarah()], "").unwrap();
    assert!(opens(&bob, &bottle, &[dave(), b(&["name=Sarah Quill", "town=Ely"], None)]).is_none());
    assert!(opens(&bob, &bottle, &[]).is_none());
    assert!(opens(&quinn, &bottle, &[sarah()]).is_none(), "who has the same name finds themselves");
}

#[test]
fn a_secret_that_is_wrong_or_missing_opens_nothing() {
    let (quinn, someone) = (Person::new("Quinn"), Person::new("Sarah"));
    let with = |secret| b(&["name=Sarah Quill", "town=York"], secret);
    let bottle = fill(&quinn, &[with(Some("the boat was red"))], "").unwrap();
    assert!(opens(&someone, &bottle, &[with(Some("the boat was red"))]).is_some());
    for wrong in [None, Some("the boat was blue"), Some("The boat was red")] {
        assert!(opens(&someone, &bottle, &[with(wrong)]).is_none(), "{wrong:?}");
    }
}

#[test]
fn a_search_that_has_ended_is_refused() {
    let (quinn, someone) = (Person::new("Quinn"), Person::new("Sarah"));
    let bottle = fill(&quinn, &[sarah()], "").unwrap();
    let open = |now| bottle::open(&bottle, &[sarah()], someone.is(), now);
    assert!(open(later(30) - SignedDuration::from_secs(1)).unwrap().is_some());
    assert_eq!(open(later(30)).err().unwrap().kind(), Kind::NotAllowed);
    // The searcher's keys end before the search does.
    let long = crafted(&quinn, &quinn, sarah(), |slip| {
        slip.created = later(340);
        slip.expires = later(390);
    });
    let open = |now| bottle::open(&long, &[sarah()], someone.is(), now);
    assert!(open(later(350)).unwrap().is_some());
    assert_eq!(open(later(366)).err().unwrap().message(), "the searcher's keys have ended");
}

#[test]
fn a_slip_is_not_put_into_a_bottle_for_somebody_else() {
    let (quinn, dave_himself, someone) = (Person::new("Quinn"), Person::new("Dave"), Person::new("Sarah"));
    let to_dave = fill(&quinn, &[dave()], "Dear Dave,").unwrap();
    assert!(opens(&dave_himself, &to_dave, &[dave()]).is_some());
    // He knows Sarah's details, and would have Quinn seem to look for her.
    let slip = content(&to_dave, &[dave()]);
    let forged = search::bottle::fill(&[sarah()], |_| Ok(slip.clone())).unwrap();
    let refused = refusal(&someone, &forged, &[sarah()]);
    assert_eq!(
        (refused.kind(), refused.message()),
        (Kind::Malformed, "the slip in a bottle was put into another one")
    );
    // Nor into a new one for himself, which is how a search would never end.
    let again = search::bottle::fill(&[dave()], |_| Ok(slip)).unwrap();
    assert_eq!(refusal(&dave_himself, &again, &[dave()]).kind(), Kind::Malformed);
    // And with a slot for her put into Quinn's bottle, nobody's signature goes with it.
    let mut grafted = to_dave.clone();
    let slots = 68..68 + 8 * 72;
    grafted[slots.clone()].copy_from_slice(&forged[slots]);
    assert!(opens(&someone, &grafted, &[sarah()]).is_none());
    assert_eq!(refusal(&dave_himself, &grafted[..100], &[dave()]).message(), "not a bottle");
}

#[test]
fn nobody_searches_in_anothers_name() {
    let (quinn, mallory, someone) = (Person::new("Quinn"), Person::new("Mallory"), Person::new("Sarah"));
    let forged = crafted(&quinn, &mallory, sarah(), |_| ());
    assert_eq!(
        refusal(&someone, &forged, &[sarah()]).message(),
        "the slip in a bottle is not by who signed it"
    );
    let others_keys = crafted(&mallory, &mallory, sarah(), |slip| slip.profile = public(&quinn));
    assert_eq!(refusal(&someone, &others_keys, &[sarah()]).kind(), Kind::Malformed);
    let introduces_herself = crafted(&mallory, &mallory, sarah(), |slip| slip.introducer = slip.from);
    assert_eq!(refusal(&someone, &introduces_herself, &[sarah()]).kind(), Kind::Malformed);
}

#[test]
fn what_is_no_slip_is_refused() {
    let (quinn, someone) = (Person::new("Quinn"), Person::new("Sarah"));
    let with = |content: Vec<u8>| search::bottle::fill(&[sarah()], |_| Ok(content)).unwrap();
    for content in [Vec::new(), b"hello".to_vec(), vec![0x30; 7000]] {
        assert_eq!(refusal(&someone, &with(content), &[sarah()]).kind(), Kind::Malformed);
    }
    // What was signed as another thing is never read as a slip.
    let status = seal::sign(&quinn.keyring.identity, &quinn.status("hello")).unwrap();
    assert_eq!(refusal(&someone, &with(status), &[sarah()]).kind(), Kind::Malformed);
    let newer = String::from_utf8(
        seal::verify(&content(&fill(&quinn, &[sarah()], "").unwrap(), &[sarah()])).unwrap().content,
    );
    let newer = newer.unwrap().replace("urn:socialnet:slip:1", "urn:socialnet:slip:2");
    let newer = seal::sign(&quinn.keyring.identity, newer.as_bytes()).unwrap();
    assert_eq!(refusal(&someone, &with(newer), &[sarah()]).kind(), Kind::Unavailable);
}

#[test]
fn any_byte_changed_on_the_way_opens_to_nothing() {
    let (quinn, someone) = (Person::new("Quinn"), Person::new("Sarah"));
    let bottle = fill(&quinn, &[sarah()], "").unwrap();
    for at in (0..bottle.len()).step_by(7) {
        let mut changed = bottle.clone();
        changed[at] ^= 1 << (at % 8);
        // A spare slot is nobody's, but part of what was signed.
        let opened = bottle::open(&changed, &[sarah()], someone.is(), later(1));
        assert!(!matches!(opened, Ok(Some(_))), "changed at {at}");
    }
}

#[test]
fn two_contacts_get_bottles_with_nothing_in_common() {
    let quinn = Person::new("Quinn");
    let bottles: Vec<_> = (0..2).map(|_| fill(&quinn, &[sarah(), dave()], "Hello").unwrap()).collect();
    assert_eq!(bottles[0].len(), bottles[1].len());
    let common = bottles[0].iter().zip(&bottles[1]).skip(4).filter(|(one, other)| one == other).count();
    // 8188 bytes that are equal by chance, one in 256: 32, give or take.
    assert!(common < 80, "{common}");
}

#[test]
fn what_does_not_fit_is_said_and_what_people_write_fits() {
    let mut quinn = Person::new("Quinn");
    assert!(fill(&quinn, &[sarah()], &"x".repeat(MAX_NOTE)).is_ok());
    let error = fill(&quinn, &[sarah()], &"x".repeat(MAX_NOTE + 1)).unwrap_err();
    assert!(error.message().contains("<note> is longer than 1000 bytes"), "{error}");
    let change = |addresses: u32| socialnet::protocol::profile::Change {
        addresses: Some(
            (0..addresses).map(|it| format!("https://example.net/{it}/{}", "x".repeat(400))).collect(),
        ),
        ..Default::default()
    };
    socialnet::protocol::profile::change(&mut quinn.store, change(3), morning()).unwrap();
    assert!(fill(&quinn, &[sarah()], &"x".repeat(MAX_NOTE)).is_ok(), "three long addresses");
    socialnet::protocol::profile::change(&mut quinn.store, change(16), morning()).unwrap();
    let error = fill(&quinn, &[sarah()], "").unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.advice().unwrap().contains("fewer addresses"));
}
