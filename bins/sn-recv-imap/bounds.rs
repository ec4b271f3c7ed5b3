//! What a server sends is measured before the imap crate parses it: that calls itself for each list in a list, and begins
//! a response anew with each line of it that comes, so a few megabytes of parentheses would exhaust the stack, and a few
//! of line ends would keep it busy for days.
//!
//! Here are as few rules as make sure that both see the same literals (RFC 3501 section 4.3): only in untagged responses
//! that are no status, since nothing but a literal can have a line end in those. A status that seems to announce one, in
//! its text or in its code, is refused.

/// Lists in lists. People's mails have a dozen of parts in parts.
const DEEPEST: u32 = 64;
/// How often what was asked for may be read again. A mail whose every line is empty needs nearly as much.
const READ_AGAIN: u64 = 64;
/// Untagged responses that are a status and end with free text.
const STATUS: [&[u8]; 5] = [b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"];
/// Bytes of a response that are enough to see that.
const BEGINNING: usize = 9;

/// How far the response to a command has come.
#[derive(Debug, Default)]
pub struct Bounds {
    /// Bytes that may still be read again.
    again: u64,
    /// How this response begins.
    beginning: Vec<u8>,
    /// Bytes of it before the literal that is read now.
    before: u64,
    /// Bytes of that literal, and how many are still to come.
    literal: u64,
    left: u64,
    line: Line,
    /// How many responses to this command came to their end that are about a mail by its number.
    numbered: usize,
}

/// A line outside of literals.
#[derive(Debug, Default)]
struct Line {
    depth: u32,
    quoted: bool,
    escaped: bool,
    announced: Announced,
}

/// What the last bytes of a line may be the beginning of: `{123}` and CR.
#[derive(Clone, Copy, Debug, Default)]
enum Announced {
    #[default]
    Nothing,
    Open(u64),
    Closed(u64),
    Ending(u64),
}

impl Bounds {
    /// For the response to a new command, of which so many bytes were asked for.
    pub fn begin(&mut self, allowance: u64) {
        self.again = allowance.saturating_mul(READ_AGAIN);
        self.numbered = 0;
    }

    /// How many mails were answered for, as far as that can be told without reading what was said.
    pub fn answered(&self) -> usize {
        self.numbered
    }

    /// Measures what came. False: it is nothing that a server has a reason to send.
    pub fn hear(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.left > 0 {
                let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                let (some, others) = bytes.split_at(most);
                bytes = others;
                self.left -= some.len() as u64;
                let lines = some.iter().filter(|byte| **byte == b'\n').count();
                if !self.reads_again(lines as u64) {
                    return false;
                }
                if self.left == 0 {
                    self.before = self.before.saturating_add(self.literal);
                }
                continue;
            }
            bytes = rest;
            if self.beginning.len() < BEGINNING {
                self.beginning.push(byte);
            }
            self.before += 1;
            let within = if byte == b'\n' { self.end_of_line() } else { self.line.hear(byte) };
            if !within {
                return false;
            }
        }
        true
    }

    /// How many bytes of a literal come next, which somebody else reads: the parser never sees them.
    pub fn skip_literal(&mut self) -> u64 {
        std::mem::take(&mut self.left)
    }

    fn end_of_line(&mut self) -> bool {
        let line = std::mem::take(&mut self.line);
        match line.announced {
            Announced::Ending(literal) => {
                self.line.depth = line.depth;
                (self.literal, self.left) = (literal, literal);
                self.has_literals() && self.reads_again(1)
            }
            _ => {
                let number = self.beginning.strip_prefix(b"* ").and_then(<[u8]>::first);
                self.numbered += usize::from(number.is_some_and(u8::is_ascii_digit));
                self.before = 0;
                self.beginning.clear();
                true
            }
        }
    }

    /// What came before each of these lines is read once more.
    fn reads_again(&mut self, lines: u64) -> bool {
        let left = self.again.checked_sub(lines.saturating_mul(self.before));
        self.again = left.unwrap_or_default();
        left.is_some()
    }

    fn has_literals(&self) -> bool {
        let begins = |rest: &[u8], word: &[u8]| {
            rest.get(..word.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(word))
        };
        let rest = self.beginning.strip_prefix(b"* ");
        rest.is_some_and(|rest| !STATUS.iter().any(|status| begins(rest, status)))
    }
}

impl Line {
    fn hear(&mut self, byte: u8) -> bool {
        use Announced::{Closed, Ending, Nothing, Open};
        self.announced = match (self.announced, byte) {
            (_, b'{') => Open(0),
            (Open(number), b'0'..=b'9') => {
                Open(number.saturating_mul(10).saturating_add((byte - b'0').into()))
            }
            (Open(number), b'}') => Closed(number),
            (Closed(number), b'\r') => Ending(number),
            _ => Nothing,
        };
        match byte {
            _ if std::mem::take(&mut self.escaped) => {}
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            b'(' if !self.quoted => self.depth += 1,
            b')' if !self.quoted => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth <= DEEPEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether what came is within bounds, in pieces of any size.
    fn hear(bytes: &[u8]) -> bool {
        let heard = |size: usize| {
            let mut bounds = Bounds::default();
            bounds.begin(1 << 20);
            bytes.chunks(size).all(|some| bounds.hear(some))
        };
        let all = heard(bytes.len());
        assert!([1, 2, 7].into_iter().all(|size| heard(size) == all));
        all
    }

    fn nested(depth: usize) -> String {
        format!("* 1 FETCH (BODYSTRUCTURE {}{})\r\n", "(".repeat(depth), ")".repeat(depth))
    }

    #[test]
    fn lists_nest_as_deep_as_mails_do() {
        assert!(hear(nested(60).repeat(100).as_bytes()));
        assert!(!hear(nested(65).as_bytes()));
        let open = "(".repeat(100_000);
        assert!(hear(format!("* 1 FETCH (BODY[] {{100001}}\r\n{open}x)\r\n").as_bytes()));
        assert!(hear(format!("* 1 FETCH (X \"{open}\\\"{open}\")\r\n").as_bytes()));
    }

    #[test]
    fn nothing_hides_lists_but_what_hides_them_from_the_parser() {
        let open = "(".repeat(100);
        for hiding in [
            "* OK done {200}\r\n* 1 FETCH ",
            "* ok [BADCHARSET ({18}\r\n* 1 FETCH {200}\r\n)] x\r\n* 1 FETCH ",
            "a1 OK done {200}\r\n* 1 FETCH ",
            "+ go on {200}\r\n* 1 FETCH ",
            "* 1 FETCH (X {200}\n* 1 FETCH ",
            "* 1 FETCH (X {2+}\r\n* 1 FETCH ",
            "* LIST () \"/\" {2}\r\nab\r\n* 1 FETCH ",
            "* 1 FETCH (X \"\\\"\" ",
            "* 1 FETCH (X \"a\r\n* 1 FETCH ",
        ] {
            assert!(!hear(format!("{hiding}{open}\r\n").as_bytes()), "{hiding}");
        }
    }

    #[test]
    fn it_is_known_how_many_mails_were_answered_for() {
        let mut bounds = Bounds::default();
        bounds.begin(1 << 20);
        bounds
            .hear(b"* 1 FETCH (BODY[] {8}\r\n* 9 X\r\n)\r\n* OK here\r\n* 2 FETCH (UID 7)\r\n* 3 FETCH (UID");
        assert_eq!(bounds.answered(), 2);
        bounds.begin(1 << 20);
        assert_eq!(bounds.answered(), 0);
    }

    #[test]
    fn what_is_read_again_has_an_end() {
        let empty_lines = "\r\n".repeat(500_000);
        assert!(hear(format!("* 1 FETCH (UID 1 BODY[] {{1000000}}\r\n{empty_lines})\r\n").as_bytes()));
        let long = "x".repeat(1000);
        let slow = format!("* 1 FETCH (X \"{long}\" BODY[] {{1000000}}\r\n{empty_lines})\r\n");
        assert!(!hear(slow.as_bytes()));
        assert!(!hear(format!("* 1 FETCH ({}", "X {1}\r\nx ".repeat(100_000)).as_bytes()));
    }
}
