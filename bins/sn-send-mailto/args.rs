use clap::Parser;

/// Driver: send packets by mail
#[derive(Parser)]
#[command(
    name = "sn-send-mailto",
    version,
    after_help = "Reads jobs and prints reports as socialnet-driver(7) says. Usually run by sn-send."
)]
pub struct Args {
    /// Print what this driver can do
    #[arg(long)]
    pub capabilities: bool,
    /// Log in, print what there is, and send nothing
    #[arg(long)]
    pub check: bool,
}
