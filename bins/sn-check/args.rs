use clap::Parser;

/// Look whether everything works, and say what to change
#[derive(Parser)]
#[command(name = "sn-check", version)]
pub struct Args {
    /// Also send a sealed packet to your own addresses, and wait until it comes back
    #[arg(long)]
    pub send: bool,
    /// How long to wait for it, such as 5m
    #[arg(long, value_name = "TIME", default_value = "2m", requires = "send")]
    pub wait: String,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}
