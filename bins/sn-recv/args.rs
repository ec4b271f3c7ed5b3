use clap::Parser;

/// Fetch packets from everywhere into inpackets
#[derive(Parser)]
#[command(name = "sn-recv", version)]
pub struct Args {
    /// End printed names with NUL instead of a line feed
    #[arg(short = '0', long)]
    pub null: bool,
}
