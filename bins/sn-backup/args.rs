use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Keep a whole account in one encrypted file
#[derive(Parser)]
#[command(name = "sn-backup", version)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
    /// Command that prints the passphrase; without it, the terminal is asked
    #[arg(long, value_name = "COMMAND", global = true)]
    pub passphrase_command: Option<String>,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Write a backup of the account
    Create {
        /// Leave attachments out: they are asked for again after a restore
        #[arg(long)]
        without_blobs: bool,
        /// The backup, which must not be there yet; '-' is standard output
        file: PathBuf,
    },
    /// Read a backup and check all of it, writing nothing
    Verify {
        /// The backup
        file: PathBuf,
    },
    /// Make the account again, in a folder that is empty or not there
    Restore {
        /// The backup
        file: PathBuf,
    },
}
