use clap::{Parser, Subcommand};

/// Show, change and export the own profile
#[derive(Parser)]
#[command(name = "sn-profile", version)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Show it, and who sees which part (what happens without a verb, too)
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change it; every contact is sent the new one
    Set {
        /// What you want to be called
        #[arg(long)]
        name: Option<String>,
        /// A few words about yourself, for contacts; empty takes them away
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// Where others reach you, in order of preference: replaces all addresses
        #[arg(long = "address", value_name = "URI")]
        addresses: Vec<String>,
    },
    /// Print the public profile, signed, for anybody to add
    Export,
    /// Answer a web server's challenge, HOST BOX NONCE on standard input, to show whose box it is
    Login,
}
