use clap::Parser;
use std::path::PathBuf;

/// Take received packets into the feed
#[derive(Parser)]
#[command(name = "sn-ingest", version)]
pub struct Args {
    /// Also try again what could not be opened, and read again what was not understood
    #[arg(long, conflicts_with = "files")]
    pub again: bool,
    /// Read the names of files from standard input, each ended by NUL
    #[arg(short = '0', long, conflicts_with_all = ["again", "files"])]
    pub null: bool,
    /// Files to take in; all of inpackets when there is none, names from standard input for '-'
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
