//! One round: what is new, the beginning of that, the whole of what is ours; then, once it is durable here, what is to be
//! deleted.

use crate::pop3::{Allowance, Pop3};
use socialnet::{Result, mailbox::Mailbox};
use socialnet_mail::{
    Login,
    arrivals::Arrivals,
    attempts::Attempts,
    find::{MAX_MAIL, begins_as_ours},
    intake::Intake,
    policy::{Policy, now},
    seen::Seen,
    source::Source,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    thread,
};

/// Lines of a mail's body that are enough to see what it is, behind whatever a gateway put in front.
const LINES: usize = 60;
/// Bytes of a header with so many lines that are looked at.
const BEGINNING: u64 = 256 << 10;
/// Mails of which the beginning is asked before any is fetched.
const ASKED: usize = 500;

/// Everything that a round needs to know.
pub struct Driver {
    pub source: Source,
    pub login: Login,
    pub attempts: Attempts,
    pub state: PathBuf,
    pub mailbox: Mailbox,
    pub policy: Policy,
}

/// A mail at the server.
struct Mail {
    number: u32,
    size: u64,
    /// None where the server has no UIDL: such a mail is looked at each time.
    id: Option<String>,
}

impl Mail {
    /// Bytes of a response about it, at most: sizes are estimates at some servers.
    fn most(&self) -> u64 {
        self.size.saturating_mul(2).saturating_add(BEGINNING)
    }
}

impl Driver {
    /// Does it. Says whether anything of ours was there.
    pub fn fetch(&self) -> Result<bool> {
        let mut seen = Seen::open(&self.state)?;
        let mut session = Pop3::open(&self.source, &self.login, &self.attempts)?;
        let mails = mails(&mut session)?;
        let is_new = |mail: &&Mail| mail.id.as_ref().is_none_or(|id| !seen.has(id));
        let new: Vec<&Mail> = mails.iter().filter(is_new).collect();
        let mut own = BTreeSet::new();
        for some in new.chunks(ASKED) {
            own.extend(self.look_at(&mut session, some, &mut seen)?);
        }
        let due: BTreeSet<&str> =
            seen.own().filter(|(_, since)| self.policy.is_due(*since)).map(|(id, _)| id).collect();
        let is_due = |mail: &&Mail| match &mail.id {
            Some(id) => due.contains(id.as_str()),
            None => own.contains(&mail.number) && self.policy.is_due(now()),
        };
        let due: Vec<&Mail> = mails.iter().filter(is_due).collect();
        let due = still_ours(&mut session, &due)?;
        session.delete(&due)?;
        session.quit()?;
        seen.keep(&mails.into_iter().filter_map(|mail| mail.id).collect());
        seen.save()?;
        Ok(!own.is_empty())
    }

    /// Fetches what is ours of these mails, and remembers all of them. Gives the numbers of those that held nothing else.
    fn look_at(&self, session: &mut Pop3, mails: &[&Mail], seen: &mut Seen) -> Result<BTreeSet<u32>> {
        let mut wanted = Vec::new();
        let (mut looked, mut own) = (BTreeMap::new(), BTreeSet::new());
        let (large, small): (Vec<&Mail>, Vec<&Mail>) =
            mails.iter().partition(|mail| mail.size > MAX_MAIL as u64);
        looked.extend(large.iter().map(|mail| (mail.number, false)));
        session.each(&small, top, beginning, |mail, beginning| {
            // A server without TOP leaves no choice.
            match beginning.as_deref().is_none_or(begins_as_ours) {
                true => wanted.push(*mail),
                false => drop(looked.insert(mail.number, false)),
            }
            Ok(())
        })?;
        let retrieve = |mail: &&Mail| format!("RETR {}\r\n", mail.number);
        let whole = |mail: &&Mail| Allowance { wanted: mail.most(), most: mail.most() };
        let (read, settled) = thread::scope(|scope| {
            let intake = Intake::begin(scope, || Arrivals::new(&self.mailbox));
            let (mut entrance, mut failed) = (intake.entrance(), None);
            let read = session.each(&wanted, retrieve, whole, |mail, whole| {
                // What can't be had now is tried again.
                let Some(whole) = whole else { return Ok(()) };
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
            if let (Some(id), Some(ours)) = (&mail.id, looked.get(&mail.number)) {
                seen.add(id, ours.then(now));
            }
        }
        seen.save()?;
        read?;
        Ok(own)
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

fn mails(session: &mut Pop3) -> Result<Vec<Mail>> {
    let mut ids = BTreeMap::new();
    let (mut known, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for line in session.listing("UIDL")?.unwrap_or_default() {
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
    let listed = session.listing("LIST")?.unwrap_or_default();
    let mails = listed.iter().filter_map(|line| {
        let mut words = line.split(' ');
        let number = words.next()?.parse().ok()?;
        let size = words.next()?.parse().ok()?;
        Some(Mail { number, size, id: ids.remove(&number) })
    });
    Ok(mails.collect())
}
