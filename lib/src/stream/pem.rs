//! PEM blocks one after another (RFC 7468, the strict form of section 3), with lines before them that say where each
//! should go.

use crate::{Error, Result, base64};
use data_encoding::{BASE64, Encoding, Specification};
use std::{
    io::{BufRead, Read, Write},
    sync::LazyLock,
};

/// Characters of base64 in a full line.
const WIDTH: usize = 64;
/// Bytes of a line that may mean something, its end among them; whatever is longer is neither header nor block.
const MAX_LINE: usize = 1024;
/// Header lines before one block, at most; what is above them is forgotten.
const MAX_HEADERS: usize = 16 << 10;

// Lines of 64 characters, each with a line feed.
static WRAPPED: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec: Specification = BASE64.specification();
    spec.wrap.width = WIDTH;
    spec.wrap.separator.push('\n');
    #[allow(clippy::expect_used)] // a constant specification, tried by every test
    spec.encoding().expect("base64 in lines")
});

/// One PEM block with the `Name: value` lines right before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pem {
    /// `To`, `Envelope`, `Blob`, …: they say where to go and are not part of what is sealed.
    pub headers: Vec<(String, String)>,
    /// `CMS`, …
    pub label: String,
    /// The bytes.
    pub der: Vec<u8>,
}

impl Pem {
    /// The values of a header, in order.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Reads PEM blocks one after another (RFC 7468, strict base64); memory stays at one block. What is neither a block
/// nor a `Name: value` line before one is skipped. After an error in one block it goes on with the next; after one of
/// the input it ends.
pub struct PemItems<R> {
    input: R,
    max: usize,
    line: Line,
    wanted: bool,
    skipped: bool,
    ended: bool,
}

impl<R: BufRead> PemItems<R> {
    /// Over `input`; a block of more than `max` DER bytes is refused.
    pub fn new(input: R, max: usize) -> Self {
        Self { input, max, line: Line::default(), wanted: false, skipped: false, ended: false }
    }

    /// Input that says something and holds no block is an error, since somebody forgot a step; empty input is none.
    pub fn wanted(self) -> Self {
        Self { wanted: true, ..self }
    }

    /// The next block, or none at the end.
    fn block(&mut self) -> Result<Option<Pem>> {
        let mut headers = Vec::new();
        while self.line.read(&mut self.input)? {
            if let Some(label) = self.line.boundary("BEGIN") {
                self.wanted = false;
                let label = label.to_owned();
                let der = self.body(&label)?;
                return Ok(Some(Pem { headers, label, der }));
            }
            self.skipped |= !self.line.text().trim_ascii().is_empty();
            match self.line.header() {
                Some(header) if headers.len() < MAX_HEADERS => headers.push(header),
                _ => headers.clear(),
            }
        }
        if std::mem::take(&mut self.skipped) && self.wanted {
            return Err(Error::malformed("nothing sealed is in it").hint("sn-seal seals clear packets"));
        }
        Ok(None)
    }

    /// What stands between the lines of one block. A line that does not belong there is left to be read again: it may
    /// begin the next block.
    fn body(&mut self, label: &str) -> Result<Vec<u8>> {
        let wrong = |what: &str| Error::malformed(format!("PEM block '{label}': {what}"));
        let mut text = Vec::new();
        let mut last = false;
        while self.line.read(&mut self.input)? {
            if let Some(ended) = self.line.boundary("END") {
                if ended != label {
                    return Err(wrong("ends as another"));
                }
                return base64::decode(&text).map_err(|error| wrong(error.message()));
            }
            let line = self.line.text();
            let full = line.len() == WIDTH;
            // What is no base64 at all is found at the end; here, only what would hide the block after a cut one.
            let other =
                line.is_empty() || line.len() > WIDTH || line[0] == b'-' || (!full && line.contains(&b':'));
            if last || other {
                self.line.again = true;
                return Err(wrong("a line that is not 64 characters of base64"));
            }
            last = !full;
            text.extend_from_slice(line);
            if text.len() / 4 * 3 > self.max.saturating_add(2) {
                return Err(wrong(&format!("more than {} bytes", self.max)));
            }
        }
        Err(wrong("the input ends within it"))
    }
}

impl<R: BufRead> Iterator for PemItems<R> {
    type Item = Result<Pem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = match self.block() {
            Ok(Some(pem)) if pem.der.len() > self.max => {
                Err(Error::malformed(format!("PEM block '{}': more than {} bytes", pem.label, self.max)))
            }
            item => item.transpose()?,
        };
        self.ended = item.as_ref().is_err_and(|error| error.kind() != crate::Kind::Malformed);
        Some(item)
    }
}

/// One line of the input, without its end.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    /// Longer than [`MAX_LINE`]: only its beginning is here, and it means nothing.
    cut: bool,
    /// The next reading gives the same line again.
    again: bool,
}

impl Line {
    /// Reads the next line; false at the end of the input.
    fn read(&mut self, input: &mut impl BufRead) -> Result<bool> {
        if std::mem::take(&mut self.again) {
            return Ok(true);
        }
        self.bytes.clear();
        let read = input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut self.bytes)?;
        self.cut = read == MAX_LINE && !self.bytes.ends_with(b"\n");
        if self.cut {
            input.skip_until(b'\n')?;
        }
        Ok(read > 0)
    }

    /// The line without LF or CRLF.
    fn text(&self) -> &[u8] {
        if self.cut {
            return b"";
        }
        let line = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// The label of a `-----BEGIN LABEL-----` line. RFC 7468: words of printable ASCII with single spaces or hyphens
    /// between them.
    fn boundary(&self, which: &str) -> Option<&str> {
        let inner = self.text().strip_prefix(b"-----")?.strip_suffix(b"-----")?;
        let label = std::str::from_utf8(inner).ok()?.strip_prefix(which)?.strip_prefix(' ')?;
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        label.split([' ', '-']).all(word).then_some(label)
    }

    /// A `Name: value` line.
    fn header(&self) -> Option<(String, String)> {
        let (name, value) = std::str::from_utf8(self.text()).ok()?.split_once(": ")?;
        is_header(name, value).then(|| (name.to_owned(), value.to_owned()))
    }
}

fn is_header(name: &str, value: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !value.is_empty()
        && name.len() + value.len() + 4 <= MAX_LINE
        && !value.contains(char::is_control)
}

/// Writes one block.
pub fn write_pem(out: &mut impl Write, pem: &Pem) -> Result<()> {
    for (name, value) in &pem.headers {
        if !is_header(name, value) {
            return Err(Error::malformed(format!("'{name}: {value}' can't stand before a PEM block")));
        }
        writeln!(out, "{name}: {value}")?;
    }
    writeln!(out, "-----BEGIN {}-----", pem.label)?;
    out.write_all(WRAPPED.encode(&pem.der).as_bytes())?;
    Ok(writeln!(out, "-----END {}-----", pem.label)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{self, BufReader};

    const MAX: usize = 1000;

    fn items(text: &str) -> Vec<Result<Pem>> {
        PemItems::new(text.as_bytes(), MAX).collect()
    }

    fn pem(headers: &[(&str, &str)], der: &[u8]) -> Pem {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Pem { headers, label: "CMS".into(), der: der.to_vec() }
    }

    fn block(body: &str) -> String {
        format!("-----BEGIN CMS-----\n{body}-----END CMS-----\n")
    }

    #[test]
    fn written_in_lines_of_64() {
        let mut out = Vec::new();
        write_pem(&mut out, &pem(&[("To", "bob"), ("Blob", "00")], &[0; 50])).unwrap();
        let expected =
            format!("To: bob\nBlob: 00\n-----BEGIN CMS-----\n{}\nAAA=\n-----END CMS-----\n", "A".repeat(64));
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn only_headers_right_before_a_block_are_its_own() {
        let text = format!(
            "To: alice\n\nHello Bob,\nTo: bob\nBlob: 1\nBlob: 2\n{}Bye\n{}",
            block("ZGVy\n"),
            block("")
        );
        let expected = [Ok(pem(&[("To", "bob"), ("Blob", "1"), ("Blob", "2")], b"der")), Ok(pem(&[], b""))];
        assert_eq!(items(&text), expected);
        assert_eq!(items(&text.replace('\n', "\r\n")), expected);
        let first = items(&text).remove(0).unwrap();
        assert_eq!(first.header("Blob").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn a_bad_block_does_not_hide_the_next() {
        let good = format!("To: bob\n{}", block("ZGVy\n"));
        let long = "A".repeat(64);
        for bad in [
            block("ZGVz=\n"),
            block("ZGV\n"),
            block("ZGVy\nZGVy\n"),
            block("ZGVy \n"),
            block("\nZGVy\n"),
            block(&format!("{long}A\n")),
            block("ZGVz====\n"),
            block("ZG=y\n"),
            block(&format!("{long}\n").repeat(40)),
            "-----BEGIN CMS-----\nZGVy\n-----END PKCS7-----\n".into(),
            "-----BEGIN CMS-----\nZGVy\n".into(),
            "-----BEGIN CMS-----\n".into(),
        ] {
            let items = items(&format!("{bad}{good}"));
            assert_eq!(items.len(), 2, "{bad}");
            assert_eq!(items[0].as_ref().unwrap_err().kind(), crate::Kind::Malformed, "{bad}");
            assert_eq!(items[1], Ok(pem(&[("To", "bob")], b"der")), "{bad}");
        }
    }

    #[test]
    fn the_end_within_a_block_is_an_error() {
        assert!(items("-----BEGIN CMS-----\nZGVy")[0].is_err());
        assert_eq!(items("-----BEGIN CMS-----\nZGVy\n-----END CMS-----").len(), 1);
        assert!(items("nothing\nhere\n").is_empty());
    }

    #[test]
    fn bounds() {
        let at = |size: usize| {
            let mut out = Vec::new();
            write_pem(&mut out, &pem(&[], &vec![7; size])).unwrap();
            items(std::str::from_utf8(&out).unwrap()).remove(0)
        };
        assert!(at(MAX).is_ok() && at(MAX + 1).is_err() && at(MAX + 3).is_err());
        // A line that never ends fills no memory, and hides nothing after it.
        let garbage = io::repeat(b'x').take(10_000_000).chain("\n".as_bytes());
        let text = block("ZGVy\n");
        let input = BufReader::new(garbage.chain(text.as_bytes()));
        assert_eq!(PemItems::new(input, MAX).collect::<Result<Vec<_>>>().unwrap(), [pem(&[], b"der")]);
    }

    #[test]
    fn a_header_can_not_smuggle_a_line() {
        for (name, value) in [("To", "bob\nTo: carol"), ("To", ""), ("T o", "x"), ("", "x")] {
            assert!(write_pem(&mut Vec::new(), &pem(&[(name, value)], b"")).is_err());
        }
    }

    proptest! {
        #[test]
        fn blocks_come_back(
            blocks in proptest::collection::vec((proptest::collection::vec(("[A-Z][a-z]{1,8}", "[!-~]{1,40}"), 0..3), proptest::collection::vec(any::<u8>(), 0..300)), 0..4),
        ) {
            let blocks: Vec<Pem> =
                blocks.into_iter().map(|(headers, der)| Pem { headers, label: "CMS".into(), der }).collect();
            let mut out = Vec::new();
            for block in &blocks {
                write_pem(&mut out, block).unwrap();
            }
            let read: Vec<Pem> = PemItems::new(out.as_slice(), MAX).collect::<Result<_>>().unwrap();
            prop_assert_eq!(read, blocks);
        }

        #[test]
        fn no_bytes_make_it_panic_or_loop(lines in proptest::collection::vec("(-----(BEGIN|END) (CMS|X)-----|[A-Za-z=: -]{0,70})\r?", 0..20)) {
            let text = lines.join("\n");
            prop_assert!(items(&text).len() <= lines.len());
        }
    }
}
