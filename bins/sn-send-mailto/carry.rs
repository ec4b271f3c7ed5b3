//! Who carries the mails: one connection, or a few side by side, and what happens when one breaks.
//!
//! A mail of which nothing was sent when its connection broke is tried once more on the next one. As soon as some of it
//! was on its way it may have arrived, so it is `later`: the queue sends it again, and readers take it once.

use crate::{
    address,
    budget::Budget,
    mail::{Mail, plan},
    message::room,
    smtp::{Answers, Connection},
    standing::Standing,
    verdict::{Stage, is_full, judge, words},
};
use lettre::{Address, transport::smtp::response::Response};
use socialnet::{
    Error, Kind, Result,
    driver::{JobLine, MAX_BYTES, Report, serve},
};
use socialnet_mail::{
    Login, Security, Server, Settings,
    attempts::{self, Attempts},
    settings::Secret,
};
use std::{
    collections::VecDeque,
    num::{NonZeroU64, NonZeroUsize},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::SystemTime,
};

/// Readers of one transaction, and connections, unless the settings say otherwise.
pub const RECIPIENTS: usize = 50;
const CONNECTIONS: usize = 3;
/// Bytes of a mail that is held up by answers more than by the line: larger ones gain nothing from several connections,
/// and would be held in memory side by side.
const SMALL: usize = 1 << 20;
/// Mails for which another connection is worth its handshake.
const MAILS_EACH: usize = 8;
/// Connections in a row that may break without having carried anything.
const MOST_BROKEN: u32 = 3;

/// What the settings say.
pub struct Carrier {
    server: Server,
    login: Option<Login>,
    from: Address,
    recipients: usize,
    connections: usize,
    per_day: Option<u64>,
    standing: Mutex<Standing>,
}

impl Carrier {
    /// Reads the settings.
    pub fn new(settings: &Settings) -> Result<Self> {
        let security = settings.parsed("security")?.unwrap_or(Security::Tls);
        let port = settings.parsed("port")?.unwrap_or(match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::Clear => 25,
        });
        let from = settings.required("from")?;
        let login = settings.login(settings.get("user").unwrap_or(from))?;
        if login.is_none() && settings.get("user").is_some() {
            // A server that wants a login refuses each reader for good.
            return Err(Error::new(Kind::Config, "'user' is set, and no command for the password")
                .hint("set password-command or token-command; without a login, take user out"));
        }
        let count = |key, usual: usize| -> Result<usize> {
            Ok(settings.parsed::<NonZeroUsize>(key)?.map_or(usual, NonZeroUsize::get))
        };
        Ok(Self {
            server: settings.server(settings.required("host")?, port, security)?,
            login,
            from: address::parse(from).map_err(|error| error.of_kind(Kind::Config))?,
            recipients: count("max-recipients", RECIPIENTS)?,
            connections: count("connections", CONNECTIONS)?,
            per_day: settings.parsed::<NonZeroU64>("per-day")?.map(NonZeroU64::get),
            standing: Mutex::default(),
        })
    }

    /// Logs in, and gives how many bytes an envelope or a chunk may have.
    pub fn room(&self) -> Result<usize> {
        let (connection, _) = self.begin()?;
        let room = connection.limit.map_or(MAX_BYTES, |limit| room(limit).min(MAX_BYTES));
        connection.quit();
        Ok(room)
    }

    /// Does the jobs, and reports each. Fails if the server could not be reached, or did not let us in.
    pub fn carry(&self, jobs: Vec<JobLine>) -> Result<()> {
        let mut letters = Vec::new();
        for job in jobs {
            match address::from_uri(&job.address) {
                Ok(to) => letters.push((to, job)),
                Err(error) => serve::report(&job.id, &Report::Never(error.message().to_owned()))?,
            }
        }
        if letters.is_empty() {
            return Ok(());
        }
        let (connection, login) = match self.begin() {
            Ok(opened) => opened,
            Err(error) => {
                for (_, job) in &letters {
                    serve::report(&job.id, &Report::Later(0, error.message().to_owned()))?;
                }
                return Err(error);
            }
        };
        let mut mails = plan(letters, connection.limit, self.recipients)?;
        let mut budget = self.budget()?;
        if let Some(budget) = &mut budget {
            mails = afford(mails, budget)?;
        }
        let round = Round {
            carrier: self,
            login,
            waiting: Mutex::new(mails.into()),
            budget: Mutex::new(budget),
            counted: Mutex::new(0),
            failed: Mutex::new(None),
        };
        round.run(connection)?;
        if let Some(budget) = &*held(&round.budget) {
            budget.settle(*held(&round.counted))?;
        }
        round.end()
    }

    /// Fails if the server took nothing from us for anybody, for reasons that may be each reader's own.
    pub fn end(&self) -> Result<()> {
        held(&self.standing).refused_at_last().map_or(Ok(()), |no| Err(self.not_let_in(no)))
    }

    /// The first connection, and what the others log in with. Refused logins are counted, and after a few not tried for
    /// a while.
    fn begin(&self) -> Result<(Connection<'_>, Option<(Login, Secret)>)> {
        let Some(login) = &self.login else { return Ok((Connection::open(&self.server)?, None)) };
        let attempts = Attempts::new(&attempts::state()?);
        attempts.check()?;
        let login = (login.clone(), login.secret()?);
        let mut connection = Connection::open(&self.server)?;
        match connection.log_in(&login.0, &login.1) {
            Ok(()) => attempts.welcome()?,
            Err(error) if error.kind() == Kind::NotAllowed => {
                attempts.refused()?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        Ok((connection, Some(login)))
    }

    fn not_let_in(&self, answer: &Response) -> Error {
        let refused = format!("'{}' takes no mail from us: {}", self.server.host, words(answer));
        Error::new(Kind::NotAllowed, refused).hint(match self.login {
            None => {
                "it wants a login: set password-command or token-command, and user if it is not the address"
            }
            Some(_) => "the login was good; is 'from' an address of that account?",
        })
    }

    fn budget(&self) -> Result<Option<Budget>> {
        let Some(per_day) = self.per_day else { return Ok(None) };
        Ok(Some(Budget::new(per_day, &attempts::state()?, SystemTime::now())))
    }
}

/// The mails that the day's budget allows; the others are reported.
fn afford(mails: Vec<Mail>, budget: &mut Budget) -> Result<Vec<Mail>> {
    let wanted: usize = mails.iter().map(|mail| mail.readers.len()).sum();
    let mut left = usize::try_from(budget.take(wanted as u64)?).unwrap_or(usize::MAX);
    let mut kept = Vec::new();
    for mut mail in mails {
        let refused = mail.readers.split_off(left.min(mail.readers.len()));
        left -= mail.readers.len();
        for job in refused.iter().flat_map(|(_, jobs)| jobs) {
            serve::report(job, &Report::Later(budget.left, budget.exhausted()))?;
        }
        if !mail.readers.is_empty() {
            kept.push(mail);
        }
    }
    Ok(kept)
}

/// One run over all mails.
struct Round<'a> {
    carrier: &'a Carrier,
    login: Option<(Login, Secret)>,
    waiting: Mutex<VecDeque<Mail>>,
    /// What the settings allow in a day, if they do not allow any number.
    budget: Mutex<Option<Budget>>,
    /// Copies that the server has taken, or may have.
    counted: Mutex<u64>,
    /// What the last connection broke on.
    failed: Mutex<Option<Error>>,
}

impl<'a> Round<'a> {
    fn open(&'a self) -> Result<Connection<'a>> {
        let mut connection = Connection::open(&self.carrier.server)?;
        if let Some((login, secret)) = &self.login {
            connection.log_in(login, secret)?;
        }
        Ok(connection)
    }

    fn run(&'a self, first: Connection<'a>) -> Result<()> {
        let small = held(&self.waiting).iter().filter(|mail| mail.size <= SMALL).count();
        let useful = small.div_ceil(MAILS_EACH);
        thread::scope(|scope| {
            let more: Vec<_> = (1..self.carrier.connections.min(useful))
                // One that is not welcome leaves the work to the others.
                .map(|_| {
                    scope.spawn(|| self.open().map_or(Ok(()), |connection| self.work(connection, SMALL)))
                })
                .collect();
            let done = self.work(first, usize::MAX);
            more.into_iter().fold(done, |done, thread| done.and(thread.join().unwrap_or(Ok(()))))
        })
    }

    /// Sends what waits and has at most so many bytes, until nothing does or there is no connection any more. Fails only if
    /// nobody hears the reports.
    fn work(&'a self, mut connection: Connection<'a>, most: usize) -> Result<()> {
        let mut broken = 0;
        loop {
            let Some(mut mail) = self.next(most) else {
                connection.quit();
                return Ok(());
            };
            let message = match mail.write(&self.carrier.from) {
                Ok(message) => message,
                Err(error) => {
                    mail.tell(&Report::Later(0, error.message().to_owned()))?;
                    continue;
                }
            };
            let end = match connection.send(&self.carrier.from, &mail.to(), message) {
                Ok(answers) => {
                    broken = 0;
                    self.conclude(mail, &answers)?;
                    // It may be some readers only for whom nothing is taken from us; the others get theirs.
                    held(&self.carrier.standing).hear(&answers, self.login.is_some());
                    continue;
                }
                Err(end) => end,
            };
            broken += 1;
            if end.begun {
                *held(&self.counted) += mail.readers.len() as u64;
            }
            if end.begun || mail.tried {
                mail.tell(&Report::Later(0, end.error.message().to_owned()))?;
            } else {
                mail.tried = true;
                held(&self.waiting).push_front(mail);
            }
            // Closed before the next one is opened: servers count connections.
            drop(connection);
            let next = if broken < MOST_BROKEN { self.open() } else { Err(end.error) };
            connection = match next {
                Ok(next) => next,
                Err(error) => {
                    *held(&self.failed) = Some(error);
                    return Ok(());
                }
            };
        }
    }

    fn next(&self, most: usize) -> Option<Mail> {
        let mut waiting = held(&self.waiting);
        waiting.front().filter(|mail| mail.size <= most)?;
        waiting.pop_front()
    }

    /// Reports to each reader's jobs. Readers for whom there was no room in the transaction wait for the next one.
    fn conclude(&self, mut mail: Mail, answers: &Answers) -> Result<()> {
        let size = mail.carried();
        let taken = answers.readers.iter().any(|answer| answer.is_positive());
        let mut again = Vec::new();
        for ((to, jobs), answer) in std::mem::take(&mut mail.readers).into_iter().zip(&answers.readers) {
            if taken && is_full(answer) {
                again.push((to, jobs));
                continue;
            }
            let report = if !answers.sender.is_positive() {
                judge(Stage::Sender, &answers.sender, size)
            } else if !answer.is_positive() {
                judge(Stage::Reader, answer, size)
            } else {
                judge(Stage::Message, &answers.message, size)
            };
            match report {
                Report::Sent => *held(&self.counted) += 1,
                Report::TooBig(_) if mail.is_shared() => {
                    // The first one goes in the place of the mail that they were; the others were not counted yet.
                    let mut apart = mail.again(vec![(to, jobs)]).apart();
                    held(&self.waiting).extend(apart.next());
                    let mut others: Vec<Mail> = apart.collect();
                    if let Some(budget) = &mut *held(&self.budget) {
                        others = afford(others, budget)?;
                    }
                    held(&self.waiting).extend(others);
                    return Ok(());
                }
                _ => {}
            }
            jobs.iter().try_for_each(|job| serve::report(job, &report))?;
        }
        if !again.is_empty() {
            held(&self.waiting).push_front(mail.again(again));
        }
        Ok(())
    }

    /// Reports what is left over when no connection is.
    fn end(self) -> Result<()> {
        let left = std::mem::take(&mut *held(&self.waiting));
        if left.is_empty() {
            let carrier = self.carrier;
            return held(&carrier.standing).refused().map_or(Ok(()), |no| Err(carrier.not_let_in(no)));
        }
        let failed = held(&self.failed).take();
        let failed = failed.unwrap_or_else(|| Error::new(Kind::Again, "the connection was lost"));
        left.iter().try_for_each(|mail| mail.tell(&Report::Later(0, failed.message().to_owned())))?;
        Err(failed)
    }
}

/// A thread that panicked has left nothing half done in here.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
