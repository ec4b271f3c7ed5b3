use clap::Parser;
use std::path::PathBuf;

/// Queue sealed envelopes and hand them to drivers
///
/// Reads what sn-seal printed, stores it in outpackets, and then runs the queue: all that is due goes to the drivers.
#[derive(Parser)]
#[command(name = "sn-send", version)]
pub struct Args {
    /// Run the queue without reading anything
    #[arg(short, long, conflicts_with = "files")]
    pub queue: bool,
    /// As -q, but try at once all that waits, as if for the first time
    #[arg(short, long, conflicts_with = "files")]
    pub retry: bool,
    /// List every delivery with its reader, state and reason
    #[arg(short, long, conflicts_with_all = ["queue", "retry", "files"])]
    pub print: bool,
    /// With -p: one JSON object a line
    #[arg(long, requires = "print")]
    pub json: bool,
    /// Files to read; - or none is standard input
    pub files: Vec<PathBuf>,
}
