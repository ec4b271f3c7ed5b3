//! What sn-send-http(1) and sn-recv-http(1) share: an HTTP client that connects only to where it may.
//!
//! | file | knows |
//! |---|---|
//! | `settings.rs` | the drivers' settings, out of the environment |
//! | `address.rs` | the URIs that are followed |
//! | `resolve.rs`, `own.rs` | the network addresses that are connected to |
//! | `agent.rs` | TLS, and the bounds of every answer |
//! | `answer.rs` | what an answer, or none, means for whoever tries again |

mod address;
mod agent;
mod answer;
mod own;
mod resolve;
pub mod settings;

pub use address::{check, join};
pub use agent::{agent, bytes, words};
pub use answer::{broke_off, failure, retry_after, send, unanswered};
pub use resolve::{Reach, Refused};
pub use settings::Settings;
