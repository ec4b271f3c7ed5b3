//! What the commands of SocialNet share: the rooms, and who may call whom. A room calls those of its own row and of the rows
//! above it, but none that its last column names; `tests/rooms.rs` holds every room to that.
//!
//! | rooms | know | never call |
//! |---|---|---|
//! | [`error`], [`text`], [`fingerprint`], [`address`], `base64` | nothing of the others | |
//! | [`file`], [`mailbox`], `program`, [`secret`] | folders and names; the owner's other programs | |
//! | [`stream`], [`packet`], [`envelope`], [`profile`], [`succession`], [`short`], [`login`], [`slip`] | XML and PEM framing, as bytes; not who signed | `file`, `mailbox`, `program`, `secret` |
//! | [`home`] | the account folder, its settings | `packet`, `profile`, `stream` |
//! | [`driver`] | drivers and their line protocol | `packet`, `envelope`, `profile`, `stream` |
//! | [`identity`], [`seal`] | OpenSSL: keys and certificates; `seal` goes from bytes to bytes | `packet`, `envelope`, `home`, `driver`, `program` |
//! | [`search`] | handles, tags and bottles, from bytes to bytes | `packet`, `file`, `home`, `driver`, `identity` |
//! | [`photo`] | image formats | `file`, `home`, `driver`, `identity`, `seal` |
//! | [`blob`], [`attach`] | files as attachments, in and out | `home`, `driver`, `identity` |
//! | [`store`] | SQLite | `file`, `mailbox`, `home`, `driver`, `identity`, `seal`, `search`, `blob` |
//! | `unlock` | keys and database, opened side by side | `packet`, `driver`, `search`, `blob` |
//! | [`queue`] | outpackets, deliveries and drivers together: running the queue | `identity`, `seal`, `search`, `blob` |
//! | [`protocol`] | packets, store and seal together: what one thing makes the node do | `queue`, `program` |
//! | [`compose`], [`post`], [`backup`] | what people do: as packets, on their way; the whole account as one encrypted file | `driver`, `program` |
//! | [`explain`], [`render`] | what a file is; how a feed looks as text, JSON, Atom and HTML | `driver`, `queue`, `compose`, `post` |
//! | [`site`], [`hooks`] | the feed as a folder of pages; the owner's programs, told of each packet | `identity`, `seal`, `protocol`, `queue` |
//! | [`cli`] | the terminal, clap, exit codes | `file`, `mailbox`, `program`, `home`, `driver`, `packet`, `stream`, `identity`, `seal`, `search`, `blob`, `store`, `queue`, `protocol`, `compose`, `render`, `site` |
//!
//! Commands in `bins/` call these rooms; no room calls a command.

pub mod address;
mod base64;
pub mod cli;
pub mod driver;
pub mod envelope;
pub mod error;
pub mod file;
pub mod fingerprint;
pub mod home;
pub mod login;
pub mod mailbox;
pub mod packet;
pub mod profile;
mod program;
pub mod secret;
pub mod short;
pub mod slip;
pub mod stream;
pub mod succession;
pub mod text;

#[cfg(feature = "crypto")]
pub mod attach;
#[cfg(feature = "backup")]
pub mod backup;
#[cfg(feature = "crypto")]
pub mod blob;
#[cfg(all(feature = "crypto", feature = "db"))]
pub mod compose;
#[cfg(all(feature = "crypto", feature = "db"))]
pub mod explain;
#[cfg(all(feature = "crypto", feature = "db"))]
pub mod hooks;
#[cfg(feature = "crypto")]
pub mod identity;
#[cfg(feature = "photo")]
pub mod photo;
#[cfg(all(feature = "crypto", feature = "db"))]
pub mod post;
#[cfg(all(feature = "crypto", feature = "db"))]
pub mod protocol;
#[cfg(feature = "db")]
pub mod queue;
#[cfg(feature = "db")]
pub mod render;
#[cfg(feature = "crypto")]
pub mod seal;
#[cfg(feature = "crypto")]
pub mod search;
#[cfg(all(feature = "crypto", feature = "html"))]
pub mod site;
#[cfg(feature = "db")]
pub mod store;
#[cfg(all(feature = "crypto", feature = "db"))]
mod unlock;

pub use error::{Context, Error, Kind, Result};
pub use fingerprint::Fingerprint;
#[cfg(all(feature = "crypto", feature = "db"))]
pub use unlock::unlock;
