//! Secrets: the first line of what a command of the owner's prints.

use socialnet::{Error, Kind, Result};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

/// Bytes of a secret, at most.
const MAX_SECRET: u64 = 16 << 10;

/// Runs a command by `sh -c`, with `input` on its standard input.
pub fn first_line(command: &str, input: &str) -> Result<String> {
    // What it prints may be half a secret: it is never quoted.
    let wrong = |why: &str| Error::new(Kind::Config, format!("the command for the secret {why}"));
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| wrong("can't be run"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Shorter than a pipe, and not every command reads it.
        let _ = stdin.write_all(input.as_bytes());
    }
    let mut said = String::new();
    let read = child.stdout.take().map_or(Ok(0), |stdout| stdout.take(MAX_SECRET).read_to_string(&mut said));
    let ended = child.wait();
    if read.is_err() || !ended.is_ok_and(|status| status.success()) {
        return Err(wrong("failed"));
    }
    match said.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(wrong("printed nothing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_what_a_command_prints() {
        assert_eq!(first_line("printf 'a b\\nc\\n'", "").unwrap(), "a b");
        assert_eq!(first_line("read -r line && echo \"<$line>\"", "x y\n").unwrap(), "<x y>");
        for wrong in ["true", "echo; echo x", "echo x; exit 1", "printf '\\377\\n'"] {
            let error = first_line(wrong, "").unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(!error.message().contains('x'), "{}", error.message());
        }
    }
}
