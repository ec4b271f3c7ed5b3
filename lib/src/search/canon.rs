//! `canon-1`: the one spelling of a detail, so that who searches and who is sought make the same bytes of it.
//! socialnet-search(7), CANONICAL FORM.
//!
//! It must not change under the same name, or nobody is found any more. Unicode promises that normal forms and case
//! foldings of assigned characters stay as they are; what this Unicode has not assigned yet is refused. Telephone numbers
//! are taken with their country alone: what a national form means is in tables that change every month.

use crate::{Error, Kind, Result};
use icu_casemap::CaseMapper;
use icu_normalizer::{
    ComposingNormalizerBorrowed as Composing, DecomposingNormalizerBorrowed as Decomposing,
};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, Script, WhiteSpace},
};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use jiff::civil::Date;

/// Bytes of a detail, as given and in canonical form, at most.
pub const MAX_VALUE: usize = 256;
/// Characters of a key, at most.
pub const MAX_KEY: usize = 32;

/// How values of a key are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words, in no order: some write the surname first.
    Name,
    /// Words.
    Text,
    /// E.164.
    Phone,
    /// A mail address.
    Mail,
    /// A day or a year.
    Date,
}

/// The keys that everybody has in common.
pub const KEYS: [(&str, Form); 11] = [
    ("born", Form::Date),
    ("club", Form::Text),
    ("employer", Form::Text),
    ("former-name", Form::Name),
    ("mail", Form::Mail),
    ("name", Form::Name),
    ("nick", Form::Text),
    ("phone", Form::Phone),
    ("school", Form::Text),
    ("street", Form::Text),
    ("town", Form::Text),
];

/// How values of `key` are spelt; `None` if there is no such key. Those that begin with `x-` are anybody's own.
pub fn form(key: &str) -> Option<Form> {
    let own = || {
        let name = key.strip_prefix("x-")?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!name.is_empty() && key.len() <= MAX_KEY && name.bytes().all(plain)).then_some(Form::Text)
    };
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, form)| *form).or_else(own)
}

/// The canonical form of a value. [`Kind::Usage`]: there is no such key, or it can't be a value of it.
pub fn canonical(key: &str, value: &str) -> Result<String> {
    let form = form(key).ok_or_else(|| no_such_key(key))?;
    if value.len() > MAX_VALUE {
        return Err(wrong(key, format!("longer than {MAX_VALUE} bytes")));
    }
    if value.contains(is_strange) {
        return Err(wrong(key, "a character that is none of a text"));
    }
    let canonical = match form {
        Form::Name => name(value),
        Form::Text => text(value),
        Form::Phone => phone(value).ok_or_else(|| {
            wrong(key, "not a telephone number").hint("write it with its country: +44 20 7946 0018")
        })?,
        Form::Mail => mail(value).ok_or_else(|| wrong(key, "not a mail address"))?,
        Form::Date => date(value)
            .ok_or_else(|| wrong(key, "not a date").hint("write it as 1815-12-10, or the year alone"))?,
    };
    if !canonical.contains(char::is_alphanumeric) {
        return Err(wrong(key, "nothing is left of it in canonical form"));
    }
    if canonical.len() > MAX_VALUE {
        return Err(wrong(key, format!("longer than {MAX_VALUE} bytes")));
    }
    Ok(canonical)
}

fn no_such_key(key: &str) -> Error {
    let known: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
    Error::new(Kind::Usage, format!("'{key}' is nothing that people are found by"))
        .hint(format!("there are {}, and x-... of your own", known.join(", ")))
}

fn wrong(key: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("{key}: {why}"))
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn is_space(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

/// Controls, except those that are white space, and what has no meaning, or none that is the same for everybody.
fn is_strange(c: char) -> bool {
    match category(c) {
        GeneralCategory::Control => !is_space(c),
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse => true,
        _ => false,
    }
}

/// What is left out wherever it stands: apostrophes, of which there are as many as keyboards, the middle dot of Catalan,
/// the stretched line of Arabic, and what can't be seen.
fn is_left_out(c: char) -> bool {
    matches!(
        c,
        '\'' | '`'
            | '\u{b4}'
            | '\u{b7}'
            | '\u{2b9}'
            | '\u{2bb}'
            | '\u{2bc}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{640}'
    ) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Accents, and the points of Hebrew and Arabic that most leave away. Vowel signs belong to their script, and stay; so do
/// the voicing marks of Japanese, without which a word is another one.
fn is_accent(c: char) -> bool {
    let loose = matches!(script(c), Script::Inherited | Script::Hebrew);
    category(c) == GeneralCategory::NonspacingMark && loose && !matches!(c, '\u{3099}' | '\u{309a}')
}

/// Letters that have their stroke, dot or partner in them, so that no normal form takes it off.
fn base(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŋ' => "n",
        'ø' => "o",
        'œ' => "oe",
        'þ' => "th",
        'ŧ' => "t",
        _ => return None,
    })
}

/// Decimal digits of any script as 0 to 9. Unicode has those of one script one after another, beginning with zero, and
/// nothing but digits between two runs that touch.
fn digit(c: char) -> Option<char> {
    let decimal = |c: char| category(c) == GeneralCategory::DecimalNumber;
    if !decimal(c) {
        return None;
    }
    let before = (1..10)
        .take_while(|back| (u32::from(c).checked_sub(*back)).and_then(char::from_u32).is_some_and(decimal));
    char::from_digit(u32::try_from(before.count()).ok()?, 10)
}

/// Without differences of case and accents.
fn folded(value: &str) -> String {
    let (nfkd, fold) = (Decomposing::new_nfkd(), CaseMapper::new());
    let bare = |text: &str| nfkd.normalize(text).chars().filter(|c| !is_accent(*c)).collect::<String>();
    // Once before folding, which would make a letter of the Greek iota beneath, and once after, since what it writes out
    // may decompose.
    let once: String = value.chars().filter(|c| !is_left_out(*c)).collect();
    bare(&fold.fold_string(&bare(&once))).chars().filter(|c| !is_left_out(*c)).collect()
}

/// Words of folded letters, digits and symbols, one space between each two.
fn text(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    for c in folded(value).chars() {
        match base(c) {
            Some(letters) => plain.push_str(letters),
            None if is_space(c) || GeneralCategoryGroup::Punctuation.contains(category(c)) => plain.push(' '),
            None => plain.push(digit(c).unwrap_or(c)),
        }
    }
    let compose = Composing::new_nfkc();
    let composed = compose.normalize(&plain);
    let words: Vec<&str> = composed.split(is_space).filter(|word| !word.is_empty()).collect();
    if !words.iter().all(|word| is_unspaced(word)) {
        return words.join(" ");
    }
    // Parts of a syllable may have come together.
    compose.normalize(&words.concat()).into_owned()
}

/// Whether all of a text is in scripts that some write with spaces between the parts of a name, and some without.
pub(super) fn is_unspaced(text: &str) -> bool {
    let unspaced = [Script::Bopomofo, Script::Han, Script::Hangul, Script::Hiragana, Script::Katakana];
    // The long vowel of Katakana belongs to Hiragana as well, and so by itself to no script.
    text.chars().all(|c| c == 'ー' || unspaced.contains(&script(c)))
}

fn name(value: &str) -> String {
    let value = text(value);
    let mut words: Vec<&str> = value.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}

/// Compatible characters and digits as in ASCII, the ends trimmed.
fn simple(value: &str) -> String {
    let composed = Composing::new_nfkc().normalize(value);
    composed.trim_matches(is_space).chars().map(|c| digit(c).unwrap_or(c)).collect()
}

fn phone(value: &str) -> Option<String> {
    let value = simple(value).replace("(0)", "");
    let international = value.strip_prefix('+').or_else(|| value.strip_prefix("00"))?;
    let mut number = String::from("+");
    for c in international.chars() {
        match c {
            '0'..='9' => number.push(c),
            ' ' | '.' | '/' | '(' | ')' => {}
            _ if category(c) == GeneralCategory::DashPunctuation => {}
            _ => return None,
        }
    }
    // E.164 section 6: at most 15 digits, and no country code begins with 0.
    ((8..=16).contains(&number.len()) && !number.starts_with("+0")).then_some(number)
}

fn mail(value: &str) -> Option<String> {
    let value = simple(value);
    let (local, domain) = value.rsplit_once('@')?;
    let (strict, length) = (AsciiDenyList::STD3, DnsLength::Verify);
    let domain = Uts46::new().to_ascii(domain.as_bytes(), strict, Hyphens::Allow, length).ok()?;
    let local = CaseMapper::new().fold_string(local).into_owned();
    let local = Composing::new_nfkc().normalize(&local).into_owned();
    let plain =
        |c: char| !is_space(c) && !matches!(c, '@' | '"' | '<' | '>' | '(' | ')' | ',' | ':' | ';' | '\\');
    let whole = !local.is_empty() && local.chars().all(plain);
    whole.then(|| format!("{local}@{domain}"))
}

fn date(value: &str) -> Option<String> {
    let value = simple(value);
    let year = value.len() == 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    let day = || value.parse::<Date>().is_ok_and(|date| date.to_string() == value);
    (year || day()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_differently_is_one() {
        for (key, spellings, canonical_form) in [
            (
                "name",
                &["Ada Lovelace", "LOVELACE, Ada", " ada\u{a0}lovelace ", "Ａｄａ Lovelace"][..],
                "ada lovelace",
            ),
            ("name", &["José García", "Jose\u{301} GARCIA", "garcia jose"], "garcia jose"),
            ("name", &["O'Brien", "O\u{2019}Brien", "o\u{b4}brien", "OBRIEN"], "obrien"),
            ("name", &["Jean-Luc", "jean\u{2010}luc", "Jean Luc"], "jean luc"),
            ("name", &["Łukasz Żółć", "lukasz zolc"], "lukasz zolc"),
            ("name", &["山田 太郎", "山田\u{3000}太郎", "山田太郎"], "山田太郎"),
            ("name", &["김철수", "김 철수", "\u{1100}\u{1175}\u{11b7}철수"], "김철수"),
            ("town", &["Straße", "STRASSE", "stra\u{1e9e}e"], "strasse"),
            ("town", &["İstanbul", "istanbul", "ISTANBUL", "ıstanbul"], "istanbul"),
            ("town", &["Αθήνα", "ΑΘΗΝΑ", "αθηνα"], "αθηνα"),
            ("town", &["St. Gallen", "st gallen", "ST.GALLEN"], "st gallen"),
            ("phone", &["+44 (0)20 7946-0018", "0044 20 79460018", "+٤٤٢٠٧٩٤٦٠٠١٨"], "+442079460018"),
            (
                "mail",
                &["Alice@Example.ORG", " alice@example.org ", "ａlice@example．org"],
                "alice@example.org",
            ),
            ("born", &["1815-12-10", "１８１５-12-10"], "1815-12-10"),
        ] {
            for spelling in spellings {
                assert_eq!(canonical(key, spelling).unwrap(), canonical_form, "{spelling}");
            }
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (key, one, other) in [
            ("name", "が", "か"),
            ("name", "की", "का"),
            ("name", "ดำ", "ดา"),
            ("mail", "josé@example.org", "jose@example.org"),
            ("mail", "a.b@example.org", "ab@example.org"),
            ("town", "Ann Arbor", "Arbor Ann"),
        ] {
            assert_ne!(canonical(key, one).unwrap(), canonical(key, other).unwrap(), "{one}, {other}");
        }
    }

    #[test]
    fn what_can_not_be_is_refused() {
        for (key, value) in [
            ("name", ""),
            ("name", " - "),
            ("name", "\u{1f}a"),
            ("name", "\u{e000}"),
            ("name", "\u{378}"),
            ("colour", "red"),
            ("x-", "red"),
            ("x-Colour", "red"),
            ("Name", "ada"),
            ("phone", "020 7946 0018"),
            ("phone", "+44"),
            ("phone", "+0123456789"),
            ("phone", "+1234567890123456"),
            ("phone", "+44 CALL ADA"),
            ("mail", "alice"),
            ("mail", "@example.org"),
            ("mail", "alice@"),
            ("mail", "a b@example.org"),
            ("mail", "alice@exa mple.org"),
            ("born", "10.12.1815"),
            ("born", "1815-02-30"),
            ("born", "1815-12"),
            ("born", "+001815-12-10"),
            ("town", &"a".repeat(MAX_VALUE + 1)),
            // 18 times as long in NFKC.
            ("town", &"\u{fdfa}".repeat(MAX_VALUE / 3)),
        ] {
            assert_eq!(canonical(key, value).unwrap_err().kind(), Kind::Usage, "{key}={value}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let hint = |key, value| canonical(key, value).unwrap_err().advice().unwrap_or_default().to_owned();
        assert!(hint("colour", "red").contains("former-name, mail, name"));
        assert!(hint("phone", "020 7946 0018").contains("+44"));
        assert!(hint("born", "10.12.1815").contains("1815-12-10"));
    }

    proptest! {
        #[test]
        fn once_more_changes_nothing(value in "\\PC{0,40}", at in 0..KEYS.len()) {
            let key = KEYS[at].0;
            if let Ok(once) = canonical(key, &value) {
                prop_assert_eq!(canonical(key, &once), Ok(once));
            }
        }

        #[test]
        fn case_makes_no_difference(value in "[ A-Za-zÀ-ɏΑ-Ωα-ωА-Яа-яԱ-Ֆა-ჰ]{1,20}") {
            prop_assume!(canonical("town", &value).is_ok());
            let fold = CaseMapper::new().fold_string(&value).into_owned();
            prop_assert_eq!(canonical("town", &value), canonical("town", &fold));
        }
    }
}
