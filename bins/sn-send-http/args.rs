use clap::Parser;

/// Driver: hand packets to web servers
///
/// Reads jobs and prints reports as socialnet-driver(7) says. Usually run by sn-send, under its own name for http
/// addresses and as sn-send-https for https.
#[derive(Parser)]
#[command(name = "sn-send-http", version)]
pub struct Args {
    /// Print what this driver can do
    #[arg(long)]
    pub capabilities: bool,
    /// Log in, print what there is, and send nothing
    #[arg(long)]
    pub check: bool,
}
