use clap::Parser;
use std::path::PathBuf;

/// Driver: fetch packets from a mailbox by POP3
///
/// Delivers into a mailbox and prints names as socialnet-driver(7) says. Usually run by sn-recv.
#[derive(Parser)]
#[command(name = "sn-recv-pop3", version)]
pub struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    pub watch: bool,
    /// The account, as pop3s://USER@HOST or pop3://USER@HOST
    pub source: String,
    /// A folder with tmp and new
    pub mailbox: PathBuf,
}
