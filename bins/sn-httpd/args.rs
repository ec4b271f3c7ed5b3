use clap::Parser;
use std::path::PathBuf;

/// Take packets by HTTP, and keep boxes for those who fetch
#[derive(Parser)]
#[command(name = "sn-httpd", version)]
pub struct Args {
    /// Read the settings and certificates, say what is wrong with them, and end
    #[arg(long)]
    pub check: bool,
    /// A TOML file
    pub settings: PathBuf,
}
