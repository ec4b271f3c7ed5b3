use clap::Parser;
use std::path::PathBuf;

/// Driver: fetch packets from a folder
///
/// Delivers into a mailbox and prints names as socialnet-driver(7) says. Usually run by sn-recv.
#[derive(Parser)]
#[command(name = "sn-recv-file", version)]
pub struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    pub watch: bool,
    /// The folder, as file:///…
    pub source: String,
    /// A folder with tmp and new
    pub mailbox: PathBuf,
}
