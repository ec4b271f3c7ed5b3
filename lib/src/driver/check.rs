//! Asks a driver what it finds when it logs in and looks, without carrying anything: `--check` of socialnet-driver(7).

use super::{Surroundings, allowed, source, state_of, timeout};
use crate::{
    Kind, Result,
    home::{Home, Table},
    program::Conversation,
};
use std::process::Command;

/// Lines that are kept, at most.
const MOST_FACTS: usize = 1000;

/// What a driver says, as `key=value`; keys may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    /// Every value of a key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It works.
    Works(Facts),
    /// The driver does not know how to check.
    Mute,
    /// Another command is using it, such as `sn-recv --watch`: it was not asked.
    Busy,
}

/// Checks a way of sending.
pub fn sending(home: &Home, scheme: &str, note: &mut dyn FnMut(&str)) -> Result<Answer> {
    let table = home.config.send.get(scheme).ok_or_else(|| allowed::no_table(scheme))?;
    ask(home, &format!("sn-send-{scheme}"), &format!("send-{scheme}"), table, None, note)
}

/// Checks a place to fetch from.
pub fn receiving(home: &Home, table: &Table, note: &mut dyn FnMut(&str)) -> Result<Answer> {
    let (source, scheme) = source::read(table)?;
    ask(home, &format!("sn-recv-{scheme}"), &state_of(scheme, source), table, Some(source), note)
}

fn ask(
    home: &Home,
    program: &str,
    state: &str,
    table: &Table,
    source: Option<&str>,
    note: &mut dyn FnMut(&str),
) -> Result<Answer> {
    let driver = match Surroundings::prepare(home, program, state, table) {
        // Only the lock is a matter of waiting.
        Err(error) if error.kind() == Kind::Again => return Ok(Answer::Busy),
        prepared => prepared?,
    };
    let mut command: Command = driver.command();
    command.arg("--check").args(source);
    let timeout = Some(timeout(table)?);
    // No jobs: a driver that takes no notice of --check finds nothing to do.
    let conversation = Conversation { name: program, command, jobs: Some(Vec::new()), timeout, limit: None };
    let (mut facts, mut notes) = (Facts::default(), Vec::new());
    let ended = conversation.run(
        &mut |line| {
            let line = std::str::from_utf8(line).ok().filter(|_| facts.0.len() < MOST_FACTS);
            let fact = line.and_then(|line| line.split_once('='));
            facts.0.extend(fact.map(|(key, value)| (key.to_owned(), value.to_owned())));
            Ok(true)
        },
        &mut |line| notes.push(line.to_owned()),
    );
    // What such a driver says of an option that it does not know is no failure.
    let knows_how = facts.get("version").is_some();
    if !knows_how && ended.as_ref().map_or_else(|error| error.kind() == Kind::Unavailable, |()| true) {
        return Ok(Answer::Mute);
    }
    notes.iter().for_each(|line| note(line));
    ended.map(|()| Answer::Works(facts))
}
