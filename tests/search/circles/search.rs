//! One search: to every contact, by them one hop further, and by each who gets it as one request to somebody.

use crate::{graph::Graph, people::People};
use fastrand::Rng;
use std::collections::BTreeSet;

/// How far the person sought was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A contact of a contact.
    OneHop,
    /// A contact of theirs.
    TwoHops,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The person sought got a bottle.
    pub found: Option<Reach>,
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

/// Lets `from` search for `sought`. Each contact passes it on to `fan_out` of theirs.
pub fn search(
    graph: &Graph,
    people: &People,
    from: u32,
    sought: u32,
    fan_out: usize,
    dice: &mut Rng,
) -> Outcome {
    let mut run = Run { graph, people, sought, opened: BTreeSet::new(), outcome: Outcome::default() };
    let mut told = BTreeSet::new();
    for &contact in graph.of(from) {
        told.insert(contact);
        run.arrives(contact, from, Reach::OneHop, dice);
    }
    for &contact in graph.of(from) {
        let mut further: Vec<u32> = graph.of(contact).iter().copied().filter(|it| *it != from).collect();
        dice.shuffle(&mut further);
        for &next in further.iter().take(fan_out) {
            told.insert(next);
            run.arrives(next, contact, Reach::TwoHops, dice);
        }
    }
    let Run { opened, mut outcome, .. } = run;
    let carries = |who: u32| graph.of(who).iter().any(|it| carried_as(people, *it, sought));
    outcome.told = told.len() as u64;
    for who in told {
        if carries(who) {
            outcome.could_name += 1;
            outcome.and_by_whom += u64::from(graph.know(from, who));
        }
    }
    outcome.others = opened.iter().filter(|it| **it != sought && **it != from).count() as u64;
    outcome
}

/// Whether what is carried for somebody is the handle of the person sought.
fn carried_as(people: &People, who: u32, sought: u32) -> bool {
    people.searchable(who) && people.handle(who) == people.handle(sought)
}

struct Run<'a> {
    graph: &'a Graph,
    people: &'a People,
    sought: u32,
    opened: BTreeSet<u32>,
    outcome: Outcome,
}

impl Run<'_> {
    /// A node compares, and makes one request leave: to the match, or to anybody who may be searched.
    fn arrives(&mut self, node: u32, by: u32, reach: Reach, dice: &mut Rng) {
        self.outcome.searches += 1;
        let others =
            self.graph.of(node).iter().copied().filter(|it| *it != by && self.people.searchable(*it));
        let consenting: Vec<u32> = others.collect();
        let matches: Vec<u32> =
            consenting.iter().copied().filter(|it| carried_as(self.people, *it, self.sought)).collect();
        let Some(&to) = dice.choice(&matches).or_else(|| dice.choice(&consenting)) else { return };
        self.outcome.requests += 1;
        if self.people.handle(to) == self.people.handle(self.sought) {
            self.opened.insert(to);
            if to == self.sought {
                self.outcome.found.get_or_insert(reach);
            }
        }
    }
}
