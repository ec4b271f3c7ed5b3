use clap::Parser;

/// Make an account
#[derive(Parser)]
#[command(name = "sn-init", version)]
pub struct Args {
    /// What you want to be called
    #[arg(long)]
    pub name: String,
    /// A few words about yourself, for contacts
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// Where others reach you, in order of preference: a URI such as file:///media/stick/alice
    #[arg(long = "address", value_name = "URI")]
    pub addresses: Vec<String>,
}
