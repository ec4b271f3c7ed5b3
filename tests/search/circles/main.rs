//! Whom a search reaches, what it costs in packets, and who along its way could say whom it is for: a thousand or ten
//! thousand people who know one another as people do. The same seed gives the same table.
//!
//! Nothing is encrypted here: a handle is a number, and the node that would compare tags compares numbers. What is
//! simulated is who gets what, as socialnet-search(7) says it in CHOREOGRAPHY; when, is not.
//!
//! | file | knows |
//! |---|---|
//! | `graph.rs` | who knows whom |
//! | `people.rs` | names, towns, and who wants to be found |
//! | `search.rs` | one search |

mod graph;
mod people;
mod search;

use clap::Parser;
use fastrand::Rng;
use graph::Graph;
use people::People;
use search::Outcome;
use socialnet::{Result, cli};
use std::{io::Write, process::ExitCode};

/// Search among people who do not exist, and tell who was found
#[derive(Parser)]
#[command(name = "circles", version)]
struct Args {
    /// How many people there are
    #[arg(default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    people: u32,
    /// How many of them search
    #[arg(long, default_value_t = 1000)]
    searches: u32,
    /// Of the dice
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Contacts of a person, on average.
const CONTACTS: u32 = 12;
/// To how many a search is passed on, as the settings come and at most.
const PASS_ON: usize = 4;
const MOST_PASSED_ON: usize = 8;

fn main() -> ExitCode {
    cli::run(cli::Role::Reader, |args: Args, _| run(&args))
}

fn run(args: &Args) -> Result<()> {
    let mut out = cli::output();
    writeln!(out, "{} people, {} searches for each line\n", args.people, args.searches)?;
    writeln!(
        out,
        "{:38} {:>7} {:>7} {:>7} {:>8} {:>8} {:>6} {:>10} {:>11} {:>6}",
        "", "1 hop", "2 hops", "all", "searches", "requests", "told", "could name", "and by whom", "others"
    )?;
    for (name, make) in [
        ("small world", Graph::small_world as fn(u32, u32, &mut Rng) -> Graph),
        ("power law", Graph::power_law),
    ] {
        let mut dice = Rng::with_seed(args.seed);
        let graph = make(args.people, CONTACTS, &mut dice);
        let people = People::of(&graph, &mut dice);
        writeln!(out, "{name}, {:.1} contacts on average, {} at most", graph.mean(), graph.most())?;
        for (sought, steps) in [("once known: three steps away", Some(3)), ("anybody", None)] {
            for pass_on in [PASS_ON, MOST_PASSED_ON] {
                let mut sum = Sum::default();
                for _ in 0..args.searches {
                    let two = people.choose(&graph, steps, &mut dice);
                    sum.add(&search::search(&graph, &people, two, pass_on, &mut dice));
                }
                writeln!(out, "  {:36} {}", format!("{sought}, to {pass_on}"), sum.line(args.searches))?;
            }
        }
    }
    writeln!(
        out,
        "\nfound through one contact, through two at most, and at all; packets of each search; nodes that it came to; of these, how many\n\
         carry the handle sought and so could say for whom it is, and how many of them also by whom;\n\
         namesakes who opened it. All others would have to guess the handle: crack price."
    )?;
    cli::finish(out)
}

/// What many searches came to.
#[derive(Default)]
struct Sum {
    one_hop: u32,
    two_hops: u32,
    found: u32,
    searches: u64,
    requests: u64,
    told: u64,
    could_name: u64,
    and_by_whom: u64,
    others: u64,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome) {
        self.one_hop += u32::from(outcome.found == Some(1));
        self.two_hops += u32::from(outcome.found.is_some_and(|contacts| contacts <= 2));
        self.found += u32::from(outcome.found.is_some());
        self.searches += outcome.searches;
        self.requests += outcome.requests;
        self.told += outcome.told;
        self.could_name += outcome.could_name;
        self.and_by_whom += outcome.and_by_whom;
        self.others += outcome.others;
    }

    fn line(&self, of: u32) -> String {
        let share = |count: u64, all: u64| format!("{:.1} %", count as f64 * 100.0 / all.max(1) as f64);
        let mean = |count: u64| format!("{:.1}", count as f64 / f64::from(of));
        format!(
            "{:>7} {:>7} {:>7} {:>8} {:>8} {:>6} {:>10} {:>11} {:>6}",
            share(self.one_hop.into(), of.into()),
            share(self.two_hops.into(), of.into()),
            share(self.found.into(), of.into()),
            mean(self.searches),
            mean(self.requests),
            mean(self.told),
            share(self.could_name, self.told),
            share(self.and_by_whom, self.told),
            mean(self.others),
        )
    }
}
