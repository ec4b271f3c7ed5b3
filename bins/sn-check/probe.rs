//! A sealed packet to the owner's own addresses, and whether it comes back, from which folder and how soon.
//!
//! It is fetched as everything else is: what else has come is in `inpackets/new`, where `sn-ingest` finds it. The probe is
//! known by its name, which is the hash of its bytes, and taken out again.

use crate::{
    finding::Findings,
    ways::{self, MEND_SENDING},
};
use jiff::Timestamp;
use socialnet::{
    Kind, Result, address,
    driver::{
        self, Cargo, Job, Payload, Report,
        check::{self, Answer},
    },
    home::Home,
    identity::Keyring,
    mailbox::{Mailbox, name_of},
    protocol::probe,
    store::{Store, account},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Between two looks; doubled up to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Where an ingest that runs at the same time may have put it.
const FOLDERS: [&str; 3] = ["new", "held", "bad"];

/// Tries each own address that the settings have a way to.
pub fn send(
    home: &Home,
    store: &Store,
    keyring: &Keyring,
    wait: Duration,
    findings: &mut Findings,
) -> Result<()> {
    for address in account::get(store.read())?.addresses {
        // The owner chose these addresses, so local ones are allowed.
        if let Err(error) = driver::allowed(home, &address, true) {
            findings.hint(
                &address,
                &format!("not tried: {}", error.message()),
                "others may well reach it",
            )?;
            continue;
        }
        let packet = probe::make(store.read(), keyring, Timestamp::now())?;
        let name = name_of(&packet);
        if hand_over(home, &address, packet, findings)? {
            let back = fetch_until(home, &name, wait)?;
            let inpackets = home.inpackets()?;
            FOLDERS.iter().try_for_each(|folder| inpackets.remove(folder, &name))?;
            tell(home, &address, back, wait, findings)?;
        }
    }
    Ok(())
}

fn hand_over(home: &Home, address: &str, packet: Vec<u8>, findings: &mut Findings) -> Result<bool> {
    let scheme = address::scheme(address).unwrap_or_default();
    let job = Job { cargo: Cargo::Envelope, address: address.to_owned(), payload: Payload::Bytes(packet) };
    let (mut report, mut notes) = (Report::Later(0, String::new()), Vec::new());
    let ended = driver::send(home, scheme, &[job], &mut |_, said| report = said, &mut |line| {
        notes.push(line.to_owned())
    });
    let (kind, why) = match (report, ended) {
        (Report::Sent, _) => return Ok(true),
        (Report::Never(why), _) => (Kind::Config, why),
        (Report::TooBig(most), _) => (Kind::Config, format!("at most {most} bytes are taken")),
        (Report::Later(..), Err(error)) => (error.kind(), ways::words(&error, &notes).0),
        (Report::Later(_, why), Ok(())) => (Kind::Again, why),
    };
    findings.wrong(kind, address, &format!("a packet to yourself could not be sent: {why}"), MEND_SENDING)?;
    Ok(false)
}

/// How long it took, and in which folder it was, if that was an unusual one.
struct Back {
    after: Duration,
    place: String,
}

fn fetch_until(home: &Home, name: &str, wait: Duration) -> Result<Option<Back>> {
    let inpackets = home.inpackets()?;
    let begun = Instant::now();
    let (mut pause, mut place) = (PAUSE.0, String::new());
    loop {
        for table in &home.config.receive {
            // A source that fails was reported before; another command may be fetching from it, and find the probe.
            let _ = driver::fetch(
                home,
                table,
                false,
                &mut |path, said| {
                    if path.ends_with(name) {
                        place = said.to_owned();
                    }
                    Ok(())
                },
                &mut |_| {},
            );
        }
        if is_there(&inpackets, name) {
            return Ok(Some(Back { after: begun.elapsed(), place }));
        }
        let left = wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn is_there(inpackets: &Mailbox, name: &str) -> bool {
    FOLDERS.iter().any(|folder| inpackets.path(folder, name).exists())
}

fn tell(
    home: &Home,
    address: &str,
    back: Option<Back>,
    wait: Duration,
    findings: &mut Findings,
) -> Result<()> {
    let Some(back) = back else {
        let advice = "look for it in your mail program: in a folder that is not read (add it to folders), or \
                      bounced; some providers take minutes (--wait 10m)";
        let said = format!("a packet to yourself has not come back within {} s", wait.as_secs());
        return findings.wrong(Kind::Again, address, &said, advice);
    };
    let seconds = back.after.as_secs_f32();
    if back.place.is_empty() {
        findings.ok(address, &format!("a packet to yourself came back after {seconds:.1} s"))?;
    } else {
        let advice = "tell the provider that such mail is not spam: move one out of there, and put yourself and your \
                      friends into its address book";
        let said =
            format!("a packet to yourself came back after {seconds:.1} s, from the folder '{}'", back.place);
        findings.hint(address, &said, advice)?;
    }
    clocks(home, back.after, findings)
}

/// The newest mail is now the probe, or came later still: what the server calls the time of that should be ours.
fn clocks(home: &Home, after: Duration, findings: &mut Findings) -> Result<()> {
    for table in &home.config.receive {
        let Ok(Answer::Works(facts)) = check::receiving(home, table, &mut |_| {}) else { continue };
        let Some(newest) = facts.get("newest").and_then(|time| time.parse::<i64>().ok()) else { continue };
        let behind =
            Timestamp::now().as_second() - newest - i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        if behind > 5 * 60 {
            findings.hint(
                &ways::source(table),
                &format!("this machine's clock is {} minutes ahead of the server's, or this is not where that address leads", behind / 60),
                "timedatectl set-ntp true",
            )?;
        }
    }
    Ok(())
}
