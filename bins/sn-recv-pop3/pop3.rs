//! A client of the Post Office Protocol: RFC 1939, CAPA of RFC 2449, STLS of RFC 2595, SASL of RFC 5034, and as much of
//! them as fetching needs. No maintained crate knows TOP, PIPELINING or a limit to what a server may send.
//!
//! Commands go out many at a time where the server says it can take that (RFC 2449 section 6.6); the answers come in the
//! same order.

use data_encoding::BASE64;
use socialnet::{Error, Kind, Result};
use socialnet_mail::{
    Login, Security, Stream,
    attempts::Attempts,
    lines::{broken, hung_up, line, words},
    sasl::Mechanism,
    source::Source,
};
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
};

/// Bytes of a line that is an answer; RFC 2449 section 4 allows 512.
const MAX_ANSWER: u64 = 8192;
/// Bytes of a listing: a hundred thousand mails and more.
pub const LISTING: u64 = 16 << 20;
/// Bytes of a line that are read at a time.
const PIECE: u64 = 64 << 10;
/// Commands that are sent and not answered yet, at most; together they fit in any buffer on the way.
const AHEAD: usize = 50;

/// How a refusal begins that is about no single mail.
const NOT_NOW: &str = "the server gives out no mail now";

/// How much of a response is wanted, in bytes, and how much may come before the server is not believed.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    pub wanted: u64,
    pub most: u64,
}

/// A session of somebody who is logged in.
pub struct Pop3 {
    wire: BufReader<Stream>,
    /// What CAPA lists, in upper case.
    offers: Vec<String>,
}

impl Pop3 {
    /// Connects and logs in. [`Kind::NotAllowed`]: a certificate that is not trusted, no TLS, or a refused login.
    pub fn open(source: &Source, login: &Login, attempts: &Attempts) -> Result<Self> {
        attempts.check()?;
        // Asked first: it may take its time, and servers do not wait for long.
        let secret = login.secret()?;
        let mut stream = Stream::connect(&source.server)?;
        positive(&line(&mut stream)?).map_err(|said| refused("does not want us now", &said))?;
        if source.server.security == Security::StartTls {
            stream.write_all(b"STLS\r\n").map_err(broken)?;
            positive(&line(&mut stream)?)
                .map_err(|said| Error::new(Kind::NotAllowed, format!("the server has no STLS: {said}")))?;
            stream = stream.upgrade(&source.server)?;
        }
        let mut session = Self { wire: BufReader::with_capacity(64 << 10, stream), offers: Vec::new() };
        session.offers = session.listing("CAPA")?.unwrap_or_default();
        session.offers.iter_mut().for_each(|offer| offer.make_ascii_uppercase());
        let sasl = session.offers.iter().find_map(|offer| offer.strip_prefix("SASL "));
        let mechanisms = sasl.unwrap_or_default().split(' ').filter(|name| !name.is_empty());
        // USER and PASS are what LOGIN is, for servers without SASL: old ones do not list USER, and those that want TLS
        // first list neither (RFC 2449 section 6.3).
        let wants_tls = session.offers("SASL") || session.offers("STLS");
        let by_user = sasl.is_none() && (session.offers("USER") || !wants_tls);
        let mechanism = login.mechanism(mechanisms.chain(by_user.then_some("LOGIN")))?;
        let responses = mechanism.responses(&source.server, login, &secret);
        let entered = match mechanism {
            Mechanism::Login if by_user => session.user(&responses),
            _ => session.authenticate(mechanism, &responses),
        }?;
        match entered {
            Ok(()) => attempts.welcome()?,
            // Nothing that the password could mend.
            Err(said) if is_for_now(&said) => return Err(refused("can't log us in now", &said)),
            Err(said) => {
                attempts.refused()?;
                let message = format!("login as '{}' was refused: {said}", login.user);
                return Err(Error::new(Kind::NotAllowed, message));
            }
        }
        Ok(session)
    }

    fn user(&mut self, responses: &[String]) -> Result<std::result::Result<(), String>> {
        for (command, word) in ["USER", "PASS"].into_iter().zip(responses) {
            self.send(&format!("{command} {word}\r\n"))?;
            if let Err(said) = positive(&self.answer()?) {
                return Ok(Err(said));
            }
        }
        Ok(Ok(()))
    }

    /// RFC 5034 section 4.
    fn authenticate(
        &mut self,
        mechanism: Mechanism,
        responses: &[String],
    ) -> Result<std::result::Result<(), String>> {
        self.send(&format!("AUTH {}\r\n", mechanism.name()))?;
        let mut responses = responses.iter();
        // A challenge behind the last response tells of an error, which comes when it is acknowledged.
        for _ in 0..4 {
            let answer = self.answer()?;
            if !answer.starts_with('+') || answer.starts_with("+OK") {
                return Ok(positive(&answer));
            }
            let response =
                responses.next().map_or(String::new(), |response| BASE64.encode(response.as_bytes()));
            self.send(&format!("{response}\r\n"))?;
        }
        Ok(Err("asks too much".to_owned()))
    }

    /// Whether the server has an extension.
    pub fn offers(&self, extension: &str) -> bool {
        self.offers.iter().any(|offer| offer.split(' ').next() == Some(extension))
    }

    /// From now on each command waits for the answer to the one before, so that it is known which one breaks it off.
    pub fn one_by_one(&mut self) {
        self.offers.retain(|offer| offer != "PIPELINING");
    }

    /// The lines of a listing, or none if the server has no such command.
    pub fn listing(&mut self, command: &str) -> Result<Option<Vec<String>>> {
        self.send(&format!("{command}\r\n"))?;
        if positive(&self.answer()?).is_err() {
            return Ok(None);
        }
        let text = self.text(Allowance { wanted: LISTING, most: LISTING })?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(Some(lines.map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect()))
    }

    /// Gives to `hear` what each command brings: as much of a mail as is wanted, or none where the server refuses this one.
    pub fn each<T>(
        &mut self,
        items: &[T],
        command: impl Fn(&T) -> String,
        allowance: impl Fn(&T) -> Allowance,
        mut hear: impl FnMut(&T, Option<Vec<u8>>) -> Result<()>,
    ) -> Result<()> {
        self.pipeline(items, command, |session, item| {
            let text = match positive(&session.answer()?) {
                Ok(()) => Some(session.text(allowance(item))?),
                Err(said) if is_for_now(&said) => {
                    return Err(Error::new(Kind::Again, format!("{NOT_NOW}: {said}")));
                }
                Err(_) => None,
            };
            hear(item, text)
        })
    }

    /// Marks mails as deleted, which they are once [`Pop3::quit`] was answered.
    pub fn delete(&mut self, numbers: &[u32]) -> Result<()> {
        let command = |number: &u32| format!("DELE {number}\r\n");
        self.pipeline(numbers, command, |session, _| session.answer().map(drop))
    }

    /// Ends the session: what was marked is deleted (RFC 1939 section 6).
    pub fn quit(mut self) -> Result<()> {
        self.send("QUIT\r\n")?;
        positive(&self.answer()?).map_err(|said| refused("did not delete all", &said))
    }

    fn pipeline<T>(
        &mut self,
        items: &[T],
        command: impl Fn(&T) -> String,
        mut read: impl FnMut(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        let pipelining = self.offers("PIPELINING");
        // Half of them go out before the other half is answered, so that the server never waits.
        let (size, depth) = if pipelining { (AHEAD / 2, 2) } else { (1, 1) };
        let (mut chunks, mut asked) = (items.chunks(size), VecDeque::new());
        loop {
            while asked.len() < depth
                && let Some(some) = chunks.next()
            {
                self.send(&some.iter().map(&command).collect::<String>())?;
                asked.push_back(some);
            }
            let Some(some) = asked.pop_front() else { return Ok(()) };
            some.iter().try_for_each(|item| read(self, item))?;
        }
    }

    /// One write for all of it: a small one behind another would wait for the first to be acknowledged.
    fn send(&mut self, commands: &str) -> Result<()> {
        self.wire.get_mut().write_all(commands.as_bytes()).map_err(broken)
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.line(MAX_ANSWER, &mut line)?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// A response of several lines up to the one with a dot alone, with the dots taken out that were put in for that
    /// (RFC 1939 section 3). A line may be as long as the response.
    fn text(&mut self, allowance: Allowance) -> Result<Vec<u8>> {
        let (mut text, mut piece) = (Vec::new(), Vec::new());
        let (mut heard, mut begins) = (0, true);
        loop {
            piece.clear();
            heard += self.wire.by_ref().take(PIECE).read_until(b'\n', &mut piece).map_err(broken)? as u64;
            let part = match piece.strip_prefix(b".").filter(|_| begins) {
                Some(b"\r\n" | b"\n") => return Ok(text),
                Some(rest) => rest,
                None if piece.is_empty() => return Err(hung_up()),
                None => &piece,
            };
            if heard > allowance.most {
                return Err(Error::new(Kind::Again, "the server sends more than it was asked for"));
            }
            let room = allowance.wanted.saturating_sub(text.len() as u64).min(part.len() as u64);
            text.extend_from_slice(&part[..room as usize]);
            begins = piece.ends_with(b"\n");
        }
    }

    /// One more line, with its end.
    fn line(&mut self, most: u64, text: &mut Vec<u8>) -> Result<()> {
        let read = self.wire.by_ref().take(most.max(3)).read_until(b'\n', text).map_err(broken)?;
        match text.last() {
            Some(b'\n') if read > 0 => Ok(()),
            Some(_) if read > 0 && read as u64 >= most => {
                Err(Error::new(Kind::Again, "the server sends more than it was asked for"))
            }
            _ => Err(hung_up()),
        }
    }
}

/// What an answer says if it is not `+OK`.
fn positive(answer: &str) -> std::result::Result<(), String> {
    if answer.starts_with("+OK") { Ok(()) } else { Err(words(answer)) }
}

/// Whether a refusal is not for ever, and not about what was asked for (RFC 2449 section 8.1.1, RFC 3206).
fn is_for_now(said: &str) -> bool {
    ["[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"].iter().any(|code| said.contains(code))
}

/// It refuses one mail after another.
pub fn none_to_give() -> Error {
    Error::new(Kind::Again, format!("{NOT_NOW}: it refuses one after another"))
}

/// Whether it is no single mail that could not be had.
pub fn is_about_all(error: &Error) -> bool {
    error.message().starts_with(NOT_NOW)
}

fn refused(what: &str, said: &str) -> Error {
    Error::new(Kind::Again, format!("the server {what}: {said}"))
}
