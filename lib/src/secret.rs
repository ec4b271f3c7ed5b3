//! Secrets that a command of the owner's prints: passwords, tokens, passphrases. Never from an argument or the environment, which
//! others on the machine can read.

use crate::{Context, Error, Kind, Result};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

/// Bytes that a command may print: tokens are long, passwords are not.
const MAX: u64 = 64 << 10;

/// The first line that `command`, run by `sh -c`, prints, without its end; `input` is its standard input, at most 4096 bytes. It may
/// take its time, as it may ask a person. `what` names the setting or option that it comes from. What was printed is in no message.
///
/// [`Kind::Again`]: it failed, as a store of passwords does that is locked. [`Kind::Config`]: what it printed can't be a secret: it is
/// empty, not UTF-8, or has control characters.
pub fn first_line(what: &str, command: &str, input: &str) -> Result<String> {
    let cannot = || format!("cannot run {what}");
    // Standard error is for people.
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It fits into the pipe, and not every command reads it.
        let _ = stdin.write_all(input.as_bytes());
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX).read_to_end(&mut said).context(cannot)?;
    }
    let status = child.wait().context(cannot)?;
    if !status.success() {
        return Err(Error::new(Kind::Again, format!("{what} failed: {status}")));
    }
    let wrong = |why: &str| Err(Error::new(Kind::Config, format!("{what} printed {why}")));
    let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)) {
        Ok("") => wrong("nothing"),
        Ok(line) if line.contains(char::is_control) => wrong("control characters"),
        Ok(line) => Ok(line.to_owned()),
        Err(_) => wrong("what is not UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(command: &str) -> Result<String> {
        first_line("password-command", command, "bob wonder\n")
    }

    #[test]
    fn the_first_line_is_the_secret() {
        assert_eq!(
            secret("printf ' wonder land \\r\\nnot this\\n'").unwrap(),
            " wonder land ",
            "with its spaces"
        );
        assert_eq!(
            secret("read -r line && echo \"<$line>\"").unwrap(),
            "<bob wonder>",
            "it hears what is asked"
        );
        assert_eq!(secret("exec <&-; echo deaf").unwrap(), "deaf", "or does not");
    }

    #[test]
    fn what_fails_is_named_and_tells_no_secret() {
        for (command, kind, words) in [
            ("echo wonderland; exit 3", Kind::Again, "failed: exit status: 3"),
            ("kill -9 $$", Kind::Again, "failed: signal: 9 (SIGKILL)"),
            ("true", Kind::Config, "printed nothing"),
            ("echo; echo wonderland", Kind::Config, "printed nothing"),
            ("printf 'wonder\\001land'", Kind::Config, "printed control characters"),
            ("printf 'wonderland\\377'", Kind::Config, "printed what is not UTF-8"),
        ] {
            let error = secret(command).unwrap_err();
            assert_eq!((error.kind(), error.message()), (kind, format!("password-command {words}").as_str()));
        }
    }
}
