//! Any packet of any type, written and read back.

use super::*;
use crate::profile::KeyOffer;
use jiff::Timestamp;
use proptest::{collection::vec, option::of, prelude::*, strategy::ValueTree, test_runner::TestRunner};

fn person() -> impl Strategy<Value = Fingerprint> {
    any::<[u8; 32]>().prop_map(Fingerprint::from_bytes)
}

fn name() -> impl Strategy<Value = Name> {
    (person(), any::<[u8; 16]>()).prop_map(|(from, bytes)| {
        let id = uuid::Builder::from_bytes(bytes).with_version(uuid::Version::SortRand);
        Name { from, id: id.with_variant(uuid::Variant::RFC4122).into_uuid() }
    })
}

/// Text with everything that XML makes difficult and packets may have.
fn words(max: usize) -> impl Strategy<Value = String> {
    "([ -~äß🙂\u{202e}\u{feff}\n\t]|<|>|&|]]>|&amp;|\"|')+".prop_map(move |mut text| {
        let mut end = max.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text
    })
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..max)
}

fn attachment() -> impl Strategy<Value = Attachment> {
    let content = prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(|bytes| (bytes.len() as u64, Content::Inline(bytes))),
        (0..spelling::MAX_NUMBER, any::<[u8; 16]>(), vec(any::<Digest>(), 1..4))
            .prop_map(|(size, key, chunks)| (size, Content::Blob { key, chunks })),
    ];
    (words(MAX_LABEL), any::<Digest>(), of(words(MAX_ALT)), of(bytes(100)), content).prop_map(
        |(name, sha256, alt, preview, (size, content))| Attachment {
            name,
            media_type: "image/jpeg".into(),
            size,
            sha256,
            alt,
            preview,
            content,
        },
    )
}

fn keys() -> impl Strategy<Value = KeyOffer> {
    (bytes(100), of(bytes(100))).prop_map(|(p256, ml_kem_768)| KeyOffer { p256, ml_kem_768 })
}

fn profile() -> impl Strategy<Value = Profile> {
    let addresses = vec("[a-z][a-z0-9]{0,5}:(//)?[a-z][!#-&(-;=?-\\[\\]_a-z~]{0,20}", 0..=16);
    let recovery = of(any::<Digest>().prop_map(Fingerprint::from_bytes));
    let serial = (0..spelling::MAX_NUMBER, recovery);
    ("[A-Za-z<&\"' é]{0,49}[A-Z]", serial, of(words(1000)), addresses, keys(), of(keys())).prop_map(
        |(name, (serial, recovery), about, addresses, meeting, sealing)| Profile {
            name,
            serial,
            recovery,
            about,
            addresses,
            meeting,
            sealing,
        },
    )
}

fn resend() -> impl Strategy<Value = Resend> {
    (any::<[u8; 16]>(), 1..spelling::MAX_NUMBER, vec(any::<Digest>(), 0..3)).prop_map(
        |(stream, first, blobs)| {
            let gaps =
                vec![crate::envelope::Received { stream, ranges: vec![(first, spelling::MAX_NUMBER)] }];
            Resend { gaps, blobs }
        },
    )
}

fn search() -> impl Strategy<Value = Search> {
    (any::<[u8; 32]>(), any::<bool>(), vec(marked(), 1..5), bytes(500))
        .prop_map(|(token, further, tags, bottle)| Search { token, further, tags, bottle })
}

fn marked() -> impl Strategy<Value = (u32, Digest)> {
    (1u32.., any::<Digest>())
}

fn opened() -> impl Strategy<Value = BottleOpened> {
    (any::<Digest>(), any::<Digest>()).prop_map(|(bottle, proof)| BottleOpened { bottle, proof })
}

/// What is particular to a type.
fn body() -> impl Strategy<Value = Body> {
    let understands = vec("[!-~]{1,255}", 0..3);
    prop_oneof![
        Just(Body::Status),
        Just(Body::Photo),
        Just(Body::Comment),
        Just(Body::Reaction),
        Just(Body::Message),
        bytes(2000).prop_map(|original| Body::Share { original }),
        (1u32.., any::<bool>()).prop_map(|(version, closes)| Body::Edit { version, closes }),
        Just(Body::Retract),
        (profile(), any::<bool>()).prop_map(|(profile, want)| Body::Profile { profile, want }),
        bytes(2000).prop_map(|original| Body::Introduction { original }),
        (profile(), of(any::<[u8; 16]>()), vec(bytes(500), 0..3), of(opened())).prop_map(
            |(profile, code, successions, opened)| {
                Body::ContactRequest { profile, code, successions, opened }
            }
        ),
        profile().prop_map(|profile| Body::ContactAccept { profile }),
        Just(Body::ContactBye),
        understands.prop_map(|understands| Body::NotUnderstood { understands }),
        search().prop_map(Body::Search),
        bytes(500).prop_map(|bottle| Body::SearchRequest { bottle }),
        (0..spelling::MAX_NUMBER, vec(marked(), 0..3))
            .prop_map(|(serial, handles)| Body::Handles { serial, handles }),
        Just(Body::SearchStop),
        resend().prop_map(Body::Resend),
        Just(Body::Application),
    ]
}

/// Packets with any parts, of which a type may forbid or miss some.
fn any_packet() -> impl Strategy<Value = Packet> {
    let header = (
        name(),
        0..4_000_000_000i64,
        of(1..1_000_000_000i64),
        any::<bool>(),
        of("[A-Z][a-z]{1,9}( [A-Z&<'\"]{1,3})?"),
    );
    let about = prop_oneof![
        (name(), of(any::<Digest>())).prop_map(|(name, digest)| About::Packet(name, digest)),
        person().prop_map(About::Person),
    ];
    let parts = (vec(person(), 0..3), of(name()), of(about), of(words(MAX_TEXT)), vec(attachment(), 0..3));
    (header, parts, of(words(MAX_TEXT)), body()).prop_map(
        |(
            (name, created, lasts, shareable, author_name),
            (to, thread, about, text, attachments),
            fallback,
            body,
        )| {
            let at = |second| Timestamp::from_second(second).unwrap();
            Packet {
                name,
                kind: body.kind().map_or("org.example.chess.move", Type::name).into(),
                created: at(created),
                expires: lasts.map(|lasts| at(created + lasts)),
                shareable,
                author_name,
                to,
                thread,
                about,
                text,
                attachments,
                fallback,
                body,
            }
        },
    )
}

/// The same packet with the parts that its type needs, and without those it must not have.
fn fitted(mut packet: Packet) -> Packet {
    let root = Name { from: Fingerprint::from_bytes([7; 32]), ..packet.name };
    let kind = packet.kind.as_str();
    if kind.starts_with(|c| c != 'o') && !["comment", "reaction", "edit", "retract"].contains(&kind) {
        packet.thread = None;
    }
    match kind {
        "comment" | "reaction" | "edit" | "retract" | "not-understood" | "search-stop" => {
            packet.about = Some(About::Packet(root, None));
        }
        "status" | "photo" | "message" | "org.example.chess.move" => {}
        "profile" if matches!(packet.body, Body::Introduction { .. }) => {
            packet.about = Some(About::Person(root.from));
        }
        _ => packet.about = None,
    }
    if matches!(packet.body, Body::Edit { closes: true, .. }) {
        packet.thread = None;
    }
    if ["comment", "reaction"].contains(&kind) {
        packet.thread = packet.thread.or(Some(root));
    }
    if !["status", "photo", "comment", "message", "org.example.chess.move"].contains(&kind) {
        packet.attachments.clear();
    }
    match kind {
        "reaction" => packet.text = Some("👍".into()),
        "status" | "comment" | "message" | "edit" if packet.text.is_none() => {
            packet.text = Some("words".into())
        }
        "retract" | "profile" | "not-understood" | "handles" | "search" | "search-request"
        | "search-stop" | "resend" => packet.text = None,
        _ => {}
    }
    if kind == "message" && packet.to.is_empty() {
        packet.to.push(root.from);
    }
    if kind == "photo" && packet.attachments.is_empty() {
        packet.kind = "status".into();
        packet.body = Body::Status;
        packet.text.get_or_insert_with(|| "words".into());
    }
    packet
}

#[test]
fn packets_of_every_type_are_tried() {
    let mut runner = TestRunner::deterministic();
    let tried: Vec<_> = (0..1000).map(|_| body().new_tree(&mut runner).unwrap().current().kind()).collect();
    for kind in Type::ALL.iter().copied().map(Some).chain([None]) {
        assert!(tried.contains(&kind), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn every_packet_comes_back(packet in any_packet().prop_map(fitted)) {
        let xml = write(&packet, None).unwrap();
        prop_assert_eq!(read(&xml).unwrap(), packet);
    }

    // The writer refuses by asking the reader: what it lets through is read back as the same.
    #[test]
    fn what_is_written_is_read(packet in any_packet()) {
        if let Ok(xml) = write(&packet, None) {
            prop_assert_eq!(write(&read(&xml).unwrap(), None).unwrap(), xml);
        }
    }
}

fn status() -> Packet {
    Packet {
        name: Name {
            from: Fingerprint::from_bytes([1; 32]),
            id: "0199f0a2-0000-7000-8000-000000000001".parse().unwrap(),
        },
        kind: "status".into(),
        created: "2026-11-22T10:15:00Z".parse().unwrap(),
        expires: None,
        shareable: false,
        author_name: None,
        to: Vec::new(),
        thread: None,
        about: None,
        text: Some("It's \"done\" & <dusted>".into()),
        attachments: Vec::new(),
        fallback: None,
        body: Body::Status,
    }
}

#[test]
fn canonical_xml_is_what_the_page_says() {
    let alice = Fingerprint::from_bytes([1; 32]);
    let expected = format!(
        "<packet xmlns=\"urn:socialnet:packet:1\" id=\"0199f0a2-0000-7000-8000-000000000001\" type=\"status\" \
         from=\"{alice}\" created=\"2026-11-22T10:15:00Z\">\n  <text>It's \"done\" &amp; &lt;dusted&gt;</text>\n</packet>"
    );
    assert_eq!(String::from_utf8(write(&status(), None).unwrap()).unwrap(), expected);
}

#[test]
fn an_application_brings_its_own_elements() {
    let application = Packet { kind: "org.example.chess.move".into(), body: Body::Application, ..status() };
    let own = b"<move xmlns=\"urn:example:chess\" must-understand=\"true\">e2e4</move>";
    let xml = write(&application, Some(own)).unwrap();
    assert!(xml.windows(own.len()).any(|window| window == own));
    assert_eq!(read(&xml).unwrap(), application);
    // Nothing else gets in that way.
    for wrong in ["text", "<a>", "</packet><packet>", "<fallback>x</fallback>", "<profile/>", "<!-- -->"] {
        assert!(write(&application, Some(wrong.as_bytes())).is_err(), "{wrong}");
    }
}

#[test]
fn what_would_not_be_understood_is_not_written() {
    for wrong in [
        Packet { kind: "poke".into(), ..status() },
        Packet { kind: "photo".into(), ..status() },
        Packet { body: Body::Unknown { why: "x".into() }, ..status() },
        Packet { text: Some(String::new()), ..status() },
        Packet { text: Some("\r".into()), ..status() },
        Packet { created: Timestamp::from_millisecond(1).unwrap(), ..status() },
    ] {
        assert!(write(&wrong, None).is_err(), "{wrong:?}");
    }
}
