use clap::Parser;
use std::path::PathBuf;

/// Queue sealed envelopes and hand them to drivers
#[derive(Parser)]
#[command(
    name = "sn-send",
    version,
    after_help = "Reads what sn-seal printed, stores it in outpackets, and then runs the queue: all that is due goes to the drivers."
)]
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
    /// With -p: print JSON, one object a line
    #[arg(long, requires = "print")]
    pub json: bool,
    /// Files with sealed envelopes; standard input when there is none, or for '-'
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
