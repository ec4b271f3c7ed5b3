//! Deliveries: what is on its way to whom.
