//! Guesses a second on one core, with everything that has to be done for each, and what lists of them come to.

use crate::held::Held;
use rustix::time::{ClockId, clock_gettime};
use socialnet::{
    Error, Kind, Result,
    search::{Handle, tag::Derived, tag::derive},
};
use std::{hint::black_box, io::Write, thread};

/// What one core costs for an hour, in cents, where many are for hire.
const CENTS_PER_CORE_HOUR: f64 = 1.0;
/// How many guesses with a dictionary are measured.
const LOOKUPS: u32 = 100_000;

/// Lists of guesses, and how many bits of them there are.
const LISTS: [(&str, f64); 5] = [
    ("a million handles (20 bits)", 20.0),
    ("a country's names by its towns (27 bits)", 27.0),
    ("10^9 handles (30 bits)", 30.0),
    ("20 bits, and a secret of 20 bits", 40.0),
    ("20 bits, and a secret of 40 bits", 60.0),
];
/// Bits of the secret that is set beside a list of one's own.
const SECRET: f64 = 40.0;

/// Measures, and prints both tables; `list` has so many handles.
pub fn table(out: &mut impl Write, guesses: u32, list: Option<usize>) -> Result<()> {
    let cores = thread::available_parallelism()?.get();
    let bait = Held::bait(&derive(&handle(u32::MAX)?, Some("of no list"))?)?;
    let heading = ("without a secret", "with one", "from a dictionary");
    writeln!(
        out,
        "{:26} {:>18} {:>14} {:>20}",
        "guesses per second of a core", heading.0, heading.1, heading.2
    )?;
    let mut slowest = f64::INFINITY;
    for held in &bait {
        let with =
            |secret| rate(guesses, cores, move |number| Ok(held.fits(&derive(&handle(number)?, secret)?)));
        let (plain, secret) = (with(None)?, with(Some("a secret"))?);
        let known: Vec<Derived> =
            (0..=u8::MAX).map(|byte| Derived { h: [byte; 32], b: [byte; 32] }).collect();
        let looked_up = rate(LOOKUPS, cores, |number| Ok(held.fits(&known[number as usize % known.len()])))?;
        writeln!(out, "  {:26} {plain:>18.1} {secret:>14.1} {looked_up:>20.0}", held.kind())?;
        slowest = slowest.min(plain);
    }
    writeln!(out, "\n{:44} {:>18} {:>16}", "to guess all of", "days of a core", "dollars")?;
    let mut row = |what: &str, tries: f64| {
        let seconds = tries / slowest;
        let dollars = seconds / 3600.0 * CENTS_PER_CORE_HOUR / 100.0;
        writeln!(out, "  {what:42} {:>18} {:>16}", number(seconds / 86400.0), number(dollars))
    };
    for (what, bits) in LISTS {
        row(what, bits.exp2())?;
    }
    if let Some(handles) = list {
        row(&format!("the list of {handles}"), handles as f64)?;
        row(&format!("the same, and a secret of {SECRET} bits"), handles as f64 * SECRET.exp2())?;
    }
    writeln!(
        out,
        "\nA core for {CENTS_PER_CORE_HOUR} cent an hour. Without a secret a dictionary is made once, for everybody\n\
         and for ever; with one, each person and secret is a list of its own."
    )?;
    Ok(())
}

/// Calls in a second of a core's time, while all cores do the same: they share the memory that a guess fills. What else
/// the machine does is not in it.
fn rate(calls: u32, cores: usize, guess: impl Fn(u32) -> Result<bool> + Sync) -> Result<f64> {
    let work = || -> Result<f64> {
        let before = worked();
        for number in 0..calls {
            if black_box(guess(number)?) {
                return Err(Error::malformed("a guess fitted that should not"));
            }
        }
        Ok(worked() - before)
    };
    let seconds: f64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let died = |_| Error::new(Kind::Unavailable, "a thread of the measurement died");
        threads.into_iter().map(|thread| thread.join().map_err(died)?).sum::<Result<f64>>()
    })?;
    Ok(f64::from(calls) * cores as f64 / seconds)
}

/// Seconds that this thread has worked.
fn worked() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn handle(number: u32) -> Result<Handle> {
    Handle::parse(&[format!("name=somebody {number}"), "town=anywhere".to_owned()])
}

/// With as many digits as mean something.
fn number(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.1}"),
        ..1e7 => format!("{value:.0}"),
        _ => format!("{value:.1e}"),
    }
}
