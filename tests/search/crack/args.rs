//! The words of the command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Guess what a contact holds of a handle, and say what that costs
#[derive(Parser)]
#[command(name = "crack", version)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Print what contacts get to hold of a handle: its H, a search for it, and a bottle
    Bait {
        /// The secret; on the command line, since nobody's is
        #[arg(long)]
        secret: Option<String>,
        /// KEY=VALUE
        #[arg(required = true)]
        details: Vec<String>,
    },
    /// Read such lines from standard input, and print which of them are guessed
    Guess {
        /// Secrets to try with each handle, one a line
        #[arg(long)]
        secrets: Option<PathBuf>,
        /// Handles to try, one a line: KEY=VALUE with a TAB between each two
        list: PathBuf,
    },
    /// Measure guesses, and print what lists of them cost
    Price {
        /// How many guesses are measured, on each core
        #[arg(long, default_value_t = 8)]
        guesses: u32,
        /// A list of one's own, as for guess
        list: Option<PathBuf>,
    },
}
