use clap::Parser;

/// Make an account
#[derive(Parser)]
#[command(name = "sn-init", version)]
pub struct Args {
    /// What you want to be called
    #[arg(long, required_unless_present = "moved")]
    pub name: Option<String>,
    /// A few words about yourself, for contacts
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// Where others reach you, in order of preference: a URI such as file:///media/stick/alice
    #[arg(long = "address", value_name = "URI")]
    pub addresses: Vec<String>,
    /// The account is there, and was moved to this machine: let it count anew
    #[arg(long, conflicts_with_all = ["name", "about", "addresses"])]
    pub moved: bool,
}
