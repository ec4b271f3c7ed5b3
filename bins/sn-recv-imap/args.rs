use clap::Parser;
use std::path::PathBuf;

/// Driver: fetch packets from a mailbox by IMAP
#[derive(Parser)]
#[command(
    name = "sn-recv-imap",
    version,
    after_help = "Delivers into a mailbox and prints names as socialnet-driver(7) says. Usually run by sn-recv."
)]
pub struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    pub watch: bool,
    /// Log in, print what there is, and fetch nothing
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
    /// The account, as imaps://USER@HOST or imap://USER@HOST
    pub source: String,
    /// A folder with tmp and new
    #[arg(required_unless_present = "check")]
    pub mailbox: Option<PathBuf>,
}
