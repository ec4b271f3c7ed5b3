use clap::Parser;
use std::path::PathBuf;

/// Take an attachment out of the feed
#[derive(Parser)]
#[command(name = "sn-get", version)]
pub struct Args {
    /// The packet: its id, or the last 6 digits of it or more
    pub id: String,
    /// Which attachment
    #[arg(default_value_t = 1)]
    pub number: u32,
    /// Write to FILE, which must not exist; - is standard output [default: the attachment's name]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the small picture that came with a photograph
    #[arg(long)]
    pub preview: bool,
    /// List the packet's attachments
    #[arg(long, conflicts_with_all = ["number", "output", "preview"])]
    pub list: bool,
}
