//! A network in a box: thirty accounts on one machine, the real commands, post that gets lost, comes twice, late and in any
//! order, commands that are killed, people who are away for weeks. In the end everybody must see exactly what the model says,
//! once, and each delivery must be confirmed, or it must be clear why it can't be.
//!
//! | file | knows |
//! |---|---|
//! | `world.rs` | accounts, their clock, how a command is run and killed |
//! | `actions.rs` | what people do |
//! | `model.rs` | what was said, and so who must see what |
//! | `check.rs` | the comparison |
//! | `driver/` | `sn-send-lossy` and `sn-recv-lossy`: the weather |
//!
//! `network SEED…` plays one story for each seed, and tells its seed when something is wrong. The same seed brings the same
//! people, actions, weather and kills; only keys, nonces and ids are drawn anew each time.

mod actions;
mod check;
mod model;
mod world;

use actions::Actor;
use fastrand::Rng;
use model::{Model, Said};
use rayon::prelude::*;
use socialnet::{Error, Kind, Result};
use std::{collections::BTreeSet, process::ExitCode, time::Instant};
use world::{DAY, HOUR, Node, World};

const NODES: usize = 30;
/// Friendships beside those of the ring that connects all.
const CHORDS: usize = 45;
/// Days of the storm: when it begins, and when it ends.
const STORM: (i64, i64) = (2, 16);
/// Of 100 rounds in the storm, how many are in danger of being killed.
const DANGER: u32 = 8;
/// Longer than anybody's sealing keys last.
const LONG_SLEEP: i64 = 32 * DAY;
/// How sn-sync ends: well, or with a comment refused that came after its thread had ended.
const FINE: [Option<i32>; 2] = [Some(0), Some(77)];
/// Rounds of fair weather after it, a day each, then two.
const ROUNDS_OF_A_DAY: u32 = 8;
const MOST_ROUNDS: u32 = 24;

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for word in std::env::args().skip(1) {
        let Ok(seed) = word.parse() else {
            eprintln!("usage: network SEED...");
            return ExitCode::from(64);
        };
        match Story::new(seed).and_then(Story::play) {
            Ok(()) => {}
            Err(error) => {
                eprintln!("network: seed {seed}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

struct Story {
    seed: u64,
    world: World,
    nodes: Vec<Node>,
    names: Vec<String>,
    model: Model,
    dice: Rng,
    actions: usize,
    rounds: u32,
    begun: Instant,
}

impl Story {
    fn new(seed: u64) -> Result<Self> {
        let world = World::new(seed, (STORM.0 * DAY, STORM.1 * DAY))?;
        let nodes =
            (0..NODES).into_par_iter().map(|number| world.node(number)).collect::<Result<Vec<_>>>()?;
        let names = nodes.iter().map(|node| node.name.clone()).collect();
        let (model, dice) = (Model::default(), Rng::with_seed(seed));
        Ok(Self { seed, world, nodes, names, model, dice, actions: 0, rounds: 0, begun: Instant::now() })
    }

    fn play(mut self) -> Result<()> {
        self.meet()?;
        while self.world.now < self.world.storm_ends() {
            self.act()?;
            self.round(12 * HOUR)?;
        }
        let mut wrong = Vec::new();
        for round in 0..MOST_ROUNDS {
            self.round(if round < ROUNDS_OF_A_DAY { DAY } else { 2 * DAY })?;
        }
        wrong.extend(self.compare()?);
        self.tell(wrong.len())?;
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.iter().for_each(|line| eprintln!("{line}"));
        let kept = self.world.keep();
        Err(Error::new(Kind::Malformed, format!("it is not as it should be; see '{}'", kept.display())))
    }

    /// A ring, and friendships across it, by invitation.
    fn meet(&mut self) -> Result<()> {
        let mut friends = vec![BTreeSet::new(); NODES];
        let ring = (0..NODES).map(|number| (number, (number + 1) % NODES));
        let chords: Vec<_> =
            (0..CHORDS).map(|_| (self.dice.usize(..NODES), self.dice.usize(..NODES))).collect();
        for (one, other) in ring.chain(chords) {
            if one != other && friends[one].insert(other) {
                friends[other].insert(one);
                let invitation = self.world.run(&self.nodes[one], "sn-contact invite")?.went_well()?.out;
                self.world.write(&self.nodes[other], "invitation", &invitation)?;
                self.world.run(&self.nodes[other], "sn-contact add <invitation")?.went_well()?;
            }
        }
        self.model.friends = friends;
        (0..6).try_for_each(|_| self.round(8 * HOUR))
    }

    /// Some of those who are awake do something.
    fn act(&mut self) -> Result<()> {
        let (world, model, names) = (&self.world, &self.model, &self.names);
        let act = |node: &mut Node| -> Result<Vec<Said>> {
            if node.asleep > world.now || node.dice.bool() {
                return Ok(Vec::new());
            }
            Actor { world, model, names, node }.acts()
        };
        let said = self.nodes.par_iter_mut().map(act).collect::<Result<Vec<_>>>()?;
        let said: Vec<Said> = said.into_iter().flatten().collect();
        self.actions += said.len();
        said.into_iter().for_each(|said| self.model.hear(said));
        Ok(())
    }

    /// Time passes, and everybody who is awake runs sn-sync.
    fn round(&mut self, seconds: i64) -> Result<()> {
        self.world.now += seconds;
        self.rounds += 1;
        let world = &self.world;
        self.nodes.par_iter_mut().try_for_each(|node| -> Result<()> {
            if node.asleep > world.now {
                return Ok(());
            }
            let stormy = world.is_stormy();
            if stormy && node.dice.u32(0..100) < DANGER {
                world.run_in_danger(node, "sn-sync")?;
            } else {
                let ran = world.run(node, "sn-sync")?;
                // By clocks that differ, the storm lasts a little longer.
                if !stormy && !ran.killed && !FINE.contains(&ran.code) {
                    let message = format!("{}: sn-sync: exit {:?}: {}", node.name, ran.code, ran.said);
                    return Err(Error::new(Kind::Unavailable, message));
                }
            }
            world.settle_ages(node)?;
            if stormy {
                node.asleep = world.now
                    + match node.dice.u32(0..300) {
                        0 if world.now < world.storm_ends() - 7 * DAY => LONG_SLEEP,
                        1..4 => node.dice.i64(2 * DAY..8 * DAY),
                        _ => 0,
                    };
            }
            Ok(())
        })
    }

    /// What is not as it should be, a line each.
    fn compare(&self) -> Result<Vec<String>> {
        let feeds = self.nodes.par_iter().map(|node| check::feed(&self.world, node));
        let feeds = feeds.collect::<Result<Vec<_>>>()?;
        let wrong = self.nodes.par_iter().map(|node| {
            let mut wrong = check::sights(&self.model, &feeds, node, self.world.now);
            wrong.extend(check::deliveries(
                &self.world,
                &self.model,
                &feeds[node.number],
                node,
                &self.nodes,
            )?);
            Ok(wrong.into_iter().map(|line| format!("{}: {line}", node.name)).collect::<Vec<_>>())
        });
        Ok(wrong.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The figures.
    fn tell(&self, unexplained: usize) -> Result<()> {
        let (mut sent, mut fetched) = (Vec::new(), Vec::new());
        for node in &self.nodes {
            let (out, back) = self.world.weather(node)?;
            sent.extend(out);
            fetched.extend(back);
        }
        let count = |log: &[u8], letter| log.iter().filter(|byte| **byte == letter).count();
        println!(
            "seed {}: {} actions, {} envelopes and chunks sent, {} lost, {} doubled, {} late, {} commands killed, \
             {} rounds, {:.0} s, {unexplained} unexplained",
            self.seed,
            self.actions,
            sent.len(),
            count(&sent, b'l'),
            count(&sent, b'd') + count(&fetched, b'd'),
            count(&sent, b't'),
            count(&sent, b'k')
                + count(&fetched, b'k')
                + self.nodes.iter().map(|node| node.kills as usize).sum::<usize>(),
            self.rounds,
            self.begun.elapsed().as_secs_f64(),
        );
        Ok(())
    }
}
