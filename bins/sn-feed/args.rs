use clap::Parser;
use std::path::PathBuf;

/// Read the feed
#[derive(Parser)]
#[command(name = "sn-feed", version)]
pub struct Args {
    /// Show the newest, or best, NUMBER packets [default: 50, unless --new, --since, --about or --thread]
    #[arg(short = 'n', long, value_name = "NUMBER")]
    pub number: Option<u32>,
    /// Show what came since --new was used last
    #[arg(long, conflicts_with_all = ["number", "since", "from", "about", "thread", "type", "match"])]
    pub new: bool,
    /// Show what came since TIME: 2h, 3 days, 2026-11-22
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Show what NAME wrote
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,
    /// Show what answers or shares the packet ID
    #[arg(long, value_name = "ID")]
    pub about: Option<String>,
    /// Show the thread that the packet ID belongs to
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// Show packets of one type: status, photo, comment
    #[arg(long, value_name = "TYPE")]
    pub r#type: Option<String>,
    /// Show packets with all of WORDS, the best last
    #[arg(long, value_name = "WORDS")]
    pub r#match: Option<String>,
    /// Show also what is hidden, and say so
    #[arg(long)]
    pub all: bool,
    /// Stay, and show what comes
    #[arg(long)]
    pub follow: bool,
    /// Draw the previews of photographs, on a terminal that knows sixel
    #[arg(long, conflicts_with_all = ["json", "atom", "html"])]
    pub pictures: bool,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Print an Atom feed, for news readers
    #[arg(long, conflicts_with_all = ["json", "follow"])]
    pub atom: bool,
    /// Write all of it into the folder DIR as pages for a browser, or what has changed there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["number", "new", "since", "from", "about", "thread", "type",
        "match", "all", "follow", "json", "atom"])]
    pub html: Option<PathBuf>,
}
