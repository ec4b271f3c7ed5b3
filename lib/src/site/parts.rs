//! Months, by when packets came. A long one is cut into pages, which begin at rows that stay where they are: what comes
//! later changes the last page alone.

use super::{page::Month, state::State};
use crate::{Result, store::touched};
use jiff::{civil::Date, tz::TimeZone};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

/// Packets on a page, at most.
const MOST: u32 = 100;
/// Bytes of text after which a page ends.
const MOST_TEXT: u64 = 1 << 20;

/// A page of a month: the rows from `first` to where the next one begins.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    /// `2026-11`.
    pub month: String,
    /// Among the pages of the month, from 1.
    pub number: u32,
    /// Row.
    pub first: i64,
    /// Rows on it.
    pub rows: u32,
    /// Bytes of their text.
    pub text: u64,
    /// Packets shown when it was drawn last.
    pub count: u32,
}

impl Part {
    /// Its file.
    pub fn page(&self) -> String {
        match self.number {
            1 => format!("{}.html", self.month),
            number => format!("{}-{number}.html", self.month),
        }
    }

    /// `November 2026`, and the number of the page.
    pub fn title(&self) -> String {
        match self.number {
            1 => spoken(&self.month),
            number => format!("{}, page {number}", spoken(&self.month)),
        }
    }
}

/// The parts of the run before, and what has come since.
pub(super) fn extend(db: &Connection, before: Option<&State>, zone: &TimeZone) -> Result<Vec<Part>> {
    let mut parts = before.map_or_else(Vec::new, |before| before.parts.clone());
    let after = before.map_or(0, |before| before.seq);
    touched::each(db, after, |first, received, text| {
        let month = received.to_zoned(zone.clone()).strftime("%Y-%m").to_string();
        match parts.last_mut() {
            // A clock that went back does not bring a month back.
            Some(last) if month <= last.month && last.rows < MOST && last.text < MOST_TEXT => {
                last.rows += 1;
                last.text += text;
            }
            last => {
                let (month, number) = match last {
                    Some(last) if month <= last.month => (last.month.clone(), last.number + 1),
                    _ => (month, 1),
                };
                parts.push(Part { month, number, first, rows: 1, text, count: 0 });
            }
        }
    })?;
    Ok(parts)
}

/// The months, the newest first, each with its newest page.
pub(super) fn months(parts: &[Part]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let mut newest = "";
    for part in parts.iter().rev() {
        match months.last_mut() {
            Some(month) if part.month == newest => month.count += part.count,
            _ => {
                newest = &part.month;
                months.push(Month { href: part.page(), name: spoken(&part.month), count: part.count });
            }
        }
    }
    months
}

fn spoken(month: &str) -> String {
    let first: Option<Date> = format!("{month}-01").parse().ok();
    first.map_or_else(|| month.to_owned(), |first| first.strftime("%B %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{self, ALICE, NOW};

    #[test]
    fn months_are_cut_where_they_stay() {
        let (_dir, mut store) = sample::store();
        let day = 24 * 3600;
        for (packets, received) in
            [(3, NOW - 30 * day), (MOST + 1, NOW), (1, NOW - 40 * day), (1, NOW + 30 * day)]
        {
            for _ in 0..packets {
                sample::hold_at(&mut store, &sample::status(ALICE, "x"), received);
            }
        }
        let shape = |parts: &[Part]| -> Vec<_> {
            parts.iter().map(|part| (part.page(), part.first, part.rows)).collect()
        };
        let all = extend(store.read(), None, &TimeZone::UTC).unwrap();
        let expected = [
            ("2026-10.html".to_owned(), 1, 3),
            ("2026-11.html".to_owned(), 4, MOST),
            ("2026-11-2.html".to_owned(), 4 + i64::from(MOST), 2),
            ("2026-12.html".to_owned(), 6 + i64::from(MOST), 1),
        ];
        assert_eq!(shape(&all), expected);
        // In two runs the same as in one.
        for seq in [0, 2, 3, 50, 104] {
            let mut parts = all.clone();
            parts.retain(|part| part.first <= seq);
            if let Some(last) = parts.last_mut() {
                last.rows = u32::try_from(seq - last.first + 1).unwrap();
                last.text = last.rows.into();
            }
            let before = State { seq, parts, ..State::default() };
            assert_eq!(extend(store.read(), Some(&before), &TimeZone::UTC).unwrap(), all, "{seq}");
        }
        assert_eq!(all[2].title(), "November 2026, page 2");
        let months = months(&all);
        assert_eq!(
            months.iter().map(|month| (&*month.name, &*month.href)).collect::<Vec<_>>(),
            [
                ("December 2026", "2026-12.html"),
                ("November 2026", "2026-11-2.html"),
                ("October 2026", "2026-10.html")
            ]
        );
    }
}
