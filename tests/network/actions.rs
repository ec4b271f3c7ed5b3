//! What people do, drawn from each one's dice: they look into their own feed, and do something about what is there.

use crate::{
    model::{Id, Model, Post, Said},
    world::{DAY, Node, World, photograph},
};
use serde_json::Value;
use socialnet::{Error, Kind, Result, mailbox::name_of};
use std::collections::BTreeSet;

/// Of 100 commands, how many are in danger of being killed.
const DANGER: u32 = 8;
/// What is no longer possible when somebody tries it: others were faster, or there is nobody left to read it.
const TOO_LATE: [&str; 4] =
    ["was taken back", "is closed", "what began this thread is gone", "has nobody to go to"];

/// Somebody who does something.
pub struct Actor<'a> {
    pub world: &'a World,
    pub model: &'a Model,
    /// Names by number.
    pub names: &'a [String],
    pub node: &'a mut Node,
}

impl Actor<'_> {
    /// One thing, if there is an occasion for it.
    pub fn acts(&mut self) -> Result<Vec<Said>> {
        match self.node.dice.u32(0..100) {
            0..28 => self.writes_a_status(),
            28..48 => self.answers("comment"),
            48..60 => self.answers("reaction"),
            60..68 => self.writes_a_message(),
            68..75 => self.shares(),
            75..84 => self.edits(),
            84..90 => self.retracts(),
            90..94 => self.removes(),
            94..97 => self.closes(),
            97..99 => {
                self.world.moves(self.node)?;
                Ok(Vec::new())
            }
            _ => self.blocks(),
        }
    }

    fn writes_a_status(&mut self) -> Result<Vec<Said>> {
        let readers = self.readers();
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        let mut post = self.post("status");
        let mut line = format!("sn-pack status '{}'", post.text);
        if self.node.dice.u32(0..40) == 0 {
            post.kind = "photo";
            post.files = vec![None];
            line = format!("sn-pack photo '{}' --text '{}'", photograph()?.display(), post.text);
        } else if self.node.dice.u32(0..6) == 0 {
            let size = match self.node.dice.u32(0..20) {
                0 => 5_000_000,
                1..8 => self.node.dice.usize(1..8000),
                _ => self.node.dice.usize(20_000..100_000),
            };
            let mut bytes = vec![0; size];
            self.node.dice.fill(&mut bytes);
            self.world.write(self.node, "file", &bytes)?;
            post.files = vec![Some(name_of(&bytes))];
            line.push_str(" --file file");
        }
        if self.node.dice.u32(0..3) == 0 {
            post.shareable = true;
            line.push_str(" --share");
        }
        if self.node.dice.u32(0..10) == 0 {
            let days = self.node.dice.i64(2..12);
            post.expires = Some(self.world.now + days * DAY);
            line.push_str(&format!(" --expires '{days} days'"));
        }
        let to = self.chosen(&readers);
        post.audience = to.1;
        self.says(&line, &to.0, |id| Said::Post(id, post))
    }

    fn writes_a_message(&mut self) -> Result<Vec<Said>> {
        let readers = self.some_of(&self.readers().into_iter().collect::<Vec<_>>());
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        let to: Vec<String> = readers.iter().map(|reader| format!(" --to {}", self.names[*reader])).collect();
        let post = Post { audience: readers.into_iter().collect(), ..self.post("message") };
        let line = format!("sn-pack message{} '{}'", to.concat(), post.text);
        self.says(&line, "", |id| Said::Post(id, post))
    }

    fn answers(&mut self, kind: &'static str) -> Result<Vec<Said>> {
        let Some(about) = self.finds(|actor, id, post| {
            let host = actor.model.host_of(id).unwrap_or(post.author);
            post.kind != "message" && !actor.model.apart(actor.node.number, host)
        })?
        else {
            return Ok(Vec::new());
        };
        let root = self.model.posts.get(&about).and_then(|post| post.root.clone()).unwrap_or(about.clone());
        let mut post = Post { root: Some(root), ..self.post(kind) };
        if kind == "reaction" {
            post.text = ["👍", "🎉", "ha"][self.node.dice.usize(..3)].to_owned();
        }
        let line = format!("sn-pack {kind} --about {about} '{}'", post.text);
        self.says(&line, "", |id| Said::Post(id, post))
    }

    fn shares(&mut self) -> Result<Vec<Said>> {
        let Some(id) = self.finds(|_, _, post| post.shareable && post.root.is_none())? else {
            return Ok(Vec::new());
        };
        let readers = self.readers();
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        let carries = Some(id.clone());
        let (to, audience) = self.chosen(&readers);
        let post = Post { audience, carries, ..self.post("share") };
        let line = format!("sn-pack share {id} --text '{}'", post.text);
        self.says(&line, &to, |id| Said::Post(id, post))
    }

    fn edits(&mut self) -> Result<Vec<Said>> {
        let Some(target) =
            self.finds(|actor, _, post| post.author == actor.node.number && post.kind != "reaction")?
        else {
            return Ok(Vec::new());
        };
        let (text, mut line) = (self.words("edit"), format!("sn-pack edit {target}"));
        line.push_str(&format!(" '{text}'"));
        let days = self.node.dice.i64(2..40);
        let expires = (self.node.dice.u32(0..8) == 0).then_some(self.world.now + days * DAY);
        if expires.is_some() {
            line.push_str(&format!(" --expires '{days} days'"));
        }
        self.says(&line, "", |_| Said::Edit { target, text: Some(text), expires })
    }

    fn retracts(&mut self) -> Result<Vec<Said>> {
        let target = self.finds(|actor, _, post| post.author == actor.node.number)?;
        self.takes_back(target)
    }

    fn removes(&mut self) -> Result<Vec<Said>> {
        let target = self.finds(|actor, id, post| {
            post.author != actor.node.number && actor.model.host_of(id) == Some(actor.node.number)
        })?;
        self.takes_back(target)
    }

    fn takes_back(&mut self, target: Option<Id>) -> Result<Vec<Said>> {
        let Some(target) = target else { return Ok(Vec::new()) };
        self.says(&format!("sn-pack retract {target}"), "", |_| Said::Retract { target })
    }

    fn closes(&mut self) -> Result<Vec<Said>> {
        let Some(root) = self.finds(|actor, _, post| {
            post.author == actor.node.number && post.root.is_none() && post.kind != "message"
        })?
        else {
            return Ok(Vec::new());
        };
        self.says(&format!("sn-pack edit {root} --close"), "", |_| Said::Close { root })
    }

    fn blocks(&mut self) -> Result<Vec<Said>> {
        let friends: Vec<usize> = self.readers().into_iter().collect();
        let Some(whom) = self.node.dice.choice(&friends).copied() else { return Ok(Vec::new()) };
        self.world.run(self.node, &format!("sn-contact block {}", self.names[whom]))?.went_well()?;
        Ok(vec![Said::Block { by: self.node.number, whom }])
    }

    /// Packs, seals, sends; killed on the way, a user does it again.
    fn says(&mut self, pack: &str, to: &str, said: impl FnOnce(Id) -> Said) -> Result<Vec<Said>> {
        for line in [format!("{pack} >clear"), format!("sn-seal {to} clear >sealed && sn-send sealed")] {
            let danger = self.node.dice.u32(0..100) < DANGER;
            let mut ran = if danger {
                self.world.run_in_danger(self.node, &line)?
            } else {
                self.world.run(self.node, &line)?
            };
            for _ in 0..5 {
                if !ran.killed {
                    break;
                }
                ran = self.world.run(self.node, &line)?;
            }
            if TOO_LATE.iter().any(|why| ran.said.contains(why)) {
                return Ok(Vec::new());
            }
            if ran.code != Some(0) {
                let message = format!("{} '{line}' exit {:?}: {}", self.node.name, ran.code, ran.said);
                return Err(Error::new(Kind::Unavailable, message));
            }
        }
        let clear = String::from_utf8_lossy(&self.world.read(self.node, "clear")?).into_owned();
        let id = clear.split_once(" id=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (id, _) = id.ok_or_else(|| Error::malformed("a packet without an id"))?;
        Ok(vec![said(id.to_owned())])
    }

    /// Something in the own feed of which there is still something to see.
    fn finds(&mut self, wanted: impl Fn(&Self, &str, &Post) -> bool) -> Result<Option<Id>> {
        let feed = self.world.run(self.node, "sn-feed -n 200 --json")?.went_well()?;
        let mut found = Vec::new();
        for line in String::from_utf8_lossy(&feed.out).lines() {
            let entry: Value =
                serde_json::from_str(line).map_err(|error| Error::malformed(error.to_string()))?;
            let Some(id) = entry["id"].as_str().filter(|_| entry["gone"].is_null()) else { continue };
            // What was said in this round the model has not heard of yet.
            let Some(post) = self.model.posts.get(id) else { continue };
            if wanted(self, id, post) {
                found.push((&post.text, id.to_owned()));
            }
        }
        // What came in the same second comes in any order, and ids are new each time.
        found.sort();
        let found: Vec<Id> = found.into_iter().map(|(_, id)| id).collect();
        Ok(self.node.dice.choice(&found).cloned())
    }

    /// Everybody whom they write to.
    fn readers(&self) -> BTreeSet<usize> {
        let me = self.node.number;
        self.model.friends[me].iter().copied().filter(|to| self.model.writes_to(me, *to)).collect()
    }

    /// Some of them or all, as options of sn-seal.
    fn chosen(&mut self, readers: &BTreeSet<usize>) -> (String, BTreeSet<usize>) {
        if self.node.dice.u32(0..3) > 0 {
            return ("--to all".to_owned(), readers.clone());
        }
        let some = self.some_of(&readers.iter().copied().collect::<Vec<_>>());
        let words: Vec<String> = some.iter().map(|reader| format!("--to {}", self.names[*reader])).collect();
        (words.join(" "), some.into_iter().collect())
    }

    fn some_of(&mut self, readers: &[usize]) -> Vec<usize> {
        let count = self.node.dice.usize(1..4).min(readers.len());
        self.node.dice.choose_multiple(readers.iter().copied(), count)
    }

    fn post(&mut self, kind: &'static str) -> Post {
        Post {
            author: self.node.number,
            kind,
            text: self.words(kind),
            audience: BTreeSet::new(),
            root: None,
            shareable: false,
            carries: None,
            expires: None,
            files: Vec::new(),
            gone: false,
            closed: false,
        }
    }

    fn words(&mut self, what: &str) -> String {
        format!("{what} {} of {}", self.node.dice.u32(..), self.node.name)
    }
}
