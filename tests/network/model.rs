//! What was said, and so who must see what in the end: the whole network as one list in memory.

use std::collections::{BTreeMap, BTreeSet};

/// A packet's id.
pub type Id = String;

/// What somebody did.
#[derive(Clone, Debug)]
pub enum Said {
    /// A packet that is shown.
    Post(Id, Post),
    /// New words for it, or an end of it, by its author.
    Edit { target: Id, text: Option<String>, expires: Option<i64> },
    /// It is taken back by its author, or removed by the author of its thread's root.
    Retract { target: Id },
    /// No more comments.
    Close { root: Id },
    /// `by` wants nothing of `whom` any more.
    Block { by: usize, whom: usize },
}

/// A packet as it was made, and what was asked for since.
#[derive(Clone, Debug)]
pub struct Post {
    pub author: usize,
    pub kind: &'static str,
    pub text: String,
    /// For a root: whom it was sealed for.
    pub audience: BTreeSet<usize>,
    pub root: Option<Id>,
    pub shareable: bool,
    /// Of a share: what it carries.
    pub carries: Option<Id>,
    pub expires: Option<i64>,
    /// SHA-256 of its files, in hexadecimal. Photographs lose their metadata, so theirs are not known.
    pub files: Vec<Option<String>>,
    pub gone: bool,
    pub closed: bool,
}

/// What a reader must see of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Exactly once, with its last words.
    Must,
    /// Nothing of it but, if somebody answered it, a line that it is gone.
    MustNot,
    /// Whatever there is: one of the two wants nothing of the other.
    May,
    /// If the author of the thread shows it: that node was free to refuse it.
    AsHost,
}

/// Everything that was said.
#[derive(Default)]
pub struct Model {
    pub posts: BTreeMap<Id, Post>,
    pub friends: Vec<BTreeSet<usize>>,
    blocks: BTreeSet<(usize, usize)>,
}

impl Model {
    /// Takes in what somebody did.
    pub fn hear(&mut self, said: Said) {
        match said {
            Said::Post(id, post) => drop(self.posts.insert(id, post)),
            Said::Block { by, whom } => drop(self.blocks.insert((by, whom))),
            Said::Edit { target, text, expires } => self.change(&target, |post| {
                post.text = text.unwrap_or_else(|| post.text.clone());
                post.expires = post.expires.into_iter().chain(expires).min();
            }),
            Said::Retract { target } => self.change(&target, |post| post.gone = true),
            Said::Close { root } => self.change(&root, |post| post.closed = true),
        }
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Post)) {
        if let Some(post) = self.posts.get_mut(id) {
            change(post);
        }
    }

    /// Whether one of the two wants nothing of the other.
    pub fn apart(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Whether somebody may still write to a friend.
    pub fn writes_to(&self, from: usize, to: usize) -> bool {
        self.friends[from].contains(&to) && !self.blocks.contains(&(from, to))
    }

    /// What `reader` must see of a packet at a time.
    pub fn sight(&self, id: &str, reader: usize, now: i64) -> Sight {
        let Some(post) = self.posts.get(id) else { return Sight::MustNot };
        let gone = post.gone || post.expires.is_some_and(|expires| expires <= now);
        let unless_gone = |sight| if gone { Sight::MustNot } else { sight };
        if self.blocks.contains(&(reader, post.author)) {
            return Sight::MustNot;
        }
        if self.hides(reader, id, post) {
            return Sight::May;
        }
        if reader == post.author {
            // Another's removal may be on its way through people who are apart.
            let apart = self.host(post).is_some_and(|host| self.apart(host, reader));
            return if apart { Sight::May } else { unless_gone(Sight::Must) };
        }
        let Some(root) = post.root.as_ref().and_then(|root| self.posts.get(root)) else {
            return match post.audience.contains(&reader) {
                _ if post.root.is_some() => Sight::May,
                true if self.apart(reader, post.author) => Sight::May,
                true => unless_gone(Sight::Must),
                false => Sight::MustNot,
            };
        };
        let host = root.author;
        if reader != host && !root.audience.contains(&reader) {
            return Sight::MustNot;
        }
        if self.apart(host, post.author) || self.apart(host, reader) {
            return Sight::May;
        }
        let refusable = root.closed || root.gone || root.expires.is_some();
        match (refusable, reader == host) {
            (true, true) if gone => Sight::MustNot,
            (true, true) => Sight::May,
            (true, false) => unless_gone(Sight::AsHost),
            (false, _) => unless_gone(Sight::Must),
        }
    }

    /// Whether a reader need not see it for the sake of somebody whom they wrote off, and who wrote in its thread; or because
    /// what it carries is not to be carried any more.
    fn hides(&self, reader: usize, id: &str, post: &Post) -> bool {
        let thread = post.root.as_deref().unwrap_or(id);
        let carried = |post: &Post| self.posts.get(post.carries.as_ref()?);
        let carries_the_gone = carried(post).is_some_and(|it| it.gone || it.expires.is_some());
        let written_off = |post: &Post| self.apart(reader, post.author);
        let in_thread = |(other, post): (&Id, &Post)| {
            (other == thread || post.root.as_deref() == Some(thread))
                && (written_off(post) || carried(post).is_some_and(written_off))
        };
        carries_the_gone || self.posts.iter().any(in_thread)
    }

    fn host(&self, post: &Post) -> Option<usize> {
        Some(self.posts.get(post.root.as_ref()?)?.author)
    }

    /// The author of a packet's thread.
    pub fn host_of(&self, id: &str) -> Option<usize> {
        self.host(self.posts.get(id)?)
    }
}
