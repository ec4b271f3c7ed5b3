//! One search: to every contact, by some of them further, and by each who takes it as one request to somebody.

use crate::{graph::Graph, people::People};
use fastrand::Rng;
use std::collections::{BTreeSet, VecDeque};

/// Of the searches that begin, so many may be passed on; and of those that are, so many again.
const BEGINS_AS_GOING_FURTHER: f64 = 0.75;
const GOES_FURTHER_AGAIN: f64 = 1.0 / 16.0;

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// After how many contacts the person sought got a bottle: 1 is a contact's contact.
    pub found: Option<u32>,
    /// Packets from contact to contact.
    pub searches: u64,
    /// Packets to somebody who may be the one.
    pub requests: u64,
    /// Nodes that the search came to.
    pub told: u64,
    /// Those of them that carry the handle.
    pub could_name: u64,
    /// Those of these that got it from the searcher.
    pub and_by_whom: u64,
    /// Namesakes who opened a bottle.
    pub others: u64,
}

/// A packet on its way.
struct Search {
    to: u32,
    by: u32,
    contacts: u32,
    further: bool,
    /// Which of the searcher's packets it was first: those who pass it on pass on its token.
    token: u32,
}

/// Lets `from` search for `sought`. Who may pass it on does so to `pass_on` of theirs.
pub fn search(
    graph: &Graph,
    people: &People,
    (from, sought): (u32, u32),
    pass_on: usize,
    dice: &mut Rng,
) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut told, mut taken, mut opened) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let is_meant = |who: u32| people.searchable(who) && people.handle(who) == people.handle(sought);
    let mut opens = |who: u32, contacts: u32, outcome: &mut Outcome| {
        if who == sought && outcome.found.is_none_or(|before| contacts < before) {
            outcome.found = Some(contacts);
        }
        if is_meant(who) && who != from && who != sought && opened.insert(who) {
            outcome.others += 1;
        }
    };
    let mut on_the_way: VecDeque<Search> = graph
        .of(from)
        .iter()
        .map(|&to| Search {
            to,
            by: from,
            contacts: 1,
            further: dice.f64() < BEGINS_AS_GOING_FURTHER,
            token: to,
        })
        .collect();
    while let Some(Search { to: node, by, contacts, further, token }) = on_the_way.pop_front() {
        outcome.searches += 1;
        // What came before is dropped, and the searcher knows what comes back.
        if node == from || !taken.insert((node, token)) {
            continue;
        }
        told.insert(node);
        // Who gets a search tries its bottle, too: so they are found through the contact before.
        opens(node, contacts.saturating_sub(1), &mut outcome);
        let others: Vec<u32> = graph.of(node).iter().copied().filter(|it| *it != by).collect();
        let consenting: Vec<u32> = others.iter().copied().filter(|it| people.searchable(*it)).collect();
        let matches: Vec<u32> = consenting.iter().copied().filter(|it| is_meant(*it)).collect();
        if let Some(&to) = dice.choice(&matches).or_else(|| dice.choice(&consenting)) {
            outcome.requests += 1;
            opens(to, contacts, &mut outcome);
        }
        if further {
            for to in dice.choose_multiple(others, pass_on) {
                let further = dice.f64() < GOES_FURTHER_AGAIN;
                on_the_way.push_back(Search { to, by: node, contacts: contacts + 1, further, token });
            }
        }
    }
    outcome.told = told.len() as u64;
    for who in told {
        if graph.of(who).iter().any(|it| is_meant(*it)) {
            outcome.could_name += 1;
            outcome.and_by_whom += u64::from(graph.know(from, who));
        }
    }
    outcome
}
