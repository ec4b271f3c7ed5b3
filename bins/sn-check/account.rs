//! The account folder and what is in it, without a look beyond this machine.

use crate::finding::Findings;
use jiff::{SignedDuration, Timestamp, Zoned};
use rustix::fs::statvfs;
use socialnet::{
    Error, Kind, Result, driver,
    home::Home,
    identity::{Keyring, Purpose},
    store::{
        Store, account,
        contacts::{self, State},
        delivery, due, streams,
    },
    text,
};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

/// Free bytes with which a node can't work, and with which it should not be left.
const NO_SPACE: u64 = 50_000_000;
const LITTLE_SPACE: u64 = 500_000_000;
/// Bytes of SQLite's log that is not folded into the database: somebody must have held it open for long.
const LONG_LOG: u64 = 64 << 20;
/// A node that did no whole round for so long is not run by cron.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(24);

/// Looks at all of it.
pub fn look(
    home: &Home,
    store: &Store,
    keyring: &Keyring,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<()> {
    modes(home, findings)?;
    space(home, findings)?;
    rounds(home, now, findings)?;
    if let Some(alarm) = streams::alarm(store.read())? {
        findings.wrong(alarm.kind(), "copies", alarm.message(), alarm.advice().unwrap_or_default())?;
    }
    keys(keyring, now, findings)?;
    addresses(home, store, findings)?;
    contacts(home, store, findings)?;
    queue(store, now, findings)?;
    left_alone(home, findings)
}

/// The account folder was looked at when it was opened, and nobody gets past it; but keys are copied, too.
fn modes(home: &Home, findings: &mut Findings) -> Result<()> {
    let folder = home.identity();
    let about = folder.display().to_string();
    let mut open = Vec::new();
    for entry in folder.read_dir().map_err(|error| Error::io("open", &folder, error))? {
        let path = entry.map_err(|error| Error::io("read", &folder, error))?.path();
        let rights = path.symlink_metadata().map_err(|error| Error::io("open", &path, error))?;
        if !rights.is_symlink() && rights.permissions().mode() & 0o077 != 0 {
            open.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    if open.is_empty() {
        return findings.ok(&about, "readable for its owner alone");
    }
    let said = format!("others can read {}", open.join(", "));
    findings.wrong(Kind::NotAllowed, &about, &said, &format!("chmod -R go= '{about}'"))
}

fn space(home: &Home, findings: &mut Findings) -> Result<()> {
    let about = statvfs(home.path()).map_err(|error| Error::io("look at", home.path(), error.into()))?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let said = format!("{} are free", text::bytes(free));
    if free < NO_SPACE {
        findings.wrong(Kind::Io, "disk", &said, "nothing more can be received: make room")?;
    } else if free < LITTLE_SPACE {
        findings.hint("disk", &said, "make room before it is full; blobs/ has the attachments")?;
    } else {
        findings.ok("disk", &said)?;
    }
    let mut log = home.database().into_os_string();
    log.push("-wal");
    match fs::metadata(Path::new(&log)).map_or(0, |about| about.len()) {
        size if size > LONG_LOG => findings.hint(
            "database",
            &format!("its log has {}", text::bytes(size)),
            "a command that runs for days holds it open: end that, and the next one folds it",
        ),
        _ => Ok(()),
    }
}

fn rounds(home: &Home, now: Timestamp, findings: &mut Findings) -> Result<()> {
    let advice = "let cron do it, with the line '*/5 * * * * /usr/local/bin/sn-sync' in crontab -e; socialnet-mail(7) has a timer, too";
    match home.last_round()? {
        _ if home.config.receive.is_empty() => Ok(()),
        None => findings.hint("rounds", "nothing has been fetched from everywhere yet", advice),
        Some(last) if now.duration_since(last) > LONG_AGO => {
            findings.hint("rounds", &format!("the last whole round was {}", ago(last, now)), advice)
        }
        Some(last) => findings.ok("rounds", &format!("the last whole round was {}", ago(last, now))),
    }
}

fn keys(keyring: &Keyring, now: Timestamp, findings: &mut Findings) -> Result<()> {
    for purpose in [Purpose::Sealing, Purpose::Meeting] {
        let about = format!("{} keys", purpose.name());
        let made = keyring.newest(purpose)?.made;
        let end = made.saturating_add(purpose.use_for()).unwrap_or(Timestamp::MAX);
        let said = format!("made {}, others use them until {}", ago(made, now), day(end));
        let advice = "sn-seal --due, and so sn-sync, renews them";
        if made > now {
            let advice = "set this machine's clock; keys are then made anew";
            findings.wrong(Kind::Config, &about, &format!("{said}: a time that is to come"), advice)?;
        } else if end < now {
            findings.wrong(Kind::Config, &about, &said, advice)?;
        } else if now.duration_since(made) > purpose.renew_after() {
            findings.hint(&about, &said, advice)?;
        } else {
            findings.ok(&about, &said)?;
        }
    }
    Ok(())
}

/// The addresses in the owner's profile.
fn addresses(home: &Home, store: &Store, findings: &mut Findings) -> Result<()> {
    let own = account::get(store.read())?.addresses;
    if own.is_empty() {
        let advice = "sn-init --email ADDRESS, or sn-profile set --address URI and a [[receive]] table";
        return findings.hint("profile", "it names no address: nobody can write to you", advice);
    }
    if home.config.receive.is_empty() {
        // procmail and Sieve put packets into inpackets without being asked.
        let advice = "unless each packet is handed over as it comes, config.toml needs a [[receive]] table for each \
                      address; socialnet-home(5)";
        let said = "it names addresses, and nothing is fetched from anywhere";
        return findings.hint("profile", said, advice);
    }
    findings.ok("profile", &format!("you are reached at {}", own.join(", ")))
}

/// Friends, and whoever was asked to become one, that nothing can be sent to as the settings are.
fn contacts(home: &Home, store: &Store, findings: &mut Findings) -> Result<()> {
    let mut out_of_reach: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut friends, mut asked) = (0, 0);
    for contact in contacts::all(store.read())? {
        match contact.state {
            State::Friend => friends += 1,
            State::Asked => asked += 1,
            _ => continue,
        }
        let Some(reader) = delivery::reader(store.read(), contact.fingerprint)? else { continue };
        let refusals = reader.addresses.iter().map(|it| driver::allowed(home, &it.uri, it.by_hand));
        let mut why = "no address of theirs is known".to_owned();
        let mut reached = false;
        for refusal in refusals {
            match refusal {
                Ok(()) => reached = true,
                Err(error) => why = error.message().to_owned(),
            }
        }
        if !reached {
            out_of_reach.entry(why).or_default().push(contact.petname);
        }
    }
    for (why, names) in &out_of_reach {
        findings.wrong(
            Kind::Config,
            "contacts",
            &format!("nothing can be sent to {}: {why}", names.join(", ")),
            "add the table to config.toml, or set an address by hand with sn-contact address",
        )?;
    }
    if out_of_reach.is_empty() && friends > 0 {
        findings.ok("contacts", &format!("there is a way to every friend ({friends})"))?;
    } else if out_of_reach.is_empty() && asked > 0 {
        findings.ok("contacts", "there is a way to everybody who was asked")?;
    }
    Ok(())
}

fn queue(store: &Store, now: Timestamp, findings: &mut Findings) -> Result<()> {
    let (mut waiting, mut failed, mut oldest) = (0, 0, None::<(Timestamp, String)>);
    delivery::list(store.read(), &mut |listed| {
        match listed.state.as_str() {
            "waiting" => {
                waiting += 1;
                oldest.get_or_insert((listed.delivery.queued, listed.delivery.reason));
            }
            "failed" => failed += 1,
            _ => {}
        }
        Ok(())
    })?;
    if failed > 0 {
        let advice = "sn-send -p | grep failed tells why";
        let said =
            if failed == 1 { "one was given up".to_owned() } else { format!("{failed} were given up") };
        findings.hint("queue", &said, advice)?;
    }
    for (petname, count) in due::given_up(store.read())? {
        let what = match count {
            1 => format!("one packet for {petname} was never sealed and is given up"),
            _ => format!("{count} packets for {petname} were never sealed and are given up"),
        };
        let said = format!("{what}: no new keys of theirs came in 40 days");
        let advice = format!(
            "ask {petname} whether their node still runs; once they are back, say again what matters"
        );
        findings.hint("queue", &said, &advice)?;
    }
    match oldest {
        None => findings.ok("queue", "nothing waits"),
        Some((queued, why)) if now.duration_since(queued) > LONG_AGO => {
            let why = if why.is_empty() { "it has not been tried" } else { &why };
            let said = format!("{waiting} wait, the oldest came {}: {why}", ago(queued, now));
            findings.hint("queue", &said, "sn-send -p lists them")
        }
        Some((queued, _)) => {
            findings.ok("queue", &format!("{waiting} wait, the oldest came {}", ago(queued, now)))
        }
    }
}

fn left_alone(home: &Home, findings: &mut Findings) -> Result<()> {
    let bad = home.inpackets()?.items("bad")?.count();
    if bad == 0 {
        return Ok(());
    }
    let advice = "head inpackets/bad/*.why tells why; sn-ingest --again tries again";
    findings.hint("inpackets", &format!("{bad} could not be read"), advice)
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    text::ago(then, &Zoned::new(now, jiff::tz::TimeZone::system()))
}

fn day(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::system()).date().to_string()
}
