//! Handles: details of a person that belong together, and by which, all at once, they are found.
//! socialnet-search(7), HANDLES.

use super::{MAX_HANDLES, canon};
use crate::{Error, Kind, Result};
use std::{collections::BTreeMap, fmt};

/// Details of one handle, at most.
pub const MAX_DETAILS: usize = 6;
/// Bits below which a handle without a secret is guessed too soon: a million tries, a few days of one core.
pub const WEAK: f64 = 20.0;

/// Details in canonical form, by key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle {
    details: BTreeMap<String, String>,
}

impl Handle {
    /// Reads words `KEY=VALUE`. [`Kind::Usage`]: one of them is none, or there are none, too many, or two of a key.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self> {
        let mut details = BTreeMap::new();
        for word in words {
            let (key, value) = (word.as_ref().split_once('='))
                .ok_or_else(|| usage("a detail is written as KEY=VALUE".to_owned()))?;
            if details.insert(key.to_owned(), canon::canonical(key, value)?).is_some() {
                return Err(usage(format!("'{key}' twice")));
            }
        }
        if details.is_empty() || details.len() > MAX_DETAILS {
            return Err(usage(format!("a handle has 1 to {MAX_DETAILS} details")));
        }
        Ok(Self { details })
    }

    /// Reads what [`Handle::canonical`] wrote.
    pub fn from_canonical(text: &str) -> Result<Self> {
        let handle = Self::parse(&text.lines().collect::<Vec<_>>())?;
        if handle.canonical() != text {
            return Err(Error::malformed("not a handle in canonical form"));
        }
        Ok(handle)
    }

    /// The bytes that stand for it: `KEY=VALUE` and a line feed for each detail, sorted by key.
    pub fn canonical(&self) -> String {
        self.details.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
    }

    /// How many bits it takes to guess it, roughly and rather too many than too few: base-2 logarithm of the tries
    /// of somebody who knows where people of this kind are listed. socialnet-search(7), HOW GUESSABLE.
    pub fn bits(&self) -> f64 {
        self.details.iter().map(|(key, value)| bits(key, value)).sum()
    }

    /// Whether it takes fewer than [`WEAK`] bits.
    pub fn is_weak(&self) -> bool {
        self.bits() < WEAK
    }

    /// What a search by these details looks for: the whole, and every part of it that is not weak, since only the person
    /// sought knows which of them they chose. The hardest to guess first, at most [`MAX_HANDLES`].
    pub fn parts(&self) -> Vec<Self> {
        let details: Vec<_> = self.details.iter().collect();
        let part = |chosen: usize| Self {
            details: (details.iter().enumerate())
                .filter(|(at, _)| chosen >> at & 1 == 1)
                .map(|(_, (key, value))| ((*key).clone(), (*value).clone()))
                .collect(),
        };
        let all = (1 << details.len()) - 1;
        let mut parts: Vec<Self> = (1..all).map(part).filter(|part| !part.is_weak()).collect();
        parts.sort_by(|one, other| other.bits().total_cmp(&one.bits()).then_with(|| one.cmp(other)));
        parts.insert(0, self.clone());
        parts.truncate(MAX_HANDLES);
        parts
    }
}

/// As words that [`Handle::parse`] takes, for people.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, value)) in self.details.iter().enumerate() {
            let quote = if value.contains(' ') { "'" } else { "" };
            write!(f, "{}{key}={quote}{value}{quote}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

fn usage(message: String) -> Error {
    Error::new(Kind::Usage, message)
}

/// The bits of one detail. How many values of a kind there are, and how evenly people are spread over them, is the same
/// for everybody; a short value adds no more than its letters could.
fn bits(key: &str, value: &str) -> f64 {
    let letters = value.chars().filter(|c| *c != ' ').count() as f64;
    let words = match value.split(' ').count() {
        1 if letters > 2.0 && canon::is_unspaced(value) => 2,
        words => words,
    };
    let of_kind: f64 = match key {
        // Given name, surname; more of them say little more.
        "name" => match words {
            1 => 10.0,
            2 => 18.0,
            _ => 19.0,
        },
        "former-name" => 10.0,
        "born" if value.len() == 4 => 6.0,
        "born" => 14.5,
        // Within a country and its numbers for mobile telephones.
        "phone" => 26.0,
        "mail" => 24.0,
        "nick" => 16.0,
        "street" if value.contains(|c: char| c.is_ascii_digit()) => 13.0,
        "town" | "school" | "employer" | "club" | "street" => 9.0,
        _ => 12.0,
    };
    // What a letter adds in names and words; scripts of syllables and words have more in each.
    let of_letter = if value.is_ascii() { 2.0 } else { 4.0 };
    of_kind.min(letters * of_letter)
}

/// How many bits it takes to guess a secret, as roughly: 1.75 for a character of words, 3 where digits and symbols
/// are mixed in, nothing for one that repeats the last.
pub fn secret_bits(secret: &str) -> f64 {
    let mut characters: Vec<char> = secret.chars().collect();
    characters.dedup();
    let mixed = characters.iter().any(char::is_ascii_digit)
        && characters.iter().any(|c| c.is_alphabetic())
        && !characters.contains(&' ');
    characters.len() as f64 * if mixed { 3.0 } else { 1.75 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(words: &[&str]) -> Handle {
        Handle::parse(words).unwrap()
    }

    #[test]
    fn order_and_spelling_make_no_difference() {
        let ada = handle(&["town=London", "name=Ada Lovelace"]);
        assert_eq!(ada, handle(&["name=LOVELACE, Ada", "town=LONDON"]));
        assert_eq!(ada.canonical(), "name=ada lovelace\ntown=london\n");
        assert_eq!(ada.to_string(), "name='ada lovelace' town=london");
        assert_eq!(Handle::from_canonical(&ada.canonical()), Ok(ada));
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        let many: Vec<String> = (0..=MAX_DETAILS).map(|it| format!("x-{it}=a")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for words in [&[][..], &["name"], &["name=a", "name=b"], &["=a"], &["name="], &many] {
            assert_eq!(Handle::parse(words).unwrap_err().kind(), Kind::Usage, "{words:?}");
        }
        for text in ["", "name=Ada\n", "name=ada", "town=x\nname=ada\n", "name=ada\n\n"] {
            assert!(Handle::from_canonical(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn one_field_that_many_share_is_weak() {
        for weak in [
            &["name=Ada Lovelace"][..],
            &["born=1815-12-10"],
            &["town=London"],
            &["name=Ada", "town=Rye"],
            &["phone=+1234567", "town=x"][1..],
            &["name=a", "mail=a@b.c"],
        ] {
            assert!(handle(weak).is_weak(), "{weak:?}: {}", handle(weak).bits());
        }
        for strong in [
            &["name=Ada Lovelace", "town=London"][..],
            &["name=Ada Lovelace", "born=1815"],
            &["phone=+44 20 7946 0018"],
            &["mail=alice@example.org"],
            &["name=山田太郎", "town=大阪"],
        ] {
            assert!(!handle(strong).is_weak(), "{strong:?}: {}", handle(strong).bits());
        }
    }

    #[test]
    fn a_search_looks_for_each_part_that_is_not_weak() {
        let shown =
            |words: &[&str]| -> Vec<String> { handle(words).parts().iter().map(Handle::to_string).collect() };
        assert_eq!(
            shown(&["name=Ada Lovelace", "town=London", "born=1815"]),
            [
                "born=1815 name='ada lovelace' town=london",
                "name='ada lovelace' town=london",
                "born=1815 name='ada lovelace'"
            ]
        );
        assert_eq!(shown(&["town=London"]), ["town=london"], "weak, but all there is");
        let all =
            ["name=Ada Lovelace", "town=London", "born=1815-12-10", "nick=countess", "club=whist players"];
        assert_eq!(shown(&all).len(), MAX_HANDLES);
    }

    #[test]
    fn a_secret_is_worth_its_length() {
        assert!(secret_bits("boat") < 10.0);
        assert!(secret_bits("aaaaaaaaaaaaaaaa") < 2.0);
        assert!(secret_bits("correct horse battery staple") > 40.0);
        assert!(secret_bits("k4jx9q2mpz7wtr") > 40.0);
    }
}
