use clap::Parser;

/// Look for a person through your contacts
#[derive(Parser)]
#[command(name = "sn-search", version)]
pub struct Args {
    /// What the person may have chosen to be found by: KEY=VALUE, such as name='Ada Lovelace' town=London
    #[arg(required_unless_present_any = ["list", "stop", "json"], conflicts_with_all = ["list", "stop"])]
    pub details: Vec<String>,
    /// The secret that goes with it: the first line that this prints, run by sh -c
    #[arg(long, value_name = "COMMAND")]
    pub secret_command: Option<String>,
    /// A message to them
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// List your searches, and who has answered
    #[arg(long, conflicts_with = "stop")]
    pub list: bool,
    /// With --list: print JSON, one object a line
    #[arg(long, requires = "list")]
    pub json: bool,
    /// End a search, by its number: answers to it don't count any more
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["secret_command"])]
    pub stop: Option<i64>,
}
