//! Envelopes: packets from one sender to one reader, with what the sender has received from that reader. XML only;
//! [`crate::seal`] signs, pads and seals the bytes. socialnet-seal(5) is the authority.
//!
//! ```xml
//! <envelope xmlns="urn:socialnet:envelope:1" from="FINGERPRINT" to="FINGERPRINT" sent="2026-11-22T10:15:00Z"
//!           stream="32 hexadecimal digits" counter="7">
//!   <received>32 hexadecimal digits:1-57,59</received>
//!   <answers>32 hexadecimal digits:58</answers>
//!   <blob sha256="64 hexadecimal digits"/>
//!   <signed>base64</signed>
//! </envelope>
//! ```
//!
//! - What of XML is allowed, the spelling of values and the rule of extension are those of socialnet-packet(5), with at
//!   most [`MAX_BYTES`] bytes. All five attributes are required. Hexadecimal digits are lower case.
//! - `counter` is a decimal number from 0 to 2^63 - 1 without leading zeros. It is 0 exactly when there is no `<signed>`.
//! - `<received>`: one for each of the reader's streams that the sender has anything of, no stream twice. The stream, a
//!   colon, and ranges `FIRST-LAST` (or one number) between commas, from 1, rising, with a gap between each two. At most
//!   [`MAX_RANGES`] ranges in all of them together.
//! - `<answers>`: counters of the sender's own streams that the reader need not wait for any more: what was in them is in
//!   this envelope, or void. Spelt as `<received>`, and with the same limits.
//! - `<blob>`: chunks that the sender has from this reader, at most [`packet::MAX_CHUNKS`], none twice.
//! - `<signed>`: one packet each, as SignedData by its author (DER, in base64), at most [`MAX_PACKETS`].
//! - The order among elements of different names means nothing. Canonical (as written here) is the order above, one
//!   element a line, two spaces a level, no line feed at the end.

use crate::{
    Context, Error, Fingerprint, Result, base64,
    packet::{
        self, Digest,
        parts::{self, Parts, Vocabulary},
        spelling, tree,
        write::{canonical, leaf},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::HashSet, fmt, io, str::FromStr};

/// The namespace of version 1.
pub const NAMESPACE: &str = "urn:socialnet:envelope:1";

/// What was handed over so long ago, and is not confirmed, is sealed anew; of chunks, handed over again
/// (socialnet-protocol(7), Unconfirmed).
pub const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What was sealed first so long ago, and is not confirmed, has failed (ib.); a debt waits no longer, either.
pub const GIVE_UP: SignedDuration = SignedDuration::from_hours(40 * 24);
/// Bytes of one envelope's XML, at most.
pub const MAX_BYTES: usize = 4 << 20;
/// Packets in one envelope, at most.
pub const MAX_PACKETS: usize = 256;
/// Ranges in all `<received>` together, at most.
pub const MAX_RANGES: usize = 32;
/// Bytes of the text of one `<received>`: a stream, a colon, [`MAX_RANGES`] pairs of numbers of 19 digits.
pub(crate) const MAX_RECEIVED: usize = 33 + MAX_RANGES * 40;

static VOCABULARY: Vocabulary = Vocabulary {
    namespace: NAMESPACE,
    elements: &["answers", "blob", "envelope", "received", "signed"],
    attributes: &["counter", "from", "sent", "sha256", "stream", "to"],
};

/// A stream of counters: drawn anew whenever an account begins to count anew.
pub type Stream = [u8; 16];

/// Counters that have come, of one stream: `STREAM:1-57,59`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whose counters.
    pub stream: Stream,
    /// First and last of each range, from 1, rising, not touching.
    pub ranges: Vec<(u64, u64)>,
}

/// One envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The sender, who signs it.
    pub from: Fingerprint,
    /// The one reader.
    pub to: Fingerprint,
    /// When it was sealed; whole seconds.
    pub sent: Timestamp,
    /// The sender's stream.
    pub stream: Stream,
    /// 1 and up per stream and reader; 0 for an envelope without packets.
    pub counter: u64,
    /// What the sender has from this reader.
    pub received: Vec<Received>,
    /// Counters that the reader need not wait for: their packets are in here, or they are void.
    pub answers: Vec<Received>,
    /// Chunks that the sender has from this reader.
    pub blobs: Vec<Digest>,
    /// SignedData by each author, DER.
    pub packets: Vec<Vec<u8>>,
}

impl Envelope {
    /// Reads the XML. [`crate::Kind::Unavailable`]: another version made it, or it has a part that must be understood.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let root = tree::parse(bytes, MAX_BYTES)?;
        parts::understood(&root, "envelope", &VOCABULARY)?;
        let mut parts = Parts::new(&root, &VOCABULARY);
        let envelope = Self {
            from: parts.required("from")?.parse().context(|| "from")?,
            to: parts.required("to")?.parse().context(|| "to")?,
            sent: spelling::time(parts.required("sent")?)?,
            stream: spelling::hex(parts.required("stream")?).context(|| "stream")?,
            counter: spelling::number(parts.required("counter")?).context(|| "counter")?,
            received: parts.many("received").map(counters).collect::<Result<_>>()?,
            answers: parts.many("answers").map(counters).collect::<Result<_>>()?,
            blobs: parts.many("blob").map(blob).collect::<Result<_>>()?,
            packets: parts.many("signed").map(signed).collect::<Result<_>>()?,
        };
        parts.finish()?;
        envelope.check()?;
        Ok(envelope)
    }

    /// Writes it in canonical form. Refuses what [`Envelope::read`] would refuse.
    pub fn write(&self) -> Result<Vec<u8>> {
        self.check()?;
        let mut out = canonical();
        out.create_element("envelope")
            .with_attribute(("xmlns", NAMESPACE))
            .with_attribute(("from", self.from.to_string().as_str()))
            .with_attribute(("to", self.to.to_string().as_str()))
            .with_attribute(("sent", self.sent.to_string().as_str()))
            .with_attribute(("stream", spelling::to_hex(&self.stream).as_str()))
            .with_attribute(("counter", self.counter.to_string().as_str()))
            .write_inner_content(|out| self.write_elements(out))?;
        let bytes = out.into_inner();
        if bytes.len() > MAX_BYTES {
            return Err(Error::malformed(format!("an envelope is longer than {MAX_BYTES} bytes")));
        }
        Ok(bytes)
    }

    fn write_elements(&self, out: &mut packet::write::Xml) -> io::Result<()> {
        self.received.iter().try_for_each(|received| leaf(out, "received", &received.to_string()))?;
        self.answers.iter().try_for_each(|answers| leaf(out, "answers", &answers.to_string()))?;
        for sha256 in &self.blobs {
            let element = out.create_element("blob");
            element.with_attribute(("sha256", spelling::to_hex(sha256).as_str())).write_empty()?;
        }
        self.packets.iter().try_for_each(|der| leaf(out, "signed", &base64::encode(der)))
    }

    /// The rules that neither reader nor writer keeps by construction.
    fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::malformed(what));
        if self.sent.subsec_nanosecond() != 0 {
            return wrong("'sent' is not in whole seconds");
        }
        if self.counter > spelling::MAX_NUMBER {
            return wrong("'counter' is above 2^63 - 1");
        }
        if (self.counter == 0) != self.packets.is_empty() {
            return wrong("'counter' is 0 exactly when an envelope has no packets");
        }
        if self.packets.len() > MAX_PACKETS {
            return wrong(&format!("an envelope has more than {MAX_PACKETS} packets"));
        }
        if self.packets.iter().any(Vec::is_empty) {
            return wrong("<signed> is empty");
        }
        if self.blobs.len() > packet::MAX_CHUNKS {
            return wrong(&format!("more than {} <blob>", packet::MAX_CHUNKS));
        }
        if self.blobs.iter().collect::<HashSet<_>>().len() < self.blobs.len() {
            return wrong("<blob> twice");
        }
        check_received(&self.received)?;
        check_received(&self.answers).context(|| "<answers>")
    }
}

fn counters(element: &tree::Element) -> Result<Received> {
    parts::text(element, &VOCABULARY, MAX_RECEIVED)?.parse()
}

fn blob(element: &tree::Element) -> Result<Digest> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let sha256 = spelling::digest(parts.required("sha256")?).context(|| "<blob>")?;
    parts.finish()?;
    Ok(sha256)
}

fn signed(element: &tree::Element) -> Result<Vec<u8>> {
    base64::decode_spaced(parts::text(element, &VOCABULARY, MAX_BYTES)?).context(|| "<signed>")
}

/// Refuses ranges that have more than one spelling, streams named twice, and more than [`MAX_RANGES`] ranges.
pub(crate) fn check_received(received: &[Received]) -> Result<()> {
    let mut streams = HashSet::new();
    for Received { stream, ranges } in received {
        if !streams.insert(stream) {
            return Err(Error::malformed("a stream twice"));
        }
        // The first one may begin at 1; each next one leaves at least one counter out.
        let mut least = 1;
        for (first, last) in ranges {
            if *first < least || last < first || *last > spelling::MAX_NUMBER {
                return Err(Error::malformed("ranges of counters do not rise, or touch"));
            }
            least = last + 2;
        }
        if ranges.is_empty() {
            return Err(Error::malformed("a stream without ranges"));
        }
    }
    if received.iter().map(|it| it.ranges.len()).sum::<usize>() > MAX_RANGES {
        return Err(Error::malformed(format!("more than {MAX_RANGES} ranges of counters")));
    }
    Ok(())
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spelling::to_hex(&self.stream))?;
        let mut before = ':';
        for (first, last) in &self.ranges {
            write!(f, "{before}{first}")?;
            if first < last {
                write!(f, "-{last}")?;
            }
            before = ',';
        }
        Ok(())
    }
}

impl FromStr for Received {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::malformed("not a list of counters (STREAM:1-57,59)");
        let (stream, list) = text.split_once(':').ok_or_else(wrong)?;
        let range = |range: &str| -> Result<(u64, u64)> {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Ok((spelling::number(first)?, spelling::number(last)?))
        };
        let ranges = list.split(',').map(range).collect::<Result<_>>()?;
        let received = Self { stream: spelling::hex(stream).context(|| "stream")?, ranges };
        // `59-59` is `59`.
        if received.to_string() != text {
            return Err(wrong());
        }
        Ok(received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelope() -> Envelope {
        Envelope {
            from: Fingerprint::from_bytes([1; 32]),
            to: Fingerprint::from_bytes([2; 32]),
            sent: "2026-11-22T10:15:00Z".parse().unwrap(),
            stream: [3; 16],
            counter: 7,
            received: vec![Received { stream: [4; 16], ranges: vec![(1, 57), (59, 59)] }],
            answers: vec![Received { stream: [3; 16], ranges: vec![(5, 6)] }],
            blobs: vec![[5; 32]],
            packets: vec![b"der".to_vec(), b"more".to_vec()],
        }
    }

    #[test]
    fn written_as_described_and_read_back() {
        let alice = Fingerprint::from_bytes([1; 32]);
        let bob = Fingerprint::from_bytes([2; 32]);
        let xml = envelope().write().unwrap();
        let expected = format!(
            "<envelope xmlns=\"urn:socialnet:envelope:1\" from=\"{alice}\" to=\"{bob}\" sent=\"2026-11-22T10:15:00Z\" \
             stream=\"{}\" counter=\"7\">\n  <received>{}:1-57,59</received>\n  <answers>{}:5-6</answers>\n  <blob sha256=\"{}\"/>\n  \
             <signed>ZGVy</signed>\n  <signed>bW9yZQ==</signed>\n</envelope>",
            "03".repeat(16),
            "04".repeat(16),
            "03".repeat(16),
            "05".repeat(32)
        );
        assert_eq!(String::from_utf8(xml.clone()).unwrap(), expected);
        assert_eq!(Envelope::read(&xml).unwrap(), envelope());
    }

    #[test]
    fn the_counter_tells_whether_there_are_packets() {
        let bare = Envelope { counter: 0, packets: Vec::new(), ..envelope() };
        assert_eq!(Envelope::read(&bare.write().unwrap()).unwrap(), bare);
        assert!(Envelope { counter: 0, ..envelope() }.write().is_err());
        assert!(Envelope { packets: Vec::new(), ..envelope() }.write().is_err());
    }

    #[test]
    fn counters_have_one_spelling() {
        let stream = "04".repeat(16);
        for good in ["1", "1-2", "1-57,59", "9223372036854775807"] {
            let received: Received = format!("{stream}:{good}").parse().unwrap();
            assert_eq!(received.to_string(), format!("{stream}:{good}"));
            check_received(&[received]).unwrap();
        }
        for bad in [
            "",
            "1,",
            "1-1",
            "2-1",
            "0",
            "1,2",
            "1-5,5-6",
            "5,3",
            "01",
            "1-",
            "-1",
            "1 ,3",
            "9223372036854775808",
        ] {
            let read = format!("{stream}:{bad}").parse().and_then(|received| check_received(&[received]));
            assert!(read.is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = Received { stream: [4; 16], ranges: (0..33).map(|n| (2 * n + 1, 2 * n + 1)).collect() };
        let twice = envelope().received[0].clone();
        for wrong in [
            Envelope { received: vec![many], ..envelope() },
            Envelope { received: vec![twice.clone(), twice], ..envelope() },
            Envelope { blobs: vec![[5; 32], [5; 32]], ..envelope() },
            Envelope { packets: vec![vec![1]; MAX_PACKETS + 1], ..envelope() },
            Envelope { packets: vec![vec![1; MAX_BYTES]], ..envelope() },
        ] {
            assert!(wrong.write().is_err());
        }
    }

    #[test]
    fn the_new_is_skipped_unless_it_must_be_understood() {
        let xml = String::from_utf8(envelope().write().unwrap()).unwrap();
        let with = |part: &str| xml.replace("</envelope>", &format!("{part}</envelope>"));
        let plain = with("<stamp/><x:y xmlns:x='urn:x' must-understand='false'>text</x:y>");
        assert_eq!(Envelope::read(plain.as_bytes()).unwrap(), envelope());
        for newer in [with("<stamp must-understand='true'/>"), xml.replace("envelope:1", "envelope:2")] {
            assert_eq!(Envelope::read(newer.as_bytes()).unwrap_err().kind(), crate::Kind::Unavailable);
        }
        for wrong in [
            with("text"),
            with("<envelope/>"),
            xml.replace("counter=", "count="),
            xml.replace("envelope:1", "packet:1"),
        ] {
            assert_eq!(Envelope::read(wrong.as_bytes()).unwrap_err().kind(), crate::Kind::Malformed);
        }
    }

    proptest! {
        #[test]
        fn every_envelope_comes_back(
            counter in 1..=spelling::MAX_NUMBER,
            steps in proptest::collection::vec((2u64..1000, 0u64..1000), 1..32),
            blobs in proptest::collection::hash_set(any::<[u8; 32]>(), 0..4),
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..5),
        ) {
            let mut last = 0;
            let ranges = steps.iter().map(|(gap, length)| { let first = last + gap; last = first + length; (first, last) });
            let received = vec![Received { stream: [9; 16], ranges: ranges.collect() }];
            let it = Envelope { counter, received, blobs: blobs.into_iter().collect(), packets, ..envelope() };
            prop_assert_eq!(Envelope::read(&it.write().unwrap()).unwrap(), it);
        }
    }
}
