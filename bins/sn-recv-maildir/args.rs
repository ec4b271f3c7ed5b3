use clap::Parser;
use std::path::PathBuf;

/// Driver: take packets out of a Maildir, or out of one mail
#[derive(Parser)]
#[command(
    name = "sn-recv-maildir",
    version,
    after_help = "Delivers into a mailbox and prints names as socialnet-driver(7) says. Usually run by sn-recv."
)]
pub struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    pub watch: bool,
    /// Look at the Maildir, print what there is, and fetch nothing
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
    /// The Maildir, as maildir:/…, or - for one mail on standard input
    pub source: String,
    /// A folder with tmp and new
    #[arg(required_unless_present = "check")]
    pub mailbox: Option<PathBuf>,
}
