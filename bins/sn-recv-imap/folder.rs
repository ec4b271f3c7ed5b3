//! One round through one folder: what is new, what of it may be ours, fetching that, and what becomes of it.
//!
//! What was fetched is durable in the mailbox before the server or the cursor is told; killed in between, the next run
//! fetches it again, which does no harm. Reading is done with EXAMINE, so that not even \Recent changes at other mails.
//!
//! A server may refuse a command, or hang up, for the sake of one mail that is broken in its store. Then fewer are asked
//! for at once, on a new connection if need be, until that one is alone; it is remembered, and the others are fetched. Whoever
//! hangs up has answered for the mails in front of it, as a rule, which tells which one it is; else it is sought by halves. How
//! far that has come is kept too, as it may take longer than this run.

use crate::{
    cursor::{Careful, Cursor, stumbled},
    policy,
    there::There,
    wanted::{STRUCTURES, Wanted, by_beginning, by_structure},
    wire::{Account, SMALL, is_about_all, is_no},
};
use socialnet::{Error, Kind, Result, cli, mailbox::Mailbox};
use socialnet_mail::{
    arrivals::Arrivals,
    intake::{Intake, Settled},
    policy::Policy,
    stumbled::Stumbled,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Mails that are asked about, or fetched, at once: one command for many is what hides the way to the server.
const ASKED: usize = 500;
/// Bytes of mails that are fetched at once, unless a single one is larger: only in between the server hears what becomes
/// of those before.
const FETCHED: u64 = 4 << 20;
/// How much time passes at least until it hears of the next ones, as nothing is fetched meanwhile.
const TOLD_AGAIN: Duration = Duration::from_secs(1);
/// Mails whose beginning is asked at once, where structures are of no use.
const GLANCED: usize = 100;
/// Failures about structures, other than a refusal, after which they are held to be of no use in the whole folder.
const GARBLED: u32 = 3;
/// Connections that may break in one round of a folder until the rest of it is put off: each costs a login. And mails that
/// may be refused in it one after another: more than that are no broken mails, but a server that has none to give.
const PATIENCE: u32 = 50;

/// Where everything comes in.
const INBOX: &str = "INBOX";

/// Whether two names are of the same folder: only INBOX has more spellings than one (RFC 9051 section 5.1).
fn is_same(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case(INBOX) && other.eq_ignore_ascii_case(INBOX))
}

/// How rounds are done.
pub struct Round<'a> {
    /// Where packets go.
    pub mailbox: &'a Mailbox,
    /// `$SN_STATE`.
    pub state: &'a Path,
    /// What becomes of our mails.
    pub policy: &'a Policy,
    /// Connects and logs in once more.
    pub open: &'a dyn Fn() -> Result<Account>,
    /// Fails when nobody wants it any more, and the connection was shut for that.
    pub is_called: &'a dyn Fn() -> Result<()>,
}

/// What a round through a folder came to.
pub struct Outcome {
    /// Whether anything of ours was there.
    pub any: bool,
    /// How many mails the server could not hand out, and may yet.
    pub hoped_for: usize,
}

/// One folder while it is read.
struct Reading<'a, 'b> {
    round: &'a Round<'b>,
    account: &'a mut Account,
    name: &'a str,
    console: &'a cli::Console,
    cursor: Cursor,
    writable: bool,
    /// Mails that the server can't hand out, and which of them it could this time.
    stumbled: Stumbled,
    had: BTreeSet<u32>,
    /// How often a command about structures failed.
    garbled: u32,
    /// How many connections broke, and how many mails could not be had one after another.
    breaks: u32,
    in_a_row: u32,
    /// The mail that the server seemed to hang up at, and whether it is of use to ask which one that is.
    suspect: Option<u32>,
    in_order: bool,
    /// Why the rest is left to the next round.
    put_off: Option<Error>,
    /// UIDs of mails that were fetched and may not be durable yet, by the numbers that they were handed over with.
    fetched: BTreeMap<u32, u32>,
    /// What is durable, of which neither the server nor the cursor was told, and when they were.
    settled: Settled,
    told: Instant,
    /// Why our mails can't be dealt with as set; told at the end, as it must not keep others from being fetched.
    refused: Option<Error>,
}

/// Why some mails were not handed over.
enum Stopped {
    /// As any failure.
    Failed(Error),
    /// The server was asked for these mails, and refused, broke off, or said what can't be understood.
    Stuck(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// INBOX is where everything comes in, and worth no word.
fn arrivals<'a>(mailbox: &'a Mailbox, folder: &str) -> Arrivals<'a> {
    match is_same(folder, INBOX) {
        true => Arrivals::new(mailbox),
        false => Arrivals::found_in(mailbox, folder),
    }
}

impl Round<'_> {
    /// Reads a folder to its end. What the server can't hand out is told to `console`.
    pub fn read(&self, account: &mut Account, name: &str, console: &cli::Console) -> Result<Outcome> {
        let there = There::examine(account, name)?;
        let validity = there
            .uid_validity
            .ok_or_else(|| Error::new(Kind::Again, format!("the server has no UIDVALIDITY for '{name}'")))?;
        let mut cursor = Cursor::open(self.state, name)?;
        cursor.of_validity(validity);
        let mut stumbled = Stumbled::open(&stumbled(self.state, name))?;
        stumbled.keep(|id| id.starts_with(&format!("{validity}/")))?;
        let mut reading = Reading {
            round: self,
            account,
            name,
            console,
            cursor,
            writable: false,
            stumbled,
            had: BTreeSet::new(),
            garbled: 0,
            breaks: 0,
            in_a_row: 0,
            suspect: None,
            in_order: true,
            put_off: None,
            fetched: BTreeMap::new(),
            settled: Settled::default(),
            told: Instant::now(),
            refused: None,
        };
        let due = policy::due(self.policy, &reading.cursor);
        if !due.is_empty() {
            reading.make_writable()?;
            // In pieces, as a command may not be of any length (RFC 2683 section 3.2.1.5).
            due.chunks(ASKED)
                .try_for_each(|some| policy::delete_due(reading.account, &mut reading.cursor, some))?;
        }
        let uids = reading.unread(there.uid_next, there.exists)?;
        let due = reading.due();
        if uids.is_empty() && due.is_empty() {
            return Ok(Outcome { any: false, hoped_for: reading.stumbled.hoped_for() });
        }
        let mailbox = self.mailbox;
        thread::scope(|scope| {
            let intake = Intake::begin(scope, || arrivals(mailbox, name));
            let read =
                reading.all(&uids, &intake).and_then(|any| Ok(reading.once_more(&due, &intake)? || any));
            // Also when it failed: what came before is to be kept.
            intake.end()?.into_iter().for_each(|settled| reading.settled.extend(settled));
            if let Some(untold) = reading.stumbled.untold() {
                console.note(&format!("{untold} in '{name}'"));
            }
            let any = match read {
                Ok(any) => any,
                Err(error) => {
                    reading.remember()?;
                    return Err(error);
                }
            };
            reading.tell()?;
            if let Some(refused) = reading.refused {
                return Err(refused);
            }
            let had: BTreeSet<String> = reading.had.iter().map(|uid| reading.id(*uid)).collect();
            reading.stumbled.keep(|id| !had.contains(id))?;
            if let Some(put_off) = reading.put_off {
                return Err(put_off);
            }
            Ok(Outcome { any, hoped_for: reading.stumbled.hoped_for() })
        })
    }
}

impl Reading<'_, '_> {
    /// UIDs of mails that were not looked at, in their order.
    fn unread(&mut self, uid_next: Option<u32>, exists: u32) -> Result<Vec<u32>> {
        let next = self.cursor.next;
        if exists == 0 || uid_next.is_some_and(|uid_next| uid_next <= next) {
            if let Some(uid_next) = uid_next.filter(|uid_next| *uid_next > next) {
                self.cursor.next = uid_next;
                self.cursor.save()?;
            }
            return Ok(Vec::new());
        }
        // `n:*` always names the last mail, also when it comes before n.
        let found = self.account.run(STRUCTURES, |session| session.uid_search(format!("UID {next}:*")))?;
        let is_new = |uid: &u32| *uid >= next && !self.stumbled.has(&self.id(*uid));
        Ok(found.into_iter().filter(is_new).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// What a mail is called among those that the server can't hand out.
    fn id(&self, uid: u32) -> String {
        format!("{}/{uid}", self.cursor.validity)
    }

    /// Those of them that are to be asked for again.
    fn due(&self) -> Vec<u32> {
        let uid = |id: String| id.split_once('/')?.1.parse().ok();
        self.stumbled.due().into_iter().filter_map(uid).collect()
    }

    /// Hands over what is wanted of all these mails, as many at once as goes well.
    fn all(&mut self, uids: &[u32], intake: &Intake) -> Result<bool> {
        let (mut any, mut rest) = (false, uids);
        while let Some(first) = rest.first() {
            if let Some(why) = self.is_tired() {
                let why = format!("{why}; the next round goes on in '{}' with UID {first}", self.name);
                self.put_off = Some(Error::new(Kind::Again, why));
                break;
            }
            let careful = self.cursor.careful.filter(|careful| *first <= careful.until);
            self.cursor.careful = careful;
            let by_structure = careful.is_none() && self.garbled < GARBLED;
            let count = match careful {
                Some(Careful { at_once, until }) => {
                    rest.iter().take(at_once).take_while(|uid| **uid <= until).count()
                }
                None => rest.len().min(if by_structure { ASKED } else { GLANCED }),
            };
            let (some, others) = rest.split_at(count.max(1));
            match self.look_at(some, by_structure, intake) {
                Ok(found) => any |= found,
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Stuck(why)) => {
                    if !self.stumble(some, by_structure, why, intake)? {
                        continue;
                    }
                }
            }
            rest = others;
            if let Some(last) = some.last() {
                intake.mark(last.saturating_add(1));
            }
            self.settle(intake)?;
        }
        Ok(any)
    }

    /// The same of mails that could not be had before, one by one.
    fn once_more(&mut self, due: &[u32], intake: &Intake) -> Result<bool> {
        let mut any = false;
        for uid in due {
            // The others are due in the next round, too.
            if self.is_tired().is_some() {
                break;
            }
            match self.look_at(&[*uid], false, intake) {
                Ok(found) => {
                    any |= found;
                    self.had.insert(*uid);
                }
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Stuck(why)) => drop(self.stumble(&[*uid], false, why, intake)?),
            }
        }
        Ok(any)
    }

    /// Hands over what is wanted of some mails.
    fn look_at(
        &mut self,
        uids: &[u32],
        structure: bool,
        intake: &Intake,
    ) -> std::result::Result<bool, Stopped> {
        let judge = if structure { by_structure } else { by_beginning };
        let wanted = judge(self.account, uids).map_err(Stopped::Stuck)?;
        let any = !wanted.is_empty();
        self.fetch(wanted, intake)?;
        self.in_a_row = 0;
        // It was not that one.
        self.in_order &= self.suspect.take_if(|suspect| uids.contains(suspect)).is_none();
        Ok(any)
    }

    /// Why enough was tried in this round.
    fn is_tired(&self) -> Option<String> {
        match (self.breaks, self.in_a_row) {
            (PATIENCE.., _) => Some(format!("the connection broke {PATIENCE} times")),
            (_, PATIENCE..) => Some(format!("{PATIENCE} mails in a row can't be had")),
            _ => None,
        }
    }

    /// What to do about mails that the server did not hand out: ask for fewer at once from now on, or, if it was one alone,
    /// remember it and go on without it. Says whether that is so.
    fn stumble(&mut self, some: &[u32], by_structure: bool, why: Error, intake: &Intake) -> Result<bool> {
        // What can't be written here is not the server's fault.
        while let Some(settled) = intake.settled()? {
            self.settled.extend(settled);
        }
        (self.round.is_called)()?;
        if why.kind() != Kind::Again || is_about_all(&why) {
            return Err(why);
        }
        let refused = is_no(&why);
        self.garbled += u32::from(by_structure && !refused);
        let broke_at = self.account.broke_at.take().filter(|_| !refused && self.in_order);
        let alone = match some {
            [uid] if !by_structure => Some(*uid),
            _ => None,
        };
        // Kept before anybody is asked for another connection: some servers have none to give so soon.
        if let Some(uid) = alone {
            self.in_a_row += 1;
            self.suspect = None;
            let mail = format!("the mail with UID {uid} in '{}'", self.name);
            let console = self.console;
            // One that is given up is behind the cursor, or will be.
            self.stumbled.add(&self.id(uid), &mail, &why, |what| console.note(what))?;
        } else if let Some(last) = some.last() {
            let found = broke_at.and_then(|uid| Some((uid, some.binary_search(&uid).ok()?)));
            self.suspect = found.map(|(uid, _)| uid);
            let half = if by_structure { GLANCED } else { some.len() / 2 };
            let (at_once, until) = found.map_or((half, *last), |(uid, before)| (before.min(GLANCED), uid));
            self.cursor.careful = Some(Careful { at_once: at_once.max(1), until });
            self.cursor.save()?;
        }
        if !refused {
            self.breaks += 1;
            self.connect_again()?;
        }
        Ok(alone.is_some())
    }

    fn connect_again(&mut self) -> Result<()> {
        self.account.become_another((self.round.open)()?);
        self.writable = false;
        let there = There::examine(self.account, self.name)?;
        self.is_still(&there)
    }

    fn fetch(&mut self, mut wanted: Vec<Wanted>, intake: &Intake) -> std::result::Result<(), Stopped> {
        wanted.sort_by_key(|mail| mail.uid);
        let mut rest = &wanted[..];
        while !rest.is_empty() {
            let mut size = 0;
            let count = rest
                .iter()
                .take(ASKED)
                .take_while(|mail| {
                    size += mail.size;
                    size <= FETCHED
                })
                .count();
            let (some, others) = rest.split_at(count.max(1));
            rest = others;
            let uids: Vec<u32> = some.iter().map(|mail| mail.uid).collect();
            // Sizes are estimates at some servers.
            let allowance = SMALL + 2 * some.iter().map(|mail| mail.size).sum::<u64>();
            let fetched = self.account.mails(&uids, allowance, intake.entrance());
            self.fetched.extend(fetched.map_err(Stopped::Stuck)?);
            self.settle(intake)?;
        }
        Ok(())
    }

    fn settle(&mut self, intake: &Intake) -> Result<()> {
        while let Some(settled) = intake.settled()? {
            self.settled.extend(settled);
        }
        if self.told.elapsed() < TOLD_AGAIN { Ok(()) } else { self.tell() }
    }

    /// Of what is durable now: tells the server, then the cursor.
    fn tell(&mut self) -> Result<()> {
        let settled = std::mem::take(&mut self.settled);
        self.told = Instant::now();
        let own: Vec<_> = settled.own.iter().filter_map(|number| self.fetched.get(number).copied()).collect();
        let mark = settled.mark.unwrap_or(self.cursor.next);
        let fetched = std::mem::take(&mut self.fetched);
        let is_open = |(_, uid): &(u32, u32)| *uid >= mark || self.stumbled.has(&self.id(*uid));
        self.fetched = fetched.into_iter().filter(is_open).collect();
        if self.refused.is_none() {
            self.cursor.next = mark;
            match self.deal_with(&own) {
                // The cursor stays where it is: once it is mended, they are fetched again and dealt with.
                Err(error) if is_no(&error) => self.refused = Some(error),
                dealt => dealt.and_then(|()| self.cursor.save())?,
            }
        }
        Ok(())
    }

    /// Of what is durable now, the server can't be told any more: the cursor is, of what it need not hear of.
    fn remember(&mut self) -> Result<()> {
        let nothing_to_do = self.settled.own.is_empty() || matches!(self.round.policy, Policy::Keep);
        match self.settled.mark {
            Some(mark) if nothing_to_do && self.refused.is_none() => {
                self.cursor.next = mark;
                self.cursor.save()
            }
            _ => Ok(()),
        }
    }

    fn deal_with(&mut self, own: &[u32]) -> Result<()> {
        let policy = match self.round.policy {
            Policy::Keep => return Ok(()),
            // Moved to where they are, they would be new mails there for ever.
            Policy::Move(to) if is_same(to, self.name) => &Policy::Seen,
            policy => policy,
        };
        if own.is_empty() {
            return Ok(());
        }
        self.make_writable()?;
        own.chunks(ASKED).try_for_each(|some| policy::apply(policy, self.account, &mut self.cursor, some))
    }

    fn make_writable(&mut self) -> Result<()> {
        if self.writable {
            return Ok(());
        }
        let name = self.name;
        let there = There::select(self.account, name)?;
        self.is_still(&there)?;
        self.writable = true;
        Ok(())
    }

    /// Whether the folder is the one that is read.
    fn is_still(&self, there: &There) -> Result<()> {
        if there.uid_validity == Some(self.cursor.validity) {
            return Ok(());
        }
        Err(Error::new(Kind::Again, format!("the folder '{}' was made anew meanwhile", self.name)))
    }
}
