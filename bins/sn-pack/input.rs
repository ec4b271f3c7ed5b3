//! What people say, from the command line or standard input.

use socialnet::{
    Context, Error, Kind, Result, cli,
    packet::{MAX_BYTES, MAX_TEXT},
};
use std::{
    io::{self, IsTerminal, Read},
    path::Path,
};

/// Words from the command line or, for `-` and where they are needed, standard input.
pub fn spoken(text: Option<String>, needed: bool) -> Result<Option<String>> {
    let words = match text {
        Some(text) if text != "-" => text,
        None if !needed => return Ok(None),
        None if io::stdin().is_terminal() => String::new(),
        _ => cli::read_text(MAX_TEXT)?,
    };
    // The line feed that ends a file is no part of what is said in it.
    let words = words.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
    if words.is_empty() {
        return Err(Error::new(Kind::Usage, "nothing to say")
            .hint("give the words as an argument, or - to type them and end with Control-D"));
    }
    Ok(Some(words))
}

/// The elements of an application, unread.
pub fn xml(path: &Path) -> Result<Vec<u8>> {
    let input = cli::open(path)?;
    let mut bytes = Vec::new();
    input.bytes.take(MAX_BYTES as u64).read_to_end(&mut bytes).context(|| input.name)?;
    Ok(bytes)
}
