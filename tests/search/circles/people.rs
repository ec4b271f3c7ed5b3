//! What people are called, where they live, and whether they want to be found.

use crate::graph::Graph;
use fastrand::Rng;

/// By what somebody is found: given name, surname, town.
pub type Handle = (u32, u32, u32);

const GIVEN: u32 = 1000;
const SURNAMES: u32 = 5000;
/// People of a town.
const TOWN: u32 = 500;
/// How many live where their first contact does.
const AT_HOME: f64 = 0.8;
/// How many want to be found.
const SEARCHABLE: f64 = 0.8;

/// Everybody.
pub struct People {
    handles: Vec<Handle>,
    searchable: Vec<bool>,
}

impl People {
    /// Gives them names and towns.
    pub fn of(graph: &Graph, dice: &mut Rng) -> Self {
        let towns = (graph.people() / TOWN).max(2);
        let mut handles: Vec<Handle> = Vec::new();
        for who in 0..graph.people() {
            let known = graph.of(who).first().filter(|first| **first < who && dice.f64() < AT_HOME);
            let town = known.map_or_else(|| dice.u32(0..towns), |first| handles[*first as usize].2);
            handles.push((common(GIVEN, dice), common(SURNAMES, dice), town));
        }
        let searchable = (0..graph.people()).map(|_| dice.f64() < SEARCHABLE).collect();
        Self { handles, searchable }
    }

    /// Somebody's handle.
    pub fn handle(&self, who: u32) -> Handle {
        self.handles[who as usize]
    }

    /// Whether somebody lets contacts carry theirs.
    pub fn searchable(&self, who: u32) -> bool {
        self.searchable[who as usize]
    }

    /// Somebody who searches, and somebody searchable whom they don't know: anybody, or who was met by so many steps from
    /// contact to contact.
    pub fn choose(&self, graph: &Graph, steps: Option<u32>, dice: &mut Rng) -> (u32, u32) {
        loop {
            let from = dice.u32(0..graph.people());
            let to = match steps {
                Some(steps) => {
                    (0..steps).fold(from, |at, _| dice.choice(graph.of(at)).copied().unwrap_or(at))
                }
                None => dice.u32(0..graph.people()),
            };
            if to != from && !graph.know(from, to) && self.searchable(to) {
                return (from, to);
            }
        }
    }
}

/// One of so many names, the first ones far more often (Zipf's law).
fn common(names: u32, dice: &mut Rng) -> u32 {
    f64::from(names).powf(dice.f64()) as u32
}
