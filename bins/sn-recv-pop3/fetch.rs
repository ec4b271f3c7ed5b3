//! One round: what is new, the beginning of that, the whole of what is ours; then, once it is durable here, what is to be
//! deleted.
//!
//! Where the server hangs up for the sake of one mail, a new session goes on with the next one.

use crate::pop3::{Allowance, Pop3, is_about_all, none_to_give};
use socialnet::{Error, Kind, Result, cli, file, mailbox::Mailbox};
use socialnet_mail::{
    Login,
    arrivals::Arrivals,
    attempts::Attempts,
    find::{MAX_MAIL, begins_as_ours},
    intake::Intake,
    policy::{Policy, now},
    seen::Seen,
    source::Source,
    stumbled::Stumbled,
};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    thread,
};

/// Lines of a mail's body that are enough to see what it is, behind whatever a gateway put in front.
const LINES: usize = 60;
/// Bytes of a header with so many lines that are looked at.
const BEGINNING: u64 = 256 << 10;
/// Mails of which the beginning is asked before any is fetched.
const ASKED: usize = 500;
/// Sessions that may break in one round, and mails that may be refused in it one after another: more than that are no broken
/// mails, but a server that has none to give.
const PATIENCE: u32 = 50;

/// Everything that a round needs to know.
pub struct Driver {
    pub source: Source,
    pub login: Login,
    pub attempts: Attempts,
    pub state: PathBuf,
    pub mailbox: Mailbox,
    pub policy: Policy,
    /// Whether a login went well in this run.
    pub welcomed: Cell<bool>,
    /// Whether the last one was refused all the same.
    pub refused: Cell<bool>,
}

/// A mail at the server.
struct Mail {
    number: u32,
    size: u64,
    /// None where the server has no UIDL: such a mail is looked at each time.
    id: Option<String>,
}

impl Mail {
    /// What it is called among those that can't be had: by its place and its size if it has no UIDL, as none has a space.
    fn name(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("{} {}", self.number, self.size))
    }

    /// Bytes of a response about it, at most: sizes are estimates at some servers.
    fn most(&self) -> u64 {
        self.size.saturating_mul(2).saturating_add(BEGINNING)
    }
}

/// What the server has.
struct There {
    mails: Vec<Mail>,
    /// Whether it has UIDL, without which nothing is known of what is there no more.
    named: bool,
}

/// What a round came to.
pub struct Fetched {
    /// Whether anything of ours was there.
    pub any: bool,
    /// How many mails the server could not hand out, and may yet.
    pub hoped_for: usize,
}

/// What a round knows by now.
struct Round {
    seen: Seen,
    stumbled: Stumbled,
    /// Names of mails that could not be had in it, and of those without an identifier that could.
    tried: BTreeSet<String>,
    had: BTreeSet<String>,
    any: bool,
    /// Why what is new is left to the next one.
    put_off: Option<Error>,
}

/// Why a session did not come to its end.
enum Stopped {
    /// As any failure.
    Failed(Error),
    /// It broke when it was the turn of the mail with this name, if of any.
    Stuck(Option<String>, Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Driver {
    /// Connects and logs in. Whoever was let in before has the right password: then a refusal is for now, until there are
    /// too many in a row.
    fn open(&self) -> Result<Pop3> {
        self.refused.set(false);
        match Pop3::open(&self.source, &self.login, &self.attempts) {
            Err(error) if self.welcomed.get() && error.kind() == Kind::NotAllowed => {
                self.refused.set(true);
                Err(if self.attempts.are_hopeless()? { error } else { error.of_kind(Kind::Again) })
            }
            opened => opened.inspect(|_| self.welcomed.set(true)),
        }
    }

    /// Does it. What the server can't hand out is told to `console`.
    pub fn fetch(&self, console: &cli::Console) -> Result<Fetched> {
        let stumbled = Stumbled::open(&self.state.join("stumbled"))?;
        let seen = Seen::open(&self.state)?;
        let (tried, had) = (BTreeSet::new(), BTreeSet::new());
        let mut round = Round { seen, stumbled, tried, had, any: false, put_off: None };
        let fetched = self.sessions(&mut round, console);
        if let Some(untold) = round.stumbled.untold() {
            console.note(&untold);
        }
        fetched.and(round.put_off.map_or(Ok(()), Err))?;
        Ok(Fetched { any: round.any, hoped_for: round.stumbled.hoped_for() })
    }

    /// As many sessions as it takes.
    fn sessions(&self, round: &mut Round, console: &cli::Console) -> Result<()> {
        let mut session = self.open()?;
        // Kept, as some servers give no other session so soon, and only the next run has one.
        let careful = self.state.join("one-by-one");
        let mut one_by_one = careful.exists() || !session.offers("PIPELINING");
        let mut patience = PATIENCE;
        loop {
            if one_by_one {
                session.one_by_one();
            }
            let (name, why) = match self.session(session, round, console) {
                Ok(()) => break,
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Stuck(name, why)) => (name, why),
            };
            // With many commands on their way nobody knows which of them it was.
            let culprit = name.filter(|_| one_by_one);
            let is_end = why.kind() != Kind::Again || is_about_all(&why) || round.put_off.is_some();
            if is_end || (one_by_one && culprit.is_none()) {
                return Err(why);
            }
            one_by_one = true;
            match culprit {
                Some(name) => round.stumble(&name, &why, console)?,
                None => file::replace(&careful, b"", 0o600)?,
            }
            patience -= 1;
            if patience == 0 {
                let why = format!("{PATIENCE} sessions broke; the next round goes on behind them");
                round.put_off = Some(Error::new(Kind::Again, why));
            }
            session = self.open()?;
        }
        if careful.exists() && round.put_off.is_none() {
            fs::remove_file(&careful).map_err(|error| Error::io("delete", &careful, error))?;
        }
        Ok(())
    }

    /// All that can be done in one session.
    fn session(
        &self,
        mut session: Pop3,
        round: &mut Round,
        console: &cli::Console,
    ) -> std::result::Result<(), Stopped> {
        let There { mails, named } = mails(&mut session)?;
        let had_before = |mail: &&Mail| round.stumbled.has(&mail.name());
        let is_new = |mail: &&Mail| {
            let name = mail.name();
            !round.seen.has(&name) && !round.stumbled.waits(&name) && !round.tried.contains(&name)
        };
        let mut new: Vec<&Mail> = mails.iter().filter(is_new).collect();
        if round.put_off.is_some() {
            new.clear();
        }
        // What could not be had before comes last: it may take its time again.
        new.sort_by_key(had_before);
        let mut own = BTreeSet::new();
        for some in new.chunks(ASKED) {
            own.extend(self.look_at(&mut session, some, round, console)?);
        }
        let due: BTreeSet<&str> =
            round.seen.own().filter(|(_, since)| self.policy.is_due(*since)).map(|(id, _)| id).collect();
        let is_due = |mail: &&Mail| match &mail.id {
            Some(id) => due.contains(id.as_str()),
            None => own.contains(&mail.number) && self.policy.is_due(now()),
        };
        let due: Vec<&Mail> = mails.iter().filter(is_due).collect();
        let due = still_ours(&mut session, &due)?;
        session.delete(&due)?;
        session.quit()?;
        let there: BTreeSet<String> = mails.iter().map(Mail::name).collect();
        // What has an identifier, and a server without identifiers for now, is still there.
        let is_there = |name: &str| there.contains(name) || !named && !name.contains(' ');
        let was_had = |name: &str| round.seen.has(name) || round.had.contains(name);
        round.stumbled.keep(|name| is_there(name) && !was_had(name))?;
        round.seen.keep(is_there);
        Ok(round.seen.save()?)
    }

    /// Fetches what is ours of these mails, and remembers all of them. Gives the numbers of those that held nothing else.
    fn look_at(
        &self,
        session: &mut Pop3,
        mails: &[&Mail],
        round: &mut Round,
        console: &cli::Console,
    ) -> std::result::Result<BTreeSet<u32>, Stopped> {
        let mut wanted = Vec::new();
        let (mut looked, mut own) = (BTreeMap::new(), BTreeSet::new());
        let (large, small): (Vec<&Mail>, Vec<&Mail>) =
            mails.iter().partition(|mail| mail.size > MAX_MAIL as u64);
        looked.extend(large.iter().map(|mail| (mail.number, false)));
        let mut answered = 0;
        let read = session.each(&small, top, beginning, |mail, beginning| {
            answered += 1;
            // A server without TOP leaves no choice.
            match beginning.as_deref().is_none_or(begins_as_ours) {
                true => wanted.push(*mail),
                false => drop(looked.insert(mail.number, false)),
            }
            Ok(())
        });
        let mut stuck = read.err().map(|why| (small.get(answered), why));
        if stuck.is_some() {
            // Nothing more can be asked for in this session.
            wanted.clear();
        }
        let (mut answered, mut in_a_row, mut refused) = (0, 0, Vec::new());
        let retrieve = |mail: &&Mail| format!("RETR {}\r\n", mail.number);
        let whole = |mail: &&Mail| Allowance { wanted: mail.most(), most: mail.most() };
        let mailbox = &self.mailbox;
        let (read, settled) = thread::scope(|scope| {
            let intake = Intake::begin(scope, || Arrivals::new(mailbox));
            let (mut entrance, mut failed) = (intake.entrance(), None);
            let read = session.each(&wanted, retrieve, whole, |mail, whole| {
                answered += 1;
                let Some(whole) = whole else {
                    refused.push(mail.name());
                    in_a_row += 1;
                    return if in_a_row < PATIENCE { Ok(()) } else { Err(none_to_give()) };
                };
                in_a_row = 0;
                looked.insert(mail.number, false);
                entrance.add(mail.number, whole);
                // Why nothing can be written is known before all of it was fetched.
                let settled = intake.settled().inspect_err(|error| failed = Some(error.clone()))?;
                own.extend(settled.unwrap_or_default().own);
                Ok(())
            });
            // Also when the connection broke: one mail at which it always does must not keep back those before.
            drop(entrance);
            let settled = intake.end();
            (read, failed.map_or(settled, Err))
        });
        // What was not written is not known either: from here on all that was fetched is durable.
        own.extend(settled?.into_iter().flat_map(|settled| settled.own));
        looked.extend(own.iter().map(|number| (*number, true)));
        for mail in mails {
            match (&mail.id, looked.get(&mail.number)) {
                (Some(id), Some(ours)) => round.seen.add(id, ours.then(now)),
                (None, Some(_)) => drop(round.had.insert(mail.name())),
                (_, None) => {}
            }
        }
        round.seen.save()?;
        round.any |= !own.is_empty();
        for name in refused {
            round.stumble(&name, &Error::new(Kind::Again, "the server refuses it"), console)?;
        }
        stuck = stuck.or(read.err().map(|why| (wanted.get(answered), why)));
        match stuck {
            None => Ok(own),
            Some((mail, why)) => Err(Stopped::Stuck(mail.map(|mail| mail.name()), why)),
        }
    }
}

impl Round {
    /// Remembers a mail that could not be had, though it was asked for alone.
    fn stumble(&mut self, name: &str, why: &Error, console: &cli::Console) -> Result<()> {
        let mail = match name.split_once(' ') {
            None => format!("the mail with UIDL '{name}'"),
            Some((number, _)) => format!("mail {number}, which has no UIDL,"),
        };
        self.tried.insert(name.to_owned());
        if let Some(given_up) = self.stumbled.add(name, &mail, why, |what| console.note(what))? {
            self.seen.add(&given_up, None);
        }
        Ok(())
    }
}

/// The numbers of those mails that begin as ours do: servers are known to give an identifier a second time, to a mail of
/// somebody else's.
fn still_ours(session: &mut Pop3, mails: &[&Mail]) -> Result<Vec<u32>> {
    let mut ours = Vec::new();
    session.each(mails, top, beginning, |mail, beginning| {
        // Without TOP there is only the identifier to go by.
        if beginning.as_deref().is_none_or(begins_as_ours) {
            ours.push(mail.number);
        }
        Ok(())
    })?;
    Ok(ours)
}

fn top(mail: &&Mail) -> String {
    format!("TOP {} {LINES}\r\n", mail.number)
}

/// Of a line as long as its mail, the beginning is enough.
fn beginning(mail: &&Mail) -> Allowance {
    Allowance { wanted: BEGINNING, most: mail.most() }
}

fn mails(session: &mut Pop3) -> Result<There> {
    let names = session.listing("UIDL")?;
    let named = names.is_some();
    let mut ids = BTreeMap::new();
    let (mut known, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for line in names.unwrap_or_default() {
        // RFC 1939 section 7: 1 to 70 characters from 0x21 to 0x7e.
        if let Some((number, id)) = line.split_once(' ')
            && let Ok(number) = number.parse::<u32>()
            && (1..=70).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic())
        {
            if !known.insert(id.to_owned()) {
                repeated.insert(id.to_owned());
            }
            ids.insert(number, id.to_owned());
        }
    }
    // An identifier that several mails share names none of them.
    ids.retain(|_, id| !repeated.contains(id));
    let listed = session.listing("LIST")?;
    let listed = listed.ok_or_else(|| Error::new(Kind::Again, "the server does not list its mails"))?;
    let mails = listed.iter().filter_map(|line| {
        let mut words = line.split(' ');
        let number = words.next()?.parse().ok()?;
        let size = words.next()?.parse().ok()?;
        Some(Mail { number, size, id: ids.remove(&number) })
    });
    Ok(There { mails: mails.collect(), named })
}
