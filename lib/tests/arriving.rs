//! What arrives and should not be believed: each is refused with a reason, and nothing of it is shown or lost.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use jiff::SignedDuration;
use people::{Person, kinds, meet, seal_signed};
use socialnet::{
    Error, Kind,
    identity::{Keyring, Purpose},
    packet::{self, Body},
    protocol::profile,
    seal,
    store::contacts,
    stream::Pem,
};

fn friends() -> (Person, Person) {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    meet(&mut alice, &mut bob);
    (alice, bob)
}

fn three() -> (Person, Person, Person) {
    let (mut alice, mut bob) = friends();
    let mut carol = Person::new("Carol");
    meet(&mut alice, &mut carol);
    meet(&mut bob, &mut carol);
    (alice, bob, carol)
}

/// The one reason for which it was refused.
fn why(errors: &[Error]) -> &str {
    assert_eq!(kinds(errors).len(), 1, "{errors:?}");
    errors[0].message()
}

#[track_caller]
fn refused(reader: &mut Person, bytes: Vec<u8>, reason: &str) {
    let errors = reader.finds(&[bytes]);
    assert!(why(&errors).contains(reason), "{:?} should say {reason:?}", errors[0].message());
    assert_eq!(kinds(&errors), [Kind::Malformed]);
    assert_eq!(reader.sees(), [] as [&str; 0]);
    let bad = reader.folder("inpackets/bad");
    assert_eq!(bad.len(), 2, "the file, and why: {bad:?}");
}

#[test]
fn a_letter_that_comes_twice_is_one() {
    let (mut alice, mut bob) = friends();
    let status = alice.status("Once.");
    let letters = alice.seals(status, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), ["alice: Once."]);
}

#[test]
fn letters_in_any_order_are_all_read() {
    let (mut alice, mut bob) = friends();
    let mut letters = Vec::new();
    for text in ["one", "two", "three"] {
        let status = alice.status(text);
        letters.extend(alice.seals(status, &["bob"]));
    }
    for letter in letters.iter().rev() {
        assert_eq!(bob.gets(std::slice::from_ref(letter)), []);
    }
    assert_eq!(bob.sees(), ["alice: three", "alice: two", "alice: one"]);
}

#[test]
fn a_reader_can_not_pass_an_envelope_on_as_if_it_were_for_another() {
    let (mut alice, bob, mut carol) = three();
    let status = alice.status("For Bob alone.");
    let letter = &alice.seals(status, &["bob"])[0];
    let signed = seal::open(&letter.der, &bob.keyring).unwrap().signed;
    let forwarded = seal_signed(&signed, &carol, Purpose::Sealing);
    refused(&mut carol, forwarded, "sealed for somebody else");
}

#[test]
fn a_reader_can_not_sign_an_envelope_of_somebody_else() {
    let (mut alice, bob, mut carol) = three();
    let status = alice.status("For Bob alone.");
    let letter = &alice.seals(status, &["bob"])[0];
    let words = seal::verify(&seal::open(&letter.der, &bob.keyring).unwrap().signed).unwrap().content;
    let sealed = bob.sealed(&words, &carol, Purpose::Sealing);
    refused(&mut carol, sealed, "did not sign it");
}

#[test]
fn a_packet_must_be_signed_by_the_author_it_names() {
    let (alice, bob, mut carol) = three();
    let by_alice = bob.signs(&alice.status("I never said that."));
    let sealed = bob.envelope(&carol, 1, vec![by_alice]);
    refused(&mut carol, sealed, "did not sign it");
}

#[test]
fn a_friend_can_not_bring_another_authors_status() {
    let (alice, bob, mut carol) = three();
    let status = alice.signs(&alice.status("For Bob alone."));
    let refused = carol.finds(&[bob.envelope(&carol, 1, vec![status])]);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].message().ends_with("may not bring another author's status"), "{}", refused[0]);
    assert_eq!(carol.sees(), [] as [&str; 0]);
}

#[test]
fn a_friend_can_not_bring_a_comment_from_a_thread_of_others() {
    let (alice, bob, mut carol) = three();
    let root = alice.status("Root.");
    let comment = alice.signs(&alice.comment(&root, "Mine."));
    let status = bob.signs(&bob.status("His."));
    let refused = carol.finds(&[bob.envelope(&carol, 1, vec![comment, status])]);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].message().ends_with("may not bring another author's comment"), "{}", refused[0]);
    assert_eq!(carol.sees(), ["bob: His."], "the rest is taken");
}

#[test]
fn a_friend_can_not_bring_another_authors_profile() {
    let (alice, bob, mut carol) = three();
    let profile = profile::own(alice.store.read(), &alice.keyring, profile::For::Contacts).unwrap();
    let packet = alice.signs(&alice.writes("profile", Body::Profile { profile, want: false }, |_| {}));
    let sealed = bob.envelope(&carol, 1, vec![packet]);
    refused(&mut carol, sealed, "may not bring another author's profile");
}

#[test]
fn what_was_signed_as_one_thing_is_not_read_as_another() {
    let (mut alice, mut bob) = friends();
    let invitation = alice.invites();
    let sealed = alice.envelope(&bob, 1, vec![invitation]);
    refused(&mut bob, sealed, "the packet");

    let (alice, mut bob) = friends();
    let packet = alice.status("A packet, not an envelope.");
    let sealed = alice.sealed(&packet, &bob, Purpose::Sealing);
    refused(&mut bob, sealed, "the envelope");

    let (alice, mut bob) = friends();
    let words = b"<box-login xmlns='urn:socialnet:box-login:1'/>";
    let sealed = alice.envelope(&bob, 1, vec![alice.signs(words)]);
    refused(&mut bob, sealed, "the packet");
}

#[test]
fn a_status_does_not_come_under_the_meeting_key() {
    let (alice, mut bob) = friends();
    let envelope = socialnet::envelope::Envelope {
        from: alice.is(),
        to: bob.is(),
        sent: alice.now,
        stream: [7; 16],
        counter: 1,
        received: Vec::new(),
        answers: Vec::new(),
        blobs: Vec::new(),
        packets: vec![alice.signs(&alice.status("Long kept keys."))],
    };
    let sealed = alice.sealed(&envelope.write().unwrap(), &bob, Purpose::Meeting);
    refused(&mut bob, sealed, "may not come under the meeting key");
}

#[test]
fn a_seal_without_its_inner_layer_is_refused() {
    let (alice, mut bob) = friends();
    let mut offer = bob.keyring.newest(Purpose::Sealing).unwrap().offer().clone();
    offer.ml_kem_768 = None;
    let keys = socialnet::identity::ReaderKeys::stored(&offer, Purpose::Sealing, bob.now).unwrap();
    let whole = alice.envelope(&bob, 1, vec![alice.signs(&alice.status("Cut."))]);
    let signed = seal::open(&whole, &bob.keyring).unwrap().signed;
    let sealed = seal::seal(&signed, &keys).unwrap();
    refused(&mut bob, sealed, "lacks its ML-KEM layer");
}

#[test]
fn any_byte_changed_and_any_end_cut_off_is_refused() {
    let (mut alice, mut bob) = friends();
    let status = alice.status("Whole.");
    let der = alice.seals(status, &["bob"])[0].der.clone();
    let mut files = Vec::new();
    for at in (0..der.len()).step_by(97) {
        let mut changed = der.clone();
        changed[at] ^= 1;
        files.push(changed);
        files.push(der[..at.max(20)].to_vec());
    }
    let count = files.len();
    bob.finds(&files);
    assert_eq!(bob.sees(), [] as [&str; 0]);
    let kept = bob.folder("inpackets/bad").len() / 2 + bob.folder("inpackets/held").len();
    // Two cuts at the start give the same bytes.
    assert!(kept + 1 >= count, "{kept} of {count} are kept for the owner to look at");
    assert_eq!(bob.finds(&[der]), []);
    assert_eq!(bob.sees(), ["alice: Whole."]);
}

#[test]
fn garbage_is_told_from_packets() {
    let mut bob = Person::new("Bob");
    // Fewer than 32 bytes may be the end of a blob, whatever they look like.
    let words = b"just words, as many as make 32 bytes";
    let pem = b"-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n";
    for garbage in
        [&words[..32], b"", b"<packet xmlns='urn:socialnet:packet:1'/>", pem, &[0xfe; (4 << 20) + 1]]
    {
        assert_eq!(kinds(&bob.finds(&[garbage.to_vec()])), [Kind::Malformed]);
    }
    for chunk in [&words[..31], b"a", &[0xfe; 100], &[0xfe; 4 << 20]] {
        assert_eq!(bob.finds(&[chunk.to_vec()]), [], "it may be a chunk");
    }
    assert_eq!(bob.folder("inpackets/held").len(), 4);
}

#[test]
fn another_envelope_under_a_counter_is_read_and_alarms() {
    let (alice, mut bob) = friends();
    let one = alice.signs(&alice.status("One."));
    let two = alice.signs(&alice.status("Two."));
    assert_eq!(bob.finds(&[alice.envelope(&bob, 9, vec![one.clone()])]), []);
    assert_eq!(bob.alarm("alice"), "");
    assert_eq!(bob.finds(&[alice.envelope(&bob, 9, vec![one, two])]), []);
    assert_eq!(bob.sees(), ["alice: One.", "alice: Two."]);
    assert!(bob.alarm("alice").contains("two copies"), "{}", bob.alarm("alice"));
}

#[test]
fn gaps_in_one_stream_hide_no_other() {
    let (alice, mut bob) = friends();
    let letters: Vec<_> =
        (1..=40).map(|n| alice.envelope(&bob, 2 * n, vec![alice.signs(&alice.status("x"))])).collect();
    assert_eq!(bob.finds(&letters), []);
    let said = socialnet::store::counters::received(bob.store.read(), alice.is()).unwrap();
    // What Alice counted when they met, and the gappy stream of the envelopes made by hand.
    assert_eq!(said.len(), 2);
    assert_eq!(said.iter().map(|received| received.ranges.len()).sum::<usize>(), 32);
    let gappy = said.iter().find(|received| received.stream == [7; 16]).unwrap();
    assert_eq!(gappy.ranges.last(), Some(&(80, 80)));
    assert!(gappy.ranges.is_sorted());
}

#[test]
fn other_bytes_under_a_packets_name_do_not_replace_it() {
    let (alice, mut bob) = friends();
    let first = alice.status("The first.");
    let second = String::from_utf8(first.clone()).unwrap().replace("The first.", "Another.").into_bytes();
    bob.finds(&[alice.envelope(&bob, 1, vec![alice.signs(&first)])]);
    assert_eq!(bob.finds(&[alice.envelope(&bob, 2, vec![alice.signs(&second)])]), []);
    assert_eq!(bob.sees(), ["alice: The first."]);
    let doubled: bool = bob
        .store
        .read()
        .query_row("SELECT doubled FROM packet WHERE type = 'status'", (), |row| row.get(0))
        .unwrap();
    assert!(doubled, "the first is marked");
}

#[test]
fn an_id_is_signed_for_one_set_of_bytes_only() {
    let (mut alice, _) = friends();
    let first = alice.status("The first.");
    let second = String::from_utf8(first.clone()).unwrap().replace("The first.", "Another.").into_bytes();
    alice.seals(first.clone(), &["bob"]);
    let (letters, failures) = alice.tries_to_seal(second, &["bob"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::Malformed]));
    alice.seals(first, &["bob"]);
}

#[test]
fn of_two_packets_under_one_id_the_first_is_sealed() {
    let (mut alice, mut bob) = friends();
    let first = alice.status("The first.");
    let second = String::from_utf8(first.clone()).unwrap().replace("The first.", "Another.").into_bytes();
    let (letters, failures) = alice.tries_to_seal_all(vec![first, second], &["bob"]);
    assert_eq!(kinds(&failures), [Kind::Malformed]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), ["alice: The first."]);
}

#[test]
fn somebody_elses_packet_is_not_sealed() {
    let (mut alice, bob) = friends();
    let (letters, failures) = alice.tries_to_seal(bob.status("Not Alice's."), &["bob"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::NotAllowed]));
}

#[test]
fn an_older_profile_changes_nothing() {
    let (mut alice, mut bob) = friends();
    let old = profile::own(alice.store.read(), &alice.keyring, profile::For::Contacts).unwrap();
    let change = profile::Change { name: Some("Alice Cooper".into()), ..Default::default() };
    profile::change(&mut alice.store, change, alice.now).unwrap();
    assert_eq!(bob.gets(&alice.seals_what_is_due()), []);
    let replay = alice.signs(&alice.writes("profile", Body::Profile { profile: old, want: false }, |_| {}));
    assert_eq!(bob.finds(&[alice.envelope(&bob, 77, vec![replay])]), []);
    let known = contacts::find(bob.store.read(), "alice").unwrap();
    assert_eq!((known.profile.name.as_str(), known.profile.serial), ("Alice Cooper", 2));
}

#[test]
fn a_profile_with_anothers_keys_is_refused() {
    let (alice, mut bob) = friends();
    let mallory = Person::new("Mallory");
    let own = || {
        let mut profile = profile::own(alice.store.read(), &alice.keyring, profile::For::Contacts).unwrap();
        profile.serial = 9;
        profile
    };
    let mut foreign = own();
    foreign.sealing = Some(mallory.keyring.newest(Purpose::Sealing).unwrap().offer().clone());
    // They end, or begin, at another time: whose they are is asked all the same.
    let mut later = Person::new("Mallory");
    later
        .keyring
        .add_pair(&later.home.identity(), Purpose::Sealing, alice.now + SignedDuration::from_hours(48))
        .unwrap();
    let mut to_come = own();
    to_come.sealing = Some(later.keyring.newest(Purpose::Sealing).unwrap().offer().clone());
    for (counter, profile) in [(1, foreign), (2, to_come)] {
        let packet = alice.signs(&alice.writes("profile", Body::Profile { profile, want: false }, |_| {}));
        assert_eq!(kinds(&bob.finds(&[alice.envelope(&bob, counter, vec![packet])])), [Kind::Malformed]);
    }
    let known = contacts::find(bob.store.read(), "alice").unwrap().profile;
    assert_eq!(known.serial, 1);
    assert_eq!(known.sealing.as_ref(), Some(alice.keyring.newest(Purpose::Sealing).unwrap().offer()));
}

#[test]
fn a_contacts_ml_kem_key_can_t_disappear_silently() {
    let (mut alice, mut bob) = friends();
    for (counter, purpose) in [(1, Purpose::Sealing), (2, Purpose::Meeting)] {
        let mut weaker = profile::own(alice.store.read(), &alice.keyring, profile::For::Contacts).unwrap();
        weaker.serial = 9;
        match purpose {
            Purpose::Sealing => weaker.sealing.as_mut().unwrap().ml_kem_768 = None,
            Purpose::Meeting => weaker.meeting.ml_kem_768 = None,
        }
        let bodies = [
            ("profile", Body::Profile { profile: weaker.clone(), want: false }),
            ("contact-accept", Body::ContactAccept { profile: weaker.clone() }),
            (
                "contact-request",
                Body::ContactRequest { profile: weaker, code: None, successions: Vec::new(), opened: None },
            ),
        ];
        for (at, (kind, body)) in bodies.into_iter().enumerate() {
            let packet = alice.signs(&alice.writes(kind, body, |_| {}));
            let counter = 10 * counter + at as u64;
            assert_eq!(bob.finds(&[alice.envelope(&bob, counter, vec![packet])]), [], "{kind}");
            assert!(bob.alarm("alice").contains("no ML-KEM key"), "{kind}: {}", bob.alarm("alice"));
            let db = bob.store.begin().unwrap();
            contacts::settle_alarm(&db, alice.is()).unwrap();
            db.commit().unwrap();
        }
    }
    let known = contacts::find(bob.store.read(), "alice").unwrap().profile;
    assert_eq!(known.serial, 1);
    // Alice's node refuses what lacks the layer.
    let status = bob.status("As before.");
    let letters = bob.seals(status, &["alice"]);
    assert_eq!(alice.gets(&letters), []);
    assert_eq!(alice.sees(), ["bob: As before."]);
}

#[test]
fn an_attachment_in_a_packet_is_what_its_hash_says() {
    let (alice, mut bob) = friends();
    let status = alice.writes("status", Body::Status, |packet| {
        packet.text = Some("Look.".into());
        packet.attachments.push(packet::Attachment {
            name: "note.txt".into(),
            media_type: "text/plain".into(),
            size: 4,
            sha256: [0; 32],
            alt: None,
            preview: None,
            content: packet::Content::Inline(b"note".to_vec()),
        });
    });
    let sealed = alice.envelope(&bob, 1, vec![alice.signs(&status)]);
    refused(&mut bob, sealed, "not what its SHA-256 says");
}

#[test]
fn a_message_to_others_is_not_shown() {
    let (alice, bob, mut carol) = three();
    let message = alice.writes("message", Body::Message, |packet| {
        packet.to = vec![bob.is()];
        packet.text = Some("Between us.".into());
    });
    let errors = carol.finds(&[alice.envelope(&carol, 1, vec![alice.signs(&message)])]);
    assert_eq!(kinds(&errors), [Kind::NotAllowed]);
    assert_eq!(carol.sees(), [] as [&str; 0]);
}

#[test]
fn a_message_goes_to_those_it_names_alone() {
    let (mut alice, bob, _) = three();
    let message = alice.writes("message", Body::Message, |packet| {
        packet.to = vec![bob.is()];
        packet.text = Some("Between us.".into());
    });
    let (letters, failures) = alice.tries_to_seal(message.clone(), &["carol"]);
    assert_eq!((letters.len(), kinds(&failures)), (0, vec![Kind::NotAllowed]));
    assert_eq!(alice.seals(message, &[]).len(), 1);
}

#[test]
fn what_is_not_understood_is_kept_shown_and_answered_once() {
    let (mut alice, mut bob) = friends();
    let future = String::from_utf8(alice.status("From the future."))
        .unwrap()
        .replace("urn:socialnet:packet:1", "urn:socialnet:packet:2")
        .replace("<text>", "<fallback>")
        .replace("</text>", "</fallback>");
    let signed = alice.signs(future.as_bytes());
    assert_eq!(bob.finds(&[alice.envelope(&bob, 1, vec![signed.clone()])]), []);
    assert_eq!(bob.sees(), ["alice: From the future."]);
    let answer = bob.seals_what_is_due();
    assert_eq!(answer.len(), 1);
    assert_eq!(alice.gets(&answer), []);
    assert_eq!(alice.sees(), [] as [&str; 0]);

    // Sealed once more, it is the same packet: no second answer.
    assert_eq!(bob.finds(&[alice.envelope(&bob, 2, vec![signed])]), []);
    assert_eq!(bob.sees().len(), 1);
    bob.waits(48 * 60);
    let confirmation = bob.seals_what_is_due();
    assert_eq!(confirmation.len(), 1);
    let opened = socialnet::protocol::open::open(&confirmation[0].der, &alice.keyring).unwrap();
    assert_eq!((opened.packets.len(), opened.envelope.counter), (0, 0));
    assert_eq!(bob.reads_again(), [], "it is still not understood, and still there");
    assert_eq!(bob.sees(), ["alice: From the future."]);
}

#[test]
fn an_applications_packet_is_kept_silently() {
    let (mut alice, mut bob) = friends();
    let name = packet::Name { from: alice.is(), id: uuid::Uuid::now_v7() };
    let packet = packet::Packet::new(name, "org.example.chess.move", alice.now, Body::Application);
    let body = b"<move xmlns=\"urn:example:chess\">e4</move>";
    let xml = packet::write(&packet, Some(body)).unwrap();
    let letters = alice.seals(xml, &["bob"]);
    assert_eq!(bob.gets(&letters), []);
    assert_eq!(bob.sees(), [] as [&str; 0]);
    assert_eq!(bob.rows("packet WHERE type = 'org.example.chess.move'"), 1);
}

#[test]
fn the_highest_counter_there_is_stops_nothing() {
    let (alice, mut bob) = friends();
    let first = alice.envelope(&bob, i64::MAX as u64, vec![alice.signs(&alice.status("The last one."))]);
    let second = alice.envelope(&bob, 1, vec![alice.signs(&alice.status("The first one."))]);
    assert_eq!(bob.finds(&[first]), []);
    assert_eq!(bob.finds(&[second]), []);
    assert_eq!(bob.sees(), ["alice: The last one.", "alice: The first one."]);
}

#[test]
fn what_could_not_be_opened_is_tried_again_and_its_reason_goes() {
    let (mut alice, mut bob) = friends();
    let letters = alice.seals(alice.status("Wait for your key."), &["bob"]);
    let hidden = bob.home.path().join("hidden");
    std::fs::rename(bob.home.identity(), &hidden).unwrap();
    std::fs::create_dir(bob.home.identity()).unwrap();
    for name in ["identity.key", "identity.crt"] {
        std::fs::copy(hidden.join(name), bob.home.identity().join(name)).unwrap();
    }
    bob.keyring = Keyring::load(&bob.home.identity()).unwrap();
    assert_eq!(kinds(&bob.gets(&letters)), [Kind::NotAllowed]);
    assert_eq!(bob.folder("inpackets/bad").len(), 2, "the file and why");

    bob.keyring = Keyring::load(&hidden).unwrap();
    assert_eq!(bob.reads_again(), []);
    assert_eq!(bob.sees(), ["alice: Wait for your key."]);
    assert_eq!(bob.folder("inpackets/bad"), [] as [&str; 0]);
}

#[test]
fn an_invitation_among_what_came_is_told_where_it_belongs() {
    let (mut alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let mut pem = Vec::new();
    let der = alice.invites();
    let block = Pem { headers: Vec::new(), label: seal::LABEL.into(), der };
    socialnet::stream::write_pem(&mut pem, &block).unwrap();
    let refused = bob.finds(&[pem]);
    assert_eq!(kinds(&refused), [Kind::Malformed]);
    assert_eq!(refused[0].advice(), Some("'sn-contact add' takes it"));
}
