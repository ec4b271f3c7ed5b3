//! Carol and Dave keep everything that they carry, lay it together, replay it, forward it, and make up their own; Alice floods.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::SignedDuration;
use people::{Person, for_reader, kinds, meet, searching::*};
use socialnet::{
    Kind,
    packet::{Body, BottleOpened},
    protocol::{
        bottle,
        profile::{self, For},
        search::ask,
    },
    search::{Handle, bottle as bytes, tag},
    store::{
        own_searches,
        requests::{self, Came},
        searches::{OF_A_DAY, OF_A_MONTH},
    },
};

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
    assert_eq!((carol.rows("search"), carol.rows("search_leaving")), (1, 1));
    assert_eq!(for_reader(&a_day_later(&mut carol), &bob).len(), 1);
    hands(&alice, &mut carol, 103, &packet);
    assert_eq!(carol.rows("search"), 0, "nor when it has left");
    // Nor is one taken that looks for more than a bottle is for.
    let (_, mut search) = search_in(&search_for(&alice, &carol, BOB, false));
    search.tags.push(search.tags[0]);
    let more = alice.writes("search", Body::Search(search), |packet| packet.to = vec![carol.is()]);
    hands(&alice, &mut carol, 105, &more);
    assert_eq!(carol.rows("search"), 0);
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
fn who_guesses_at_somebody_by_bottles_hears_nothing() {
    let (_alice, mut bob, mut carol, _dave) = circle();
    for person in [&mut carol, &mut bob] {
        person.waits(2 * DAY);
        person.seals_what_is_due();
    }
    // Eight guesses in one bottle, and Carol has filled it herself, in a made-up name.
    let guesses = |right: [u8; 32]| -> Vec<[u8; 32]> {
        [right].into_iter().chain((1..8).map(|guess| [guess; 32])).collect()
    };
    let mallory = Person::new("Mallory");
    let mut heard = |right: [[u8; 32]; 2], counter| {
        let profile = profile::own(mallory.store.read(), &mallory.keyring, For::Public).unwrap();
        let lasts = (bob.now, bob.now + SignedDuration::from_hours(24));
        let bs = guesses(right[1]);
        let search = bottle::Search::new(&mallory.keyring.identity, &profile, "", lasts, &bs).unwrap();
        hands_bottle(&carol, &mut bob, counter, search.fill(carol.is()).unwrap());
        let letters = a_day_later(&mut bob);
        letters.iter().map(|letter| (letter.reader, letter.der.len())).collect::<Vec<_>>()
    };
    let (right, wrong) = (heard(BOB, 100), heard(NOBODY, 101));
    assert_eq!(right, wrong, "the confirmation that everything gets, and nothing else");
    assert_eq!((right.len(), right[0].0), (1, carol.is()));
    assert_eq!(who_searches(&bob), [("mallory".to_owned(), None)], "he alone has seen it");
}

#[test]
fn a_flood_ends_at_the_budget_and_fills_nothing() {
    let (mut alice, bob, mut carol, _dave) = circle();
    for counter in 100..140 {
        hands_search(&alice, &mut carol, counter, BOB, true);
    }
    assert_eq!((carol.rows("search"), carol.rows("search_taken")), (OF_A_DAY as usize, OF_A_DAY as usize));
    for day in 1..30 {
        carol.waits(DAY);
        alice.now = carol.now;
        for counter in 0..6 {
            hands_search(&alice, &mut carol, 200 + 10 * day + counter, NOBODY, false);
        }
    }
    assert_eq!(carol.rows("search_taken"), OF_A_MONTH as usize);
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
fn only_a_proof_that_holds_makes_an_answer() {
    let (mut alice, bob, _carol, _dave) = circle();
    let details = Handle::parse(&["name=Bob Miller", "town=London"]).unwrap();
    let b = tag::derive(&details, None).unwrap().b;
    let packets = ask::begin(&mut alice.store, &alice.keyring, &details, None, "", alice.now).unwrap();
    let opened = bytes::open(&search_in(&packets[0]).1.bottle, &[b]).unwrap().unwrap();
    let shown = |who: &Person| BottleOpened {
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
    let invented = BottleOpened { bottle: [7; 32], ..shown(&erin) };
    assert_eq!(came(&mut alice, &erin, invented), ("", Came::Uninvited), "of no bottle of hers");
    let by = "name='bob miller' town=london".to_owned();
    assert_eq!(came(&mut alice, &bob, shown(&bob)), ("introduced", Came::Found(by)));
    assert_eq!(alice.knows("bob"), ("waiting", "introduced"));
    ask::end(&mut alice.store, 1, alice.now).unwrap();
    assert_eq!(came(&mut alice, &late, shown(&late)), ("", Came::Uninvited), "the search was ended");
    assert_eq!(ask::end(&mut alice.store, 1, alice.now).unwrap_err().kind(), Kind::Nothing);
    assert_eq!((alice.rows("own_bottle"), own_searches::all(alice.store.read()).unwrap().len()), (0, 1));
}
