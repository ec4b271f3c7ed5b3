//! Searching: Alice looks for Bob, whom Carol and Dave know. Who is sought decides, and nobody else sees whether there was
//! anybody to decide.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::SignedDuration;
use people::{Person, for_reader, kinds, meet, searching::*};
use socialnet::{
    Kind,
    packet::{self, Body},
    protocol::{
        blocking, decide, introduce, open,
        search::{ask, sought},
        searchable,
    },
    search::Handle,
    store::{handles::Searchers, own_searches},
};
use std::collections::BTreeSet;

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
    decide::accept(&mut alice.store, &alice.keyring, &who, alice.now).unwrap();
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
    let mut letters = carol.seals_what_is_due();
    // After a whole day, the longest wait, what Alice sent is confirmed in the same round.
    letters.retain(|letter| letter.reader != alice.is());
    assert_eq!(carol.rows("search") + carol.rows("search_leaving"), 0);
    carol.now = now;
    let to = consenting.iter().position(|person| person.is() == letters[0].reader).unwrap();
    Seen { wait, sizes: letters.iter().map(|letter| letter.der.len()).collect(), to }
}

#[test]
fn a_match_can_not_be_told_from_none() {
    const TIMES: u64 = 140;
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
        // Uniform from 1 to 24 hours: 6.64 hours is the deviation of one, 0.56 that of the mean; 6.5 of them on each side.
        assert!((12 * hour + 1800 - mean).abs() < 13_200, "{mean}");
        // One in 10^14 has none in the first quarter, or in the last.
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
    assert_eq!(carol.rows("search_brought"), 1, "to Bob, the only one who consents");
    let opened = open::open(&letters[0].der, &bob.keyring).unwrap();
    let bottles = opened.packets.iter().map(|verified| verified.packet.body.clone());
    assert_eq!(bottles.collect::<Vec<_>>(), [Body::SearchRequest { bottle: sent }], "as it came");
    assert_eq!(bob.gets(&letters), []);
    assert_eq!((who_searches(&bob), bob.sees()), (vec![], vec![]));
}

#[test]
fn nothing_is_carried_for_whom_one_is_no_friend_of() {
    let (alice, mut bob, mut carol, _dave) = circle();
    assert_eq!(carol.rows("hashcache"), 1);
    let who = contact(&bob, "carol");
    decide::remove(&mut bob.store, &bob.keyring, &who, bob.now).unwrap();
    assert_eq!(carol.gets(&for_reader(&bob.seals_what_is_due(), &carol)), []);
    assert_eq!(carol.rows("hashcache"), 0);
    hands_search(&alice, &mut carol, 100, BOB, false);
    assert_eq!(for_reader(&a_day_later(&mut carol), &bob).len(), 0);
}

#[test]
fn who_is_not_to_be_found_is_not_though_a_contact_kept_the_handle() {
    let (alice, mut bob, mut carol, _dave) = circle();
    let mut number = 100;
    let mut told_and_sought = |bob: &mut Person, by: &Person| {
        let letters = bob.seals_what_is_due();
        assert_eq!(carol.gets(&for_reader(&letters, &carol)), []);
        number += 1;
        hands_bottle(&carol, bob, number, bottle_for(by, &carol, BOB[1]));
        (carol.rows("hashcache"), who_searches(bob).len())
    };
    for searchers in [Searchers::Nobody, Searchers::Secret] {
        searchable::allow(&mut bob.store, searchers, bob.now).unwrap();
        assert_eq!(told_and_sought(&mut bob, &alice), (0, 0), "{searchers:?}");
    }
    searchable::allow(&mut bob.store, Searchers::Contacts, bob.now).unwrap();
    assert_eq!(told_and_sought(&mut bob, &alice), (1, 1));
    let handle = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    searchable::withdraw(&mut bob.store, &handle, bob.now).unwrap();
    assert_eq!(told_and_sought(&mut bob, &Person::new("Erin")), (0, 1), "he sees no more than before");
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
    assert!(bob.rows("search_leaving") > 0, "he carries it all the same");
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
    assert_eq!((carol.rows("search"), carol.rows("search_leaving")), (0, 0));
    carol.waits(60);
    assert_eq!(for_reader(&carol.seals_what_is_due(), &bob).len(), 0);
}

#[test]
fn whoever_brought_a_search_and_is_no_friend_any_more_hears_nothing_of_its_end() {
    let (alice, mut bob, carol, _dave) = circle();
    bob.seals_what_is_due();
    let bottle = bottle_for(&alice, &carol, BOB[1]);
    hands_bottle(&carol, &mut bob, 100, bottle);
    assert_eq!(who_searches(&bob).len(), 1);
    blocking::block(&mut bob.store, carol.is()).unwrap();
    let who = contact(&bob, "alice");
    let me = bob.is();
    sought::stop(&mut bob.store, me, &who, bob.now).unwrap();
    let letters = bob.seals_what_is_due();
    assert_eq!(for_reader(&letters, &carol), []);
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
    assert_eq!(carol.rows("search_brought"), 1, "not even what is for nobody");
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
