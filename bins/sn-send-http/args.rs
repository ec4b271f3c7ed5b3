use clap::Parser;

/// Driver: hand packets to web servers
#[derive(Parser)]
#[command(
    name = "sn-send-http",
    version,
    after_help = "Reads jobs and prints reports as socialnet-driver(7) says. Usually run by sn-send, under its own name for http addresses and as sn-send-https for https."
)]
pub struct Args {
    /// Print what this driver can do
    #[arg(long)]
    pub capabilities: bool,
    /// Log in, print what there is, and send nothing
    #[arg(long)]
    pub check: bool,
}
