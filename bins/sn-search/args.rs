use clap::Parser;

/// Look for a person through one's contacts
#[derive(Parser)]
#[command(name = "sn-search", version)]
pub struct Args {
    /// What the person may have chosen to be found by: KEY=VALUE, such as name='Ada Lovelace' town=London
    #[arg(required_unless_present_any = ["list", "stop"], conflicts_with_all = ["list", "stop"])]
    pub details: Vec<String>,
    /// The secret that goes with it: the first line that this prints, run by sh -c
    #[arg(long, value_name = "CMD")]
    pub secret_command: Option<String>,
    /// What to say to them
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
    /// List own searches, and who has answered
    #[arg(long, conflicts_with = "stop")]
    pub list: bool,
    /// As JSON lines
    #[arg(long, requires = "list")]
    pub json: bool,
    /// End a search, by its number: answers to it don't count any more
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["secret_command"])]
    pub stop: Option<i64>,
}
