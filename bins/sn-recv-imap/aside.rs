//! Whole mails, past the imap crate: that parses a response anew with each line of a literal that comes, a hundred times
//! for a small mail, and gives nothing back before the response has ended. So each literal is handed on as soon as it is
//! there, and the crate is given its number instead.

use crate::bounds::Bounds;
use socialnet_mail::{find::MAX_MAIL, intake::Entrance};
use std::io::{self, BufRead, Read};

/// How a mark begins: no literal has this byte in it (RFC 3501 section 9, CHAR8).
const MARK: u8 = 0;
/// Bytes of a literal, at most: what was asked for is no larger than a mail of ours, at servers that estimate it well.
const LARGEST: u64 = 2 * MAX_MAIL as u64;

/// Bytes that memory is made ready for before they come.
const AT_ONCE: usize = 64 << 10;

/// Hands on the literals of one response.
#[derive(Debug)]
pub struct Aside {
    entrance: Entrance,
    /// The number of the next one.
    next: u32,
}

impl Aside {
    /// Numbers begin with `next`.
    pub fn new(entrance: Entrance, next: u32) -> Self {
        Self { entrance, next }
    }

    /// The next line of the response, measured; if it announces a literal, then with a mark instead of that. Of both
    /// together there may be at most `allowance` bytes, which are counted down.
    pub fn line(
        &mut self,
        stream: &mut impl BufRead,
        bounds: &mut Bounds,
        allowance: &mut u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        stream.by_ref().take(*allowance).read_until(b'\n', &mut line)?;
        *allowance -= line.len() as u64;
        if !bounds.hear(&line) {
            return Ok(None);
        }
        let literal = bounds.skip_literal();
        let announced = line.iter().rposition(|byte| *byte == b'{');
        if let Some(announced) = announced.filter(|_| literal > 0) {
            // Most mails fit in at once; for a large one it takes more than a server's word.
            let mut mail = Vec::with_capacity(usize::try_from(literal).unwrap_or(usize::MAX).min(AT_ONCE));
            if literal <= LARGEST.min(*allowance) {
                stream.by_ref().take(literal).read_to_end(&mut mail)?;
            }
            let whole = mail.len() as u64 == literal;
            *allowance = if whole { *allowance - literal } else { 0 };
            let mark = format!("{}{}", char::from(MARK), self.next);
            line.truncate(announced);
            line.extend_from_slice(format!("{{{}}}\r\n{mark}", mark.len()).as_bytes());
            if whole {
                self.hand_on(mail)?;
            }
        }
        Ok(Some(line))
    }

    fn hand_on(&mut self, mail: Vec<u8>) -> io::Result<u32> {
        let number = self.next;
        self.next += 1;
        let taken = self.entrance.add(number, mail);
        taken.then_some(number).ok_or_else(|| io::Error::other("mails can't be taken in"))
    }

    /// The number of a body: of the literal that a mark stands for, or its own, as what is no mark came without a literal.
    pub fn number(&mut self, body: &[u8]) -> Option<u32> {
        match body.strip_prefix(&[MARK]) {
            Some(mark) => std::str::from_utf8(mark).ok()?.parse().ok(),
            None => self.hand_on(body.to_vec()).ok(),
        }
    }

    /// The number of the next literal. Everything is handed over when this returns.
    pub fn end(self) -> u32 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::mailbox::{Mailbox, name_of};
    use socialnet_mail::{arrivals::Arrivals, intake::Intake};
    use std::{fs, thread};

    /// What the crate is given of a response, how many bytes are left of those allowed, the numbers of these bodies, and the
    /// names of what was found.
    fn hear(
        mut response: &[u8],
        allowed: u64,
        bodies: &[&[u8]],
    ) -> (String, u64, Vec<Option<u32>>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        ["tmp", "new"].iter().for_each(|folder| fs::create_dir(dir.path().join(folder)).unwrap());
        let mailbox = Mailbox::open(dir.path()).unwrap();
        let (mut bounds, mut left, mut heard) = (Bounds::default(), allowed, Vec::new());
        bounds.begin(left);
        let numbers = thread::scope(|scope| {
            let intake = Intake::begin(scope, || Arrivals::new(&mailbox));
            let mut aside = Aside::new(intake.entrance(), 7);
            while let Some(line) = aside.line(&mut response, &mut bounds, &mut left).unwrap()
                && !line.is_empty()
            {
                heard.extend(line);
            }
            let numbers = bodies.iter().map(|body| aside.number(body)).collect();
            aside.end();
            intake.end().unwrap();
            numbers
        });
        let found = mailbox.names("new").unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        (String::from_utf8(heard).unwrap(), left, numbers, found)
    }

    /// A mail with a chunk in it, and the chunk's name.
    fn mail(chunk: &str) -> (String, String) {
        let name = name_of(chunk.as_bytes());
        (format!("Content-Type: application/x; name={name}\r\n\r\n{chunk}"), name)
    }

    #[test]
    fn a_literal_is_handed_on_and_a_mark_is_read_instead() {
        let ((first, one), (second, two), (third, three)) = (mail("a {9}\r\n"), mail("b"), mail("c"));
        let response = format!(
            "* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{first})\r\n* 2 FETCH (BODY[] {{{}}}\r\n{second} UID 8)\r\n",
            first.len(),
            second.len()
        );
        let bodies: [&[u8]; 5] = [b"\x008", b"\x007", third.as_bytes(), b"\x00", b"\x00x"];
        let (heard, left, numbers, mut found) = hear(response.as_bytes(), 1000, &bodies);
        let marked = "* 1 FETCH (UID 7 BODY[] {2}\r\n\x007)\r\n* 2 FETCH (BODY[] {2}\r\n\x008 UID 8)\r\n";
        assert_eq!(heard, marked);
        assert_eq!(left, 1000 - response.len() as u64);
        // What came without a literal is handed on then.
        assert_eq!(numbers, [Some(8), Some(7), Some(9), None, None]);
        let mut all = [one, two, three];
        all.sort();
        found.sort();
        assert_eq!(found, all);
    }

    #[test]
    fn what_is_longer_than_asked_for_is_not_read() {
        let (cut, _) = mail("cut");
        for (announced, allowed) in [(cut.len() as u64 + 1, 1000), (1000, 1000), (LARGEST + 1, 1 << 40)] {
            let response = format!("* 1 FETCH (BODY[] {{{announced}}}\r\n{cut}");
            let (_, left, _, found) = hear(response.as_bytes(), allowed, &[]);
            assert_eq!((left, found.len()), (0, 0));
        }
    }
}
