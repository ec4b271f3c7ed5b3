//! What the commands of SocialNet share: the rooms, and who may call whom.
//!
//! | room | knows | never meets |
//! |---|---|---|
//! | [`error`], [`text`], [`fingerprint`], `base64` | nothing of the others | |
//! | [`file`], [`mailbox`], [`home`] | folders, names, settings | keys, XML, SQL |
//! | [`stream`], [`packet`], [`envelope`], [`profile`], [`succession`], [`short`], [`login`], [`slip`] | XML and PEM framing, as bytes | keys, files, SQL; who signed |
//! | [`identity`], [`seal`], [`blob`] | OpenSSL; `seal` goes from bytes to bytes | XML, SQL, sockets |
//! | [`search`] | OpenSSL and Unicode; from bytes to bytes | XML, SQL, files, sockets |
//! | [`photo`] | image formats | everything else |
//! | [`store`] | SQLite | sealed bytes, keys |
//! | [`secret`] | the owner's commands that print one | keys, files, terminals |
//! | [`attach`] | files as attachments, in and out: blobs and photographs | SQL |
//! | [`compose`] | what people do, as packets | terminals, sockets |
//! | [`driver`] | child processes and their line protocol | keys, XML, SQL |
//! | [`queue`] | outpackets, deliveries and drivers together: running the queue | keys, packets |
//! | [`protocol`] | packets, store and seal together: what one thing makes the node do | terminals, sockets |
//! | [`post`] | [`protocol`] and [`queue`] together: packets on their way | terminals, sockets |
//! | [`hooks`] | the owner's programs, told of each packet | terminals, sockets |
//! | [`backup`] | the whole account as one encrypted file | terminals, sockets |
//! | [`explain`] | every format, to say what a file is | how to change anything |
//! | [`render`] | how a feed looks as text, JSON, Atom and HTML | keys, files |
//! | [`site`] | the feed as a folder of pages: which are to be drawn again | terminals, sockets, keys |
//! | [`cli`] | the terminal, clap, exit codes | the rest, except [`error`] and [`text`] |
//!
//! Commands in `bins/` call these rooms; no room calls a command.

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

pub use error::{Context, Error, Kind, Result};
pub use fingerprint::Fingerprint;
