//! XML as a tree that is written back byte for byte: what of XML a packet, an envelope or an invitation may use, and
//! the limits.
//!
//! quick-xml finds the tags and compares their names, and leaves most of the rest of XML 1.0 to its caller. What is
//! checked here: one element and nothing around it, ASCII names, white space between attributes, which characters may
//! stand where, references, namespaces. The text of every tag and of everything between is kept as it came.

use super::{MAX_ATTRIBUTES, MAX_DECLARATIONS, MAX_DEPTH, MAX_ELEMENTS};
use crate::{Error, Result};
use quick_xml::{
    Reader,
    escape::unescape,
    events::{Event, attributes::Attributes},
};
use std::borrow::Cow;

/// The namespace that the prefix `xml` always has.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace that nothing may be bound to.
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The start tag as it came, or the whole of an empty element.
    start: &'a str,
    /// The end tag as it came; nothing for an empty element.
    end: &'a str,
    /// Name of its namespace, empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// Attributes in their order, without namespace declarations.
    pub attributes: Vec<Attribute<'a>>,
    /// What it holds, in order; never two texts side by side.
    pub children: Vec<Node<'a>>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Name of its namespace, empty for none.
    pub namespace: &'a str,
    /// Local name.
    pub name: &'a str,
    /// What it says, references resolved.
    pub value: Cow<'a, str>,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// An element.
    Element(Element<'a>),
    /// Text.
    Text {
        /// As it came.
        raw: &'a str,
        /// References resolved.
        value: Cow<'a, str>,
    },
}

/// Reads one element of at most `max` bytes and nothing around it.
pub fn parse(bytes: &[u8], max: usize) -> Result<Element<'_>> {
    if bytes.len() > max {
        return Err(Error::malformed(format!("longer than {max} bytes")));
    }
    let source = std::str::from_utf8(bytes).map_err(|_| Error::malformed("not UTF-8"))?;
    only_allowed(source)?;
    if !source.starts_with('<') {
        return Err(Error::malformed("does not begin with an element"));
    }
    Parser { source, open: Vec::new(), scope: Vec::new(), elements: 0 }.run()
}

impl<'a> Element<'a> {
    /// Appends the bytes it came from.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.start.as_bytes());
        for child in &self.children {
            match child {
                Node::Element(element) => element.write(out),
                Node::Text { raw, .. } => out.extend_from_slice(raw.as_bytes()),
            }
        }
        out.extend_from_slice(self.end.as_bytes());
    }

    /// The attribute of that name in no namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|it| it.namespace.is_empty() && it.name == name);
        found.map(|it| it.value.as_ref())
    }

    /// The elements directly in it.
    pub fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text { .. } => None,
        })
    }

    /// Its text, if it holds nothing else.
    pub fn text(&self) -> Option<&str> {
        match self.children.as_slice() {
            [] => Some(""),
            [Node::Text { value, .. }] => Some(value),
            _ => None,
        }
    }
}

/// Where parsing stands.
struct Parser<'a> {
    source: &'a str,
    /// Elements begun and not ended, outermost first, each with the length of `scope` outside it.
    open: Vec<(Element<'a>, usize)>,
    /// Prefixes declared, innermost last. Slices of the source: a resolver that copies each name (quick-xml's) would
    /// let one long name be multiplied by the number of elements.
    scope: Vec<(&'a str, &'a str)>,
    elements: usize,
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Result<Element<'a>> {
        let mut reader = Reader::from_str(self.source);
        // Where the current tag began, and the text before it.
        let (mut at, mut text) = (0, 0);
        loop {
            let event = reader.read_event().map_err(|error| not_well_formed(&error))?;
            let end = usize::try_from(reader.buffer_position()).unwrap_or(self.source.len());
            let raw = &self.source[at..end];
            let complete = match event {
                // quick-xml cuts text at each reference; it is put together again when the next tag comes.
                Event::Text(_) | Event::GeneralRef(_) => {
                    at = end;
                    continue;
                }
                Event::Start(_) => {
                    self.text(text, at)?;
                    let (element, outside) = self.element(raw)?;
                    self.open.push((element, outside));
                    None
                }
                Event::Empty(_) => {
                    self.text(text, at)?;
                    let (element, outside) = self.element(raw)?;
                    self.close(element, outside)
                }
                Event::End(_) => {
                    self.text(text, at)?;
                    let (mut element, outside) = self
                        .open
                        .pop()
                        .ok_or_else(|| Error::malformed("an end tag without its start tag"))?;
                    element.end = raw;
                    self.close(element, outside)
                }
                Event::Eof => return Err(Error::malformed("ends too early")),
                Event::Comment(_) => return Err(Error::malformed("a comment is not allowed")),
                Event::CData(_) => return Err(Error::malformed("a CDATA section is not allowed")),
                Event::PI(_) => return Err(Error::malformed("a processing instruction is not allowed")),
                Event::Decl(_) => return Err(Error::malformed("an XML declaration is not allowed")),
                Event::DocType(_) => return Err(Error::malformed("a DTD is not allowed")),
            };
            (at, text) = (end, end);
            match complete {
                Some(root) if end == self.source.len() => return Ok(root),
                Some(_) => return Err(Error::malformed("something follows the root element")),
                None => {}
            }
        }
    }

    /// Hangs an ended element into the one around it; the root is given back.
    fn close(&mut self, element: Element<'a>, outside: usize) -> Option<Element<'a>> {
        self.scope.truncate(outside);
        match self.open.last_mut() {
            Some((around, _)) => {
                around.children.push(Node::Element(element));
                None
            }
            None => Some(element),
        }
    }

    /// Hangs the text of a range into the element around it.
    fn text(&mut self, from: usize, to: usize) -> Result<()> {
        let raw = &self.source[from..to];
        if raw.is_empty() {
            return Ok(());
        }
        if raw.contains(']') && raw.contains("]]>") {
            return Err(Error::malformed("']]>' in text"));
        }
        let value = resolve(raw)?;
        if let Some((around, _)) = self.open.last_mut() {
            around.children.push(Node::Text { raw, value });
        }
        Ok(())
    }

    /// Takes a start tag apart; also gives the length of the scope outside it.
    fn element(&mut self, raw: &'a str) -> Result<(Element<'a>, usize)> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::malformed(format!("elements deeper than {MAX_DEPTH}")));
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::malformed(format!("more than {MAX_ELEMENTS} elements")));
        }
        let outside = self.scope.len();
        let inside = raw.strip_suffix("/>").or_else(|| raw.strip_suffix('>')).unwrap_or(raw);
        let inside = inside.strip_prefix('<').unwrap_or(inside);
        let name = inside.split([' ', '\t', '\n']).next().unwrap_or_default();
        let mut found = Vec::new();
        for (count, attribute) in Attributes::new(inside, name.len()).enumerate() {
            if count == MAX_ATTRIBUTES {
                return Err(Error::malformed(format!(
                    "more than {MAX_ATTRIBUTES} attributes in one element"
                )));
            }
            let attribute = attribute.map_err(|error| not_well_formed(&error))?;
            let (key, Cow::Borrowed(value)) = (attribute.key.into_inner(), attribute.value) else {
                return Err(Error::malformed(format!("attribute '{}'", attribute.key.into_inner())));
            };
            // quick-xml takes attributes with nothing between them.
            let after = value.as_ptr().addr() - inside.as_ptr().addr() + value.len() + 1;
            if !inside[after..].is_empty() && !inside[after..].starts_with([' ', '\t', '\n']) {
                return Err(Error::malformed(format!("no space after attribute '{key}'")));
            }
            match split(key)? {
                ("", "xmlns") => self.declare("", value)?,
                ("xmlns", prefix) => self.declare(prefix, value)?,
                (prefix, local) => found.push((prefix, local, value)),
            }
        }
        let (prefix, local) = split(name)?;
        let namespace = self.namespace(prefix)?;
        let mut attributes: Vec<Attribute> = Vec::with_capacity(found.len());
        for (prefix, name, raw) in found {
            let namespace = if prefix.is_empty() { "" } else { self.namespace(prefix)? };
            // Two prefixes may mean one namespace, which quick-xml's own check for duplicates does not see.
            if attributes.iter().any(|it| it.namespace == namespace && it.name == name) {
                return Err(Error::malformed(format!("attribute '{name}' twice")));
            }
            if raw.contains(['<', '\t', '\n']) {
                return Err(Error::malformed(format!(
                    "'<', TAB or a line feed as it is in attribute '{name}'"
                )));
            }
            attributes.push(Attribute { namespace, name, value: resolve(raw)? });
        }
        Ok((
            Element { start: raw, end: "", namespace, name: local, attributes, children: Vec::new() },
            outside,
        ))
    }

    /// Takes a namespace declaration.
    fn declare(&mut self, prefix: &'a str, namespace: &'a str) -> Result<()> {
        // What a URI is made of (RFC 3986 section 2) without the references that would give one name two spellings; the
        // rest is Namespaces in XML 1.0, sections 2.2 and 3.
        let wrong =
            !namespace.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"&'<>\\^`{|}".contains(&byte))
                || prefix == "xmlns"
                || namespace == XMLNS
                || (prefix == "xml") != (namespace == XML)
                || (namespace.is_empty() && !prefix.is_empty());
        if wrong {
            return Err(Error::malformed(format!("namespace declaration '{prefix}'")));
        }
        if self.scope.len() == MAX_DECLARATIONS {
            return Err(Error::malformed(format!(
                "more than {MAX_DECLARATIONS} namespace declarations in force"
            )));
        }
        self.scope.push((prefix, namespace));
        Ok(())
    }

    /// What a prefix means here.
    fn namespace(&self, prefix: &str) -> Result<&'a str> {
        match self.scope.iter().rev().find(|(declared, _)| *declared == prefix) {
            Some((_, namespace)) => Ok(namespace),
            None if prefix.is_empty() => Ok(""),
            None if prefix == "xml" => Ok(XML),
            None => Err(Error::malformed(format!("prefix '{prefix}' is not declared"))),
        }
    }
}

/// Prefix (or nothing) and local name. Both are ASCII, so that no two names look alike.
fn split(name: &str) -> Result<(&str, &str)> {
    let plain = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    match name.split_once(':') {
        None if plain(name) => Ok(("", name)),
        Some((prefix, local)) if plain(prefix) && plain(local) => Ok((prefix, local)),
        _ => Err(Error::malformed(format!("'{name}' is not a name"))),
    }
}

/// Resolves the five entities and character references.
fn resolve(raw: &str) -> Result<Cow<'_, str>> {
    let value = unescape(raw).map_err(|error| not_well_formed(&error))?;
    if let Cow::Owned(resolved) = &value {
        only_allowed(resolved)?;
    }
    Ok(value)
}

/// No control characters but TAB and line feed, and nothing that XML 1.0 section 2.2 forbids.
fn only_allowed(text: &str) -> Result<()> {
    // Nearly all of it is plain ASCII, mostly base64; looking at bytes without stopping is many times as fast.
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) || matches!(byte, b'\t' | b'\n');
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return Ok(());
    }
    let forbidden =
        |c: &char| (c.is_control() && !matches!(c, '\t' | '\n')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    match text.chars().find(forbidden) {
        Some(c) => Err(Error::malformed(format!("forbidden character U+{:04X}", u32::from(c)))),
        None => Ok(()),
    }
}

fn not_well_formed(error: &dyn std::fmt::Display) -> Error {
    Error::malformed(format!("not well-formed XML: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn why(xml: &str) -> String {
        parse(xml.as_bytes(), 1 << 20).unwrap_err().to_string()
    }

    fn written(root: &Element) -> Vec<u8> {
        let mut out = Vec::new();
        root.write(&mut out);
        out
    }

    #[test]
    fn everything_is_kept_as_it_came() {
        let xml = "<a  b = 'x&quot;>' xmlns:p=\"urn:p\"\n>t&#x41;&amp;<p:c\tp:d='' /> <p:c ></p:c\n></a >";
        let root = parse(xml.as_bytes(), 1000).unwrap();
        assert_eq!(written(&root), xml.as_bytes());
        assert_eq!(root.attribute("b"), Some("x\">"));
        assert_eq!(root.children[0], Node::Text { raw: "t&#x41;&amp;", value: "tA&".into() });
        let names: Vec<_> = root.elements().map(|it| (it.namespace, it.name)).collect();
        assert_eq!(names, [("urn:p", "c"), ("urn:p", "c")]);
    }

    #[test]
    fn namespaces_end_with_their_element() {
        let root = parse(b"<a xmlns='x'><b xmlns='y'><c xmlns=''/></b><d/></a>", 1000).unwrap();
        let b = root.elements().next().unwrap();
        assert_eq!((b.namespace, b.elements().next().unwrap().namespace), ("y", ""));
        assert_eq!(root.elements().nth(1).unwrap().namespace, "x");
        assert!(why("<a><b xmlns:p='p'/><p:c/></a>").contains("prefix 'p' is not declared"));
    }

    #[test]
    fn what_quick_xml_lets_pass_is_refused_here() {
        for xml in [
            "<a b='1'c='2'/>",
            "<a b='<'/>",
            "<a b='\n'/>",
            "<a>]]></a>",
            "<\u{e9}/>",
            "<1/>",
            "<a:b:c xmlns:a='x'/>",
            "<a xmlns:p=''/>",
            "<a xmlns='urn:a b'/>",
            "<a xmlns='urn:&#97;'/>",
            "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
            "<xmlns:a/>",
            "<a xmlns:p='x' xmlns:q='x' p:b='' q:b=''/>",
            "<a>&#7;</a>",
            "<a>&#+65;</a>",
            "<a>&#X41;</a>",
            "<a>&nbsp;</a>",
            "<a>&</a>",
            "<a/><b/>",
            "<a/>\n",
            "\u{feff}<a/>",
            "<a / >",
            "<a></ a>",
            "< a/>",
            "<a",
            "<a>",
            "",
        ] {
            assert!(parse(xml.as_bytes(), 1000).is_err(), "{xml}");
        }
    }

    #[test]
    fn floods_stop_at_their_limit() {
        let nest = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(nest(MAX_DEPTH).as_bytes(), 1000).is_ok());
        assert!(why(&nest(MAX_DEPTH + 1)).contains("deeper than 16"));
        let row = |count| format!("<a>{}</a>", "<b/>".repeat(count));
        assert!(parse(row(MAX_ELEMENTS - 1).as_bytes(), 1 << 20).is_ok());
        assert!(why(&row(MAX_ELEMENTS)).contains("more than 16384 elements"));
        let wide = |count| format!("<a{}/>", (0..count).map(|n| format!(" a{n}=''")).collect::<String>());
        assert!(parse(wide(MAX_ATTRIBUTES).as_bytes(), 1000).is_ok());
        assert!(why(&wide(MAX_ATTRIBUTES + 1)).contains("more than 32 attributes"));
        assert!(parse(b"<a></a>", 6).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_written_back(xml in "<a( (xmlns(:p)?|p:b|c)=['\"](u|&lt;|x)['\"]){0,3}>(<p:a/>|x|&amp;|<b>|</b>| ){0,6}</a>") {
            if let Ok(root) = parse(xml.as_bytes(), 1000) {
                prop_assert_eq!(written(&root), xml.as_bytes());
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, 100);
        }
    }
}
