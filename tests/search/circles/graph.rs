//! Who knows whom.

use fastrand::Rng;
use std::collections::BTreeSet;

/// Everybody's contacts.
pub struct Graph {
    contacts: Vec<Vec<u32>>,
}

/// Of the nearest in a small world, how many are somebody far away instead.
const FAR: f64 = 0.2;
/// In a power law, how many contacts are those of a contact.
const FRIENDS_FRIEND: f64 = 0.5;

impl Graph {
    /// Neighbours on a ring, some of them exchanged for anybody (Watts and Strogatz, 1998).
    pub fn small_world(people: u32, mean: u32, dice: &mut Rng) -> Self {
        let mut sets = vec![BTreeSet::new(); people as usize];
        for one in 0..people {
            for step in 1..=mean / 2 {
                let near = (one + step) % people;
                let other = if dice.f64() < FAR { dice.u32(0..people) } else { near };
                join(&mut sets, one, other);
            }
        }
        Self::from(sets)
    }

    /// Everybody who comes meets those who know many already, and their contacts (Holme and Kim, 2002).
    pub fn power_law(people: u32, mean: u32, dice: &mut Rng) -> Self {
        let mut sets = vec![BTreeSet::new(); people as usize];
        let each = mean / 2;
        // Everybody as often as they have contacts: who is drawn from here is known to many.
        let mut ends: Vec<u32> = Vec::new();
        for one in 1..people {
            let mut met = None;
            for _ in 0..each.min(one) {
                let friends: Vec<u32> =
                    met.map_or_else(Vec::new, |it: u32| Vec::from_iter(sets[it as usize].iter().copied()));
                let other = match dice.choice(&friends) {
                    Some(friend) if dice.f64() < FRIENDS_FRIEND => *friend,
                    _ => dice.choice(&ends).copied().unwrap_or(0),
                };
                if join(&mut sets, one, other) {
                    ends.extend([one, other]);
                    met = Some(other);
                }
            }
        }
        Self::from(sets)
    }

    fn from(sets: Vec<BTreeSet<u32>>) -> Self {
        Self { contacts: sets.into_iter().map(Vec::from_iter).collect() }
    }

    /// How many people there are.
    pub fn people(&self) -> u32 {
        self.contacts.len() as u32
    }

    /// Somebody's contacts.
    pub fn of(&self, who: u32) -> &[u32] {
        &self.contacts[who as usize]
    }

    /// Whether two know each other.
    pub fn know(&self, one: u32, other: u32) -> bool {
        self.of(one).binary_search(&other).is_ok()
    }

    /// Contacts of a person, on average.
    pub fn mean(&self) -> f64 {
        self.contacts.iter().map(Vec::len).sum::<usize>() as f64 / self.contacts.len() as f64
    }

    /// Contacts of who has most.
    pub fn most(&self) -> usize {
        self.contacts.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Makes two know each other; false if they do, or are one.
fn join(sets: &mut [BTreeSet<u32>], one: u32, other: u32) -> bool {
    one != other && sets[one as usize].insert(other) && sets[other as usize].insert(one)
}
