//! Alice looks for Bob, whom Carol and Dave know: what a search needs, without the seconds of Argon2id.

use super::{Person, for_reader, meet};
use jiff::SignedDuration;
use socialnet::{
    packet::{self, Body, Packet, Search},
    protocol::{
        bottle,
        profile::{self, For},
        sealing::Letter,
    },
    seal,
    search::{SCHEME, tag},
    store::{
        account,
        contacts::{self, Contact},
        handles::{self, Own},
        requests::{self, Came},
    },
};

pub const DAY: i64 = 24 * 60;
/// What Bob is found by, and somebody whom nobody knows, as Argon2id would make it of their details.
pub const BOB: [[u8; 32]; 2] = [[0xb0; 32], [0xb1; 32]];
pub const NOBODY: [[u8; 32]; 2] = [[0x90; 32], [0x91; 32]];

/// Alice and Bob both know Carol and Dave, who know each other, but not each other. Bob can be found.
pub fn circle() -> (Person, Person, Person, Person) {
    let mut people = ["Alice", "Bob", "Carol", "Dave"].map(Person::new);
    let [alice, bob, carol, dave] = &mut people;
    findable(bob, BOB);
    meet(carol, dave);
    for person in [alice, bob] {
        meet(carol, person);
        meet(dave, person);
        everything_comes(carol, dave, person);
    }
    people.into()
}

pub fn everything_comes(carol: &mut Person, dave: &mut Person, person: &mut Person) {
    let letters = person.seals_what_is_due();
    assert_eq!(carol.gets(&for_reader(&letters, carol)), []);
    assert_eq!(dave.gets(&for_reader(&letters, dave)), []);
}

/// Somebody has chosen to be found; this is before they have friends, who else would be told by their next list.
pub fn findable(person: &mut Person, [h, b]: [[u8; 32]; 2]) {
    let details = "name=bob miller\ntown=london\n".to_owned();
    let db = person.store.begin().unwrap();
    handles::put(&db, &Own { details, scheme: SCHEME, secret: false, h, b }).unwrap();
    handles::set_changed(&db, account::get(&db).unwrap().serial).unwrap();
    db.commit().unwrap();
}

/// A friend of Carol's who can be found by something else.
pub fn bystander(carol: &mut Person, name: &str, number: u8) -> Person {
    let mut person = Person::new(name);
    person.now = carol.now;
    findable(&mut person, [[number; 32], [!number; 32]]);
    meet(carol, &mut person);
    assert_eq!(carol.gets(&person.seals_what_is_due()), []);
    person
}

pub fn contact(person: &Person, petname: &str) -> Contact {
    contacts::find(person.store.read(), petname).unwrap()
}

/// A bottle of `from` for whoever has this `B`, given to `to` first.
pub fn bottle_for(from: &Person, to: &Person, b: [u8; 32]) -> Vec<u8> {
    let profile = profile::own(from.store.read(), &from.keyring, For::Public).unwrap();
    let (identity, note) = (&from.keyring.identity, "We sailed together.");
    let lasts = (from.now, from.now + SignedDuration::from_hours(24 * 30));
    bottle::Search::new(identity, &profile, note, lasts, &[b]).unwrap().fill(to.is()).unwrap()
}

/// A search packet, as sn-search makes them but without Argon2id.
pub fn search_for(from: &Person, to: &Person, [h, b]: [[u8; 32]; 2], further: bool) -> Vec<u8> {
    let token = seal::random().unwrap();
    let tags = tag::tags(&token, &[h]).unwrap().map(|tag| (SCHEME, tag)).to_vec();
    let search = Search { token, further, tags, bottle: bottle_for(from, to, b) };
    from.writes("search", Body::Search(search), |packet| packet.to = vec![to.is()])
}

pub fn brings(from: &Person, to: &Person, bottle: Vec<u8>) -> Vec<u8> {
    from.writes("search-request", Body::SearchRequest { bottle }, |packet| packet.to = vec![to.is()])
}

/// Hands a packet over in an envelope made by hand.
pub fn hands(from: &Person, to: &mut Person, counter: u64, packet: &[u8]) {
    let letter = from.envelope(to, counter, vec![from.signs(packet)]);
    assert_eq!(to.finds(&[letter]), []);
}

pub fn hands_bottle(from: &Person, to: &mut Person, counter: u64, bottle: Vec<u8>) {
    let packet = brings(from, to, bottle);
    hands(from, to, counter, &packet);
}

pub fn hands_search(from: &Person, to: &mut Person, counter: u64, whom: [[u8; 32]; 2], further: bool) {
    let packet = search_for(from, to, whom, further);
    hands(from, to, counter, &packet);
}

pub fn searches(from: &mut Person, to: &mut Person, whom: [[u8; 32]; 2], further: bool) {
    let packet = search_for(from, to, whom, further);
    let letters = from.seals(packet, &[]);
    assert_eq!(to.gets(&letters), []);
}

/// What leaves once everything that waits has waited long enough.
pub fn a_day_later(person: &mut Person) -> Vec<Letter> {
    person.waits(DAY);
    person.seals_what_is_due()
}

/// Who searches for somebody: their petname, and whom they asked first if that was another one than the bringer.
pub fn who_searches(person: &Person) -> Vec<(String, Option<String>)> {
    let all = requests::all(person.store.read(), person.now).unwrap();
    let searching = all.into_iter().filter_map(|(contact, came)| match came {
        Came::Searching { asked_first, .. } => Some((contact.petname, asked_first)),
        _ => None,
    });
    searching.collect()
}

pub fn search_in(packet: &[u8]) -> (Packet, Search) {
    let packet = packet::read(packet).unwrap();
    let search = if let Body::Search(search) = &packet.body { Some(search.clone()) } else { None };
    (packet, search.unwrap())
}
