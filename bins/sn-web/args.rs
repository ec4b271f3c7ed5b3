use clap::Parser;

/// Use the account in a web browser on this machine
#[derive(Parser)]
#[command(
    name = "sn-web",
    version,
    after_help = "Prints an address that lets one browser in, once. Nobody but this machine reaches it. Ends by Control-C."
)]
pub struct Args {
    /// Listen on this port of 127.0.0.1 [default: any that is free]
    #[arg(short, long, default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Send and fetch so often while it runs, as sn-sync does: 5m, 1h
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
}
