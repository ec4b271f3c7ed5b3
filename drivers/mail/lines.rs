//! Lines of a server before its connection is what it will be, and what it means when one does not come.

use socialnet::{Error, Kind, Result};
use std::io::{self, Read};

/// Bytes of a line, at most.
const MAX_LINE: usize = 8192;
/// Characters of a server's words that are worth telling.
const MOST_WORDS: usize = 200;

/// The next line without its end. Read byte by byte, so that nothing of what somebody sent ahead of TLS is left in a
/// buffer to be taken for the server's word; there it spoils the handshake.
pub fn line(stream: &mut impl Read) -> Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_LINE {
        if stream.read(&mut byte).map_err(broken)? == 0 {
            return Err(hung_up());
        }
        if byte == *b"\n" {
            return Ok(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned());
        }
        line.push(byte[0]);
    }
    Err(Error::new(Kind::Again, "the server's line has no end"))
}

/// Why a connection gave nothing more.
pub fn broken(error: io::Error) -> Error {
    let silent = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
    match Error::from(error) {
        _ if silent => Error::new(Kind::Again, "the server said nothing for too long"),
        ours if ours.kind() == Kind::Again => ours,
        other => Error::new(Kind::Again, format!("the connection broke: {}", other.message())),
    }
}

/// It ended where there should be more.
pub fn hung_up() -> Error {
    Error::new(Kind::Again, "the server hung up")
}

/// As much of what a server says as a message should have.
pub fn words(said: &str) -> String {
    said.chars().take(MOST_WORDS).collect()
}
