//! The connection: its greeting, STARTTLS, login, and a limit to what the server may send for one command.
//!
//! The imap crate gathers the whole response to a command in memory, however long a literal the server announces. So
//! each command comes with an allowance of bytes, and reading beyond it fails. It also wants UTF-8 where servers pass on
//! whatever a mail's header has in it; structures are read with anything beyond ASCII blotted out, as no packet's name has
//! any of that. And it panics at some answers that it holds to be impossible; that is caught here.

use crate::{aside::Aside, bounds::Bounds, policy::set};
use imap::{
    Authenticator, Client, Session,
    extensions::idle::{SetReadTimeout, stop_on_any},
    types::{Capabilities, Fetch, Fetches},
};
use socialnet::{Error, Kind, Result};
use socialnet_mail::{
    Login, Security, Stream,
    attempts::Attempts,
    intake::Entrance,
    lines::{broken, hung_up, line, words},
    sasl::Mechanism,
    source::Source,
};
use std::{
    cell::{Cell, RefCell},
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    panic::{self, AssertUnwindSafe},
    rc::Rc,
    time::{Duration, Instant},
};

/// Bytes that a response may have which is no mail.
pub const SMALL: u64 = 1 << 20;
/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;
/// Lines before the answer to STARTTLS or IDLE, at most.
const MOST_LINES: usize = 100;
/// How a refusal begins.
const NO: &str = "the server says no: ";
/// How one of IDLE does.
const NO_IDLE: &str = "the server has no IDLE: ";

/// What the imap crate reads from and writes to.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<Stream>,
    reading: Rc<Reading>,
    reply_timeout: Duration,
    /// When an IDLE is over, whatever comes until then.
    deadline: Option<Instant>,
    /// What was read, measured, and is handed on in another form.
    ready: io::Cursor<Vec<u8>>,
}

/// How the response to one command is read.
#[derive(Debug, Default)]
struct Reading {
    /// Bytes that may still come.
    allowance: Cell<u64>,
    /// Whether anything beyond ASCII is blotted out.
    ascii: Cell<bool>,
    /// Whether the answer to IDLE comes next.
    idle: Cell<bool>,
    bounds: RefCell<Bounds>,
    /// Where literals go, while mails are read.
    aside: RefCell<Option<Aside>>,
}

impl Reading {
    fn begin(&self, allowance: u64) {
        self.allowance.set(allowance);
        self.bounds.borrow_mut().begin(allowance);
    }

    /// Measures what came.
    fn hear(&self, bytes: &[u8]) -> io::Result<()> {
        self.allowance.set(self.allowance.get().saturating_sub(bytes.len() as u64));
        if self.bounds.borrow_mut().hear(bytes) { Ok(()) } else { Err(self.unbounded()) }
    }

    fn unbounded(&self) -> io::Error {
        self.allowance.set(0);
        io::Error::other(again("the server's answer is nested too deeply, or in too many pieces"))
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.reading.allowance.get();
        if left == 0 {
            return Err(io::Error::other(again("the server sends more than it was asked for")));
        }
        if self.reading.idle.take() {
            // Whatever fails here: nothing more is to be read for the DONE that the crate says then.
            self.reading.allowance.set(0);
            let answer = idle_answer(&mut self.stream).map_err(io::Error::other)?;
            self.reading.allowance.set(left);
            self.reading.hear(&answer)?;
            self.ready = io::Cursor::new(answer);
        } else if let Some(aside) = &mut *self.reading.aside.borrow_mut()
            && self.ready.position() == self.ready.get_ref().len() as u64
        {
            let (mut left, mut bounds) = (left, self.reading.bounds.borrow_mut());
            let line = aside.line(&mut self.stream, &mut bounds, &mut left)?;
            drop(bounds);
            self.reading.allowance.set(left);
            self.ready = io::Cursor::new(line.ok_or_else(|| self.reading.unbounded())?);
        }
        let ready = self.ready.read(buffer)?;
        if ready > 0 {
            return Ok(ready);
        }
        self.in_time()?;
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.stream.read(&mut buffer[..most])?;
        self.reading.hear(&buffer[..read])?;
        if self.reading.ascii.get() {
            buffer[..read].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
        }
        Ok(read)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.get_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.get_mut().flush()
    }
}

impl Wire {
    /// Lets the next read wait until the deadline. A socket's timeout begins anew with each thing that comes, and servers
    /// say that they are still here, every other minute.
    fn in_time(&self) -> io::Result<()> {
        let Some(deadline) = self.deadline else { return Ok(()) };
        match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => self.stream.get_ref().socket().set_read_timeout(Some(left)),
        }
    }
}

impl SetReadTimeout for Wire {
    // Never without one: the end of an IDLE is answered in the usual time or not at all.
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> imap::Result<()> {
        self.deadline = timeout.map(|timeout| Instant::now() + timeout);
        Ok(self.stream.get_ref().socket().set_read_timeout(Some(self.reply_timeout))?)
    }
}

/// Somebody who is logged in.
pub struct Account {
    session: Session<Wire>,
    reading: Rc<Reading>,
    offers: Capabilities,
    /// How many mails were handed on.
    mails: u32,
    /// The mail at which the last FETCH ended too early, if the server answers in the order of UIDs, as most do.
    pub broke_at: Option<u32>,
    /// To end it from another thread.
    pub socket: TcpStream,
}

impl Account {
    /// Connects and logs in. [`Kind::NotAllowed`]: a certificate that is not trusted, no TLS, or a refused login.
    pub fn open(source: &Source, login: &Login, attempts: &Attempts) -> Result<Self> {
        attempts.check()?;
        // Asked first: it may take its time, and servers do not wait for long.
        let secret = login.secret()?;
        let server = &source.server;
        let stream = greeted(Stream::connect(server)?, source)?;
        let socket = stream.socket().try_clone()?;
        let reading = Rc::new(Reading::default());
        reading.begin(SMALL);
        let wire = Wire {
            stream: BufReader::with_capacity(BUFFER, stream),
            reading: Rc::clone(&reading),
            reply_timeout: server.reply_timeout,
            deadline: None,
            ready: io::Cursor::default(),
        };
        let mut client = Client::new(wire);
        let offers = uncaught(|| client.capabilities())?.map_err(failure)?;
        let mechanisms = offers.iter().filter_map(|offer| match offer {
            imap_proto::Capability::Auth(name) => Some(&**name),
            _ => None,
        });
        // RFC 3501 section 6.2.3: it needs no announcement. Where others are announced, one of those is wanted.
        let by_login = !offers.has_str("LOGINDISABLED") && mechanisms.clone().next().is_none();
        let mechanism = login.mechanism(mechanisms.chain(by_login.then_some("LOGIN")))?;
        let responses = mechanism.responses(server, login, &secret);
        let entered = uncaught(|| {
            let entered = match mechanism {
                // RFC 3501 section 6.2.3, where quoting is the crate's.
                Mechanism::Login => client.login(&login.user, secret.reveal()),
                _ => client.authenticate(mechanism.name(), &Says { responses, said: Cell::new(0) }),
            };
            entered.map_err(|(error, _)| error)
        })?;
        let mut session = entered.map_err(|error| not_let_in(error, &login.user, attempts))?;
        attempts.welcome()?;
        reading.begin(SMALL);
        let offers = uncaught(|| session.capabilities())?.map_err(failure)?;
        Ok(Self { session, reading, offers, mails: 0, broke_at: None, socket })
    }

    /// Goes on with another connection of the same account.
    pub fn become_another(&mut self, other: Self) {
        // Numbers stay different ones.
        *self = Self { mails: self.mails, ..other };
    }

    /// One command, whose response may have so many bytes.
    pub fn run<T>(
        &mut self,
        allowance: u64,
        command: impl FnOnce(&mut Session<Wire>) -> imap::Result<T>,
    ) -> Result<T> {
        self.reading.begin(allowance);
        uncaught(|| command(&mut self.session))?.map_err(failure)
    }

    /// Waits for news so long. False: the server offers IDLE, and then refuses it; the connection is of no more use.
    pub fn idle(&mut self, timeout: Duration) -> Result<bool> {
        self.reading.idle.set(true);
        let waited = self.run(SMALL, |session| {
            session.idle().timeout(timeout).keepalive(false).wait_while(stop_on_any).map(drop)
        });
        match waited {
            Err(error) if error.message().starts_with(NO_IDLE) => Ok(false),
            waited => waited.map(|()| true),
        }
    }

    /// What `query` says of these mails, which stand in their order; the response may have so many bytes.
    pub fn fetch(&mut self, allowance: u64, uids: &[u32], query: &str) -> Result<Fetches> {
        let fetched = self.run(allowance, |session| session.uid_fetch(set(uids), query));
        let answered = self.reading.bounds.borrow().answered();
        self.broke_at = uids.get(answered).copied().filter(|_| fetched.is_err());
        fetched
    }

    /// As [`Account::fetch`], for a response that quotes strangers' headers.
    pub fn fetch_ascii(&mut self, allowance: u64, uids: &[u32], query: &str) -> Result<Fetches> {
        self.reading.ascii.set(true);
        let fetched = self.fetch(allowance, uids, query);
        self.reading.ascii.set(false);
        fetched
    }

    /// Hands on whole mails, which together may have so many bytes, as they come. Says which of the numbers that they are
    /// handed on with, different ones each time, is of which UID.
    pub fn mails(&mut self, uids: &[u32], allowance: u64, entrance: Entrance) -> Result<Vec<(u32, u32)>> {
        *self.reading.aside.borrow_mut() = Some(Aside::new(entrance, self.mails));
        let fetched = self.fetch(allowance, uids, "(UID BODY.PEEK[])");
        let Some(mut aside) = self.reading.aside.take() else { return Ok(Vec::new()) };
        let numbered = fetched.map(|mails| {
            let numbered = |fetch: &Fetch| Some((aside.number(fetch.body()?)?, fetch.uid?));
            mails.iter().filter_map(numbered).collect()
        });
        self.mails = aside.end();
        numbered
    }

    /// Whether the server has an extension.
    pub fn offers(&self, extension: &str) -> bool {
        self.offers.has_str(extension)
    }
}

/// Reads the greeting, and asks for TLS where the source wants it.
fn greeted(mut stream: Stream, source: &Source) -> Result<Stream> {
    let greeting = line(&mut stream)?;
    match greeting.split(' ').nth(1).filter(|_| greeting.starts_with("* ")) {
        Some("OK") => {}
        // RFC 9051 section 11.1: whoever answers so may want to get around STARTTLS, or be somebody else.
        Some("PREAUTH") => {
            return Err(Error::new(
                Kind::NotAllowed,
                "the server lets us in unasked, which it has no reason to",
            ));
        }
        _ => return Err(again(&format!("the server does not want us now: {}", words(&greeting)))),
    }
    if source.server.security != Security::StartTls {
        return Ok(stream);
    }
    stream.write_all(b"tls STARTTLS\r\n")?;
    for _ in 0..MOST_LINES {
        let answer = line(&mut stream)?;
        if answer.starts_with("tls OK") {
            return stream.upgrade(&source.server);
        }
        if answer.starts_with("tls ") {
            return Err(Error::new(
                Kind::NotAllowed,
                format!("the server has no STARTTLS: {}", words(&answer)),
            ));
        }
    }
    Err(again("the server does not answer STARTTLS"))
}

/// The answer to IDLE, up to the line that says to go ahead, which comes first then: the crate takes any other line for
/// the end of the command, and waits or panics.
fn idle_answer(stream: &mut impl Read) -> Result<Vec<u8>> {
    let mut news = String::new();
    for _ in 0..MOST_LINES {
        let answer = line(stream)?;
        if answer.starts_with('+') {
            return Ok(format!("+ \r\n{news}").into_bytes());
        }
        if !answer.starts_with("* ") {
            return Err(again(&format!("{NO_IDLE}{}", words(&answer))));
        }
        news += &answer;
        news += "\r\n";
    }
    Err(again("the server does not answer IDLE"))
}

/// Does something with the imap crate, whose assertions some servers break.
fn uncaught<T>(talk: impl FnOnce() -> T) -> Result<T> {
    // What a panic prints is for whoever wrote the crate.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let talked = panic::catch_unwind(AssertUnwindSafe(talk));
    panic::set_hook(hook);
    talked.map_err(|_| garbled())
}

/// SASL, one response to each challenge; what comes after them is an error that is told when it is acknowledged.
struct Says {
    responses: Vec<String>,
    said: Cell<usize>,
}

impl Authenticator for Says {
    type Response = String;

    fn process(&self, _challenge: &[u8]) -> String {
        let next = self.said.get();
        self.said.set(next + 1);
        self.responses.get(next).cloned().unwrap_or_default()
    }
}

fn not_let_in(error: imap::Error, user: &str, attempts: &Attempts) -> Error {
    let said = match &error {
        imap::Error::No(no) => &no.information,
        imap::Error::Bad(bad) => &bad.information,
        _ => return failure(error),
    };
    // RFC 5530: not for ever, and nothing that the password could mend.
    if ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"].iter().any(|code| said.contains(code)) {
        return again(&format!("the server can't log in '{user}' now: {}", words(said)));
    }
    // Also RFC 5530: it did not look at the password.
    if said.contains("[PRIVACYREQUIRED]") {
        return Error::new(Kind::Config, "the server offers no login without TLS")
            .hint("try security = 'starttls'");
    }
    let refused = Error::new(Kind::NotAllowed, format!("login as '{user}' was refused: {}", words(said)));
    match attempts.refused() {
        Ok(()) => refused,
        // What can't be counted must not be tried again for ever either.
        Err(error) => error,
    }
}

/// What the imap crate reports, in words and with what can be done about it. Its own errors quote what was sent.
fn failure(error: imap::Error) -> Error {
    match error {
        imap::Error::Io(error) => broken(error),
        imap::Error::No(no) => again(&format!("{NO}{}", words(&no.information))),
        imap::Error::Bad(bad) => {
            again(&format!("the server did not understand: {}", words(&bad.information)))
        }
        // How the crate reports what it can't parse.
        imap::Error::Bye(bye) if bye.code.is_none() && bye.information == "no explanation given" => garbled(),
        imap::Error::Bye(bye) => again(&format!("the server ended it: {}", words(&bye.information))),
        imap::Error::ConnectionLost => hung_up(),
        imap::Error::Validate(_) => {
            Error::new(Kind::Config, "a folder, user or password has a line end in it")
        }
        _ => garbled(),
    }
}

fn garbled() -> Error {
    again("the server says what can't be understood")
}

/// Whether the server understood, and refused, one command.
pub fn is_no(error: &Error) -> bool {
    error.message().starts_with(NO)
}

/// Whether it refused because of what was asked of it in all, not because of the mails that were asked for (RFC 5530).
pub fn is_about_all(error: &Error) -> bool {
    let codes = ["[LIMIT]", "[INUSE]", "[OVERQUOTA]", "[UNAVAILABLE]"];
    is_no(error) && codes.iter().any(|code| error.message().contains(code))
}

fn again(message: &str) -> Error {
    Error::new(Kind::Again, message)
}
