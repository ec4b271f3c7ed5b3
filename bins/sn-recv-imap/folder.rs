//! One round through one folder: what is new, what of it may be ours, fetching that, and what becomes of it.
//!
//! What was fetched is durable in the mailbox before the server or the cursor is told; killed in between, the next run
//! fetches it again, which does no harm. Reading is done with EXAMINE, so that not even \Recent changes at other mails.

use crate::{
    cursor::Cursor,
    look::{Look, look},
    policy::{self, set},
    there::There,
    wire::{Account, SMALL, is_no},
};
use imap_proto::types::{MessageSection, SectionPath};
use socialnet::{Error, Kind, Result, mailbox::Mailbox};
use socialnet_mail::{
    arrivals::Arrivals,
    find::{MAX_MAIL, begins_as_ours, looks_sealed},
    intake::{Intake, Settled},
    policy::Policy,
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
/// Bytes of the structures of [`ASKED`] mails.
const STRUCTURES: u64 = 8 << 20;
/// Bytes of a part that are enough to see what it is, behind whatever a gateway put in front.
const GLIMPSE: usize = 2048;
/// Bytes of a mail to be looked at where structures are of no use: the header is among them.
const GLANCE: usize = 16 << 10;
/// Mails of which that is asked at once.
const GLANCED: usize = 100;

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
}

/// A mail that is to be fetched.
struct Wanted {
    uid: u32,
    size: u64,
}

/// One folder while it is read.
struct Reading<'a, 'b> {
    round: &'a Round<'b>,
    account: &'a mut Account,
    name: &'a str,
    cursor: Cursor,
    writable: bool,
    /// UIDs of mails that were fetched and may not be durable yet, by the numbers that they were handed over with.
    fetched: BTreeMap<u32, u32>,
    /// What is durable, of which neither the server nor the cursor was told, and when they were.
    settled: Settled,
    told: Instant,
    /// Why our mails can't be dealt with as set; told at the end, as it must not keep others from being fetched.
    refused: Option<Error>,
}

/// Why a round stopped.
pub enum Stopped {
    /// As any failure.
    Failed(Error),
    /// What the server says of its mails' structure can't be understood: connect again, and do without.
    Garbled(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<'b> Round<'b> {
    /// INBOX is where everything comes in, and worth no word.
    fn arrivals(&self, folder: &str) -> Arrivals<'b> {
        match is_same(folder, INBOX) {
            true => Arrivals::new(self.mailbox),
            false => Arrivals::found_in(self.mailbox, folder),
        }
    }

    /// Reads a folder to its end. `by_structure` is how mails are told apart, unless it has failed before. Says whether
    /// anything of ours was there.
    pub fn read(
        &self,
        account: &mut Account,
        name: &str,
        by_structure: bool,
    ) -> std::result::Result<bool, Stopped> {
        let there = There::examine(account, name)?;
        let validity = there
            .uid_validity
            .ok_or_else(|| Error::new(Kind::Again, format!("the server has no UIDVALIDITY for '{name}'")))?;
        let mut cursor = Cursor::open(self.state, name)?;
        cursor.of_validity(validity);
        let mut reading = Reading {
            round: self,
            account,
            name,
            cursor,
            writable: false,
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
        if uids.is_empty() {
            return Ok(false);
        }
        thread::scope(|scope| {
            let intake = Intake::begin(scope, || self.arrivals(name));
            let read = reading.all(&uids, by_structure, &intake);
            // One mail at which the connection always breaks must not keep back those before.
            intake.end()?.into_iter().for_each(|settled| reading.settled.extend(settled));
            let any = match read {
                Ok(any) => any,
                Err(stopped) => {
                    reading.remember()?;
                    return Err(stopped);
                }
            };
            reading.tell()?;
            match reading.refused {
                None => Ok(any),
                Some(refused) => Err(refused.into()),
            }
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
        Ok(found.into_iter().filter(|uid| *uid >= next).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Hands over what is wanted of these mails.
    fn all(
        &mut self,
        uids: &[u32],
        by_structure: bool,
        intake: &Intake,
    ) -> std::result::Result<bool, Stopped> {
        let mut any = false;
        for some in uids.chunks(if by_structure { ASKED } else { GLANCED }) {
            let wanted = if by_structure { self.by_structure(some)? } else { self.by_beginning(some)? };
            any |= !wanted.is_empty();
            self.fetch(wanted, intake)?;
            if let Some(last) = some.last() {
                intake.mark(last.saturating_add(1));
            }
            self.settle(intake)?;
        }
        Ok(any)
    }

    /// Which of these mails to fetch, by their structure and, where that does not tell, the beginning of some parts.
    fn by_structure(&mut self, uids: &[u32]) -> std::result::Result<Vec<Wanted>, Stopped> {
        let query = "(UID RFC822.SIZE BODYSTRUCTURE)";
        let fetches = self
            .account
            .run_ascii(STRUCTURES, |session| session.uid_fetch(set(uids), query))
            .map_err(Stopped::Garbled)?;
        let mut wanted = Vec::new();
        let mut sizes = BTreeMap::new();
        let mut peeks: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
        for fetch in fetches.iter() {
            let (Some(uid), Some(size), Some(structure)) = (fetch.uid, fetch.size, fetch.bodystructure())
            else {
                continue;
            };
            let size = u64::from(size);
            match look(size, structure) {
                _ if size > MAX_MAIL as u64 => {}
                Look::Leave => {}
                Look::Fetch => wanted.push(Wanted { uid, size }),
                Look::Peek(parts) => {
                    sizes.insert(uid, size);
                    parts.into_iter().for_each(|part| peeks.entry(part).or_default().push(uid));
                }
            }
        }
        for (part, uids) in peeks {
            let numbers: Vec<_> = part.iter().map(u32::to_string).collect();
            let (name, section) = match part.is_empty() {
                true => ("TEXT".to_owned(), SectionPath::Full(MessageSection::Text)),
                false => (numbers.join("."), SectionPath::Part(part, None)),
            };
            let query = format!("(UID BODY.PEEK[{name}]<0.{GLIMPSE}>)");
            let allowance = SMALL + (2 * GLIMPSE * uids.len()) as u64;
            let fetches = self.account.run(allowance, |session| session.uid_fetch(set(&uids), query))?;
            for fetch in fetches.iter() {
                if let (Some(uid), Some(beginning)) = (fetch.uid, fetch.section(&section))
                    && looks_sealed(beginning)
                    && let Some(size) = sizes.remove(&uid)
                {
                    wanted.push(Wanted { uid, size });
                }
            }
        }
        Ok(wanted)
    }

    /// The same by the first bytes of each mail, which need no understanding.
    fn by_beginning(&mut self, uids: &[u32]) -> Result<Vec<Wanted>> {
        let query = format!("(UID RFC822.SIZE BODY.PEEK[]<0.{GLANCE}>)");
        let allowance = SMALL + (2 * GLANCE * uids.len()) as u64;
        let fetches = self.account.run(allowance, |session| session.uid_fetch(set(uids), query))?;
        let mut wanted = Vec::new();
        for fetch in fetches.iter() {
            let (Some(uid), Some(size), Some(beginning)) = (fetch.uid, fetch.size, fetch.body()) else {
                continue;
            };
            if u64::from(size) <= MAX_MAIL as u64 && begins_as_ours(beginning) {
                wanted.push(Wanted { uid, size: size.into() });
            }
        }
        Ok(wanted)
    }

    fn fetch(&mut self, mut wanted: Vec<Wanted>, intake: &Intake) -> Result<()> {
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
            self.fetched.extend(self.account.mails(&uids, allowance, intake.entrance())?);
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
        self.fetched.retain(|_, uid| *uid >= mark);
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
        if there.uid_validity != Some(self.cursor.validity) {
            return Err(Error::new(Kind::Again, format!("the folder '{name}' was made anew meanwhile")));
        }
        self.writable = true;
        Ok(())
    }
}
