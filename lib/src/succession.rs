//! Successions: one identity names the next. XML only; who signed it, and whether that counts, is for others to say.
//! socialnet-packet(5), SUCCESSIONS.

use crate::{
    Context, Error, Fingerprint, Result,
    packet::{
        parts::{self, Parts, Vocabulary},
        spelling, tree,
        write::canonical,
    },
};
use jiff::Timestamp;

/// The namespace of version 1.
pub const NAMESPACE: &str = "urn:socialnet:succession:1";
/// Bytes of its XML, at most.
const MAX_BYTES: usize = 4 << 10;

static VOCABULARY: Vocabulary =
    Vocabulary { namespace: NAMESPACE, elements: &["succession"], attributes: &["created", "from", "to"] };

/// Who was `from` is `to` from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The identity that ends.
    pub from: Fingerprint,
    /// The one that begins.
    pub to: Fingerprint,
    /// When it was made; whole seconds.
    pub created: Timestamp,
}

impl Succession {
    /// Reads the XML. [`crate::Kind::Unavailable`]: another version made it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let root = tree::parse(bytes, MAX_BYTES)?;
        parts::understood(&root, "succession", &VOCABULARY)?;
        let mut parts = Parts::new(&root, &VOCABULARY);
        let succession = Self {
            from: parts.required("from")?.parse().context(|| "from")?,
            to: parts.required("to")?.parse().context(|| "to")?,
            created: spelling::time(parts.required("created")?)?,
        };
        parts.finish()?;
        if succession.from == succession.to {
            return Err(Error::malformed("nobody succeeds themselves"));
        }
        Ok(succession)
    }

    /// Writes it.
    pub fn write(&self) -> Vec<u8> {
        let mut out = canonical();
        // Into memory, which does not fail.
        let _ = out
            .create_element("succession")
            .with_attribute(("xmlns", NAMESPACE))
            .with_attribute(("from", self.from.to_string().as_str()))
            .with_attribute(("to", self.to.to_string().as_str()))
            .with_attribute(("created", self.created.to_string().as_str()))
            .write_empty();
        out.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let [from, to] = [1, 2].map(|byte| Fingerprint::from_bytes([byte; 32]));
        let succession = Succession { from, to, created: "2026-11-22T10:15:00Z".parse().unwrap() };
        assert_eq!(Succession::read(&succession.write()).as_ref(), Ok(&succession));
        assert!(Succession::read(&Succession { to: from, ..succession }.write()).is_err());
        assert!(Succession::read(b"<succession xmlns=\"urn:socialnet:packet:1\"/>").is_err());
    }
}
