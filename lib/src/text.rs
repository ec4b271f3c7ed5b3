//! Strangers' text made safe for a terminal; times, sizes and widths for people.
//!
//! A stranger's text can move the cursor, turn the direction of what stands beside it, or hide letters. The one list
//! of such characters is [`unsafe_at`]; they are shown as marks, never dropped, so that the reader sees that
//! something was there. Marks are made wherever the text goes: a file or a pipe ends on a terminal too.

use crate::{Error, Kind, Result};
use jiff::{Span, Timestamp, Unit, Zoned, civil};
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One line: control, escape, bidi and invisible format characters shown as marks (`␛`, `<U+202E>`), line breaks too.
pub fn one_line(text: &str) -> String {
    marked(text, false)
}

/// Several lines: as [`one_line`], but line feeds stay.
pub fn lines(text: &str) -> String {
    marked(text, true)
}

fn marked(text: &str, keep_line_feeds: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\n' if keep_line_feeds => out.push(c),
            // A tab is only space; how much would depend on where it lands.
            '\t' => out.push_str("    "),
            _ if !unsafe_at(c, before, rest.clone().next()) => out.push(c),
            // U+2400 and up picture the C0 controls, U+2421 DEL.
            '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7f' => out.push('␡'),
            _ => {
                // Writing to a String does not fail.
                let _ = write!(out, "<U+{:04X}>", u32::from(c));
            }
        }
        before = Some(c);
    }
    out
}

/// Whether a character between two others does something that nobody sees. Joiners and variation selectors are let
/// through where writing needs them.
fn unsafe_at(c: char, before: Option<char>, after: Option<char>) -> bool {
    match c {
        // Zero-width non-joiner and joiner: Persian and the scripts of India are misspelt without them (RFC 5892
        // appendix A), and the joiner makes one picture of several emoji.
        '\u{200c}' | '\u{200d}' if before.is_some_and(needs_joiners) && after.is_some_and(needs_joiners) => {
            false
        }
        '\u{200d}' => !(before.is_some_and(in_emoji) && after.is_some_and(in_emoji)),
        '\u{fe0e}' | '\u{fe0f}' => !before.is_some_and(in_emoji),
        // Variants of Chinese characters, used in Japanese names.
        '\u{e0100}'..='\u{e01ef}' => !before.is_some_and(is_ideograph),
        _ => is_hidden(c),
    }
}

/// Whether a character does something that nobody sees: controls; line and paragraph separators; and what
/// DerivedCoreProperties.txt of Unicode 16 calls Default_Ignorable_Code_Point (bidi controls, zero-width and format
/// characters, fillers, variation selectors, tags) with the few format characters that it leaves out.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Letters of the scripts from Arabic to Myanmar, and Khmer.
fn needs_joiners(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{109f}' | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17ff}')
}

/// What stands beside a joiner or a variation selector in the sequences of Unicode's emoji-zwj-sequences.txt and
/// emoji-variation-sequences.txt.
fn in_emoji(c: char) -> bool {
    matches!(c,
        '#' | '*' | '0'..='9' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '〰' | '〽' | '㊗' | '㊙' | '\u{fe0f}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}'
        | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Columns of a terminal that a safe line takes.
pub fn width(line: &str) -> usize {
    line.width()
}

/// A safe line cut to `columns`, with `…` where something is missing.
pub fn truncate(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let mut kept = line[..fitting(line, columns.saturating_sub(1))].trim_end().to_owned();
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// Safe text in lines of at most `columns`, broken between words, or within one that is longer than a line.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2); // the width of the widest character
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for mut word in paragraph.split_inclusive(' ') {
            if !line.is_empty() && width(&line) + width(word.trim_end()) > columns {
                lines.push(std::mem::take(&mut line));
            }
            while width(word.trim_end()) > columns {
                let (head, tail) = word.split_at(fitting(word, columns));
                lines.push(head.to_owned());
                word = tail;
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// Bytes of the longest beginning that takes at most `columns`, no character parted from the marks upon it.
fn fitting(line: &str, columns: usize) -> usize {
    let (mut used, mut end, mut joined) = (0, 0, false);
    for (at, c) in line.char_indices() {
        let wide = if joined { 0 } else { c.width().unwrap_or(0) };
        if wide > 0 {
            if used + wide > columns {
                return end;
            }
            used += wide;
        }
        joined = c == '\u{200d}';
        end = at + c.len_utf8();
    }
    end
}

/// `just now`, `2 h ago`, `yesterday 18:04`, `Mon 18:04`, and the date when it is longer ago; `in 2 h` and so on for what
/// is to come. The time zone is that of `now`.
pub fn ago(then: Timestamp, now: &Zoned) -> String {
    let seconds = then.as_second() - now.timestamp().as_second();
    let there = then.to_zoned(now.time_zone().clone());
    let days = there.date().since((Unit::Day, now.date())).map_or(i32::MAX, |span| span.get_days());
    let short = match seconds.unsigned_abs() {
        0..60 if seconds > 0 => return "in a moment".into(),
        0..60 => return "just now".into(),
        distance @ 60..3600 => format!("{} min", distance / 60),
        // What was yesterday evening is said with its hour only when some time has passed since.
        distance @ 3600..21600 => format!("{} h", distance / 3600),
        _ if days == 0 => return there.strftime("today %H:%M").to_string(),
        _ if days == -1 => return there.strftime("yesterday %H:%M").to_string(),
        _ if days == 1 => return there.strftime("tomorrow %H:%M").to_string(),
        _ if (-6..=6).contains(&days) => return there.strftime("%a %H:%M").to_string(),
        _ => return there.strftime("%Y-%m-%d").to_string(),
    };
    if seconds < 0 { format!("{short} ago") } else { format!("in {short}") }
}

/// The instant that a person names by how long ago it was (`2h`, `3 days`), by a date, or in RFC 3339.
pub fn past(text: &str, now: &Zoned) -> Result<Timestamp> {
    instant(text, now, |span| span.negate())
}

/// As [`past`], for what is to come.
pub fn future(text: &str, now: &Zoned) -> Result<Timestamp> {
    instant(text, now, |span| span)
}

fn instant(text: &str, now: &Zoned, turn: impl Fn(Span) -> Span) -> Result<Timestamp> {
    let then = match (text.parse::<Span>(), text.parse::<Timestamp>(), text.parse::<civil::Date>()) {
        (Ok(span), ..) if span.is_positive() => now.checked_add(turn(span)).map(|there| there.timestamp()),
        (_, Ok(instant), _) => Ok(instant),
        (_, _, Ok(date)) => date.to_zoned(now.time_zone().clone()).map(|midnight| midnight.timestamp()),
        (_, _, Err(error)) => Err(error),
    };
    then.ok().and_then(|then| Timestamp::from_second(then.as_second()).ok()).ok_or_else(|| {
        Error::new(Kind::Usage, format!("'{text}' is no time"))
            .hint("write 90min, 2h, 3 days, 2026-11-22 or 2026-11-22T18:00:00Z")
    })
}

/// `512 B`, `4.9 MB`: decimal units.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let mut scaled = size as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be rounded to 1000.0.
    while scaled >= 999.95 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_sees_is_shown() {
        for (given, shown) in [
            ("red \u{1b}[31m", "red ␛[31m"),
            ("a\u{0}b\u{7f}c\u{9b}2J", "a␀b␡c<U+009B>2J"),
            ("invoice\u{202e}gpj.exe", "invoice<U+202E>gpj.exe"),
            ("al\u{200b}ice\u{2069}", "al<U+200B>ice<U+2069>"),
            ("one\u{2028}two", "one<U+2028>two"),
            ("\u{3164}bob\u{e0041}", "<U+3164>bob<U+E0041>"),
            ("x\u{fe0f}", "x<U+FE0F>"),
            ("a\nb\r\n", "a␊b␍␊"),
            ("a\tb", "a    b"),
        ] {
            assert_eq!(one_line(given), shown);
        }
        assert_eq!(lines("a\nb\r\n"), "a\nb␍\n");
    }

    #[test]
    fn what_writing_needs_stays() {
        for text in [
            "Grüße, 你好, שלום",
            "👩\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "葛\u{e0100}城",
        ] {
            assert_eq!(one_line(text), text);
        }
        // Two invisible characters in a row are no spelling.
        assert_eq!(one_line("م\u{200c}\u{200c}م"), "م<U+200C><U+200C>م");
    }

    #[test]
    fn a_line_is_cut_and_wrapped_by_columns() {
        assert_eq!(truncate("Back from the hills.", 9), "Back fro…");
        assert_eq!(truncate("你好吗", 4), "你…");
        assert_eq!(truncate("hills", 5), "hills");
        assert_eq!(truncate("👩\u{200d}🚀👩\u{200d}🚀", 3), "👩\u{200d}🚀…");
        assert_eq!(wrap("Back from the hills.\n\n- bob", 9), ["Back from", "the", "hills.", "", "- bob"]);
        assert_eq!(wrap("see https://example.org", 8), ["see", "https://", "example.", "org"]);
    }

    #[test]
    fn times_as_people_say_them() {
        let now: Zoned = "2026-11-22T20:15:00+01:00[Europe/Berlin]".parse().unwrap();
        for (then, said) in [
            ("2026-11-22T19:14:30Z", "just now"),
            ("2026-11-22T19:05:00Z", "10 min ago"),
            ("2026-11-22T17:05:00Z", "2 h ago"),
            ("2026-11-22T07:00:00Z", "today 08:00"),
            ("2026-11-21T17:04:00Z", "yesterday 18:04"),
            ("2026-11-18T17:04:00Z", "Wed 18:04"),
            ("2026-11-15T17:04:00Z", "2026-11-15"),
            ("2026-11-22T19:15:30Z", "in a moment"),
            ("2026-11-22T19:25:00Z", "in 10 min"),
            ("2026-11-23T17:04:00Z", "tomorrow 18:04"),
        ] {
            assert_eq!(ago(then.parse().unwrap(), &now), said, "{then}");
        }
    }

    #[test]
    fn times_as_people_write_them() {
        let now: Zoned = "2026-11-22T20:15:00+01:00[Europe/Berlin]".parse().unwrap();
        for (written, meant) in [
            ("2h", "2026-11-22T17:15:00Z"),
            ("3 days", "2026-11-19T19:15:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ] {
            assert_eq!(past(written, &now), Ok(meant.parse().unwrap()), "{written}");
        }
        assert_eq!(future("90min", &now), Ok("2026-11-22T20:45:00Z".parse().unwrap()));
        for wrong in ["", "soon", "-2h", "2026-13-01"] {
            assert_eq!(past(wrong, &now).unwrap_err().kind(), Kind::Usage, "{wrong}");
        }
    }

    #[test]
    fn sizes_as_people_say_them() {
        for (size, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (4_900_000, "4.9 MB"),
            (999_960, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(size), said);
        }
    }

    proptest! {
        #[test]
        fn one_line_is_one_line_and_says_the_same_twice(text in any::<String>()) {
            let once = one_line(&text);
            prop_assert!(!once.chars().any(char::is_control));
            prop_assert_eq!(one_line(&once), once);
        }

        #[test]
        fn nothing_is_wider_than_asked(text in any::<String>(), columns in 2usize..100) {
            let safe = lines(&text);
            for line in wrap(&safe, columns).iter().chain([&truncate(&one_line(&text), columns)]) {
                prop_assert!(width(line) <= columns, "{:?}", line);
            }
        }
    }
}
