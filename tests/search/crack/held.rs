//! What a contact holds of somebody's handle, one thing a line, and whether a guess fits it.

use data_encoding::{BASE64, HEXLOWER};
use socialnet::{
    Error, Result, seal,
    search::{
        Key, bottle,
        tag::{Derived, Tagger, tags},
    },
};
use std::{fmt, str::FromStr};

/// One thing.
#[derive(Clone)]
pub enum Held {
    /// What is carried for a contact.
    H(Key),
    /// A search that came.
    Search {
        /// Its token.
        token: Key,
        /// Its tags, some of them random.
        tags: Vec<Key>,
    },
    /// The bottle that came with it.
    Bottle(Vec<u8>),
}

impl Held {
    /// One of each kind.
    pub fn bait(derived: &Derived) -> Result<[Self; 3]> {
        let token = seal::random()?;
        Ok([
            Self::H(derived.h),
            Self::Search { token, tags: tags(&token, &[derived.h])?.to_vec() },
            Self::Bottle(bottle::fill(&[derived.b], |_| Ok(b"a slip".to_vec()))?),
        ])
    }

    /// Whether this handle, with this secret, was meant.
    pub fn fits(&self, guess: &Derived) -> bool {
        match self {
            Self::H(h) => *h == guess.h,
            Self::Search { token, tags } => tags.contains(&Tagger::new(token).tag(&guess.h)),
            Self::Bottle(bytes) => matches!(bottle::open(bytes, &[guess.b]), Ok(Some(_))),
        }
    }

    /// The word that its line begins with.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::H(_) => "h",
            Self::Search { .. } => "search",
            Self::Bottle(_) => "bottle",
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::H(h) => write!(f, " {}", HEXLOWER.encode(h)),
            Self::Search { token, tags } => {
                std::iter::once(token).chain(tags).try_for_each(|key| write!(f, " {}", HEXLOWER.encode(key)))
            }
            Self::Bottle(bytes) => write!(f, " {}", BASE64.encode(bytes)),
        }
    }
}

impl FromStr for Held {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let wrong = || Error::malformed("not a line of what a contact holds");
        let mut words = line.split(' ');
        let kind = words.next();
        let mut keys = || {
            words
                .by_ref()
                .map(|word| HEXLOWER.decode(word.as_bytes()).ok()?.try_into().ok())
                .collect::<Option<Vec<Key>>>()
                .ok_or_else(wrong)
        };
        match kind {
            Some("h") => match keys()?.as_slice() {
                [h] => Ok(Self::H(*h)),
                _ => Err(wrong()),
            },
            Some("search") => match keys()?.split_first() {
                Some((token, tags)) => Ok(Self::Search { token: *token, tags: tags.to_vec() }),
                None => Err(wrong()),
            },
            Some("bottle") => {
                let bytes = words.next().and_then(|word| BASE64.decode(word.as_bytes()).ok());
                bytes.map(Self::Bottle).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }
}
