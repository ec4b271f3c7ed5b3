use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Invite, add and manage contacts
#[derive(Parser)]
#[command(name = "sn-contact", version)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Print an invitation, for one friend to add
    Invite {
        /// What that friend is to be called here
        #[arg(long = "for", value_name = "NAME")]
        petname: Option<String>,
        /// How many days it holds, 30 at most: 30, or 1 in person
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
        /// Handed over face to face: whoever uses it counts as checked
        #[arg(long)]
        in_person: bool,
        /// In the short form, one line
        #[arg(long)]
        short: bool,
        /// And as a QR code, for the terminal
        #[arg(long)]
        qr: bool,
    },
    /// Ask somebody to become a contact, by their invitation or public profile
    Add {
        /// What to call them
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// A message to them
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Refuse it unless it is from the person with this fingerprint
        #[arg(long, value_name = "FINGERPRINT")]
        is: Option<String>,
        /// Handed over face to face by the person it names: they count as checked
        #[arg(long)]
        in_person: bool,
        /// The invitation, or its short form itself; standard input without it, or for '-'
        file: Option<PathBuf>,
    },
    /// Accept somebody who asked, or ask somebody who was introduced
    Accept {
        /// Their name or fingerprint
        who: String,
    },
    /// List who waits to be accepted, and how they came
    Requests {
        /// Print JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Forget somebody who waits; they are not told
    Ignore {
        /// Their name or fingerprint
        who: String,
    },
    /// Forget somebody who searches for you, and ask those who brought the search to bring no more
    Stop {
        /// Their name or fingerprint
        who: String,
    },
    /// Make two contacts known to each other
    Introduce {
        /// The name or fingerprint of one of them
        one: String,
        /// And of the other
        other: String,
        /// A message to both
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// List everybody
    List {
        /// Print JSON, one object a line
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of somebody
    Show {
        /// Their name or fingerprint
        who: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put people in a group; without people, list who is in it; without a group, all groups
    Group {
        /// The group, without its @
        group: Option<String>,
        /// Names or fingerprints
        who: Vec<String>,
        /// Take them out instead
        #[arg(long, requires = "who")]
        remove: bool,
    },
    /// Call somebody by another name
    Rename {
        /// Their name or fingerprint
        who: String,
        /// The new name
        name: String,
    },
    /// Set where to reach somebody, before what their profile says; without addresses, only the profile counts again
    Address {
        /// Their name or fingerprint
        who: String,
        /// URIs, in order of preference
        addresses: Vec<String>,
    },
    /// Show nothing of somebody in the feed; without people, list who is muted
    Mute {
        /// Names or fingerprints
        who: Vec<String>,
    },
    /// Show them again
    Unmute {
        /// Names or fingerprints
        #[arg(required = true)]
        who: Vec<String>,
    },
    /// Decide that somebody who waits is a contact with a new key: they keep their name, groups and packets
    Succeed {
        /// The contact
        who: String,
        /// The one who waits
        new: String,
    },
    /// Read nothing of somebody any more, and send them nothing
    Block {
        /// Their name or fingerprint
        who: String,
    },
    /// Take that back: they are what they were before
    Unblock {
        /// Their name or fingerprint
        who: String,
    },
    /// End being contacts, and tell them so
    Remove {
        /// Their name or fingerprint
        who: String,
    },
    /// Compare fingerprints: show both to be read aloud, or mark somebody as checked by what they read to you
    Check {
        /// Their name or fingerprint
        who: String,
        /// The fingerprint they read to you; spaces don't matter
        spoken: Vec<String>,
    },
}
