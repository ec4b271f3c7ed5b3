//! One connection to a submission server (RFC 5321, 6409).
//!
//! Commands, answers and addresses are lettre's; its `SmtpConnection` is not used, for four reasons that can't be
//! mended from outside (seen in 0.11.23): it reads an answer's line into memory however long it is; what was sent ahead of
//! the handshake stays in its buffer, and is taken for protected answers after STARTTLS; it forgets the SIZE and
//! PIPELINING that the server announced; and it writes a message and its end apart without TCP_NODELAY, which costs a
//! delayed acknowledgement each time.
//!
//! With PIPELINING (RFC 2920) a message costs two round trips instead of four or more: MAIL, every RCPT and DATA go
//! in one write, the message and its final dot in another.

use crate::verdict::words;
use data_encoding::BASE64;
use lettre::{
    Address,
    transport::smtp::{
        commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls},
        extension::{ClientId, MailParameter},
        response::{Response, Severity},
    },
};
use socialnet::{Error, Kind, Result};
use socialnet_mail::{Login, Security, Server, Stream, sasl::Mechanism, settings::Secret};
use std::{
    io::{self, BufRead, BufReader, Write},
    time::{Duration, Instant},
};

/// Bytes of one line of an answer (RFC 5321 section 4.5.3.1.5 has 512, some servers more), and of a whole one.
const MAX_LINE: usize = 4096;
const MAX_ANSWER: usize = 64 << 10;
/// How long to look for an answer after a server has stopped to listen.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A server that listens to us.
pub struct Connection<'a> {
    server: &'a Server,
    stream: BufReader<Stream>,
    /// Bytes of the largest mail it takes, if it says so (RFC 1870).
    pub limit: Option<usize>,
    announces_size: bool,
    pipelining: bool,
    mechanisms: Vec<String>,
    starttls: bool,
}

/// What the server said to one transaction.
pub struct Answers {
    /// To MAIL.
    pub sender: Response,
    /// To each RCPT.
    pub readers: Vec<Response>,
    /// To DATA, if it was no, else to the message. It is for those readers whose RCPT was taken.
    pub message: Response,
}

/// A connection that is of no use any more.
pub struct Broken {
    /// Why.
    pub error: Error,
    /// Whether the message may have arrived: some of it was on its way.
    pub begun: bool,
}

impl<'a> Connection<'a> {
    /// Connects, begins TLS as the settings say, and asks what the server can do.
    pub fn open(server: &'a Server) -> Result<Self> {
        let mut connection = Self {
            server,
            stream: BufReader::new(Stream::connect(server)?),
            limit: None,
            announces_size: false,
            pipelining: false,
            mechanisms: Vec::new(),
            starttls: false,
        };
        let greeting = connection.answer(server.reply_timeout)?;
        connection.expect(greeting, 220)?;
        connection.hello()?;
        if server.security == Security::StartTls {
            connection = connection.start_tls()?;
            connection.hello()?;
        }
        Ok(connection)
    }

    /// EHLO, and what the server can do. The name is a constant: that of this machine is nobody's business.
    fn hello(&mut self) -> Result<()> {
        let answer = self.ask(Ehlo::new(ClientId::default()).to_string().as_bytes())?;
        let answer = self.expect(answer, 250)?;
        (self.limit, self.announces_size, self.pipelining, self.starttls) = (None, false, false, false);
        self.mechanisms.clear();
        for line in answer.message().skip(1) {
            let mut words = line.split_ascii_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "SIZE" => {
                    self.announces_size = true;
                    // 0 is no limit.
                    self.limit = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0);
                }
                "PIPELINING" => self.pipelining = true,
                "STARTTLS" => self.starttls = true,
                "AUTH" => self.mechanisms.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        Ok(())
    }

    /// RFC 3207. What the server said before the handshake is forgotten by the next EHLO.
    fn start_tls(mut self) -> Result<Self> {
        if !self.starttls {
            let message = format!("'{}' does not offer STARTTLS", self.server.host);
            return Err(Error::new(Kind::NotAllowed, message).hint(
                "somebody on the way may have taken the offer out; security = 'tls' can't be tampered with",
            ));
        }
        let answer = self.ask(Starttls.to_string().as_bytes())?;
        self.expect(answer, 220)?;
        if !self.stream.buffer().is_empty() {
            let message = format!("'{}' sent something ahead of the TLS handshake", self.server.host);
            return Err(Error::new(Kind::NotAllowed, message)
                .hint("somebody on the way may have put it there; security = 'tls' can't be tampered with"));
        }
        let stream = self.stream.into_inner().upgrade(self.server)?;
        Ok(Self { stream: BufReader::new(stream), ..self })
    }

    /// RFC 4954; [`Kind::NotAllowed`] if it was refused.
    pub fn log_in(&mut self, login: &Login, secret: &Secret) -> Result<()> {
        let mechanism = login.mechanism(self.mechanisms.iter().map(String::as_str))?;
        let mut command = format!("AUTH {}", mechanism.name());
        let mut responses = mechanism.responses(self.server, login, secret).into_iter();
        if mechanism != Mechanism::Login {
            command
                .extend(responses.next().map(|response| format!(" {}", BASE64.encode(response.as_bytes()))));
        }
        let mut answer = self.ask(format!("{command}\r\n").as_bytes())?;
        // What refuses a token says why as a challenge, and wants an empty answer to that: in OAUTHBEARER %x01 (RFC
        // 7628 section 3.2.3).
        let empty = if mechanism == Mechanism::OAuthBearer { "\x01" } else { "" };
        for response in responses.chain([empty.to_owned()]) {
            if answer.has_code(334) {
                answer = self.ask(format!("{}\r\n", BASE64.encode(response.as_bytes())).as_bytes())?;
            }
        }
        if answer.has_code(235) {
            return Ok(());
        }
        let refused = format!("'{}' did not let '{}' in: {}", self.server.host, login.user, words(&answer));
        Err(match u16::from(answer.code()) {
            // RFC 4954 section 6: a failure of the server's own, or it did not look at the password.
            400..=499 => Error::new(Kind::Again, refused),
            530 | 538 => {
                Error::new(Kind::Config, refused).hint("it wants TLS first: try security = 'starttls'")
            }
            534 => Error::new(Kind::NotAllowed, refused)
                .hint("many providers want a password made for one program: see socialnet-mail(7)"),
            _ => Error::new(Kind::NotAllowed, refused),
        })
    }

    /// One mail. `message` ends with CRLF.
    pub fn send(
        &mut self,
        from: &Address,
        to: &[Address],
        message: Vec<u8>,
    ) -> std::result::Result<Answers, Broken> {
        let before = |error| Broken { error, begun: false };
        let size = self.announces_size.then_some(MailParameter::Size(message.len()));
        let mut commands = vec![Mail::new(Some(from.clone()), size.into_iter().collect()).to_string()];
        commands.extend(to.iter().map(|to| Rcpt::new(to.clone(), Vec::new()).to_string()));
        commands.push(Data.to_string());
        let mut answers = self.exchange(&commands).map_err(before)?.into_iter();
        let (Some(sender), Some(data)) = (answers.next(), answers.next_back()) else {
            return Err(before(self.nonsense("too few answers")));
        };
        let readers: Vec<_> = answers.collect();
        if data.is_positive() && !data.has_code(354) {
            return Err(before(self.nonsense("yes where it should have said go on")));
        }
        if !data.has_code(354) {
            // A transaction may be open, and must not take the next one's readers.
            self.exchange(&[Rset.to_string()]).map_err(before)?;
            return Ok(Answers { sender, readers, message: data });
        }
        // RFC 2920 section 3.1: DATA may be welcome although no reader is.
        let wanted = sender.is_positive() && readers.iter().any(Response::is_positive);
        let text = if wanted { finished(message) } else { b".\r\n".to_vec() };
        let during = |error| Broken { error, begun: wanted };
        // The final answer may take the longest (RFC 5321 section 4.5.3.2.6).
        let patience = self.server.reply_timeout * 2;
        let message = match self.write(&text) {
            Ok(()) => match self.answer(patience).map_err(during)? {
                more if more.code().severity == Severity::PositiveIntermediate => {
                    return Err(during(self.nonsense("no answer to a message")));
                }
                answer => answer,
            },
            // Who refuses in the middle may have said why.
            Err(error) => match self.answer(LAST_WORDS) {
                Ok(no) if !no.is_positive() => no,
                _ => return Err(during(error)),
            },
        };
        Ok(Answers { sender, readers, message })
    }

    /// Says good-bye, and does not wait for the answer.
    pub fn quit(mut self) {
        let _ = self.write(Quit.to_string().as_bytes());
    }

    /// Several commands, in one write if the server likes that.
    fn exchange(&mut self, commands: &[String]) -> Result<Vec<Response>> {
        if !self.pipelining {
            return commands.iter().map(|command| self.ask(command.as_bytes())).collect();
        }
        self.write(commands.concat().as_bytes())?;
        commands.iter().map(|_| self.answer(self.server.reply_timeout)).collect()
    }

    fn ask(&mut self, command: &[u8]) -> Result<Response> {
        self.write(command)?;
        self.answer(self.server.reply_timeout)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.stream.get_mut();
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        written.map_err(|error| self.lost(error))
    }

    /// The next answer; 421, with which a server takes its leave at any time, is a failure.
    fn answer(&mut self, patience: Duration) -> Result<Response> {
        let until = Instant::now() + patience;
        let mut text = String::new();
        loop {
            let line = self.line(until)?;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            text.push_str(line);
            // The text of a line may be missing with its space (RFC 5321 section 4.2).
            let last = line.as_bytes().get(3) != Some(&b'-');
            text.push_str(if line.len() == 3 { " \r\n" } else { "\r\n" });
            if last {
                break;
            }
            if text.len() > MAX_ANSWER {
                return Err(self.nonsense("an answer without an end"));
            }
        }
        let answer: Response = text.parse().map_err(|_| self.nonsense("what is no SMTP"))?;
        if answer.has_code(421) {
            return Err(Error::new(Kind::Again, words(&answer)));
        }
        Ok(answer)
    }

    fn line(&mut self, until: Instant) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            // Zero would be no timeout at all.
            let left = left.max(Duration::from_millis(1));
            let read = self.stream.get_ref().socket().set_read_timeout(Some(left)).and_then(|()| {
                let there = self.stream.fill_buf()?;
                let end = there.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
                line.extend_from_slice(&there[..end.unwrap_or(there.len())]);
                Ok((end.unwrap_or(there.len()), end.is_some()))
            });
            match read {
                Ok((0, _)) => {
                    let message = format!("'{}' closed the connection", self.server.host);
                    return Err(Error::new(Kind::Again, message));
                }
                Ok((used, whole)) => {
                    self.stream.consume(used);
                    if whole {
                        return Ok(line);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
            if line.len() > MAX_LINE {
                return Err(self.nonsense("a line without an end"));
            }
            if Instant::now() >= until {
                return Err(self.lost(io::ErrorKind::TimedOut.into()));
            }
        }
    }

    fn expect(&self, answer: Response, code: u16) -> Result<Response> {
        if answer.has_code(code) {
            return Ok(answer);
        }
        Err(Error::new(Kind::Again, format!("'{}' said: {}", self.server.host, words(&answer))))
    }

    fn lost(&self, error: io::Error) -> Error {
        let host = &self.server.host;
        Error::new(
            Kind::Again,
            match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    format!("'{host}' did not answer in time")
                }
                _ => format!("lost the connection to '{host}': {}", Error::from(error).message()),
            },
        )
    }

    fn nonsense(&self, what: &str) -> Error {
        Error::new(Kind::Again, format!("'{}' sent {what}", self.server.host))
    }
}

/// A message with the dots that SMTP wants (RFC 5321 section 4.5.2) and its end. Ours need no dots, and are not copied.
fn finished(mut message: Vec<u8>) -> Vec<u8> {
    let lines = || message.split_inclusive(|byte| *byte == b'\n');
    if lines().any(|line| line.starts_with(b".")) {
        let dotted = |line: &[u8]| if line.starts_with(b".") { [b".", line].concat() } else { line.to_vec() };
        message = lines().flat_map(dotted).collect();
    }
    message.extend_from_slice(b".\r\n");
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_ends_it() {
        assert_eq!(finished(b"a\r\n.\r\n..b\r\nc.\r\n".to_vec()), b"a\r\n..\r\n...b\r\nc.\r\n.\r\n");
        assert_eq!(finished(b"a\r\nb\r\n".to_vec()), b"a\r\nb\r\n.\r\n");
    }
}
