//! What is done: each form is one step of a command, done by the library.

pub mod people;
pub mod searches;
pub mod write;

use crate::pages::people::Invitation;

/// Something is done.
pub struct Done {
    /// What to look at now.
    pub next: Next,
    /// What is to be said there.
    pub said: Option<String>,
    /// Whether something waits to be sent that did not before.
    pub sends: bool,
}

/// A page to go to.
pub enum Next {
    /// One of this site, by its path.
    See(String),
    /// One that is shown only now.
    Invitation(Invitation),
}

impl Done {
    fn see(path: impl Into<String>) -> Self {
        Self { next: Next::See(path.into()), said: None, sends: false }
    }

    fn saying(self, words: impl Into<String>) -> Self {
        Self { said: Some(words.into()), ..self }
    }

    fn sending(self) -> Self {
        Self { sends: true, ..self }
    }
}
