//! The rule of extension, and elements taken apart by it.
//!
//! An element or attribute whose name version 1 does not define is skipped, wherever it stands and whatever its
//! namespace, unless `must-understand="true"` says otherwise; a name that it does define is refused where it does not
//! belong. socialnet-packet(5), EXTENSIONS.

use super::{
    spelling,
    tree::{Attribute, Element, Node},
};
use crate::{Context, Error, Kind, Result};

/// The attribute that forbids skipping.
const MUST_UNDERSTAND: &str = "must-understand";

/// The names that one namespace defines.
pub(crate) struct Vocabulary {
    /// Its name.
    pub namespace: &'static str,
    /// Every element, wherever it belongs.
    pub elements: &'static [&'static str],
    /// Every attribute, wherever it belongs; attributes are in no namespace.
    pub attributes: &'static [&'static str],
}

impl Vocabulary {
    fn defines(&self, element: &Element) -> bool {
        element.namespace == self.namespace && self.elements.contains(&element.name)
    }

    fn defines_attribute(&self, attribute: &Attribute) -> bool {
        attribute.namespace.is_empty()
            && (attribute.name == MUST_UNDERSTAND || self.attributes.contains(&attribute.name))
    }

    /// The first part that must be understood and is not, as one line for a person. What stands inside a skipped
    /// element does not count. With `foreign` false neither do elements of other namespaces.
    pub fn not_understood(&self, element: &Element, foreign: bool) -> Result<Option<String>> {
        let must = match element.attribute(MUST_UNDERSTAND) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::malformed("must-understand is neither 'true' nor 'false'")),
        };
        if !self.defines(element) {
            return Ok(must.then(|| format!("element '{}' of '{}'", element.name, element.namespace)));
        }
        if let Some(unknown) = element.attributes.iter().find(|it| must && !self.defines_attribute(it)) {
            return Ok(Some(format!("attribute '{}' of <{}>", unknown.name, element.name)));
        }
        for child in element.elements().filter(|it| foreign || it.namespace == self.namespace) {
            let why = self.not_understood(child, foreign)?;
            if why.is_some() {
                return Ok(why);
            }
        }
        Ok(None)
    }
}

/// The version of a root element, which its namespace ends with.
pub(crate) fn version(root: &Element, name: &str, vocabulary: &Vocabulary) -> Result<u64> {
    let family = vocabulary.namespace.trim_end_matches('1');
    let number = root.namespace.strip_prefix(family).filter(|_| root.name == name);
    let number =
        number.ok_or_else(|| Error::malformed(format!("the root element is not <{name}> of '{family}1'")))?;
    match spelling::number(number).context(|| format!("version of <{name}>"))? {
        0 => Err(Error::malformed(format!("version of <{name}>: 0"))),
        version => Ok(version),
    }
}

/// Refuses a root that is not a `name` of version 1, or says anything that must be understood and is not:
/// [`Kind::Unavailable`], since a newer node would read it.
pub(crate) fn understood(root: &Element, name: &str, vocabulary: &Vocabulary) -> Result<()> {
    let unknown = match version(root, name, vocabulary)? {
        1 => vocabulary.not_understood(root, true)?,
        version => Some(format!("version {version} of <{name}>")),
    };
    match unknown {
        Some(unknown) => Err(Error::new(Kind::Unavailable, format!("not understood: {unknown}"))),
        None => Ok(()),
    }
}

/// One element, whose attributes and elements are taken by name; [`Parts::finish`] looks at what is left.
pub(crate) struct Parts<'t, 'a> {
    element: &'t Element<'a>,
    vocabulary: &'static Vocabulary,
    taken_attributes: Vec<&'static str>,
    taken_elements: Vec<&'static str>,
}

impl<'t, 'a> Parts<'t, 'a> {
    /// Begins to take `element` apart.
    pub fn new(element: &'t Element<'a>, vocabulary: &'static Vocabulary) -> Self {
        Self { element, vocabulary, taken_attributes: Vec::new(), taken_elements: Vec::new() }
    }

    /// An attribute that may be missing.
    pub fn attribute(&mut self, name: &'static str) -> Option<&'t str> {
        self.taken_attributes.push(name);
        self.element.attribute(name)
    }

    /// An attribute that must be there.
    pub fn required(&mut self, name: &'static str) -> Result<&'t str> {
        let value = self.attribute(name);
        value.ok_or_else(|| Error::malformed(format!("<{}> lacks '{name}'", self.element.name)))
    }

    /// An element that may be missing, and may be there once.
    pub fn one(&mut self, name: &'static str) -> Result<Option<&'t Element<'a>>> {
        let mut found = self.many(name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Error::malformed(format!("<{name}> twice"))),
            (one, None) => Ok(one),
        }
    }

    /// An element that must be there once.
    pub fn just_one(&mut self, name: &'static str) -> Result<&'t Element<'a>> {
        self.one(name)?.ok_or_else(|| Error::malformed(format!("<{}> lacks <{name}>", self.element.name)))
    }

    /// Elements of a name, in order.
    pub fn many(&mut self, name: &'static str) -> impl Iterator<Item = &'t Element<'a>> + use<'t, 'a> {
        self.taken_elements.push(name);
        let namespace = self.element.namespace;
        self.element.elements().filter(move |it| it.namespace == namespace && it.name == name)
    }

    /// Refuses what version 1 defines but not here, and text between the elements.
    pub fn finish(self) -> Result<()> {
        self.attributes_taken()?;
        for child in &self.element.children {
            match child {
                Node::Element(it)
                    if self.vocabulary.defines(it) && !self.taken_elements.contains(&it.name) =>
                {
                    return Err(misplaced(&format!("<{}>", it.name), self.element));
                }
                // White space written as a reference is somebody's text too.
                Node::Text { raw, .. } if raw.contains(|c| !matches!(c, ' ' | '\t' | '\n')) => {
                    return Err(misplaced("text", self.element));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The text of an element that holds nothing else, at most `max` bytes, with its attributes taken before.
    pub fn text(self, max: usize) -> Result<&'t str> {
        self.attributes_taken()?;
        let name = self.element.name;
        let text = self.element.text().ok_or_else(|| Error::malformed(format!("an element in <{name}>")))?;
        if text.len() > max {
            return Err(Error::malformed(format!("<{name}> is longer than {max} bytes")));
        }
        Ok(text)
    }

    fn attributes_taken(&self) -> Result<()> {
        let left = self.element.attributes.iter().find(|it| {
            self.vocabulary.defines_attribute(it)
                && it.name != MUST_UNDERSTAND
                && !self.taken_attributes.contains(&it.name)
        });
        match left {
            Some(it) => Err(misplaced(&format!("'{}'", it.name), self.element)),
            None => Ok(()),
        }
    }
}

/// The text of an element without attributes of its own; see [`Parts::text`].
pub(crate) fn text<'t>(element: &'t Element, vocabulary: &'static Vocabulary, max: usize) -> Result<&'t str> {
    Parts::new(element, vocabulary).text(max)
}

fn misplaced(what: &str, element: &Element) -> Error {
    Error::malformed(format!("{what} does not belong in <{}>", element.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::tree;

    static COLOURS: Vocabulary = Vocabulary {
        namespace: "urn:colours:1",
        elements: &["picture", "red", "blue"],
        attributes: &["shade"],
    };

    fn parsed(inside: &str) -> Element<'_> {
        tree::parse(inside.as_bytes(), 1000).unwrap()
    }

    /// Takes one optional `<red>`.
    fn red_alone(xml: &str) -> Result<()> {
        let root = parsed(xml);
        let mut parts = Parts::new(&root, &COLOURS);
        parts.one("red")?;
        parts.finish()
    }

    #[test]
    fn the_unknown_is_skipped_and_the_misplaced_refused() {
        for good in [
            "<picture xmlns='urn:colours:1'><red/></picture>",
            "<picture xmlns='urn:colours:1' frame='oak'>\n<green/><red/><x:blue xmlns:x='urn:x'>text</x:blue></picture>",
            "<picture xmlns='urn:colours:1' xmlns:x='urn:x' x:shade='dark'/>",
        ] {
            assert_eq!(red_alone(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("<picture xmlns='urn:colours:1'><blue/></picture>", "<blue> does not belong in <picture>"),
            ("<picture xmlns='urn:colours:1' shade='dark'/>", "'shade' does not belong in <picture>"),
            ("<picture xmlns='urn:colours:1'>text</picture>", "text does not belong in <picture>"),
            ("<picture xmlns='urn:colours:1'><red/><red/></picture>", "<red> twice"),
        ] {
            assert_eq!(red_alone(bad).unwrap_err().message(), why);
        }
    }

    #[test]
    fn what_must_be_understood_counts_where_it_is_not_skipped() {
        let unknown = |inside: &str, foreign| {
            let xml = format!("<picture xmlns='urn:colours:1' xmlns:x='urn:x'>{inside}</picture>");
            COLOURS.not_understood(&parsed(&xml), foreign)
        };
        for fine in [
            "<green/>",
            "<green must-understand='false'/>",
            "<green><deep must-understand='true'/></green>",
            "<red must-understand='true' shade='dark'/>",
            "<green x:must-understand='true'/>",
        ] {
            assert_eq!(unknown(fine, true), Ok(None), "{fine}");
        }
        for (new, why) in [
            ("<green must-understand='true'/>", "element 'green' of 'urn:colours:1'"),
            ("<x:red must-understand='true'/>", "element 'red' of 'urn:x'"),
            ("<red must-understand='true' gloss='1'/>", "attribute 'gloss' of <red>"),
            ("<red><green must-understand='true'/></red>", "element 'green' of 'urn:colours:1'"),
        ] {
            assert_eq!(unknown(new, true), Ok(Some(why.to_owned())), "{new}");
        }
        assert_eq!(unknown("<x:red must-understand='true'/>", false), Ok(None));
        assert!(unknown("<red must-understand='yes'/>", true).is_err());
    }

    #[test]
    fn a_root_of_another_version_is_not_malformed() {
        let kind = |xml: &str| understood(&parsed(xml), "picture", &COLOURS).map_err(|error| error.kind());
        assert_eq!(kind("<picture xmlns='urn:colours:1'/>"), Ok(()));
        assert_eq!(kind("<picture xmlns='urn:colours:2'/>"), Err(Kind::Unavailable));
        for wrong in ["<picture/>", "<red xmlns='urn:colours:1'/>", "<picture xmlns='urn:colours:0'/>"] {
            assert_eq!(kind(wrong), Err(Kind::Malformed), "{wrong}");
        }
    }
}
