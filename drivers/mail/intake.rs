//! Mails on their way from a server into the mailbox, by threads of their own: while the next ones come in, these are
//! searched and written, and those before them are synced. A disk that waits holds up nobody.
//!
//! What is in memory is bounded: one lot that is gathered, one that is searched.

use crate::{arrivals::Arrivals, find::find};
use socialnet::Result;
use std::{
    sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    thread::Scope,
};

/// Items that are worth a sync of their own while none is under way.
const WORTH_A_SYNC: usize = 500;
/// Bytes of mails that are searched and written together, unless a single one is larger.
const LOT: usize = 256 << 10;

/// What is durable in the mailbox, so that the server may hear of it.
#[derive(Debug, Default)]
pub struct Settled {
    /// Mails that held nothing else and nobody would miss, by the numbers that they were handed over with.
    pub own: Vec<u32>,
    /// The last mark before which all is durable.
    pub mark: Option<u32>,
}

impl Settled {
    /// Of both, of which the other is the later one.
    pub fn extend(&mut self, other: Self) {
        self.own.extend(other.own);
        self.mark = other.mark.or(self.mark);
    }
}

/// Takes in mails.
pub struct Intake {
    lots: SyncSender<Lot>,
    settled: Receiver<Result<Settled>>,
}

enum Lot {
    Mails(Vec<(u32, Vec<u8>)>),
    Mark(u32),
    End,
}

/// Where mails are handed over, by whoever reads them. The last ones are when it is dropped.
#[derive(Debug)]
pub struct Entrance {
    lots: SyncSender<Lot>,
    lot: Vec<(u32, Vec<u8>)>,
    bytes: usize,
}

impl Entrance {
    /// Hands over a mail with a number. May wait until those before are searched. False: nobody takes it, and why comes
    /// with what is settled.
    pub fn add(&mut self, number: u32, mail: Vec<u8>) -> bool {
        self.bytes += mail.len();
        self.lot.push((number, mail));
        self.bytes < LOT || self.hand_over()
    }

    fn hand_over(&mut self) -> bool {
        self.bytes = 0;
        self.lots.send(Lot::Mails(std::mem::take(&mut self.lot))).is_ok()
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl Intake {
    /// With threads that end when this does. `arrivals` begins a batch.
    pub fn begin<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        arrivals: impl Fn() -> Arrivals<'env> + Send + 'scope,
    ) -> Self {
        // Without room for more than is worked on: what is handed over has to wait until it is its turn.
        let (lots, waiting) = sync_channel(0);
        let (to_commit, written) = sync_channel(0);
        let (report, settled) = channel();
        let failed = report.clone();
        scope.spawn(move || {
            if let Err(error) = search(&waiting, &to_commit, arrivals) {
                let _ = failed.send(Err(error));
            }
        });
        scope.spawn(move || commit(&written, &report));
        Self { lots, settled }
    }

    /// Where mails are handed over.
    pub fn entrance(&self) -> Entrance {
        Entrance { lots: self.lots.clone(), lot: Vec::new(), bytes: 0 }
    }

    /// Hands over a mark, behind the mails of the entrances that are dropped.
    pub fn mark(&self, mark: u32) {
        // Why nobody takes it comes with what is settled.
        let _ = self.lots.send(Lot::Mark(mark));
    }

    /// What is settled by now and was not told before, without waiting.
    pub fn settled(&self) -> Result<Option<Settled>> {
        self.settled.try_recv().ok().transpose()
    }

    /// Waits until all is. What is handed over later is lost.
    pub fn end(self) -> Result<Vec<Settled>> {
        let _ = self.lots.send(Lot::End);
        self.settled.into_iter().collect()
    }
}

/// Until there is no more, or nobody to commit it.
fn search<'a>(
    lots: &Receiver<Lot>,
    to_commit: &SyncSender<(Arrivals<'a>, Settled)>,
    begin: impl Fn() -> Arrivals<'a>,
) -> Result<()> {
    let (mut arrivals, mut settled) = (begin(), Settled::default());
    for lot in lots {
        match lot {
            Lot::Mails(mails) => {
                for (number, mail) in mails {
                    let finds = find(&mail);
                    arrivals.add(finds.found)?;
                    if finds.ours_alone {
                        settled.own.push(number);
                    }
                }
            }
            Lot::Mark(mark) => settled.mark = Some(mark),
            Lot::End => break,
        }
        // Where nothing was ours the mark alone is worth telling, and costs no sync.
        let only_a_mark = arrivals.is_empty() && settled.own.is_empty() && settled.mark.is_some();
        let must = arrivals.is_full() || only_a_mark;
        if !must && arrivals.len() < WORTH_A_SYNC {
            continue;
        }
        let batch = (std::mem::replace(&mut arrivals, begin()), std::mem::take(&mut settled));
        match to_commit.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch)) if must => {
                if to_commit.send(batch).is_err() {
                    return Ok(());
                }
            }
            Err(TrySendError::Full(batch)) => (arrivals, settled) = batch,
            Err(TrySendError::Disconnected(_)) => return Ok(()),
        }
    }
    let _ = to_commit.send((arrivals, settled));
    Ok(())
}

fn commit(written: &Receiver<(Arrivals, Settled)>, report: &Sender<Result<Settled>>) {
    for (arrivals, settled) in written {
        let committed = arrivals.commit().map(|()| settled);
        let failed = committed.is_err();
        if report.send(committed).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use socialnet::mailbox::Mailbox;
    use std::{fs, thread};

    #[test]
    fn a_mark_is_settled_with_all_that_came_before_it() {
        let dir = tempfile::tempdir().unwrap();
        ["tmp", "new"].iter().for_each(|folder| fs::create_dir(dir.path().join(folder)).unwrap());
        let mailbox = Mailbox::open(dir.path()).unwrap();
        let settled = thread::scope(|scope| {
            let intake = Intake::begin(scope, || Arrivals::new(&mailbox));
            for number in 1..=3 {
                intake.entrance().add(number, b"Subject: hello\r\n\r\nBob".to_vec());
                intake.mark(number);
            }
            intake.end().unwrap()
        });
        assert_eq!(settled.iter().rev().find_map(|settled| settled.mark), Some(3));
        assert!(settled.iter().all(|settled| settled.own.is_empty()));
    }

    #[test]
    fn what_cant_be_written_is_told_and_nothing_is_settled() {
        let dir = tempfile::tempdir().unwrap();
        ["tmp", "new"].iter().for_each(|folder| fs::create_dir(dir.path().join(folder)).unwrap());
        let mailbox = Mailbox::open(dir.path()).unwrap();
        fs::remove_dir(dir.path().join("tmp")).unwrap();
        let chunk = "whatever";
        let name = socialnet::mailbox::name_of(chunk.as_bytes());
        let mail = format!("Content-Type: application/x; name={name}\r\n\r\n{chunk}");
        let ended = thread::scope(|scope| {
            let intake = Intake::begin(scope, || Arrivals::new(&mailbox));
            for number in 1..=3 {
                intake.entrance().add(number, mail.clone().into_bytes());
            }
            intake.mark(3);
            intake.end()
        });
        assert!(ended.unwrap_err().message().starts_with("cannot open"));
    }
}
