use clap::Parser;
use std::path::PathBuf;

/// Sign and seal clear packets, one envelope per reader
#[derive(Parser)]
#[command(name = "sn-seal", version)]
pub struct Args {
    /// A reader: a contact's name, a fingerprint, @GROUP, or all; without it, the readers that each packet names
    #[arg(long, value_name = "NAME", conflicts_with = "due")]
    pub to: Vec<String>,
    /// Seal what the node owes by now, and clear packets that were put into outpackets/new
    #[arg(long, conflicts_with = "files")]
    pub due: bool,
    /// Files with clear packets; standard input when there is none, or for '-'
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
