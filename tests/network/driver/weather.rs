//! What happens to the post on its way: drawn for each thing in turn, so that the same seed brings the same weather.
//!
//! Both drivers keep a log for each address in `SN_STATE`, a letter for each draw: its length is the number of the next one,
//! however often they are killed, and its letters are the figures of the end. The order of a round's readers, which that of
//! their random names is, so means nothing.

use fastrand::Rng;
use jiff::Timestamp;
use socialnet::{Error, Kind, Result};
use std::{env, fs::OpenOptions, io::Write, ops::Range, path::PathBuf};

/// Nothing happens.
const FAIR: u8 = b'.';

/// What becomes of one thing.
#[allow(dead_code)] // less may happen to what is fetched
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Fair,
    /// It never arrives, though the report says so.
    Lost,
    /// It arrives twice.
    Doubled,
    /// It arrives days later, after what was sent later.
    Late,
    /// It is not taken now.
    Busy,
    /// It is taken, and the driver ends before it can say so.
    Dies,
    /// It is taken, and the caller is killed before it hears of that.
    Kills,
}

/// The weather of one driver.
pub struct Weather {
    logs: PathBuf,
    seed: u64,
    /// When there is a storm, if there ever is.
    pub storm: Option<Range<i64>>,
}

impl Weather {
    /// By the settings `seed` and `storm` (two times in seconds since 1970, with a space between them). Without a storm
    /// the weather is always fair.
    pub fn look() -> Result<Self> {
        let setting = |key: &str| env::var(key).unwrap_or_default();
        let number = |text: &str| -> Result<i64> {
            text.parse().map_err(|_| Error::new(Kind::Config, format!("'{text}' is not a number")))
        };
        let storm = match setting("SN_CONF_STORM").split_once(' ') {
            Some((from, until)) => Some(number(from)?..number(until)?),
            None => None,
        };
        let seed = if storm.is_some() { number(&setting("SN_CONF_SEED"))?.cast_unsigned() } else { 0 };
        Ok(Self { logs: PathBuf::from(setting("SN_STATE")), seed, storm })
    }

    /// For the next thing to or from an address, by a table of what may happen, with the letter that the log has for it and
    /// how many of 1000 it happens to. Also, dice for how.
    pub fn draw(&self, address: &str, fates: &[(Fate, u8, u16)]) -> Result<(Fate, Rng)> {
        let folder = address.rsplit('/').next().unwrap_or_default();
        let path = self.logs.join(format!("{folder}.log"));
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let mut log = log.map_err(|error| Error::io("open", &path, error))?;
        let number = log.metadata().map_err(|error| Error::io("read", &path, error))?.len();
        let mut dice = folder.bytes().fold(Rng::with_seed(self.seed ^ number << 32), |mut dice, byte| {
            let drawn = dice.u64(..);
            dice.seed(drawn ^ u64::from(byte));
            dice
        });
        let (mut fate, mut letter) = (Fate::Fair, FAIR);
        let now = Timestamp::now().as_second();
        let stormy = self.storm.as_ref().is_some_and(|storm| storm.contains(&now));
        let mut drawn = if stormy { dice.u16(0..1000) } else { 1000 };
        for (one, its, share) in fates {
            if drawn < *share {
                (fate, letter) = (*one, *its);
                break;
            }
            drawn -= share;
        }
        // Before it happens: whoever is killed by it does not draw it again.
        log.write_all(&[letter])?;
        Ok((fate, dice))
    }
}

/// Kills the program that started this one.
pub fn kill_caller() -> Result<()> {
    let Some(parent) = rustix::process::getppid() else { return Ok(()) };
    Ok(rustix::process::kill_process(parent, rustix::process::Signal::KILL).map_err(std::io::Error::from)?)
}
