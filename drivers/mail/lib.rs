//! What the drivers for mail share. The library in `lib/` knows nothing of mail, and commands that are no drivers know
//! nothing of this.
//!
//! | file | knows |
//! |---|---|
//! | [`settings`] | `SN_CONF_*`: which server, how to log in, and where the secret comes from |
//! | [`address`] | plain mail addresses |
//! | [`tls`] | the way to a server: TCP, TLS and whom it trusts |
//! | [`lines`] | a server's first lines, and what it means when they do not come |
//! | [`sasl`] | what a client says to log in |
//! | [`source`] | `imaps://alice@example.org`: where mail is fetched from |
//! | [`attempts`] | logins that were refused, and when the next one is due |
//! | [`bounce`] | what mail systems say of mails that did not arrive |
//! | [`find`] | where in a mail gateways and mailing lists have put what is ours |
//! | [`arrivals`] | what was found on its way into the mailbox |
//! | [`intake`] | whole mails on that way, while the next ones come in |
//! | [`policy`] | what becomes of our mails then |
//! | [`seen`] | which mails were looked at before, where a source has no numbers that rise |
//! | [`stumbled`] | mails that a server can't hand out, and when each is tried again |

pub mod address;
pub mod arrivals;
pub mod attempts;
pub mod bounce;
pub mod find;
pub mod intake;
pub mod lines;
pub mod policy;
pub mod sasl;
pub mod seen;
pub mod settings;
pub mod source;
pub mod stumbled;
pub mod tls;

pub use settings::{Login, Security, Server, Settings};
pub use tls::Stream;
