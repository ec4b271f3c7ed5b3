//! The feed, as it is read.
