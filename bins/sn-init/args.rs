use clap::Parser;
use std::path::PathBuf;

/// Make an account
#[derive(Parser)]
#[command(name = "sn-init", version)]
pub struct Args {
    /// What you want to be called
    #[arg(long, required_unless_present_any = ["moved", "recovery_key", "succeed"])]
    pub name: Option<String>,
    /// A few words about yourself, for contacts
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// Where others reach you, in order of preference: a URI such as file:///media/stick/alice
    #[arg(long = "address", value_name = "URI")]
    pub addresses: Vec<String>,
    /// Make a recovery key in a new file; with --succeed or --former, sign with the one in it
    #[arg(long, value_name = "FILE")]
    pub recovery_key: Option<PathBuf>,
    /// Make a new identity for the account in this folder, and let it go on as that
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["name", "about", "addresses"])]
    pub succeed: Option<PathBuf>,
    /// The fingerprint of an account that is lost; needs its recovery key
    #[arg(
        long,
        value_name = "FINGERPRINT",
        requires = "recovery_key",
        conflicts_with = "succeed",
        requires = "name"
    )]
    pub former: Option<String>,
    /// Command that prints the recovery key's passphrase
    #[arg(long, value_name = "COMMAND", requires = "recovery_key")]
    pub passphrase_command: Option<String>,
    /// The account is there, and was moved to this machine: let it count anew
    #[arg(long, conflicts_with_all = ["name", "about", "addresses", "recovery_key", "succeed", "former"])]
    pub moved: bool,
}
