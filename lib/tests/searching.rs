//! Searching: Alice looks for Bob, whom Carol and Dave know. They carry it, keep what they see, and try what they can.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::SignedDuration;
use people::{Person, for_reader, kinds, meet};
use socialnet::{
    Kind,
    packet::{self, Body, Opened, Packet, Search},
    protocol::{
        bottle, introduce, meeting,
        profile::{self, For},
        sealing::Letter,
        search::{ask, sought},
        searchable,
    },
    seal,
    search::{Handle, SCHEME, bottle as bytes, tag},
    store::{
        contacts::{self, Contact},
        handles::{self, Own},
        own_searches,
        requests::{self, Came},
        searches::{OF_A_DAY, OF_A_MONTH},
    },
};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60;
/// What Bob is found by, and somebody whom nobody knows, as Argon2id would make it of their details.
const BOB: [[u8; 32]; 2] = [[0xb0; 32], [0xb1; 32]];
const NOBODY: [[u8; 32]; 2] = [[0x90; 32], [0x91; 32]];

/// Alice and Bob both know Carol and Dave, who know each other, but not each other. Bob can be found.
fn circle() -> (Person, Person, Person, Person) {
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

fn everything_comes(carol: &mut Person, dave: &mut Person, person: &mut Person) {
    let letters = person.seals_what_is_due();
    assert_eq!(carol.gets(&for_reader(&letters, carol)), []);
    assert_eq!(dave.gets(&for_reader(&letters, dave)), []);
}

/// Somebody has chosen to be found; this is before they have friends, who else would be told by their next list.
fn findable(person: &mut Person, [h, b]: [[u8; 32]; 2]) {
    let details = "name=bob miller\ntown=london\n".to_owned();
    let db = person.store.begin().unwrap();
    handles::put(&db, &Own { details, scheme: SCHEME, secret: false, h, b }).unwrap();
    db.commit().unwrap();
}

/// A friend of Carol's who can be found by something else.
fn bystander(carol: &mut Person, name: &str, number: u8) -> Person {
    let mut person = Person::new(name);
    person.now = carol.now;
    findable(&mut person, [[number; 32], [!number; 32]]);
    meet(carol, &mut person);
    assert_eq!(carol.gets(&person.seals_what_is_due()), []);
    person
}

fn contact(person: &Person, petname: &str) -> Contact {
    contacts::find(person.store.read(), petname).unwrap()
}

/// A bottle of `from` for whoever has this `B`, given to `to` first.
fn bottle_for(from: &Person, to: &Person, b: [u8; 32]) -> Vec<u8> {
    let profile = profile::own(from.store.read(), &from.keyring, For::Public).unwrap();
    let (created, expires) = (from.now, from.now + SignedDuration::from_hours(24 * 30));
    let search =
        bottle::Search { profile: &profile, note: "We sailed together.", created, expires, bs: &[b] };
    bottle::fill(&from.keyring.identity, &search, to.is()).unwrap()
}

/// A search packet, as sn-search makes them but without Argon2id.
fn search_for(from: &Person, to: &Person, [h, b]: [[u8; 32]; 2], further: bool) -> Vec<u8> {
    let token = seal::random().unwrap();
    let tags = tag::tags(&token, &[h]).unwrap().map(|tag| (SCHEME, tag)).to_vec();
    let search = Search { token, further, tags, bottle: bottle_for(from, to, b) };
    from.writes("search", Body::Search(search), |packet| packet.to = vec![to.is()])
}

fn brings(from: &Person, to: &Person, bottle: Vec<u8>) -> Vec<u8> {
    from.writes("search-request", Body::SearchRequest { bottle }, |packet| packet.to = vec![to.is()])
}

/// Hands a packet over in an envelope made by hand.
fn hands(from: &Person, to: &mut Person, counter: u64, packet: &[u8]) {
    let letter = from.envelope(to, counter, vec![from.signs(packet)]);
    assert_eq!(to.finds(&[letter]), []);
}

fn hands_bottle(from: &Person, to: &mut Person, counter: u64, bottle: Vec<u8>) {
    let packet = brings(from, to, bottle);
    hands(from, to, counter, &packet);
}

fn hands_search(from: &Person, to: &mut Person, counter: u64, whom: [[u8; 32]; 2], further: bool) {
    let packet = search_for(from, to, whom, further);
    hands(from, to, counter, &packet);
}

fn searches(from: &mut Person, to: &mut Person, whom: [[u8; 32]; 2], further: bool) {
    let packet = search_for(from, to, whom, further);
    let letters = from.seals(packet, &[]);
    assert_eq!(to.gets(&letters), []);
}

/// What leaves once everything that waits has waited long enough.
fn a_day_later(person: &mut Person) -> Vec<Letter> {
    person.waits(DAY);
    person.seals_what_is_due()
}

/// Who searches for somebody: their petname, and whom they asked first if that was another one than the bringer.
fn who_searches(person: &Person) -> Vec<(String, Option<String>)> {
    let all = requests::all(person.store.read(), person.now).unwrap();
    let searching = all.into_iter().filter_map(|(contact, came)| match came {
        Came::Searching { asked_first, .. } => Some((contact.petname, asked_first)),
        _ => None,
    });
    searching.collect()
}

fn count(person: &Person, table: &str) -> u32 {
    let count = format!("SELECT count(*) FROM {table}");
    person.store.read().query_row(&count, (), |row| row.get(0)).unwrap()
}

fn search_in(packet: &[u8]) -> (Packet, Search) {
    let packet = packet::read(packet).unwrap();
    let search = if let Body::Search(search) = &packet.body { Some(search.clone()) } else { None };
    (packet, search.unwrap())
}

#[test]
fn who_is_sought_decides_and_both_must_want_it() {
    let (mut alice, mut bob, mut carol, mut dave) = circle();
    let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    searchable::add(&mut bob.store, &details, None, false, bob.now).unwrap();
    everything_comes(&mut carol, &mut dave, &mut bob);

    let more = Handle::parse(&["born=1815", "town=LONDON", "name=Miller, Bob"]).unwrap();
    let packets = ask::begin(&mut alice.store, &alice.keyring, &more, None, "Hello!", alice.now).unwrap();
    let mut letters = Vec::new();
    for packet in packets {
        letters.extend(alice.seals(packet, &[]));
    }
    assert_eq!(letters.len(), 2);
    for person in [&mut carol, &mut dave] {
        assert_eq!(person.gets(&for_reader(&letters, person)), []);
        assert_eq!(bob.gets(&for_reader(&a_day_later(person), &bob)), []);
    }
    assert_eq!(who_searches(&bob), [("alice".to_owned(), None)], "once, though it came two ways");
    assert_eq!(contact(&bob, "alice").note, "Hello!");
    assert_eq!(bob.knows("alice"), ("introduced", "introduced"));
    assert_eq!(for_reader(&a_day_later(&mut bob), &alice).len(), 0, "nothing before he says so");
    let listed = own_searches::all(alice.store.read()).unwrap();
    assert_eq!((listed.len(), listed[0].asked, listed[0].answers.len()), (1, 2, 0));

    let who = contact(&bob, "alice");
    introduce::accept(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    assert_eq!(alice.gets(&for_reader(&bob.seals_what_is_due(), &alice)), []);
    let listed = own_searches::all(alice.store.read()).unwrap();
    assert_eq!(alice.knows("carol"), ("friend", "invited"));
    let answer = &listed[0].answers[0];
    assert_eq!((answer.petname.as_str(), answer.fingerprint), ("bob", bob.is()));
    assert_eq!(answer.handle, "name='bob miller' town=london", "one of the parts, the one that he chose");
    assert_eq!(alice.knows("bob"), ("waiting", "introduced"), "his key is not more than introduced");
    let who = contact(&alice, "bob");
    meeting::accept(&mut alice.store, &who, alice.now).unwrap();
    assert_eq!(bob.gets(&for_reader(&alice.seals_what_is_due(), &bob)), []);
    assert_eq!(
        (alice.knows("bob"), bob.knows("alice")),
        (("friend", "introduced"), ("friend", "introduced"))
    );
}

/// What somebody sees of Carol after one search: how long what leaves waited, how large it was, how many letters there were,
/// and who got it.
struct Seen {
    wait: i64,
    sizes: Vec<usize>,
    to: usize,
}

fn watched(
    alice: &Person,
    carol: &mut Person,
    whom: [[u8; 32]; 2],
    consenting: &[&Person],
    counter: u64,
) -> Seen {
    // The budget is for people, not for statistics.
    carol.store.read().execute_batch("DELETE FROM search_taken; DELETE FROM due").unwrap();
    hands_search(alice, carol, counter, whom, false);
    let query = "SELECT leaves FROM search_leaving";
    let leaves: i64 = carol.store.read().query_row(query, (), |row| row.get(0)).unwrap();
    carol.store.read().execute_batch("DELETE FROM due").unwrap();
    let wait = leaves - carol.now.as_second();
    let now = carol.now;
    carol.now = now + SignedDuration::from_secs(wait - 1);
    assert_eq!(carol.seals_what_is_due().len(), 0, "not a second before");
    carol.waits(1);
    let letters = carol.seals_what_is_due();
    assert_eq!(count(carol, "search") + count(carol, "search_leaving"), 0);
    carol.now = now;
    let to = consenting.iter().position(|person| person.is() == letters[0].reader).unwrap();
    Seen { wait, sizes: letters.iter().map(|letter| letter.der.len()).collect(), to }
}

#[test]
fn a_match_can_not_be_told_from_none() {
    const TIMES: u64 = 120;
    let (alice, bob, mut carol, _dave) = circle();
    let (erin, frank) = (bystander(&mut carol, "Erin", 0xe0), bystander(&mut carol, "Frank", 0x1f));
    let consenting = [&bob, &erin, &frank];
    carol.waits(2 * DAY);
    carol.seals_what_is_due();
    let hour = 3600;
    for (whom, start) in [(BOB, 1000), (NOBODY, 2000)] {
        let seen: Vec<Seen> = (start..start + TIMES)
            .map(|counter| watched(&alice, &mut carol, whom, &consenting, counter))
            .collect();
        let waits: Vec<i64> = seen.iter().map(|seen| seen.wait).collect();
        let mean = waits.iter().sum::<i64>() / TIMES as i64;
        assert!(waits.iter().all(|wait| (hour..=24 * hour).contains(wait)));
        // Uniform from 1 to 24 hours: 6.64 hours is the deviation of one, 0.61 that of the mean; six of them on each side.
        assert!((12 * hour + 1800 - mean).abs() < 13_200, "{mean}");
        // One in 10^12 has none in the first quarter, or in the last.
        assert!(waits.iter().any(|wait| *wait < 7 * hour) && waits.iter().any(|wait| *wait > 18 * hour));
        let sizes: BTreeSet<&[usize]> = seen.iter().map(|seen| seen.sizes.as_slice()).collect();
        assert_eq!(sizes.len(), 1, "one letter, of one size: {sizes:?}");
        assert_eq!(seen[0].sizes.len(), 1);
        let readers: BTreeSet<usize> = seen.iter().map(|seen| seen.to).collect();
        let all = if whom == BOB { vec![0] } else { vec![0, 1, 2] };
        assert_eq!(readers.into_iter().collect::<Vec<_>>(), all);
    }
    let sizes =
        [BOB, NOBODY].map(|whom| watched(&alice, &mut carol, whom, &consenting, whom[0][0].into()).sizes);
    assert_eq!(sizes[0], sizes[1]);
}

#[test]
fn who_searches_sees_the_same_whether_or_not_somebody_was_found() {
    let (mut alice, _bob, mut carol, _dave) = circle();
    carol.waits(2 * DAY);
    carol.seals_what_is_due();
    alice.now = carol.now;
    let seen = [BOB, NOBODY].map(|whom| {
        searches(&mut alice, &mut carol, whom, false);
        let letters = for_reader(&a_day_later(&mut carol), &alice);
        alice.now = carol.now;
        letters.iter().map(|letter| letter.der.len()).collect::<Vec<_>>()
    });
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].len(), 1, "the confirmation that everything gets");
}

#[test]
fn a_search_counts_once_whoever_replays_it() {
    let (alice, bob, mut carol, dave) = circle();
    let packet = search_for(&alice, &carol, BOB, false);
    hands(&alice, &mut carol, 100, &packet);
    hands(&alice, &mut carol, 101, &packet);
    // Bob and Dave too, in packets of their own.
    let (_, search) = search_in(&packet);
    for who in [&dave, &bob] {
        let again = who.writes("search", Body::Search(search.clone()), |packet| packet.to = vec![carol.is()]);
        hands(who, &mut carol, 102, &again);
    }
    assert_eq!((count(&carol, "search"), count(&carol, "search_leaving")), (1, 1));
    assert_eq!(for_reader(&a_day_later(&mut carol), &bob).len(), 1);
    hands(&alice, &mut carol, 103, &packet);
    assert_eq!(count(&carol, "search"), 0, "nor when it has left");
    // Nor is one taken that looks for more than a bottle is for.
    let (_, mut search) = search_in(&search_for(&alice, &carol, BOB, false));
    search.tags.push(search.tags[0]);
    let more = alice.writes("search", Body::Search(search), |packet| packet.to = vec![carol.is()]);
    hands(&alice, &mut carol, 105, &more);
    assert_eq!(count(&carol, "search"), 0);
    // What names somebody else is no way around it.
    let other = search_for(&alice, &dave, BOB, false);
    let letter = alice.envelope(&carol, 104, vec![alice.signs(&other)]);
    assert_eq!(kinds(&carol.finds(&[letter])), [Kind::NotAllowed]);
}

#[test]
fn two_contacts_who_lay_together_what_they_hold_find_nothing_alike() {
    let (mut alice, _bob, carol, dave) = circle();
    let details = Handle::parse(&["name=Somebody Else", "town=Paris"]).unwrap();
    let mut begin = || ask::begin(&mut alice.store, &alice.keyring, &details, None, "", alice.now).unwrap();
    // The same search twice, each to both of them.
    let packets = [begin(), begin()].concat();
    let readers: Vec<_> = packets.iter().map(|packet| search_in(packet).0.to[0]).collect();
    assert_eq!(readers, [carol.is(), dave.is(), carol.is(), dave.is()]);
    let mut pieces = Vec::new();
    for packet in &packets {
        let (_, search) = search_in(packet);
        assert_eq!(search.tags.len(), 8, "nobody sees how many there are");
        pieces.push(search.token.to_vec());
        pieces.extend(search.tags.iter().map(|(_, tag)| tag.to_vec()));
        // The scheme is the same in all, the body's length is fixed.
        pieces.extend(search.bottle[4..].windows(16).map(<[u8]>::to_vec));
    }
    let all = pieces.len();
    pieces.sort_unstable();
    pieces.dedup();
    assert_eq!(pieces.len(), all);
    // Sealed for others than whom each names, they would be alike.
    let (letters, failures) = alice.tries_to_seal(packets[0].clone(), &["all"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::NotAllowed]));
}

#[test]
fn a_bottle_given_away_says_to_whom_it_was_given_first() {
    let (alice, mut bob, carol, dave) = circle();
    // Carol hands what she has got to Dave, who brings it as if it had come to him.
    let given = bottle_for(&alice, &carol, BOB[1]);
    hands_bottle(&dave, &mut bob, 100, given.clone());
    assert_eq!(who_searches(&bob), [("alice".to_owned(), Some("carol".to_owned()))]);
    assert_eq!(contact(&bob, "alice").introducer.as_deref(), Some("dave"));
    hands_bottle(&carol, &mut bob, 100, given);
    assert_eq!(who_searches(&bob).len(), 1);
}

#[test]
fn who_opened_a_bottle_can_not_put_its_slip_into_one_for_somebody_else() {
    let (alice, bob, mut carol, _dave) = circle();
    let erin_is_found_by = [[0xe0; 32], [0xe0 + 4; 32]];
    let mut erin = Person::new("Erin");
    findable(&mut erin, erin_is_found_by);
    meet(&mut carol, &mut erin);
    let opened = bytes::open(&bottle_for(&alice, &carol, BOB[1]), &[BOB[1]]).unwrap().unwrap();
    let rebottled = bytes::fill(&[erin_is_found_by[1]], |_| Ok(opened.content)).unwrap();
    hands_bottle(&carol, &mut erin, 100, rebottled);
    assert_eq!(who_searches(&erin), []);
    // She would have seen one that is right.
    let right = bottle_for(&alice, &carol, erin_is_found_by[1]);
    hands_bottle(&carol, &mut erin, 101, right);
    assert_eq!(who_searches(&erin).len(), 1);
    assert_eq!(bob.knows("alice").0, "unknown");
}

#[test]
fn a_contact_who_invents_somebody_vouches_for_them_and_takes_nobodys_place() {
    let (mut alice, mut bob, carol, _dave) = circle();
    meet(&mut alice, &mut bob);
    let before = contact(&bob, "alice");
    // Carol knows the details, has made a key, and calls it Alice.
    let invented = Person::new("Alice");
    hands_bottle(&carol, &mut bob, 100, bottle_for(&invented, &carol, BOB[1]));
    assert_eq!(who_searches(&bob), [("alice-2".to_owned(), None)]);
    assert_eq!(contact(&bob, "alice-2").introducer.as_deref(), Some("carol"));
    assert_eq!(bob.knows("alice-2"), ("introduced", "introduced"));
    assert_eq!(contact(&bob, "alice"), before);
    // Alice herself need not search for him, and is shown to nobody as if she did.
    hands_bottle(&carol, &mut bob, 101, bottle_for(&alice, &carol, BOB[1]));
    assert_eq!((who_searches(&bob).len(), contact(&bob, "alice")), (1, before));
    for counter in 102..110 {
        let another = bottle_for(&Person::new("Another"), &carol, BOB[1]);
        hands_bottle(&carol, &mut bob, counter, another);
    }
    assert_eq!(who_searches(&bob).len(), 3, "three a week of one friend");
    bob.waits(8 * DAY);
    let late = Person::new("Late");
    hands_bottle(&carol, &mut bob, 110, bottle_for(&late, &carol, BOB[1]));
    assert_eq!(who_searches(&bob).len(), 4);
}

#[test]
fn a_flood_ends_at_the_budget_and_fills_nothing() {
    let (mut alice, bob, mut carol, _dave) = circle();
    for counter in 100..140 {
        hands_search(&alice, &mut carol, counter, BOB, true);
    }
    assert_eq!((count(&carol, "search"), count(&carol, "search_taken")), (OF_A_DAY, OF_A_DAY));
    for day in 1..30 {
        carol.waits(DAY);
        alice.now = carol.now;
        for counter in 0..6 {
            hands_search(&alice, &mut carol, 200 + 10 * day + counter, NOBODY, false);
        }
    }
    assert_eq!(count(&carol, "search_taken"), OF_A_MONTH);
    assert!(for_reader(&carol.seals_what_is_due(), &bob).len() <= OF_A_MONTH as usize);
    let held =
        carol.store.read().query_row("SELECT count(*) FROM packet WHERE author = ?1", [alice.is()], |row| {
            row.get::<_, u32>(0)
        });
    assert_eq!(held.unwrap(), 0, "nothing of them is kept");
    // Her own node says so before she sends what nobody carries.
    let details = Handle::parse(&["mail=bob@example.org"]).unwrap();
    let mut begin = || ask::begin(&mut alice.store, &alice.keyring, &details, None, "", alice.now);
    for _ in 0..OF_A_DAY {
        assert_eq!(begin().unwrap().len(), 2);
    }
    assert_eq!(begin().unwrap_err().kind(), Kind::Again);
}

#[test]
fn what_is_of_another_scheme_is_carried_like_what_is_for_nobody() {
    let (alice, bob, mut carol, _dave) = circle();
    let (_, mut search) = search_in(&search_for(&alice, &carol, BOB, false));
    search.tags.iter_mut().for_each(|(scheme, _)| *scheme = 2);
    search.bottle = [&[0, 0, 0, 2], b"a bottle of tomorrow".as_slice()].concat();
    let sent = search.bottle.clone();
    let packet = alice.writes("search", Body::Search(search), |packet| packet.to = vec![carol.is()]);
    hands(&alice, &mut carol, 100, &packet);
    let mut bob = bob;
    let letters = for_reader(&a_day_later(&mut carol), &bob);
    assert_eq!(letters.len(), 1, "Bob is the only one who consents");
    assert_eq!(bob.gets(&letters), []);
    assert_eq!((who_searches(&bob), bob.sees()), (vec![], vec![]));
    assert!(!sent.is_empty());
}

#[test]
fn nothing_is_carried_for_whom_one_is_no_friend_of() {
    let (alice, mut bob, mut carol, _dave) = circle();
    assert_eq!(count(&carol, "hashcache"), 1);
    let who = contact(&bob, "carol");
    meeting::remove(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    assert_eq!(carol.gets(&for_reader(&bob.seals_what_is_due(), &carol)), []);
    assert_eq!(count(&carol, "hashcache"), 0);
    hands_search(&alice, &mut carol, 100, BOB, false);
    assert_eq!(for_reader(&a_day_later(&mut carol), &bob).len(), 0);
}

#[test]
fn a_search_goes_one_contact_further_and_does_not_say_whose_it_is() {
    // Alice knows Carol, Carol knows Dave, Dave knows Bob.
    let mut people = ["Alice", "Bob", "Carol", "Dave"].map(Person::new);
    let [alice, bob, carol, dave] = &mut people;
    findable(bob, BOB);
    meet(alice, carol);
    meet(carol, dave);
    meet(dave, bob);
    assert_eq!(dave.gets(&for_reader(&bob.seals_what_is_due(), dave)), []);
    let packet = search_for(alice, carol, BOB, true);
    hands(alice, carol, 100, &packet);
    let letters = for_reader(&a_day_later(carol), dave);
    assert_eq!(letters.len(), 1);
    dave.now = carol.now;
    assert_eq!(dave.gets(&letters), []);
    let passed_on: Vec<u8> =
        dave.store.read().query_row("SELECT packet FROM search", (), |row| row.get(0)).unwrap();
    let ((sent, before), (got, after)) = (search_in(&packet), search_in(&passed_on));
    assert_eq!((before.token, before.tags, before.bottle), (after.token, after.tags, after.bottle));
    assert_eq!((got.name.from, got.to.as_slice()), (carol.is(), [dave.is()].as_slice()));
    assert_ne!(got.name.id, sent.name.id);
    let words = String::from_utf8(passed_on).unwrap();
    assert!(!words.contains(&alice.is().to_string()) && !words.contains(&sent.created.to_string()));

    let letters = for_reader(&a_day_later(dave), bob);
    bob.now = dave.now;
    assert_eq!(bob.gets(&letters), []);
    let first = carol.is().short();
    assert_eq!(who_searches(bob), [("alice".to_owned(), Some(first))], "he does not know Carol");
    assert_eq!(contact(bob, "alice").introducer.as_deref(), Some("dave"));
}

#[test]
fn who_carries_a_search_may_be_the_one() {
    let (alice, mut bob, carol, _dave) = circle();
    // Carol passes on to Bob what was meant for whoever it finds, and Bob is that one.
    let (_, search) = search_in(&search_for(&alice, &carol, BOB, true));
    let passed_on = carol.writes("search", Body::Search(search), |packet| packet.to = vec![bob.is()]);
    hands(&carol, &mut bob, 100, &passed_on);
    assert_eq!(who_searches(&bob), [("alice".to_owned(), None)]);
    assert!(count(&bob, "search_leaving") > 0, "he carries it all the same");
}

#[test]
fn killed_at_any_step_a_search_leaves_once() {
    let (alice, mut bob, mut carol, _dave) = circle();
    carol.waits(2 * DAY);
    carol.seals_what_is_due();
    hands_search(&alice, &mut carol, 100, BOB, false);
    carol.waits(DAY);
    // What was printed is thrown away, twice; then it is taken.
    for _ in 0..2 {
        assert_eq!(for_reader(&carol.seals_what_is_due_and_loses_it(), &bob).len(), 1);
        assert_eq!(for_reader(&carol.seals_what_is_due_and_loses_it(), &bob).len(), 0);
        carol.waits(11);
    }
    let letters = for_reader(&carol.seals_what_is_due(), &bob);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(who_searches(&bob).len(), 1);
    assert_eq!((count(&carol, "search"), count(&carol, "search_leaving")), (0, 0));
    carol.waits(60);
    assert_eq!(for_reader(&carol.seals_what_is_due(), &bob).len(), 0);
}

#[test]
fn a_searcher_who_is_stopped_is_brought_no_more_and_not_told() {
    let (mut alice, mut bob, mut carol, mut dave) = circle();
    carol.waits(2 * DAY);
    carol.seals_what_is_due();
    alice.now = carol.now;
    bob.now = carol.now;
    searches(&mut alice, &mut carol, BOB, false);
    let letters = for_reader(&a_day_later(&mut carol), &bob);
    assert_eq!(bob.gets(&letters), []);
    let who = contact(&bob, "alice");
    let me = bob.is();
    sought::stop(&mut bob.store, me, &who, bob.now).unwrap();
    let letters = bob.seals_what_is_due();
    assert_eq!((for_reader(&letters, &alice).len(), for_reader(&letters, &dave).len()), (0, 0));
    assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
    assert_eq!(bob.knows("alice").0, "unknown");

    alice.now = carol.now;
    searches(&mut alice, &mut carol, BOB, false);
    a_day_later(&mut carol);
    assert_eq!(count(&carol, "search_brought"), 1, "not even what is for nobody");
    // By another friend it comes, and is not shown.
    dave.now = carol.now;
    bob.now = carol.now;
    searches(&mut alice, &mut dave, BOB, false);
    let letters = for_reader(&a_day_later(&mut dave), &bob);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(who_searches(&bob), []);
    // Dave's own are Carol's to bring.
    dave.now = carol.now;
    let another = bottle_for(&Person::new("Erin"), &dave, BOB[1]);
    hands_bottle(&carol, &mut bob, 100, another);
    assert_eq!(who_searches(&bob).len(), 1);
    // Nobody stops what was brought to others.
    let strange = dave.writes("search-stop", Body::SearchStop, |packet| {
        packet.about = Some(packet::About::Packet(packet.name, None));
    });
    let letter = dave.envelope(&carol, 100, vec![dave.signs(&strange)]);
    assert_eq!(kinds(&carol.finds(&[letter])), [Kind::NotAllowed]);
}

#[test]
fn only_a_proof_that_holds_makes_an_answer() {
    let (mut alice, bob, _carol, _dave) = circle();
    let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    let b = tag::derive(&details, None).unwrap().b;
    let packets = ask::begin(&mut alice.store, &alice.keyring, &details, None, "", alice.now).unwrap();
    let opened = bytes::open(&search_in(&packets[0]).1.bottle, &[b]).unwrap().unwrap();
    let shown = |who: &Person| Opened {
        bottle: opened.digest,
        proof: bytes::proof(&opened.proof, who.is()).unwrap(),
    };
    let request = |who: &Person, shown| {
        let profile = profile::own(who.store.read(), &who.keyring, For::Contacts).unwrap();
        let body = Body::ContactRequest { profile, code: None, successions: Vec::new(), opened: Some(shown) };
        who.signs(&who.writes("contact-request", body, |_| {}))
    };
    let came = |alice: &mut Person, who: &Person, shown| {
        let letter = who.envelope(alice, 1, vec![request(who, shown)]);
        assert_eq!(alice.finds(&[letter]), []);
        let all = requests::all(alice.store.read(), alice.now).unwrap();
        let it = all.into_iter().find(|(contact, _)| contact.fingerprint == who.is()).unwrap();
        (it.0.grade.as_str(), it.1)
    };
    let [mallory, erin, late] = ["Mallory", "Erin", "Late"].map(Person::new);
    assert_eq!(came(&mut alice, &mallory, shown(&bob)), ("", Came::Uninvited), "somebody else's");
    let invented = Opened { bottle: [7; 32], ..shown(&erin) };
    assert_eq!(came(&mut alice, &erin, invented), ("", Came::Uninvited), "of no bottle of hers");
    let by = "name='bob miller' town=london".to_owned();
    assert_eq!(came(&mut alice, &bob, shown(&bob)), ("introduced", Came::Found(by)));
    assert_eq!(alice.knows("bob"), ("waiting", "introduced"));
    ask::end(&mut alice.store, 1, alice.now).unwrap();
    assert_eq!(came(&mut alice, &late, shown(&late)), ("", Came::Uninvited), "the search was ended");
    assert_eq!(ask::end(&mut alice.store, 1, alice.now).unwrap_err().kind(), Kind::Nothing);
    assert_eq!((count(&alice, "own_bottle"), own_searches::all(alice.store.read()).unwrap().len()), (0, 1));
}
