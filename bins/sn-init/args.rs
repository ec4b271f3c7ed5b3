use clap::Parser;
use std::path::PathBuf;

/// Make an account
#[derive(Parser)]
#[command(name = "sn-init", version)]
pub struct Args {
    /// What you want to be called
    #[arg(long, required_unless_present_any = ["moved", "recovery_key", "succeed", "email"])]
    pub name: Option<String>,
    /// A few words about yourself, for contacts
    #[arg(long, value_name = "TEXT")]
    pub about: Option<String>,
    /// Where others reach you, in order of preference: a URI such as file:///media/stick/alice
    #[arg(long = "address", value_name = "URI")]
    pub addresses: Vec<String>,
    /// Your mail address: find its servers, and send and receive by them; without --name, for the account that is there
    #[arg(long, value_name = "ADDRESS", conflicts_with = "succeed")]
    pub email: Option<String>,
    #[command(flatten)]
    pub mail: Mail,
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
    #[arg(long, conflicts_with_all = ["name", "about", "addresses", "recovery_key", "succeed", "former", "email"])]
    pub moved: bool,
}

/// What goes with --email.
#[derive(clap::Args)]
pub struct Mail {
    /// Ask here for the servers, and nowhere else
    #[arg(long, value_name = "URL", requires = "email")]
    pub autoconfig: Option<String>,
    /// Where mail comes from: imaps://HOST, imap://HOST with STARTTLS, pop3s://HOST or pop3://HOST
    #[arg(long, value_name = "URI", requires = "email")]
    pub incoming: Option<String>,
    /// Where mail goes to: smtps://HOST, or smtp://HOST with STARTTLS
    #[arg(long, value_name = "URI", requires = "email")]
    pub outgoing: Option<String>,
    /// What prints the password; the default is 'pass show ADDRESS'
    #[arg(long, value_name = "COMMAND", requires = "email")]
    pub password_command: Option<String>,
    /// What prints an OAuth 2.0 token, instead of a password
    #[arg(long, value_name = "COMMAND", requires = "email", conflicts_with = "password_command")]
    pub token_command: Option<String>,
    /// Certificates in PEM that are trusted instead of the system's
    #[arg(long, value_name = "FILE", requires = "email")]
    pub ca_file: Option<PathBuf>,
}
