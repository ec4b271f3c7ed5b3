//! Mails that a server lists and can't hand out: one that is broken in its store is refused each time, or ends the
//! connection. It must not keep anybody from the mails behind it, nor be forgotten. So each is kept in a file of
//! `$SN_STATE`, a line for each, `COUNT SINCE LAST ID`: how often it was asked for alone and could not be had, when first
//! and when last (seconds since 1970), and what it is called at the source. It is asked for again in the next round, as it may
//! be the network that went away, and then at growing distance.
//!
//! For a day, and three attempts at least, it is hoped for: no round is a whole one meanwhile. Then it is passed over, and
//! still asked for, from then on with weeks in between.
//!
//! There is room for so many. What comes on top of them takes the place of one that is passed over, or is not kept in mind at
//! all: a mailbox in which thousands are broken must not be read in vain for ever, and what was in one of ours is asked for
//! by its reader (socialnet-protocol(7)).

use crate::policy::now;
use socialnet::{Context, Error, Result, file};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    path::{Path, PathBuf},
};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
/// Seconds until it is asked for the third time, and the most in between; it doubles each time.
const FIRST: u64 = HOUR;
const LONGEST: u64 = 32 * DAY;
/// So many attempts, over so many seconds, are made before one is passed over.
const ATTEMPTS: u32 = 3;
const HOPED_FOR: u64 = DAY;
/// Mails that are kept in mind, at most.
const MOST: usize = 1000;
/// Mails of which a run tells one by one.
const TOLD: usize = 20;
/// Bytes of the file, at most: names have up to 70 characters (RFC 1939 section 7).
const MAX_BYTES: usize = 256 << 10;

/// Those of one source, or of one folder of it.
#[derive(Debug)]
pub struct Stumbled {
    path: PathBuf,
    mails: BTreeMap<String, Attempts>,
    /// Of how many was told, and of how many was not.
    told: usize,
    untold: usize,
}

/// What is known of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attempts {
    count: u32,
    since: u64,
    last: u64,
}

impl Attempts {
    fn distance(self) -> u64 {
        match self.count.checked_sub(2) {
            None => 0,
            Some(more) => FIRST.saturating_mul(1 << more.min(16)).min(LONGEST),
        }
    }

    // A clock that was turned back must not make it wait for years.
    fn is_due(self, now: u64) -> bool {
        now < self.last || now >= self.last.saturating_add(self.distance())
    }

    fn is_passed_over(self) -> bool {
        self.count >= ATTEMPTS && self.last.saturating_sub(self.since) >= HOPED_FOR
    }
}

/// What becomes of a mail that could not be had, in words.
struct Prospect(Option<Attempts>);

impl Display for Prospect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(attempts) = self.0 else {
            return write!(f, "it is not asked for again, as {MOST} others can't be had either");
        };
        if attempts.is_passed_over() {
            f.write_str("it is passed over, and ")?;
        }
        match attempts.distance() / HOUR {
            0 => f.write_str("it is tried again in the next round"),
            hours => write!(f, "it is tried again in {hours} h"),
        }
    }
}

impl Stumbled {
    /// Of the file at `path`, which need not be there.
    pub fn open(path: &Path) -> Result<Self> {
        let mut mails = BTreeMap::new();
        if path.exists() {
            let text = file::read(path, MAX_BYTES)?;
            let text = std::str::from_utf8(&text).ok();
            let known = text.and_then(|text| text.lines().map(parse).collect::<Option<_>>());
            mails = known.ok_or_else(|| Error::malformed("not a list of mails")).context(|| {
                format!("cannot read '{}'; without it, the mails in it are not tried again", path.display())
            })?;
        }
        Ok(Self { path: path.to_owned(), mails, told: 0, untold: 0 })
    }

    /// Whether a mail is among them.
    pub fn has(&self, id: &str) -> bool {
        self.mails.contains_key(id)
    }

    /// Whether one is among them that is not to be asked for now.
    pub fn waits(&self, id: &str) -> bool {
        self.mails.get(id).is_some_and(|known| !known.is_due(now()))
    }

    /// Those that are to be asked for again.
    pub fn due(&self) -> Vec<String> {
        let now = now();
        self.mails.iter().filter(|(_, known)| known.is_due(now)).map(|(id, _)| id.clone()).collect()
    }

    /// How many could not be had and are hoped for.
    pub fn hoped_for(&self) -> usize {
        self.mails.values().filter(|known| !known.is_passed_over()).count()
    }

    /// One was asked for alone and could not be had, for the reason in `why`; `note` hears of `mail`, which is what people
    /// know it by, unless it has heard of many. Gives one that is not to be asked for again, perhaps this one. Durable when
    /// it returns.
    pub fn add(
        &mut self,
        id: &str,
        mail: &str,
        why: &Error,
        note: impl FnOnce(&str),
    ) -> Result<Option<String>> {
        let now = now();
        let known = self.mails.get(id).copied();
        let (count, since) = known.map_or((0, now), |known| (known.count, known.since.min(now)));
        let attempts = Attempts { count: count.saturating_add(1), since, last: now };
        let is_full = known.is_none() && self.mails.len() >= MOST;
        let given_up = is_full.then(|| self.least_hopeful().unwrap_or_else(|| id.to_owned()));
        let kept = given_up.as_deref() != Some(id);
        if kept {
            if let Some(other) = &given_up {
                self.mails.remove(other);
            }
            self.mails.insert(id.to_owned(), attempts);
            self.save()?;
        }
        if self.told < TOLD {
            self.told += 1;
            let prospect = Prospect(kept.then_some(attempts));
            note(&format!("{mail} can't be had: {}; {prospect}", why.message()));
        } else {
            self.untold += 1;
        }
        Ok(given_up)
    }

    /// Of those that are passed over, the one that was asked for the most often.
    fn least_hopeful(&self) -> Option<String> {
        let passed_over = self.mails.iter().filter(|(_, known)| known.is_passed_over());
        passed_over.max_by_key(|(_, known)| known.count).map(|(id, _)| id.clone())
    }

    /// How many could not be had of which was not told, in words.
    pub fn untold(&self) -> Option<String> {
        match self.untold {
            0 => None,
            1 => Some("one more mail can't be had".to_owned()),
            more => Some(format!("{more} more mails can't be had")),
        }
    }

    /// Forgets those that could be had, or are not at the source any more: all for which `stays` is not true. Durable when
    /// it returns.
    pub fn keep(&mut self, stays: impl Fn(&str) -> bool) -> Result<()> {
        let before = self.mails.len();
        self.mails.retain(|id, _| stays(id));
        if self.mails.len() == before { Ok(()) } else { self.save() }
    }

    fn save(&self) -> Result<()> {
        let line = |(id, known): (&String, &Attempts)| {
            format!("{} {} {} {id}\n", known.count, known.since, known.last)
        };
        file::replace(&self.path, self.mails.iter().map(line).collect::<String>().as_bytes(), 0o600)
    }
}

fn parse(line: &str) -> Option<(String, Attempts)> {
    let mut fields = line.splitn(4, ' ');
    let count = fields.next()?.parse().ok()?;
    let mut time = || fields.next()?.parse().ok();
    let attempts = Attempts { count, since: time()?, last: time()? };
    Some((fields.next()?.to_owned(), attempts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::Kind;
    use std::fs;

    impl Stumbled {
        /// One could not be had: what is given up for it.
        fn fails(&mut self, id: &str) -> Option<String> {
            let why = Error::new(Kind::Again, "the server hung up");
            self.add(id, "the mail", &why, |_| {}).unwrap()
        }

        fn prospect(&self, id: &str) -> String {
            Prospect(self.mails.get(id).copied()).to_string()
        }
    }

    #[test]
    fn it_is_tried_again_at_growing_distance_and_at_last_passed_over() {
        let mut known = Attempts { count: 1, since: 1000, last: 1000 };
        let (mut hours, mut passed_over) = (Vec::new(), Vec::new());
        for _ in 0..12 {
            assert_eq!(known.is_due(known.last), known.count == 1);
            assert!(known.count == 1 || !known.is_due(known.last + known.distance() - 1));
            assert!(known.is_due(known.last + known.distance()));
            hours.push(known.distance() / HOUR);
            passed_over.push(known.is_passed_over());
            known = Attempts { count: known.count + 1, last: known.last + known.distance(), ..known };
        }
        assert_eq!(hours, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768]);
        assert_eq!(passed_over.iter().position(|passed_over| *passed_over), Some(6));
        // The clock was wrong by years when it was tried last.
        assert!(known.is_due(2000));
    }

    #[test]
    fn what_could_not_be_had_is_known_to_the_next_run() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("stumbled");
        let mut stumbled = Stumbled::open(&path).unwrap();
        assert_eq!(stumbled.fails("7/10"), None);
        assert_eq!(stumbled.prospect("7/10"), "it is tried again in the next round");
        let mut stumbled = Stumbled::open(&path).unwrap();
        assert!(!stumbled.waits("7/10") && stumbled.due() == ["7/10"]);
        stumbled.fails("7/10");
        assert_eq!(stumbled.prospect("7/10"), "it is tried again in 1 h");
        let mut stumbled = Stumbled::open(&path).unwrap();
        assert!(stumbled.has("7/10") && stumbled.waits("7/10") && stumbled.due().is_empty());
        assert_eq!(stumbled.hoped_for(), 1);
        stumbled.keep(|id| id != "7/10").unwrap();
        assert!(!Stumbled::open(&path).unwrap().has("7/10"));

        fs::write(&path, "5 1000 2000 7/11\n").unwrap();
        let mut stumbled = Stumbled::open(&path).unwrap();
        assert_eq!(stumbled.due(), ["7/11"]);
        stumbled.fails("7/11");
        assert_eq!(stumbled.prospect("7/11"), "it is passed over, and it is tried again in 16 h");
        assert_eq!((stumbled.hoped_for(), stumbled.due().len()), (0, 0));
        fs::write(&path, "5 1000 7/11\n").unwrap();
        assert_eq!(Stumbled::open(&path).unwrap_err().kind(), Kind::Malformed);
    }

    #[test]
    fn of_more_than_there_is_room_for_the_least_hopeful_is_given_up() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("stumbled");
        let now = now();
        let line = |number: usize| match number {
            7 => format!("4 1000 {now} 7/7\n"),
            8 => format!("5 1000 {now} 7/8\n"),
            // For less than a day.
            _ => format!("6 {now} {now} 7/{number}\n"),
        };
        fs::write(&path, (0..MOST).map(line).collect::<String>()).unwrap();
        let mut stumbled = Stumbled::open(&path).unwrap();
        assert_eq!(stumbled.fails("7/1"), None);
        for gone in ["7/8", "7/7"] {
            let new = format!("8{gone}");
            assert_eq!(stumbled.fails(&new).as_deref(), Some(gone));
            assert!(stumbled.has(&new) && !stumbled.has(gone));
        }
        // All others are hoped for.
        assert_eq!(stumbled.fails("9/1").as_deref(), Some("9/1"));
        assert!(!stumbled.has("9/1"));
        let words = "it is not asked for again, as 1000 others can't be had either";
        assert_eq!(stumbled.prospect("9/1"), words);
        assert_eq!(Stumbled::open(&path).unwrap().mails.len(), MOST);
    }
}
