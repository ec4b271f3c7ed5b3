//! What the node does, one file for each choreography. socialnet-protocol(7) is the authority.
//!
//! | file | choreography |
//! |---|---|
//! | `open.rs` | a seal is opened and everything in it verified; no database |
//! | `senders.rs` | what a sender may bring, by what is known of people |
//! | `arrived.rs` | what a file of `inpackets/` turned out to be |
//! | `ingest.rs` | files of `inpackets/` are opened on all cores and taken in, batch by batch |
//! | `verdict.rs` | what becomes of such a file |
//! | `receive.rs` | one opened envelope: from whom, whether it came before, and each packet to its choreography |
//! | `invitation.rs` | invitations that the owner gives |
//! | `stranger.rs` | somebody who is no contact yet, as far as they are known |
//! | `asking.rs` | the owner asks somebody to become a contact |
//! | `meeting.rs` | what comes of that: request, accept, bye |
//! | `decide.rs` | what the owner decides about a person, wherever that person stands |
//! | `blocking.rs` | somebody is not heard any more, and heard again |
//! | `introduce.rs` | two friends are made known to each other |
//! | `profile.rs` | profiles: the own one as packets carry it, others' as they come |
//! | `renewal.rs` | encryption keys: made, told, destroyed |
//! | `confirm.rs` | what was lost is asked for, and answered |
//! | `thread.rs` | comments and reactions travel through the author of the thread's root |
//! | `share.rs` | others' packets passed on, and what their authors then change |
//! | `change.rs` | edits and retractions, by a packet's author and by that of its thread |
//! | `understand.rs` | packets that are not understood |
//! | `sealing.rs` | clear packets become signed, counted, sealed envelopes |
//! | `round.rs` | some of them in one transaction: counted, sealed on all cores, entered |
//! | `paying.rs` | what the node owes becomes packets |
//! | `outgoing.rs` | what may leave, to whom, and that it is held before it goes |
//! | `chunks.rs` | chunks that go beside envelopes |
//! | `choice.rs` | which of a reader's keys an envelope is sealed to |
//! | `parcels.rs` | packets sorted by reader, and cut into envelopes and rounds |
//! | `succession.rs` | a new key for a known person |
//! | `successor.rs` | an account that goes on under a new identity, and its recovery key |
//! | `probe.rs` | a sealed packet to oneself |
//! | `start.rs` | a new account |
//! | `moved.rs` | an account that goes on in another place, and begins to count anew |
//! | `dropped.rs` | clear packets put into `outpackets/new` by hand |
//! | `bottle.rs` | what a searcher signs for the person sought, and what that one makes of it |
//! | `searchable.rs` | by what the owner may be found, and by whom |
//! | `search/` | a search on its way: asked, carried, brought, answered |
//! | `own.rs` | the node's own people and service packets |

pub mod asking;
pub mod blocking;
pub mod bottle;
pub(crate) mod change;
pub mod confirm;
pub mod decide;
pub mod dropped;
pub mod ingest;
pub mod introduce;
pub mod invitation;
pub mod meeting;
pub mod moved;
pub mod open;
pub mod probe;
pub mod profile;
pub mod renewal;
pub mod sealing;
pub mod search;
pub mod searchable;
pub mod senders;
pub mod start;
pub mod stranger;
pub mod succession;
pub mod successor;

mod arrived;
mod choice;
mod chunks;
#[cfg(test)]
mod flood;
mod outgoing;
mod own;
mod parcels;
mod paying;
mod receive;
mod round;
pub(crate) mod share;
mod thread;
mod understand;
mod verdict;
