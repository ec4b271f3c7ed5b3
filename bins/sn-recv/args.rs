use clap::Parser;

/// Fetch packets from everywhere into inpackets
#[derive(Parser)]
#[command(
    name = "sn-recv",
    version,
    after_help = "Runs the driver of each [[receive]] table of config.toml and prints the path of each new file."
)]
pub struct Args {
    /// End printed names with NUL instead of a line feed
    #[arg(short = '0', long)]
    pub null: bool,
    /// Stay, and wait for more
    #[arg(short, long)]
    pub watch: bool,
}
