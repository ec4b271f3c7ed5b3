//! Finds the servers of a mail address, and writes them as settings: `sn-init --email`, socialnet-mail(7).
//!
//! | file | knows |
//! |---|---|
//! | `ask.rs` | who is asked, by HTTPS |
//! | `document.rs` | what they answer: Mozilla's `config-v1.1.xml` |
//! | `guess.rs` | names that servers usually have |
//! | `server.rs` | one server, and its URI |
//! | `tables.rs` | servers as tables of config.toml |

mod ask;
mod document;
mod guess;
mod server;
mod tables;

pub use ask::ask;
pub use document::{Offers, read};
pub use guess::guess;
pub use server::{Protocol, Server, domain};
pub use tables::{Secret, tables};
