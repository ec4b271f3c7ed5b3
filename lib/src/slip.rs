//! Slips: what a searcher signs, and puts into the bottle that a search carries. XML only; who signed it is for `seal`,
//! and the bottle for `search`. socialnet-search(7), SLIPS.

use crate::{
    Context, Error, Fingerprint, Result,
    packet::{
        parts::{self, Parts, Vocabulary},
        spelling, tree,
        write::{canonical, leaf},
    },
    profile::Profile,
};
use jiff::Timestamp;

/// The namespace of version 1.
pub const SLIP: &str = "urn:socialnet:slip:1";
/// Bytes of the XML of a slip, at most: more than a bottle holds.
const MAX_SLIP: usize = 16 << 10;
/// Bytes of a note, at most.
pub const MAX_NOTE: usize = 1000;

static VOCABULARY: Vocabulary = Vocabulary {
    namespace: SLIP,
    elements: &["address", "bio", "meeting", "ml-kem-768", "note", "p256", "profile", "sealing", "slip"],
    attributes: &["bottle", "created", "expires", "from", "introducer", "name", "recovery", "serial"],
};

/// What the person sought learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Who searches.
    pub from: Fingerprint,
    /// To whom they gave the search first.
    pub introducer: Fingerprint,
    /// When it was made; whole seconds.
    pub created: Timestamp,
    /// When it ends, at most [`Slip::MAX_SECONDS`] later; whole seconds.
    pub expires: Timestamp,
    /// The digest of the bottle that it was put into, and of no other.
    pub bottle: [u8; 32],
    /// The searcher's public profile.
    pub profile: Profile,
    /// A few words, or nothing.
    pub note: String,
}

impl Slip {
    /// Seconds between `created` and `expires`, at most: 60 days.
    pub const MAX_SECONDS: i64 = 60 * 24 * 3600;

    /// Reads the XML of a slip. [`crate::Kind::Unavailable`]: another version made it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let root = tree::parse(bytes, MAX_SLIP)?;
        parts::understood(&root, "slip", &VOCABULARY)?;
        let mut parts = Parts::new(&root, &VOCABULARY);
        let note = parts.one("note")?.map(|it| parts::text(it, &VOCABULARY, MAX_NOTE)).transpose()?;
        let slip = Self {
            from: parts.required("from")?.parse()?,
            introducer: parts.required("introducer")?.parse()?,
            created: spelling::time(parts.required("created")?)?,
            expires: spelling::time(parts.required("expires")?)?,
            bottle: spelling::hex(parts.required("bottle")?).context(|| "bottle")?,
            profile: Profile::read(parts.just_one("profile")?, &VOCABULARY)?,
            note: note.unwrap_or_default().to_owned(),
        };
        parts.finish()?;
        let lasts = slip.expires.as_second() - slip.created.as_second();
        if !(1..=Self::MAX_SECONDS).contains(&lasts) {
            return Err(Error::malformed("a search ends within 60 days after it was made"));
        }
        if slip.profile.sealing.is_some() || slip.profile.about.is_some() {
            return Err(Error::malformed("a slip has a profile that is not the public one"));
        }
        Ok(slip)
    }

    /// Writes it. Refuses what [`Slip::read`] would refuse.
    pub fn write(&self) -> Result<Vec<u8>> {
        let bytes = self.spell(self.introducer, &self.bottle)?;
        if Self::read(&bytes).context(|| "cannot write the slip")? != *self {
            return Err(Error::malformed("cannot write the slip: it would be read as another"));
        }
        Ok(bytes)
    }

    fn spell(&self, introducer: Fingerprint, bottle: &[u8; 32]) -> Result<Vec<u8>> {
        let mut out = canonical();
        out.create_element("slip")
            .with_attribute(("xmlns", SLIP))
            .with_attribute(("from", self.from.to_string().as_str()))
            .with_attribute(("introducer", introducer.to_string().as_str()))
            .with_attribute(("created", self.created.to_string().as_str()))
            .with_attribute(("expires", self.expires.to_string().as_str()))
            .with_attribute(("bottle", spelling::to_hex(bottle).as_str()))
            .write_inner_content(|out| {
                self.profile.write(out)?;
                if self.note.is_empty() { Ok(()) } else { leaf(out, "note", &self.note) }
            })?;
        Ok(out.into_inner())
    }
}

/// A slip for many introducers, each with a bottle of their own; all else stays.
pub struct Form(Slip);

impl Form {
    /// The introducer and the bottle of this one don't count. Refuses what [`Slip::write`] would refuse.
    pub fn new(slip: Slip) -> Result<Self> {
        slip.write()?;
        Ok(Self(slip))
    }

    /// Writes it for these. Either is written in one way, whatever it is: nothing can be refused that was not before.
    pub fn write(&self, introducer: Fingerprint, bottle: &[u8; 32]) -> Result<Vec<u8>> {
        self.0.spell(introducer, bottle)
    }
}
