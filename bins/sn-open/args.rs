use clap::Parser;
use std::path::PathBuf;

/// Open sealed packets and print what is in them
#[derive(Parser)]
#[command(name = "sn-open", version)]
pub struct Args {
    /// Print packets with their author's signature, as sn-seal takes them to pass them on
    #[arg(long)]
    pub signed: bool,
    /// Files with sealed packets, PEM or DER; standard input when there is none, or for '-'
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
