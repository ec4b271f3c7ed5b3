//! Finding people without a directory: what is compared, and what only the person sought can open. From bytes to bytes;
//! who sends what to whom is for `protocol` to say. socialnet-search(7) is the authority.
//!
//! | file | knows |
//! |---|---|
//! | `canon.rs` | the one spelling of a detail: `canon-1` |
//! | `handle.rs` | details that belong together, and how hard they are to guess |
//! | `tag.rs` | what Argon2id makes of a handle, and the tags of one search |
//! | `bottle.rs` | what the person sought opens |

pub mod bottle;
pub mod canon;
pub mod handle;
pub mod tag;

pub use handle::Handle;

use crate::{Error, Kind};
use openssl::error::ErrorStack;

/// The way of making tags and bottles that this room knows; each search and each bottle names its own.
pub const SCHEME: u32 = 1;

/// Handles of one search, and of one account: as many as a bottle has slots.
pub const MAX_HANDLES: usize = 8;

/// 32 bytes: a token, a tag, `H`, `B` and what else is derived here.
pub type Key = [u8; 32];

/// A failure of OpenSSL on data of our own: memory or randomness is lacking, or it is not the OpenSSL we know.
fn failed(verb: &str, reason: ErrorStack) -> Error {
    Error::new(Kind::Unavailable, format!("cannot {verb}: {reason}"))
}
