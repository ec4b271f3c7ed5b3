//! One mail on standard input, from whatever delivers mails and runs us for each.

use socialnet::{Error, Kind, Result, mailbox::Mailbox};
use socialnet_mail::{
    arrivals::Arrivals,
    find::{MAX_MAIL, find},
};
use std::{
    io::{Read, copy, sink, stdin},
    path::Path,
};

/// Takes the packets out of it. [`Kind::Nothing`], without a word: it holds something else, or nothing of ours, and whoever
/// called us delivers it as any other. Everything else is [`Kind::Again`], as mail systems give up at other failures, and
/// send the mail back.
pub fn take(mailbox: &Path) -> Result<()> {
    match take_now(mailbox) {
        Err(error) if error.kind() != Kind::Nothing => Err(error.of_kind(Kind::Again)),
        taken => taken,
    }
}

fn take_now(mailbox: &Path) -> Result<()> {
    let mailbox = Mailbox::open(mailbox)?;
    let mut mail = Vec::new();
    stdin().lock().take(MAX_MAIL as u64 + 1).read_to_end(&mut mail)?;
    let nothing = Err(Error::new(Kind::Nothing, ""));
    if mail.len() > MAX_MAIL {
        // Or the pipe breaks, and with it the mail.
        copy(&mut stdin().lock(), &mut sink())?;
        return nothing;
    }
    let finds = find(&mail);
    let mut arrivals = Arrivals::new(&mailbox);
    arrivals.add(finds.found)?;
    arrivals.commit()?;
    if finds.ours_alone { Ok(()) } else { nothing }
}
