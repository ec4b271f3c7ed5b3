use clap::Parser;
use std::path::PathBuf;

/// Explain any file of SocialNet by hand
#[derive(Parser)]
#[command(name = "sn-show", version)]
pub struct Args {
    /// Files to explain; standard input when there is none, or for '-'
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}
