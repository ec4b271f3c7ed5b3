//! How a feed looks: `text.rs` for a terminal, `json.rs` as JSON lines.
