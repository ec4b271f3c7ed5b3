//! Looking without fetching: what the server can do, which folders there are, and what its clock says.

use crate::{
    driver::name_of,
    wire::{Account, SMALL, is_no},
};
use socialnet::{Result, cli, text};
use socialnet_mail::policy::Policy;
use std::{io::Write, time::Instant};

/// Logs in has been done: prints facts (socialnet-driver(7)).
pub fn check(account: &mut Account, folders: &[String], policy: &Policy) -> Result<()> {
    let mut out = cli::output();
    let asked = Instant::now();
    account.run(SMALL, imap::Session::noop)?;
    writeln!(out, "version=1\nround-trip={}", asked.elapsed().as_millis())?;
    writeln!(out, "idle={}", if account.offers("IDLE") { "yes" } else { "no" })?;
    if let Some(spam) = name_of(account, r"\Junk")? {
        writeln!(out, "spam={}", text::one_line(&spam))?;
    }
    if let Some(full) = full(account) {
        writeln!(out, "full={full}")?;
    }
    for (index, folder) in folders.iter().enumerate() {
        let Some(name) = name_of(account, folder)? else { continue };
        match account.run(SMALL, |session| session.examine(&name)) {
            Ok(there) => {
                writeln!(out, "folder={}", text::one_line(&name))?;
                if index == 0 && there.exists > 0 {
                    newest(account, &mut out)?;
                }
            }
            Err(error) if is_no(&error) => writeln!(out, "missing={}", text::one_line(&name))?,
            Err(error) => return Err(error),
        }
    }
    if let Policy::Move(to) = policy
        && let Err(error) = account.run(SMALL, |session| session.examine(to))
    {
        match is_no(&error) {
            true => writeln!(out, "missing={}", text::one_line(to))?,
            false => return Err(error),
        }
    }
    // Everything is done; a server that is not polite changes nothing.
    let _ = account.run(SMALL, imap::Session::logout);
    cli::finish(out)
}

/// How full the mailbox is, in per cent, by what it has the least of (RFC 9208). A server that does not tell is none the
/// worse for it, and if the connection broke, the next command says so.
fn full(account: &mut Account) -> Option<u64> {
    if !account.offers("QUOTA") {
        return None;
    }
    let quota = account.run(SMALL, |session| session.get_quota_root("INBOX")).ok()?;
    let counted = quota.quotas().iter().flat_map(|quota| &quota.resources);
    counted.filter_map(|counted| counted.usage.saturating_mul(100).checked_div(counted.limit)).max()
}

/// When the last mail came, by the server's clock: IMAP has no other way to ask for that.
fn newest(account: &mut Account, out: &mut impl Write) -> Result<()> {
    let mails = account.run(SMALL, |session| session.fetch("*", "INTERNALDATE"))?;
    if let Some(time) = mails.iter().filter_map(imap::types::Fetch::internal_date).next_back() {
        writeln!(out, "newest={}", time.timestamp())?;
    }
    Ok(())
}
