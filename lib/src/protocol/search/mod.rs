//! Finding people without a directory. socialnet-search(7), CHOREOGRAPHY.
//!
//! ```text
//! Q                    C                            S
//!   ◀──────────────────── handles ──────────────────  beforehand, to each of S's contacts
//!   search ──────────▶ taken, once
//!                        search-request ───────────▶  1 to 24 hours later: to S, or to somebody else
//!                        search ─▶ others of C's      each 1 to 24 hours later, if it may go further
//!   ◀────────────────────────────── contact-request   if S's owner accepts; else nothing, ever
//! ```
//!
//! | file | step |
//! |---|---|
//! | `ask.rs` | a search begins: one packet for each contact |
//! | `carry.rs` | a contact's search comes: taken once, within budgets; what it makes leave is drawn at once |
//! | `leave.rs` | the time has come: whom it is for is found only now, and nobody can tell |
//! | `sought.rs` | a bottle opens: who searches is shown to the owner, who decides |
//! | `answer.rs` | somebody shows that they opened an own bottle |
//! | `dice.rs` | what is left to chance |

use jiff::SignedDuration;

pub mod ask;
pub mod sought;

pub(super) mod answer;
pub(super) mod carry;
pub(super) mod leave;

mod dice;

/// How long an answer counts, and how long packets that carry a search are kept for whoever did not get them. On its way a
/// search waits for two days at most, and then for people.
const HOLDS: SignedDuration = SignedDuration::from_hours(30 * 24);
