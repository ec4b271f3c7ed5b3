//! Lines on standard error, once the server runs: from many tasks at once, and also when nobody reads them any more.

use socialnet::text;
use std::io::{self, Write};

/// One line. What strangers sent is in it, and logs are read on terminals.
pub fn line(words: &str) {
    let line = format!("sn-httpd: {}\n", text::one_line(words));
    // A log that is gone is no reason to stop.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
