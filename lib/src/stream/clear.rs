//! Clear packets one after another, white space between them.

use crate::{
    Context, Error, Result, base64,
    packet::{self, tree},
};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use std::io::{self, BufRead, Read, Write};

/// Bytes of SignedData, at most.
const MAX_SIGNED: usize = 2 << 20;
/// Bytes of a `<signed>` element: its base64, with room for line feeds and indentation.
const MAX_SIGNED_XML: usize = MAX_SIGNED / 2 * 3;

/// One item of a stream of clear packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clear {
    /// `<packet>…</packet>`: not signed yet, by the owner of the account; its exact bytes, not read yet.
    Packet(Vec<u8>),
    /// `<signed>base64</signed>`: SignedData by its author, DER.
    Signed(Vec<u8>),
}

/// Reads clear packets one after another; memory stays at one packet. After an error it ends.
pub struct ClearItems<R> {
    input: R,
    ended: bool,
}

impl<R: BufRead> ClearItems<R> {
    /// Over `input`.
    pub fn new(input: R) -> Self {
        Self { input, ended: false }
    }

    /// Skips white space; whether anything is left.
    fn more(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.input.fill_buf()?;
            let white = bytes.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            match (bytes.len(), white) {
                (0, _) => return Ok(false),
                (length, white) if white < length => {
                    self.input.consume(white);
                    return Ok(true);
                }
                (_, white) => self.input.consume(white),
            }
        }
    }

    fn item(&mut self) -> Result<Option<Clear>> {
        if !self.more()? {
            return Ok(None);
        }
        let (name, bytes) = element(&mut self.input)?;
        match name.as_str() {
            "packet" => Ok(Some(Clear::Packet(bytes))),
            _ => signed(&bytes).map(|der| Some(Clear::Signed(der))),
        }
    }
}

impl<R: BufRead> Iterator for ClearItems<R> {
    type Item = Result<Clear>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.item().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Takes one whole element from the input: its local name and its exact bytes.
fn element(input: &mut impl BufRead) -> Result<(String, Vec<u8>)> {
    let mut reader = Reader::from_reader(Tee { input, taken: Vec::new(), max: MAX_SIGNED_XML });
    let (mut buffer, mut depth) = (Vec::new(), 0);
    let mut name = String::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(xml_error)? {
            Event::Start(tag) => {
                if depth == 0 {
                    name = root(&tag)?;
                }
                depth += 1;
            }
            Event::Empty(tag) if depth == 0 => {
                name = root(&tag)?;
                return Ok((name, reader.into_inner().taken));
            }
            // quick-xml refuses an end tag without its start tag.
            Event::End(_) => {
                depth -= 1;
                if depth == 0 {
                    return Ok((name, reader.into_inner().taken));
                }
            }
            Event::Eof => return Err(Error::malformed("the input ends within an element")),
            Event::Empty(_) | Event::Text(_) | Event::GeneralRef(_) if depth > 0 => {}
            _ if depth == 0 => return Err(Error::malformed("neither <packet> nor <signed>")),
            _ => return Err(Error::malformed("a comment, or other XML that packets do not have")),
        }
        if name == "packet" {
            // The first tag came under the larger bound.
            reader.get_mut().max = packet::MAX_BYTES;
        }
    }
}

/// The local name of a first tag.
fn root(tag: &BytesStart) -> Result<String> {
    match tag.local_name().into_inner() {
        name @ ("packet" | "signed") => Ok(name.to_owned()),
        other => Err(Error::malformed(format!("<{other}> is neither <packet> nor <signed>"))),
    }
}

/// The bytes that a `<signed>` element says.
fn signed(bytes: &[u8]) -> Result<Vec<u8>> {
    let root = tree::parse(bytes, MAX_SIGNED_XML)?;
    let text = root.text().ok_or_else(|| Error::malformed("an element in <signed>"))?;
    let der = base64::decode_spaced(text).context(|| "<signed>")?;
    match der.len() {
        1..=MAX_SIGNED => Ok(der),
        _ => Err(Error::malformed(format!("<signed>: not 1 to {MAX_SIGNED} bytes"))),
    }
}

/// quick-xml wraps what the input said.
fn xml_error(error: quick_xml::Error) -> Error {
    match error {
        quick_xml::Error::Io(error) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
                Some(ours) => ours.clone(),
                None => io::Error::new(error.kind(), error.to_string()).into(),
            }
        }
        error => Error::malformed(format!("not well-formed XML: {error}")),
    }
}

/// Keeps what is read from the input, up to a bound.
struct Tee<'a, R> {
    input: &'a mut R,
    taken: Vec<u8>,
    max: usize,
}

impl<R: BufRead> BufRead for Tee<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.max.saturating_sub(self.taken.len());
        let bytes = self.input.fill_buf()?;
        if left == 0 && !bytes.is_empty() {
            return Err(io::Error::other(Error::malformed(format!(
                "an element is longer than {} bytes",
                self.max
            ))));
        }
        Ok(&bytes[..bytes.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        // What is asked for was given by `fill_buf`, which gives the same again until it is consumed.
        if let Ok(bytes) = self.input.fill_buf() {
            self.taken.extend_from_slice(&bytes[..amount]);
        }
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Tee<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(out.len());
        out[..count].copy_from_slice(&bytes[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Clear packets in batches, so that one transaction serves many and memory stays bounded.
pub struct Batches<R> {
    items: ClearItems<R>,
}

impl<R: BufRead> Batches<R> {
    /// Packets of a batch, at most.
    const PACKETS: usize = 1024;
    /// Bytes after which a batch is full.
    const BYTES: usize = 4 << 20;

    /// Over `input`.
    pub fn new(input: R) -> Self {
        Self { items: ClearItems::new(input) }
    }
}

/// A batch, and what was wrong with the input after its last packet.
impl<R: BufRead> Iterator for Batches<R> {
    type Item = (Vec<Clear>, Option<Error>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < Self::PACKETS && bytes < Self::BYTES {
            match self.items.next() {
                None => break,
                Some(Err(error)) => return Some((batch, Some(error))),
                Some(Ok(item)) => {
                    bytes += match &item {
                        Clear::Packet(bytes) | Clear::Signed(bytes) => bytes.len(),
                    };
                    batch.push(item);
                }
            }
        }
        (!batch.is_empty()).then_some((batch, None))
    }
}

/// Writes a clear packet and a line feed.
pub fn write_packet(out: &mut impl Write, xml: &[u8]) -> Result<()> {
    out.write_all(xml)?;
    Ok(out.write_all(b"\n")?)
}

/// Writes `<signed>` and a line feed.
pub fn write_signed(out: &mut impl Write, der: &[u8]) -> Result<()> {
    Ok(writeln!(out, "<signed>{}</signed>", base64::encode(der))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn items(bytes: &[u8]) -> Vec<Result<Clear>> {
        ClearItems::new(bytes).collect()
    }

    #[test]
    fn packets_come_byte_for_byte() {
        let first = "<packet xmlns='urn:socialnet:packet:1'>\n <text>a &lt; b ></text\n></packet >";
        let second = "<p:packet xmlns:p=\"x\" a='>'/>";
        let input = format!("\n {first}{second}\r\n<signed >\nZGVy\n</signed>\n");
        let expected =
            [Clear::Packet(first.into()), Clear::Packet(second.into()), Clear::Signed(b"der".to_vec())];
        assert_eq!(items(input.as_bytes()).into_iter().collect::<Result<Vec<_>>>().unwrap(), expected);
        let slow = BufReader::with_capacity(3, input.as_bytes());
        assert_eq!(ClearItems::new(slow).collect::<Result<Vec<_>>>().unwrap(), expected);
    }

    #[test]
    fn what_is_no_packet_ends_the_stream() {
        for wrong in [
            "<envelope/>",
            "text",
            "<?xml version='1.0'?>",
            "<!DOCTYPE packet>",
            "<!-- -->",
            "</packet>",
            "<packet>",
        ] {
            let input = format!("<packet/>\n{wrong}\n<packet/>");
            let items = items(input.as_bytes());
            assert_eq!(items.len(), 2, "{wrong}");
            assert_eq!(items[1].as_ref().unwrap_err().kind(), crate::Kind::Malformed, "{wrong}");
        }
    }

    #[test]
    fn nothing_is_no_error() {
        assert!(items(b"").is_empty() && items(b" \n\n").is_empty());
        assert!(items(b"<packet")[0].is_err());
    }

    #[test]
    fn an_endless_element_stops_at_its_bound() {
        for start in ["<packet>", "<packet a='", "<", "<packet><!--"] {
            let endless = start.as_bytes().chain(io::repeat(b'x'));
            let error = ClearItems::new(BufReader::new(endless)).next().unwrap().unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Malformed, "{start}: {error}");
        }
        let full = format!("<packet>{}</packet>", "x".repeat(packet::MAX_BYTES - 17));
        assert_eq!(items(full.as_bytes()), [Ok(Clear::Packet(full.clone().into()))]);
        let longer = full.replace("<packet>", "<packet >");
        assert!(items(longer.as_bytes())[0].is_err());
    }

    proptest! {
        #[test]
        fn signed_data_comes_back(ders in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..200), 0..5)) {
            let mut out = Vec::new();
            for der in &ders {
                write_signed(&mut out, der).unwrap();
            }
            let read: Vec<Clear> = items(&out).into_iter().collect::<Result<_>>().unwrap();
            prop_assert_eq!(read, ders.into_iter().map(Clear::Signed).collect::<Vec<_>>());
        }
    }
}
