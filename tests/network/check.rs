//! Every account against the model: its feed, and what became of what it sent.

use crate::{
    model::{Model, Sight},
    world::{DAY, Node, World},
};
use jiff::Timestamp;
use serde_json::Value;
use socialnet::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// What is younger than this may still be under way: a profile with new keys, say, and its confirmation after a day.
const UNDER_WAY: i64 = 6 * DAY;

/// What an account shows.
pub struct Feed {
    entries: BTreeMap<String, Value>,
    twice: Vec<String>,
}

/// An account's feed.
pub fn feed(world: &World, node: &Node) -> Result<Feed> {
    let (mut entries, mut twice) = (BTreeMap::new(), Vec::new());
    for entry in lines(world, node, "sn-feed -n 100000 --json")? {
        let id = entry["id"].as_str().unwrap_or_default().to_owned();
        if entries.insert(id.clone(), entry).is_some() {
            twice.push(id);
        }
    }
    Ok(Feed { entries, twice })
}

fn lines(world: &World, node: &Node, line: &str) -> Result<Vec<Value>> {
    let printed = world.run(node, line)?.went_well()?.out;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let read = |line| serde_json::from_str(line).map_err(|error| Error::malformed(format!("{error}")));
    printed.lines().map(read).collect()
}

/// What is not as the model says in one account's feed, a line each.
pub fn sights(model: &Model, feeds: &[Feed], node: &Node, now: i64) -> Vec<String> {
    let feed = &feeds[node.number];
    let mut wrong: Vec<String> = feed.twice.iter().map(|id| format!("{id} twice")).collect();
    for id in feed.entries.keys().filter(|id| !model.posts.contains_key(*id)) {
        wrong.push(format!("{id}, which nobody said"));
    }
    for (id, post) in &model.posts {
        let shown = |number: usize| feeds[number].entries.get(id).filter(|entry| entry["gone"].is_null());
        let sight = match model.sight(id, node.number, now) {
            Sight::AsHost if model.host_of(id).is_some_and(|host| shown(host).is_some()) => Sight::Must,
            Sight::AsHost => Sight::MustNot,
            sight => sight,
        };
        let what = format!("the {} {id} by node{:02}", post.kind, post.author);
        match (sight, shown(node.number)) {
            (Sight::Must, None) => wrong.push(format!("does not see {what}")),
            (Sight::MustNot, Some(_)) => wrong.push(format!("sees {what}")),
            (Sight::Must, Some(entry)) => {
                if entry["text"].as_str() != Some(&post.text) {
                    wrong.push(format!("sees other words of {what}: {}, not {}", entry["text"], post.text));
                }
                let files = entry["attachments"].as_array().map_or(&[][..], Vec::as_slice);
                let alike = files.len() == post.files.len()
                    && files.iter().zip(&post.files).all(|(file, sha256)| {
                        file["complete"] == true
                            && sha256.as_ref().is_none_or(|sha256| file["sha256"] == **sha256)
                    });
                if !alike {
                    wrong.push(format!("has not all files of {what}"));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// What of an account's deliveries is neither confirmed nor explained, a line each.
pub fn deliveries(
    world: &World,
    model: &Model,
    feed: &Feed,
    node: &Node,
    all: &[Node],
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let apart: BTreeSet<&str> = all
        .iter()
        .filter(|other| model.apart(node.number, other.number))
        .map(|other| other.fingerprint.as_str())
        .collect();
    for delivery in lines(world, node, "sn-send -p --json")? {
        let queued = delivery["queued"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        let young = queued.is_some_and(|queued| queued.as_second() > world.now - UNDER_WAY);
        let explained = delivery["reader"].as_str().is_some_and(|reader| apart.contains(reader));
        if delivery["state"] != "confirmed" && !young && !explained {
            wrong.push(format!("a delivery is not confirmed: {delivery}"));
        }
    }
    for (id, entry) in &feed.entries {
        let Some(post) = model.posts.get(id).filter(|post| post.author == node.number) else { continue };
        let readers: Vec<usize> = match post.root.as_ref().and_then(|root| model.posts.get(root)) {
            Some(root) if root.author != node.number => vec![root.author],
            Some(root) => root.audience.iter().copied().collect(),
            None => post.audience.iter().copied().collect(),
        };
        let silent = readers.iter().filter(|reader| model.apart(node.number, **reader)).count();
        let waiting = entry["delivery"]["waiting"].as_u64().unwrap_or_default();
        if waiting > silent as u64 {
            wrong.push(format!("{waiting} have not confirmed the {} {id}", post.kind));
        }
    }
    for folder in ["inpackets/new", "inpackets/held", "inpackets/bad", "outpackets/new"] {
        match world.count(node, folder)? {
            0 => {}
            count => wrong.push(format!("{count} files are left in {folder}")),
        }
    }
    Ok(wrong)
}
