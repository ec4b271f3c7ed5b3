//! What gets lost on the way is missed, asked for, and answered.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, meet};
use socialnet::{
    envelope::{Envelope, Received},
    mailbox::name_for,
    packet::{self, Body, Resend},
    protocol::{open, sealing::Letter},
    store::{contacts, delivery, unconfirmed},
};

const DAY: i64 = 24 * 60;

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    let rest = bob.seals_what_is_due();
    alice.gets(&rest);
    (alice, bob)
}

/// Alice says something, and hands it to sn-send.
fn says(alice: &mut Person, text: &str) -> Vec<Letter> {
    let status = alice.status(text);
    let letters = alice.seals(status, &["bob"]);
    alice.queues(&letters);
    letters
}

/// What an envelope says, as its reader sees it.
fn envelope(letter: &Letter, reader: &Person) -> Envelope {
    open::open(&letter.der, &reader.keyring).unwrap().envelope
}

fn kinds(letter: &Letter, reader: &Person) -> Vec<String> {
    let opened = open::open(&letter.der, &reader.keyring).unwrap();
    opened.packets.into_iter().map(|verified| verified.packet.kind).collect()
}

const UNCONFIRMED: &str = "sealed WHERE confirmed IS NULL";

/// Both let time pass.
fn wait(people: [&mut Person; 2], minutes: i64) {
    people.into_iter().for_each(|person| person.waits(minutes));
}

#[test]
fn what_is_lost_is_asked_for_after_a_day_and_comes_again() {
    let (mut alice, mut bob) = friends();
    says(&mut alice, "Lost.");
    let after = says(&mut alice, "Came.");
    assert_eq!(bob.gets(&after), []);
    assert_eq!((bob.sees(), bob.rows("gap")), (vec!["alice: Came.".to_owned()], 1));
    wait([&mut alice, &mut bob], DAY - 1);
    assert_eq!(bob.seals_what_is_due(), [], "it may still be on its way");
    wait([&mut alice, &mut bob], 1);
    let asking = bob.seals_what_is_due();
    assert_eq!(kinds(&asking[0], &alice), ["resend"]);
    assert_eq!(alice.gets(&asking), []);
    let answer = alice.seals_what_is_due();
    assert_eq!(kinds(&answer[0], &bob), ["status"]);
    assert_eq!(bob.gets(&answer), []);
    assert_eq!((bob.sees().len(), bob.rows("gap")), (2, 0));
    wait([&mut alice, &mut bob], DAY);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!(alice.rows(UNCONFIRMED), 0, "the lost one too: what was in it has come");
}

#[test]
fn what_comes_late_closes_its_gap() {
    let (mut alice, mut bob) = friends();
    let letters: Vec<Letter> =
        ["1", "2", "3", "4", "5"].iter().flat_map(|text| says(&mut alice, text)).collect();
    bob.gets(&letters[4..]);
    bob.gets(&letters[1..2]);
    assert_eq!(bob.rows("gap"), 2);
    for index in [3, 2, 0] {
        bob.gets(&letters[index..=index]);
    }
    assert_eq!((bob.rows("gap"), bob.sees().len()), (0, 5));
    wait([&mut alice, &mut bob], 2 * DAY);
    let letters = bob.seals_what_is_due();
    assert!(letters.iter().all(|letter| kinds(letter, &alice).is_empty()), "nothing to ask for");
}

#[test]
fn who_gets_no_answer_asks_ever_more_rarely_and_gives_up() {
    let (mut alice, mut bob) = friends();
    says(&mut alice, "Lost.");
    let after = says(&mut alice, "Came.");
    bob.gets(&after);
    let mut days = Vec::new();
    for day in 1..=80 {
        wait([&mut alice, &mut bob], DAY);
        if bob.seals_what_is_due().iter().any(|letter| kinds(letter, &alice).contains(&"resend".to_owned())) {
            days.push(day);
        }
    }
    assert_eq!(days, [1, 2, 4, 8, 16, 32]);
}

#[test]
fn what_was_sealed_and_thrown_away_is_void() {
    let (mut alice, mut bob) = friends();
    let status = alice.status("On second thoughts, no.");
    alice.seals(status, &["bob"]);
    let after = says(&mut alice, "Hello.");
    bob.gets(&after);
    wait([&mut alice, &mut bob], DAY);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    let answer = alice.seals_what_is_due();
    assert_eq!((answer.len(), kinds(&answer[0], &bob).len()), (1, 0), "void needs no packet");
    assert_eq!(envelope(&answer[0], &bob).counter, 0);
    assert_eq!(bob.gets(&answer), []);
    assert_eq!((bob.rows("gap"), bob.sees()), (0, vec!["alice: Hello.".to_owned()]));
    assert_eq!(
        alice.rows("sealed WHERE taken = 0 AND confirmed IS NULL"),
        0,
        "and nobody waits for its confirmation"
    );
}

#[test]
fn an_expired_packet_is_answered_as_void() {
    let (mut alice, mut bob) = friends();
    let soon = alice.now + jiff::SignedDuration::from_hours(2);
    let status = alice.writes("status", Body::Status, |packet| {
        packet.text = Some("For two hours.".into());
        packet.expires = Some(soon);
    });
    let lost = alice.seals(status, &["bob"]);
    alice.queues(&lost);
    let after = says(&mut alice, "Hello.");
    bob.gets(&after);
    wait([&mut alice, &mut bob], DAY);
    alice.gets(&bob.seals_what_is_due());
    let answer = alice.seals_what_is_due();
    assert_eq!(kinds(&answer[0], &bob), [] as [String; 0]);
    bob.gets(&answer);
    assert_eq!(bob.rows("gap"), 0);
}

/// Bob asks for these counters, whatever he has.
fn asks(bob: &Person, alice: &Person, counter: u64, ranges: Vec<(u64, u64)>) -> Vec<u8> {
    let stream = socialnet::store::account::get(alice.store.read()).unwrap().stream;
    let body = Body::Resend(Resend { gaps: vec![Received { stream, ranges }], blobs: Vec::new() });
    bob.envelope(alice, counter, vec![bob.signs(&bob.writes("resend", body, |_| {}))])
}

#[test]
fn counters_that_were_never_given_are_not_answered() {
    let (mut alice, mut bob) = friends();
    says(&mut alice, "Hello.");
    let ask = asks(&bob, &alice, 1, vec![(1000, 2000)]);
    assert_eq!(alice.finds(&[ask]), []);
    let answer = alice.seals_what_is_due();
    assert!(answer.iter().all(|letter| envelope(letter, &bob).answers.is_empty()));
    // Else what is said next would be taken for something that need not be waited for.
    let next = says(&mut alice, "Still heard.");
    assert_eq!(bob.gets(&next), []);
    assert_eq!(bob.sees(), ["alice: Still heard."]);
}

#[test]
fn a_storm_of_questions_costs_one_envelope_and_no_more_than_the_budget() {
    let (mut alice, bob) = friends();
    let long = "x".repeat(60_000);
    for _ in 0..50 {
        says(&mut alice, &long);
    }
    let storm: Vec<Vec<u8>> = (1..=50).map(|counter| asks(&bob, &alice, counter, vec![(1, 1000)])).collect();
    assert_eq!(alice.finds(&storm), []);
    assert_eq!(alice.seals_what_is_due().len(), 1);
    // The budget of the day is spent by asking for the same over and over.
    let mut statuses = 50;
    for counter in 51..=80 {
        let ask = asks(&bob, &alice, counter, vec![(1, 1000)]);
        alice.finds(&[ask]);
        let letters = alice.seals_what_is_due();
        statuses +=
            letters.iter().flat_map(|letter| kinds(letter, &bob)).filter(|kind| kind == "status").count();
    }
    assert!((900..1200).contains(&statuses), "64 MiB of them: {statuses}");
    alice.waits(DAY);
    let ask = asks(&bob, &alice, 81, vec![(1, 1000)]);
    alice.finds(&[ask]);
    assert!(
        kinds(&alice.seals_what_is_due()[0], &bob).contains(&"status".to_owned()),
        "tomorrow is another day"
    );
}

#[test]
fn a_sender_can_not_answer_what_is_not_missing() {
    let (mut alice, mut bob) = friends();
    let before = says(&mut alice, "First.");
    bob.gets(&before);
    let stream = socialnet::store::account::get(alice.store.read()).unwrap().stream;
    let forged = Envelope {
        from: alice.is(),
        to: bob.is(),
        sent: alice.now,
        stream,
        counter: 0,
        received: Vec::new(),
        answers: vec![Received { stream, ranges: vec![(1, 1 << 40)] }],
        blobs: Vec::new(),
        packets: Vec::new(),
    };
    let forged = alice.sealed(&forged.write().unwrap(), &bob, socialnet::identity::Purpose::Sealing);
    assert_eq!(bob.finds(&[forged]), []);
    let next = says(&mut alice, "Second.");
    bob.gets(&next);
    let last: u64 =
        bob.store.read().query_row("SELECT max(last) FROM received", (), |row| row.get(0)).unwrap();
    assert!(last < 100, "{last}");
    assert_eq!(bob.sees().len(), 2);
}

/// An envelope of somebody's that says nothing but what came.
fn saying(person: &Person, reader: &Person, received: Vec<Received>) -> Vec<u8> {
    let (from, to, sent) = (person.is(), reader.is(), person.now);
    let (answers, blobs, packets) = (Vec::new(), Vec::new(), Vec::new());
    let said = Envelope { from, to, sent, stream: [7; 16], counter: 0, received, answers, blobs, packets };
    person.sealed(&said.write().unwrap(), reader, socialnet::identity::Purpose::Sealing)
}

#[test]
fn nobody_confirms_what_was_not_sent_to_them() {
    let (mut alice, bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut carol);
    for (text, reader) in [("For Bob.", "bob"), ("For Carol.", "carol")] {
        let letters = alice.seals(alice.status(text), &[reader]);
        alice.queues(&letters);
    }
    let stream_of = |person: &Person| socialnet::store::account::get(person.store.read()).unwrap().stream;
    let all = |stream| Received { stream, ranges: vec![(1, i64::MAX as u64)] };
    let waits_for = |alice: &Person, reader: &Person| -> usize {
        let sql = "SELECT count(*) FROM sealed WHERE confirmed IS NULL AND reader = ?1";
        alice.store.read().query_row(sql, [reader.is()], |row| row.get(0)).unwrap()
    };
    let before = waits_for(&alice, &bob);
    assert!(before > 0 && waits_for(&alice, &carol) > 0);
    // Carol: all there ever was, and more, in Alice's stream, in Bob's, and in nobody's.
    let forged = saying(&carol, &alice, vec![all(stream_of(&alice)), all(stream_of(&bob)), all([9; 16])]);
    assert_eq!(alice.finds(&[forged]), []);
    assert_eq!((waits_for(&alice, &bob), waits_for(&alice, &carol)), (before, 0), "hers alone");
    // It does not hold for what she gets from now on.
    let lost = alice.seals(alice.status("Still for Carol."), &["carol"]);
    alice.queues(&lost);
    assert_eq!(waits_for(&alice, &carol), 1);
}

/// How many envelopes two friends exchange in ten days beside what Alice says each hour, and the bytes of the largest.
fn ten_days(say: impl Fn(&mut Person, i64) -> Vec<Letter>) -> (usize, usize) {
    let (mut alice, mut bob) = friends();
    let (mut count, mut most) = (0, 0);
    for hour in 0..240 {
        wait([&mut alice, &mut bob], 60);
        let mut letters = say(&mut alice, hour);
        let owed = alice.seals_what_is_due();
        letters.extend(owed.iter().cloned());
        assert_eq!(bob.gets(&letters), []);
        let back = bob.seals_what_is_due();
        assert_eq!(alice.gets(&back), []);
        count += owed.len() + back.len();
        most = owed.iter().chain(&back).map(|letter| letter.der.len()).fold(most, usize::max);
    }
    (count, most)
}

#[test]
fn confirming_costs_one_small_envelope_a_day_and_silence_none() {
    let (count, _) = ten_days(|_, _| Vec::new());
    assert!(count <= 2, "what meeting left to say, and then nothing: {count}");
    // Something every six hours, one way: nothing goes back that could carry the word.
    let (count, most) =
        ten_days(
            |alice, hour| if hour % 6 == 0 { says(alice, &format!("It is {hour}.")) } else { Vec::new() },
        );
    assert!((7..=11).contains(&count), "one a day: {count}");
    assert!(most <= 8192, "{most} bytes");
}

/// What of these letters waits is handed over, through the reader's first address that did not take it before.
fn sends(person: &mut Person, letters: &[Letter]) -> Vec<String> {
    person.queues(letters);
    let db = person.store.begin().unwrap();
    let mut addresses = Vec::new();
    let sent = |envelope| letters.iter().any(|letter| letter.envelope == envelope);
    for waiting in delivery::due(&db, person.now, 1000).unwrap() {
        if !sent(waiting.envelope) {
            continue;
        }
        let reader = delivery::reader(&db, waiting.reader).unwrap().unwrap();
        // Tried through one before, as what is sealed anew is: the next one, after the last the first.
        let before = reader.addresses.iter().position(|address| address.uri == waiting.address);
        let address = &reader.addresses[before.map_or(0, |at| (at + 1) % reader.addresses.len())].uri;
        delivery::record(&db, &waiting, &delivery::Outcome::Sent, address, "", person.now).unwrap();
        addresses.push(address.clone());
    }
    db.commit().unwrap();
    addresses
}

/// Bob has two addresses, as far as Alice knows.
fn two_addresses(alice: &mut Person, bob: &Person) {
    let db = alice.store.begin().unwrap();
    let addresses = ["file:///stick/bob", "mailto:bob@example.org"].map(str::to_owned);
    contacts::set_addresses(&db, bob.is(), &addresses, false).unwrap();
    db.commit().unwrap();
}

#[test]
fn what_is_not_confirmed_in_a_week_is_sealed_anew_for_the_next_address() {
    let (mut alice, mut bob) = friends();
    two_addresses(&mut alice, &bob);
    let status = alice.status("Hello?");
    let lost = alice.seals(status, &["bob"]);
    assert_eq!(sends(&mut alice, &lost), ["file:///stick/bob"]);
    wait([&mut alice, &mut bob], 7 * DAY - 1);
    assert_eq!(alice.seals_what_is_due(), []);
    wait([&mut alice, &mut bob], 1);
    let anew = alice.seals_what_is_due();
    assert_eq!(kinds(&anew[0], &bob), ["status"]);
    assert_eq!(sends(&mut alice, &anew), ["mailto:bob@example.org"]);
    assert_eq!(alice.seals_what_is_due(), [], "once");

    wait([&mut alice, &mut bob], 7 * DAY);
    let third = alice.seals_what_is_due();
    assert_eq!(sends(&mut alice, &third), ["file:///stick/bob"], "after the last one the first");
    let answers = &envelope(&third[0], &bob).answers[0];
    assert_eq!(answers.ranges.iter().map(|(first, last)| last - first + 1).sum::<u64>(), 2);
    assert_eq!(bob.gets(&third), []);
    assert_eq!((bob.sees(), bob.rows("gap")), (vec!["alice: Hello?".to_owned()], 0));
    wait([&mut alice, &mut bob], DAY);
    assert_eq!(alice.gets(&bob.seals_what_is_due()), []);
    assert_eq!(alice.rows(UNCONFIRMED), 0);
    assert_eq!(bob.gets(&lost), []);
    assert_eq!(bob.sees().len(), 1, "the first one, months later");
}

#[test]
fn what_is_never_confirmed_fails_after_forty_days() {
    let (mut alice, bob) = friends();
    two_addresses(&mut alice, &bob);
    let status = alice.status("Hello?");
    let letters = alice.seals(status, &["bob"]);
    sends(&mut alice, &letters);
    let mut anew = Vec::new();
    for day in 1..=45 {
        alice.waits(DAY);
        let letters = alice.seals_what_is_due();
        if letters.iter().any(|letter| kinds(letter, &bob).contains(&"status".to_owned())) {
            anew.push(day);
        }
        sends(&mut alice, &letters);
    }
    assert_eq!(anew, [7, 14, 21, 28], "from day 30 on Bob's keys have ended, and he is asked for new ones");
    let stale = alice.now - jiff::SignedDuration::from_hours(40 * 24);
    let failed = unconfirmed::never_confirmed(alice.store.read(), stale).unwrap();
    assert_eq!(failed.len(), 1, "the last of six envelopes; the others were replaced");
    let db = alice.store.begin().unwrap();
    unconfirmed::fail(&db, &failed[0], "never confirmed").unwrap();
    db.commit().unwrap();
    let standing = delivery::standing(alice.store.read(), &failed[0]).unwrap();
    assert_eq!(standing, delivery::Standing::Failed("never confirmed".into()));
}

#[test]
fn what_no_key_is_left_for_is_not_tried_anew_nor_told_of_by_every_round() {
    let (mut alice, bob) = friends();
    two_addresses(&mut alice, &bob);
    alice.waits(360 * DAY);
    let status = alice.status("Hello?");
    let letters = alice.seals(status, &["bob"]);
    assert_eq!(kinds(&letters[0], &bob), ["profile"], "asking for new keys");
    sends(&mut alice, &letters);
    alice.waits(8 * DAY);
    // The first round of a day tells of the status that waits.
    alice.tries_to_seal_what_is_due();
    for _ in 0..3 {
        alice.waits(60);
        assert_eq!(alice.tries_to_seal_what_is_due(), (Vec::new(), Vec::new()));
    }
}

/// What sn-send -p says of the deliveries of these letters.
fn states(person: &Person, letters: &[&[Letter]]) -> Vec<String> {
    let mut states = Vec::new();
    let mut each = |listed: delivery::Listed| {
        if letters.concat().iter().any(|letter| letter.envelope == listed.delivery.envelope) {
            states.push(listed.state);
        }
        Ok(())
    };
    delivery::list(person.store.read(), &mut each).unwrap();
    states
}

#[test]
fn a_chunk_that_is_lost_is_asked_for_and_then_confirmed() {
    let (mut alice, mut bob) = friends();
    two_addresses(&mut alice, &bob);
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    sends(&mut alice, &letters);
    assert_eq!(bob.gets(&letters), []);
    wait([&mut alice, &mut bob], DAY);
    let asking = bob.seals_what_is_due();
    assert_eq!(kinds(&asking[0], &alice), ["resend"]);
    assert_eq!(alice.gets(&asking), []);
    assert_eq!(states(&alice, &[&letters]), ["confirmed", "sent"]);
    let answer = alice.seals_what_is_due();
    assert_eq!(answer[0].chunks, letters[0].chunks, "beside an envelope without packets");
    assert_eq!(kinds(&answer[0], &bob), [] as [String; 0]);
    sends(&mut alice, &answer);
    assert_eq!(bob.gets(&answer), []);
    assert_eq!(bob.finds(&chunks), []);
    wait([&mut alice, &mut bob], DAY);
    let said = bob.seals_what_is_due();
    assert_eq!(envelope(&said[0], &alice).blobs, letters[0].chunks);
    assert_eq!(alice.gets(&said), []);
    assert_eq!(
        states(&alice, &[&letters, &answer]),
        ["confirmed", "sent", "confirmed"],
        "envelope, answer, chunk"
    );
    wait([&mut alice, &mut bob], 4 * DAY);
    let more = bob.seals_what_is_due();
    assert!(more.iter().all(|letter| envelope(letter, &alice).blobs.is_empty()), "said once");
}

/// Alice sends Carol a film, and Bob lists its chunks as if they were his: Carol reads what he says first. Gives what Alice
/// sent, and the chunks.
fn bob_lists_what_alice_sends([alice, bob, carol]: [&mut Person; 3]) -> (Vec<Letter>, Vec<Vec<u8>>) {
    meet(alice, carol);
    meet(bob, carol);
    for person in [alice as &mut Person, bob] {
        person.gets(&for_reader(&carol.seals_what_is_due(), person));
    }
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let attachments = packet::read(&film).unwrap().attachments;
    let letters = alice.seals(film, &["carol"]);
    let copy = bob.writes("status", Body::Status, |packet| packet.attachments = attachments);
    let before = bob.envelope(carol, 1, vec![bob.signs(&copy)]);
    assert_eq!((carol.finds(&[before]), carol.gets(&letters)), (vec![], vec![]));
    (letters, chunks)
}

#[test]
fn whoever_listed_a_chunk_hears_that_it_came_whoever_was_first() {
    let mut people = ["Alice", "Bob", "Carol"].map(Person::new);
    let [alice, bob, carol] = &mut people;
    let (letters, chunks) = bob_lists_what_alice_sends([alice, bob, carol]);
    two_addresses(alice, carol);
    sends(alice, &letters);
    assert_eq!(carol.finds(&chunks), []);
    [&mut *alice, carol].into_iter().for_each(|person| person.waits(DAY));
    let said = carol.seals_what_is_due();
    for person in [&*alice, bob] {
        assert_eq!(envelope(&for_reader(&said, person)[0], person).blobs, letters[0].chunks);
    }
    assert_eq!(alice.gets(&for_reader(&said, alice)), []);
    assert_eq!(states(alice, &[&letters]), ["confirmed", "confirmed"]);
    carol.waits(DAY);
    let status = carol.status("Thanks.");
    let more = carol.seals(status, &["alice"]);
    assert_eq!(envelope(&more[0], alice).blobs, [] as [[u8; 32]; 0], "said once");
}

#[test]
fn a_missing_chunk_is_asked_of_all_who_listed_it() {
    let mut people = ["Alice", "Bob", "Carol"].map(Person::new);
    let [alice, bob, carol] = &mut people;
    let (letters, chunks) = bob_lists_what_alice_sends([alice, bob, carol]);
    [&mut *alice, bob, carol].into_iter().for_each(|person| person.waits(DAY));
    let asks = carol.seals_what_is_due();
    for person in [&*alice, bob] {
        assert_eq!(kinds(&for_reader(&asks, person)[0], person), ["resend"]);
    }
    assert_eq!(alice.gets(&for_reader(&asks, alice)), []);
    let answer = alice.seals_what_is_due();
    assert_eq!(for_reader(&answer, carol)[0].chunks, letters[0].chunks);
    assert_eq!(carol.finds(&chunks), []);
    carol.waits(2 * DAY);
    let more = carol.seals_what_is_due();
    let asking =
        |person: &Person| kinds(&for_reader(&more, person)[0], person).contains(&"resend".to_owned());
    assert!(!asking(alice) && !asking(bob), "it is here");
}

#[test]
fn a_chunk_that_its_author_has_lost_holds_up_nothing_else() {
    let (mut alice, mut bob) = friends();
    let (film, _) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    alice.queues(&letters);
    std::fs::remove_file(alice.home.blobs().join(name_for(&letters[0].chunks[0]))).unwrap();
    let ask = asks(&bob, &alice, 1, vec![(1, 1000)]);
    assert_eq!(alice.finds(&[ask]), []);
    let answer = alice.seals_what_is_due();
    assert!(kinds(&answer[0], &bob).contains(&"status".to_owned()));
    assert_eq!(bob.gets(&answer), []);
    assert_eq!(bob.sees(), ["alice: A film."]);
    assert_eq!(alice.seals_what_is_due(), [], "the debt is paid");
}

#[test]
fn chunks_of_what_was_not_for_them_are_not_given() {
    let (mut alice, mut bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut carol);
    let (film, _) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["carol"]);
    let body = Body::Resend(Resend { gaps: Vec::new(), blobs: letters[0].chunks.clone() });
    let ask = bob.envelope(&alice, 1, vec![bob.signs(&bob.writes("resend", body, |_| {}))]);
    bob.seals_what_is_due();
    assert_eq!(alice.finds(&[ask]), []);
    let answer = alice.seals_what_is_due();
    assert!(answer.iter().all(|letter| letter.reader != bob.is() || letter.chunks.is_empty()));
}

#[test]
fn who_is_blocked_does_not_learn_that_a_chunk_came() {
    let (mut alice, mut bob) = friends();
    let (film, chunks) = alice.writes_with_file(&[7; 100_000]);
    let letters = alice.seals(film, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    socialnet::protocol::blocking::block(&mut bob.store, alice.is()).unwrap();
    assert_eq!(bob.finds(&chunks), []);
    wait([&mut alice, &mut bob], 2 * DAY);
    assert!(bob.seals_what_is_due().is_empty());
}
