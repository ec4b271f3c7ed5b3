use clap::Parser;
use std::path::PathBuf;

/// Driver: fetch packets from a box on a web server
#[derive(Parser)]
#[command(
    name = "sn-recv-http",
    version,
    after_help = "Delivers into a mailbox and prints names as socialnet-driver(7) says. Usually run by sn-recv, for https and http."
)]
pub struct Args {
    /// Stay, and wait for more
    #[arg(long)]
    pub watch: bool,
    /// Log in, print what there is, and fetch nothing
    #[arg(long, conflicts_with = "watch")]
    pub check: bool,
    /// The box, as https://HOST/in/BOX
    pub source: String,
    /// A folder with tmp and new
    #[arg(required_unless_present = "check")]
    pub mailbox: Option<PathBuf>,
}
