//! The table: a figure, what it is held against, and the ratio of both from the same run.

use std::time::Duration;

/// What is wanted of a ratio or a figure.
#[derive(Clone, Copy)]
pub enum Goal {
    /// Ratio at most.
    AtMost(f64),
    /// The peer takes at least so many times as long.
    TimesFaster(f64),
    /// Nothing; it is there to be seen.
    None,
}

/// The heading.
pub fn heading() {
    row("", "took", "beside", "", "ratio", "goal");
}

/// A name for the rows that follow.
pub fn section(title: &str) {
    println!("\n{title}");
}

/// A time beside another.
pub fn time(what: &str, took: Duration, beside: &str, other: Duration, goal: Goal) {
    let ratio = took.as_secs_f64() / other.as_secs_f64();
    let (ratio, goal) = match goal {
        Goal::AtMost(most) => (format!("{ratio:.2}"), verdict(ratio <= most, format!("≤ {most}"))),
        Goal::TimesFaster(least) => {
            let faster = 1.0 / ratio;
            (format!("1/{faster:.1}"), verdict(faster >= least, format!("≤ 1/{least}")))
        }
        Goal::None => (format!("{ratio:.2}"), String::new()),
    };
    row(what, &seconds(took), beside, &seconds(other), &ratio, &goal);
}

/// A time with a limit of its own.
pub fn limit(what: &str, took: Duration, most: Duration) {
    row(what, &seconds(took), "", "", "", &verdict(took <= most, format!("≤ {}", seconds(most))));
}

/// A time, to be seen.
pub fn note(what: &str, took: Duration) {
    row(what, &seconds(took), "", "", "", "");
}

/// Memory with a limit.
pub fn memory(what: &str, bytes: u64, most: u64) {
    row(what, &mebibytes(bytes), "", "", "", &verdict(bytes <= most, format!("≤ {}", mebibytes(most))));
}

/// A size, to be seen.
pub fn size(what: &str, bytes: u64) {
    row(what, &mebibytes(bytes), "", "", "", "");
}

fn verdict(met: bool, goal: String) -> String {
    if met { goal } else { format!("{goal}  missed") }
}

fn seconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        ..100.0 => format!("{milliseconds:.2} ms"),
        ..10_000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1000.0),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn row(what: &str, took: &str, beside: &str, other: &str, ratio: &str, goal: &str) {
    println!("  {what:<42} {took:>10}   {beside:<44} {other:>10}  {ratio:>7}  {goal}");
}
