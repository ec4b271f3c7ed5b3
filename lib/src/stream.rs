//! Many items one after another in one stream of bytes: clear packets as XML elements, sealed ones as PEM blocks.

mod clear;
mod pem;
mod sealed;

pub use clear::{Batches, Clear, ClearItems, write_packet, write_signed};
pub use pem::{Pem, PemItems, write_pem};
pub use sealed::sealed_items;
