use clap::{Parser, Subcommand, ValueEnum};

/// Show, change and export your profile
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
        /// Print JSON
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
    /// Choose by which details people find you, and who may search
    Searchable {
        #[command(subcommand)]
        verb: Option<Searchable>,
    },
    /// Print the public profile, signed, for anybody to add
    Export,
    /// Answer a web server's challenge, HOST BOX NONCE on standard input, to show whose box it is
    Login,
}

#[derive(Subcommand)]
pub enum Searchable {
    /// List by what people find you, and how many bits it takes to guess that (what happens without a verb, too)
    List {
        /// Print JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Be found by these details, by all of them at once
    Add {
        /// Only by those who know a secret, too: the first line that this prints, run by sh -c
        #[arg(long, value_name = "COMMAND")]
        secret_command: Option<String>,
        /// Even if they are guessed easily
        #[arg(long)]
        weak: bool,
        /// KEY=VALUE, such as name='Ada Lovelace' town=London
        #[arg(required = true)]
        details: Vec<String>,
    },
    /// Be found by them no more
    Withdraw {
        /// KEY=VALUE, as it was added
        #[arg(required = true)]
        details: Vec<String>,
    },
    /// Say who may search for you
    By { who: Who },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Who {
    /// Nobody
    Nobody,
    /// Contacts of your contacts
    Contacts,
    /// Those of them who know the secret: only what was added with one counts
    Secret,
}
