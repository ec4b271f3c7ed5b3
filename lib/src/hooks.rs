//! Hooks: programs in `hooks/` of the account folder, each named for a type of packet, that hear of what others wrote.
//! socialnet-home(5) is the authority.
//!
//! A hook is found by listing the folder; no name is ever made of what a stranger wrote. It is told of one packet after
//! another, in order, and how far it has come is committed after each: killed between, it hears of one again. One that
//! fails or hangs waits for the next run with its packet, and after [`TRIES`] runs that is given up; the others go on.

use crate::{
    Error, Result,
    home::Home,
    program::{Conversation, is_program},
    render::json,
    store::{Store, feed, filter::Filter, hooks},
};
use jiff::Timestamp;
use std::{env, fs, io, path::PathBuf, process::Command, time::Duration};

/// Runs in which a hook fails at a packet, until that is given up.
const TRIES: u32 = 5;
/// Lines for people that one tells of one packet, at most.
const MOST_LINES: usize = 100;
/// Variables of our environment that a hook gets: where programs are, who runs them, their language and their screen. Any other
/// may hold what is not meant for it.
const SURROUNDINGS: [&str; 13] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// A program in `hooks/`.
struct Hook {
    name: String,
    program: PathBuf,
}

/// Notes which hooks there are. One that is new hears of what is taken in from now on.
pub fn settle(home: &Home, store: &mut Store) -> Result<()> {
    let names: Vec<_> = all(home)?.into_iter().map(|hook| hook.name).collect();
    if names == hooks::known(store.read())? {
        return Ok(());
    }
    let write = store.begin()?;
    hooks::settle(&write, &names)?;
    Ok(write.commit()?)
}

/// Tells every hook of what it has not heard of. `note` gets a line for people about each that failed, and what hooks
/// say. While another command is at it, nothing is done: that one does it.
pub fn run(home: &Home, store: &mut Store, now: Timestamp, note: &mut dyn FnMut(&str)) -> Result<()> {
    let hooks = all(home)?;
    if hooks.is_empty() {
        return Ok(());
    }
    let Some(_lock) = home.lock_if_free("hooks")? else { return Ok(()) };
    let filter = Filter::load(store.read(), &home.config.feed.hide)?;
    for hook in hooks {
        while let Some(next) = hooks::next(store.read(), &hook.name)? {
            let entry = feed::entry(store.read(), next.seq, now)?;
            let wanted = !entry.author.own && filter.hides(store.read(), next.seq)?.is_none();
            let told = if wanted { hook.tell(home, &entry, &next.signed, note) } else { Ok(()) };
            let write = store.begin()?;
            let given_up = match &told {
                Ok(()) => false,
                Err(error) => {
                    let tries = hooks::failed(&write, &hook.name)?;
                    let then = if tries < TRIES { "is told again" } else { "is not told any more" };
                    note(&format!("{}, and {then} of packet {}", error.message(), entry.id));
                    tries >= TRIES
                }
            };
            if told.is_ok() || given_up {
                hooks::told(&write, &hook.name, next.seq)?;
            }
            write.commit()?;
            if told.is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// All there are, by name.
fn all(home: &Home) -> Result<Vec<Hook>> {
    let folder = home.path().join("hooks");
    let cannot = |error| Error::io("read", &folder, error);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error)),
    };
    let mut hooks = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        if let Some(name) = entry.file_name().to_str().filter(|name| is_name(name))
            && is_program(&entry.path())
        {
            hooks.push(Hook { name: name.to_owned(), program: entry.path() });
        }
    }
    hooks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(hooks)
}

/// Types are made of these; an editor's copy, `status~`, is no hook.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    !name.starts_with('.') && name.bytes().all(plain)
}

impl Hook {
    fn tell(
        &self,
        home: &Home,
        entry: &feed::Entry,
        signed: &[u8],
        note: &mut dyn FnMut(&str),
    ) -> Result<()> {
        let mut object = Vec::new();
        json::write_signed(&mut object, entry, signed)?;
        let state = home.state(&format!("hook-{}", self.name))?;
        let mut command = Command::new(&self.program);
        command.env_clear().envs(SURROUNDINGS.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.env("SN_HOME", home.path()).env("SN_STATE", &state).current_dir(&state);
        tell(&format!("hooks/{}", self.name), command, object, home.config.hooks.timeout, note)
    }
}

/// Tells a program one thing. All that it says is for people, and after `limit` it is ended. [`crate::Kind::Again`]: it was,
/// or wants to be told again.
fn tell(
    name: &str,
    command: Command,
    what: Vec<u8>,
    limit: Duration,
    note: &mut dyn FnMut(&str),
) -> Result<()> {
    let mut left = MOST_LINES;
    let mut said = Vec::new();
    let mut few = |line: &str| {
        if left > 0 {
            left -= 1;
            note(line);
        }
    };
    let conversation = Conversation { name, command, jobs: Some(what), timeout: None, limit: Some(limit) };
    let ended = conversation.run(
        &mut |line| {
            if said.len() < MOST_LINES {
                said.push(format!("{name}: {}", String::from_utf8_lossy(line)));
            }
            Ok(true)
        },
        &mut few,
    );
    said.iter().for_each(|line| few(line));
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_programs_with_the_name_of_a_type_are_hooks() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::create(&dir.path().join("account"), "").unwrap();
        assert_eq!(all(&home).unwrap().len(), 0);
        let folder = home.path().join("hooks");
        fs::create_dir_all(folder.join("comment")).unwrap();
        for (name, mode) in [
            ("status", 0o700),
            ("org.example.chess", 0o700),
            ("photo", 0o600),
            ("status~", 0o700),
            (".status.swp", 0o700),
            ("read me", 0o700),
        ] {
            fs::write(folder.join(name), "").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let names: Vec<_> = all(&home).unwrap().into_iter().map(|hook| hook.name).collect();
        assert_eq!(names, ["org.example.chess", "status"]);
    }
}
