use clap::{Args as Group, Parser, Subcommand};
use std::path::PathBuf;

/// Make packets out of words and files
#[derive(Parser)]
#[command(name = "sn-pack", version)]
pub struct Args {
    #[command(subcommand)]
    pub kind: Kind,
}

#[derive(Subcommand)]
pub enum Kind {
    /// A few words for everybody it is sealed to
    Status {
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        extras: Extras,
    },
    /// Photographs, without their metadata
    Photo {
        /// JPEG, PNG, WebP or GIF
        #[arg(required = true, value_name = "FILE")]
        photos: Vec<PathBuf>,
        /// Words to go with them; - reads standard input
        #[arg(long)]
        text: Option<String>,
        /// What is to be seen, in words: the first for the first FILE, and so on
        #[arg(long, value_name = "TEXT")]
        alt: Vec<String>,
        #[command(flatten)]
        extras: Extras,
    },
    /// Words about another packet
    Comment {
        /// The packet it is about: its id, or the last 6 digits of it or more
        #[arg(long, value_name = "ID")]
        about: String,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        extras: Extras,
    },
    /// One emoji or short word about another packet
    Reaction {
        /// The packet it is about: its id, or the last 6 digits of it or more
        #[arg(long, value_name = "ID")]
        about: String,
        /// The emoji
        emoji: String,
        #[command(flatten)]
        extras: Extras,
    },
    /// Words to named people only
    Message {
        /// A reader: NAME, @GROUP, all or a fingerprint; may be repeated. Every reader sees all of them
        #[arg(long, value_name = "READER", required = true)]
        to: Vec<String>,
        #[command(flatten)]
        words: Words,
        #[command(flatten)]
        extras: Extras,
    },
    /// Somebody else's packet, as they signed it
    Share {
        /// The packet: its id, or the last 6 digits of it or more
        id: String,
        /// Words to go with it; - reads standard input
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        extras: Extras,
    },
    /// New words for a packet of yours, or the end of a thread that you began
    Edit {
        /// The packet: its id, or the last 6 digits of it or more
        id: String,
        /// The words; - reads standard input, and so does leaving them out
        text: Option<String>,
        /// Let nobody comment on it any more; the words stay
        #[arg(long, conflicts_with_all = ["text", "expires"])]
        close: bool,
        /// When it is to be gone, if that is earlier than before: 7d, 3 weeks, 2026-12-24
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Ask readers' nodes to forget a packet of yours, or one in a thread that you began
    Retract {
        /// The packet: its id, or the last 6 digits of it or more
        id: String,
    },
    /// A packet of an application
    App {
        /// A reverse domain name: org.example.chess.move
        r#type: String,
        /// XML of the application's own elements; - reads standard input
        #[arg(default_value = "-", value_name = "FILE")]
        body: PathBuf,
        /// A reader: NAME, @GROUP, all or a fingerprint; may be repeated. Every reader sees all of them
        #[arg(long, value_name = "READER")]
        to: Vec<String>,
        /// Words for nodes where the application is missing
        #[arg(long, value_name = "TEXT")]
        fallback: Option<String>,
        #[command(flatten)]
        extras: Extras,
    },
}

#[derive(Group)]
pub struct Words {
    /// The words; - reads standard input, and so does leaving them out when no file is attached
    pub text: Option<String>,
    /// Attach a file of any kind; may be repeated
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
}

#[derive(Group)]
pub struct Extras {
    /// When it is to be gone: 7d, 3 weeks, 2026-12-24
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// Let readers share it
    #[arg(long)]
    pub share: bool,
}
