//! A box on a web server: its list, its items, and the token that lets us in. socialnet-http(7), FETCHING.

use socialnet::{
    Error, Kind, Result,
    address::shown,
    driver::MAX_BYTES,
    login::is_box,
    mailbox::{hash_in, name_of},
    secret,
};
use socialnet_http::{self as http, Reach, Settings, settings};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use ureq::{
    Agent, Body, RequestBuilder,
    http::{Response, header::AUTHORIZATION},
    typestate::WithoutBody,
};

/// Bytes of a list of names: the server gives 1000 at most, a longer list is not one.
const MAX_LIST: usize = 1 << 20;
/// Bytes of a nonce or a token, at most.
const MAX_TOKEN: usize = 1 << 10;

/// What came of asking for an item. An error instead says that the others would not come either.
pub enum Item {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Somebody else was quicker.
    Gone,
    /// Not the bytes of its name.
    Wrong(Error),
    /// It did not come to its end: the connection broke off, or it took too long.
    Late(Error),
    /// The server took the request, and gave no answer.
    Silent(Error),
    /// Something is wrong with it over there.
    Refused(Error),
}

/// What comes of a request.
type Answer = std::result::Result<Response<Body>, ureq::Error>;

/// Where to fetch from.
pub struct Source {
    agent: Agent,
    /// `https://HOST/…/in/BOX`, and `https://HOST/…/login/BOX`.
    list: String,
    login: String,
    host: String,
    name: String,
    patience: Duration,
    credentials: Credentials,
    token: Mutex<Option<String>>,
}

/// What the owner set.
enum Credentials {
    /// `password-command` prints the box's secret.
    Password(String),
    /// `token-command` answers a challenge.
    Token(String),
}

impl Source {
    /// The box at an address that the owner wrote.
    pub fn open(address: &str) -> Result<Self> {
        let wrong = |why: &str| Error::new(Kind::Config, format!("'{}': {why}", shown(address)));
        let uri = http::check(address).map_err(|why| wrong(&why))?;
        let not_a_box = || wrong("not https://HOST/in/BOX");
        let (before, name) = address.rsplit_once("/in/").ok_or_else(not_a_box)?;
        if !is_box(name) {
            return Err(not_a_box());
        }
        let settings = Settings::read()?;
        let credentials = match (settings::text("PASSWORD_COMMAND")?, settings::text("TOKEN_COMMAND")?) {
            (Some(command), None) => Credentials::Password(command),
            (None, Some(command)) => Credentials::Token(command),
            _ => return Err(wrong("needs either password-command or token-command")),
        };
        // The owner chose this place: it may well be at home.
        let reach = Reach { private: true, plain: settings.allow_http, ..Reach::default() };
        Ok(Self {
            agent: http::agent(&settings, reach)?,
            list: address.to_owned(),
            login: format!("{before}/login/{name}"),
            host: uri
                .authority()
                .map(|authority| authority.as_str().to_ascii_lowercase())
                .unwrap_or_default(),
            name: name.to_owned(),
            patience: settings.answer_timeout,
            credentials,
            token: Mutex::default(),
        })
    }

    /// Names of items in the box; not always all of them.
    pub fn names(&self) -> Result<Vec<String>> {
        self.read_list(&self.list, Duration::ZERO)
    }

    /// Waits until there may be something in the box, or for so long.
    pub fn wait(&self, time: Duration) -> Result<()> {
        self.read_list(&format!("{}?wait={}", self.list, time.as_secs()), time).map(drop)
    }

    fn read_list(&self, address: &str, wait: Duration) -> Result<Vec<String>> {
        let patience = Some(self.patience + wait);
        let answer = self.ask(|| {
            self.agent
                .get(address)
                .config()
                .timeout_recv_response(patience)
                .timeout_per_read(patience)
                .build()
        })?;
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        match answer.status().as_u16() {
            200 => {}
            404 => return Err(Error::new(Kind::Config, format!("there is no box '{}'", self.list))),
            _ => return Err(refused(&mut answer)),
        }
        let list = String::from_utf8(small(&mut answer, MAX_LIST)?).unwrap_or_default();
        list.lines()
            .map(|name| match hash_in(name) {
                Some(_) => Ok(name.to_owned()),
                None => Err(Error::new(Kind::Again, format!("'{}' answers what is no list", self.list))),
            })
            .collect()
    }

    /// Asks for an item.
    pub fn item(&self, name: &str) -> Result<Item> {
        let mut answer = match self.ask(|| self.agent.get(format!("{}/{name}", self.list)))? {
            Ok(answer) => answer,
            Err(error) if http::unanswered(&error) => return Ok(Item::Silent(self.unreachable(&error))),
            Err(error) => return Err(self.unreachable(&error)),
        };
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(Item::Gone),
            503 => return Err(refused(&mut answer)),
            500.. => return Ok(Item::Refused(refused(&mut answer))),
            _ => return Err(refused(&mut answer)),
        }
        Ok(match http::bytes(&mut answer, MAX_BYTES) {
            Ok(bytes) if name_of(&bytes) == name => Item::Bytes(bytes),
            Ok(_) => Item::Wrong(Error::malformed("not the bytes of its name")),
            Err(error) if error.kind() == Kind::Malformed => Item::Wrong(error),
            Err(error) => Item::Late(error),
        })
    }

    /// Deletes an item.
    pub fn delete(&self, name: &str) -> Result<()> {
        let answer = self.ask(|| self.agent.delete(format!("{}/{name}", self.list)))?;
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        match answer.status().as_u16() {
            // Read to its end, so that the connection can be used again.
            200 | 204 | 404 | 410 => small(&mut answer, MAX_TOKEN).map(drop),
            _ => Err(refused(&mut answer)),
        }
    }

    /// Sends a request with the token; once more with a new one if the server knows it no longer. What comes of the
    /// request itself is inside.
    fn ask(&self, request: impl Fn() -> RequestBuilder<WithoutBody>) -> Result<Answer> {
        let mut again = true;
        loop {
            let token = self.token()?;
            let answer = http::send(|| request().header(AUTHORIZATION, format!("Bearer {token}")).call());
            let expired = answer.as_ref().is_ok_and(|answer| answer.status() == 401);
            if !expired || !again {
                return Ok(answer);
            }
            again = false;
            self.forget(&token);
        }
    }

    fn token(&self) -> Result<String> {
        let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*known {
            return Ok(token.clone());
        }
        let token = match &self.credentials {
            Credentials::Password(command) => secret::first_line("password-command", command, "")?,
            Credentials::Token(command) => self.log_in(command)?,
        };
        if !token.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(Error::new(Kind::Config, "the secret is not of printable ASCII characters"));
        }
        *known = Some(token.clone());
        Ok(token)
    }

    /// Forgets a token that is not right any more, unless somebody else has got a new one meanwhile.
    fn forget(&self, token: &str) {
        let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() == Some(token) {
            *known = None;
        }
    }

    /// socialnet-http(7), LOGGING IN: the command signs, since a driver never meets a key.
    fn log_in(&self, command: &str) -> Result<String> {
        let nonce = self.line(self.agent.get(&self.login).call())?;
        if hash_in(&nonce).is_none() {
            return Err(Error::new(Kind::Again, format!("'{}' answers what is no nonce", self.login)));
        }
        let challenge = format!("{} {} {nonce}\n", self.host, self.name);
        let form = secret::first_line("token-command", command, &challenge)?;
        self.line(self.agent.post(&self.login).content_type("text/plain").send(&form))
    }

    fn line(&self, answer: Answer) -> Result<String> {
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        if answer.status() != 200 {
            return Err(refused(&mut answer).context("cannot log in"));
        }
        let line = String::from_utf8(small(&mut answer, MAX_TOKEN)?).unwrap_or_default();
        Ok(line.trim_end().to_owned())
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        Error::new(Kind::Again, format!("'{}': {}", self.list, http::failure(error)))
    }
}

/// What the server itself says. If that is too long, it is out of order, and asked another time.
fn small(answer: &mut Response<Body>, max: usize) -> Result<Vec<u8>> {
    http::bytes(answer, max).map_err(|error| error.of_kind(Kind::Again))
}

/// What an answer means that is not what was asked for.
fn refused(answer: &mut Response<Body>) -> Error {
    let kind = match answer.status().as_u16() {
        401 | 403 => Kind::NotAllowed,
        408 | 425 | 429 | 500.. => Kind::Again,
        // A redirect among them: the owner's own source is written as it is.
        _ => Kind::Config,
    };
    Error::new(kind, http::words(answer))
}
