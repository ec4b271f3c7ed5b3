//! What was not understood when it came, and is after an upgrade: read again as strictly as if it came now.

#![allow(clippy::unwrap_used)] // helpers of tests are not functions with #[test]

mod people;

use people::{Person, for_reader, kinds, meet};
use socialnet::{
    Kind,
    packet::Body,
    protocol::open,
    store::packets::{self, Held, Holding, Keep},
};

/// A packet came when its reader knew none of its type.
fn did_not_understand(reader: &mut Person, author: &Person, xml: &[u8]) {
    let verified = open::verify(author.signs(xml)).unwrap();
    let db = reader.store.begin().unwrap();
    let new = Holding {
        packet: &verified.packet,
        digest: verified.digest,
        signed: &verified.signed,
        through: None,
        received: reader.now,
        keep: Keep::Unknown,
    };
    assert!(matches!(packets::hold(&db, &new).unwrap(), Held::New(_)));
    db.commit().unwrap();
}

#[test]
fn a_message_to_others_is_hidden_once_it_is_understood() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let message = alice.writes("message", Body::Message, |packet| {
        packet.to = vec![carol.is()];
        packet.text = Some("For Carol.".into());
    });
    did_not_understand(&mut bob, &alice, &message);
    assert_eq!(kinds(&bob.reads_again()), [Kind::NotAllowed]);
    assert_eq!(bob.sees(), [] as [&str; 0]);
    assert_eq!(bob.reads_again(), [], "said once");
}

#[test]
fn a_comment_is_passed_on_once_it_is_understood() {
    let (mut alice, mut bob, mut carol) = (Person::new("Alice"), Person::new("Bob"), Person::new("Carol"));
    meet(&mut alice, &mut bob);
    meet(&mut alice, &mut carol);
    let root = alice.status("Root.");
    let letters = alice.seals(root.clone(), &["bob", "carol"]);
    alice.queues(&letters);
    carol.gets(&for_reader(&letters, &carol));
    did_not_understand(&mut alice, &bob, &bob.comment(&root, "Welcome!"));
    let dave = Person::new("Dave");
    did_not_understand(&mut alice, &dave, &dave.comment(&root, "Who am I?"));
    assert_eq!(kinds(&alice.reads_again()), [Kind::NotAllowed], "Dave never got the root");
    assert_eq!(alice.sees(), ["me: Root.", "bob: Welcome!"]);
    alice.waits(10);
    let relayed = alice.seals_what_is_due();
    assert_eq!(carol.gets(&for_reader(&relayed, &carol)), []);
    assert_eq!(carol.sees().last().unwrap(), "somebody: Welcome!");
}
