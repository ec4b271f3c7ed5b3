//! Packets: one action of one author, as XML. socialnet-packet(5) is the authority.
//!
//! | file | knows |
//! |---|---|
//! | `tree.rs` | XML as a tree that is written back byte for byte; what of XML is allowed |
//! | `parts.rs` | the rule of extension: what is skipped, what is refused, what must be understood |
//! | `spelling.rs` | ids, times, numbers, digests: one spelling each |
//! | `types.rs` | the types of version 1, and what sort of thing each is |
//! | `rules.rs` | the names of version 1, and which type has which parts |
//! | `read.rs` | from the tree to [`Packet`] |
//! | `write.rs` | from [`Packet`] to bytes |
//! | `attachment.rs` | files: in XML, and their labels as file names |
//!
//! A packet does not know who signed it: whoever opens an envelope compares `from` with the signer.

mod attachment;
pub(crate) mod parts;
mod read;
mod rules;
pub(crate) mod spelling;
#[cfg(test)]
mod tests;
pub mod tree;
mod types;
pub(crate) mod write;

pub use attachment::{Attachment, Content, safe_name};
pub use read::read;
pub use rules::is_application;
pub use types::{Class, Type};
pub use write::write;

use crate::{Fingerprint, profile::Profile};
use jiff::Timestamp;
use uuid::Uuid;

/// The namespace of version 1.
pub const NAMESPACE: &str = "urn:socialnet:packet:1";
/// Bytes of one packet, at most.
pub const MAX_BYTES: usize = 1 << 20;
/// Bytes of its text, at most.
pub const MAX_TEXT: usize = 64 << 10;
/// Attachments, at most.
pub const MAX_ATTACHMENTS: usize = 64;
/// Bytes of an attachment that travels inside the packet, and of a preview, at most.
pub const MAX_INLINE: usize = 16 << 10;
/// Named readers in `<to>`, at most.
pub const MAX_TO: usize = 1024;
/// Bytes of a reaction, at most.
pub const MAX_REACTION: usize = 32;
/// Bytes of an attachment's description in words, at most.
pub const MAX_ALT: usize = 4 << 10;
/// Bytes of a label, a type or another short name, at most.
pub const MAX_LABEL: usize = 255;
/// Tags of a search, and things that a node says it understands, at most.
pub const MAX_TAGS: usize = 256;
/// Handles that one person may be found by, at most.
pub const MAX_HANDLES: usize = 64;
/// Bytes of a bottle, at most.
pub const MAX_BOTTLE: usize = 16 << 10;
/// Chunks asked for in one packet, and confirmed in one envelope, at most.
pub const MAX_CHUNKS: usize = 1024;

/// Elements within each other, the root among them, at most.
pub const MAX_DEPTH: usize = 16;
/// Elements, at most.
pub const MAX_ELEMENTS: usize = 16 << 10;
/// Attributes of one element, namespace declarations among them, at most.
pub const MAX_ATTRIBUTES: usize = 32;
/// Namespace declarations in force at one place, at most.
pub const MAX_DECLARATIONS: usize = 64;

/// Successions of one request, at most.
pub const MAX_SUCCESSIONS: usize = 16;

/// SHA-256 of something.
pub type Digest = [u8; 32];

/// A packet is named by its author and its id together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The author.
    pub from: Fingerprint,
    /// UUIDv7, drawn by the author.
    pub id: Uuid,
}

/// What a packet is about: another packet, or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A packet, with the SHA-256 of its bytes where the author had them.
    Packet(Name, Option<Digest>),
    /// A person.
    Person(Fingerprint),
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Author and id.
    pub name: Name,
    /// The `type` attribute as it came: `status`, …, or a reverse domain name.
    pub kind: String,
    /// When the author says it was made; whole seconds.
    pub created: Timestamp,
    /// When its author wants it gone; later than `created`.
    pub expires: Option<Timestamp>,
    /// Whether its author lets readers share it.
    pub shareable: bool,
    /// What the author calls themselves, for readers who have never met them.
    pub author_name: Option<String>,
    /// Named readers. Empty: whoever `sn-seal --to` says, or for a comment the audience of its thread.
    pub to: Vec<Fingerprint>,
    /// The root of the thread it belongs to.
    pub thread: Option<Name>,
    /// What it is about.
    pub about: Option<About>,
    /// What the author says.
    pub text: Option<String>,
    /// Files and photographs.
    pub attachments: Vec<Attachment>,
    /// What a node that does not understand the packet shows instead.
    pub fallback: Option<String>,
    /// What is particular to its type.
    pub body: Body,
}

/// What is particular to a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A few words for everybody it is sealed to.
    Status,
    /// Photographs, in the attachments.
    Photo,
    /// Words about another packet.
    Comment,
    /// One emoji or short word, in the text, about another packet.
    Reaction,
    /// To named people only.
    Message,
    /// Passes on another author's packet: the SignedData as its author made it.
    Share {
        /// DER.
        original: Vec<u8>,
    },
    /// New words for an own packet; the highest version wins.
    Edit {
        /// 1 or more.
        version: u32,
        /// It also ends the thread of the root that it edits.
        closes: bool,
    },
    /// Takes back the packet it is about.
    Retract,
    /// The author's profile.
    Profile {
        /// The profile.
        profile: Profile,
        /// The author wants the reader's profile in return.
        want: bool,
    },
    /// A `profile` about somebody else, whom the author makes known to the reader.
    Introduction {
        /// The SignedData of their public `profile`, DER.
        original: Vec<u8>,
    },
    /// Asks to become a contact.
    ContactRequest {
        /// The author's profile.
        profile: Profile,
        /// The one-time code of an invitation.
        code: Option<[u8; 16]>,
        /// SignedData, DER, of who the author was before: each names the next, the last one the author.
        successions: Vec<Vec<u8>>,
        /// It answers a search of the reader's.
        opened: Option<BottleOpened>,
    },
    /// Accepts a request.
    ContactAccept {
        /// The profile meant for contacts.
        profile: Profile,
    },
    /// Ends being contacts.
    ContactBye,
    /// Answers a packet that was not understood.
    NotUnderstood {
        /// Namespaces and types that the author's node understands.
        understands: Vec<String>,
    },
    /// What contacts may find the author by, for others.
    Handles {
        /// Rises with each change; the list with the highest one counts, as a whole.
        serial: u64,
        /// The number of the scheme and `H` of each.
        handles: Vec<(u32, Digest)>,
    },
    /// Looks for a person.
    Search(Search),
    /// Brings a search to a person.
    SearchRequest {
        /// The bottle, sealed: 1 to [`MAX_BOTTLE`] bytes.
        bottle: Vec<u8>,
    },
    /// Asks for no more searches like the one that the packet it is about has brought.
    SearchStop,
    /// Asks for what was lost.
    Resend(Resend),
    /// An application's own type; what it says is in the elements of its own namespace, kept in the bytes.
    Application,
    /// Not understood, and why: an unknown type, version or must-understand part.
    Unknown {
        /// One line for a person.
        why: String,
    },
}

/// A search, as a contact sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// New for each search and contact.
    pub token: [u8; 32],
    /// It may be passed on once more.
    pub further: bool,
    /// The number of the scheme and the tag of each handle; spare ones are random.
    pub tags: Vec<(u32, Digest)>,
    /// What only the person sought can open: 1 to [`MAX_BOTTLE`] bytes, which say by which scheme.
    pub bottle: Vec<u8>,
}

/// What shows a searcher that their bottle was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BottleOpened {
    /// The digest of the bottle.
    pub bottle: Digest,
    /// What only somebody who opened it can make, and for themselves alone.
    pub proof: Digest,
}

/// What a reader misses.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Resend {
    /// Counters, by stream.
    pub gaps: Vec<crate::envelope::Received>,
    /// Blob chunks.
    pub blobs: Vec<Digest>,
}

impl Packet {
    /// A packet that says nothing yet but what its type says.
    pub fn new(name: Name, kind: &str, created: Timestamp, body: Body) -> Self {
        Self {
            name,
            kind: kind.to_owned(),
            created,
            expires: None,
            shareable: false,
            author_name: None,
            to: Vec::new(),
            thread: None,
            about: None,
            text: None,
            attachments: Vec::new(),
            fallback: None,
            body,
        }
    }

    /// Whether this node understands all of it.
    pub fn understood(&self) -> bool {
        !matches!(self.body, Body::Unknown { .. })
    }

    /// The root of the thread it belongs to; a packet without one is a root itself.
    pub fn root(&self) -> Name {
        self.thread.unwrap_or(self.name)
    }

    /// SHA-256 of every chunk that its attachments list, in order.
    pub fn chunks(&self) -> impl Iterator<Item = &Digest> {
        self.attachments.iter().flat_map(|attachment| match &attachment.content {
            Content::Blob { chunks, .. } => chunks.as_slice(),
            Content::Inline(_) => &[],
        })
    }
}
