//! What was found, printed as soon as it is known: looking may take its time.

use serde::Serialize;
use socialnet::{Context, Error, Kind, Result, render::json_line, text};
use std::io::{Write, stdout};

/// How things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As they should be.
    Ok,
    /// They work, and could be better.
    Hint,
    /// Something does not work.
    Wrong,
}

#[derive(Serialize)]
struct Line<'a> {
    level: Level,
    about: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
}

/// All findings.
pub struct Findings {
    json: bool,
    wrong: usize,
    kind: Kind,
}

impl Findings {
    /// None yet; they are printed as text, or as JSON lines.
    pub fn new(json: bool) -> Self {
        Self { json, wrong: 0, kind: Kind::Again }
    }

    /// All is well with `about`.
    pub fn ok(&mut self, about: &str, text: &str) -> Result<()> {
        self.say(Level::Ok, about, text, None)
    }

    /// It could be better; how.
    pub fn hint(&mut self, about: &str, text: &str, advice: &str) -> Result<()> {
        self.say(Level::Hint, about, text, Some(advice))
    }

    /// It does not work; of which kind the failure is, and what to do.
    pub fn wrong(&mut self, kind: Kind, about: &str, text: &str, advice: &str) -> Result<()> {
        self.wrong += 1;
        // What needs a person wins over what time may heal; among those the first stays.
        if self.kind == Kind::Again {
            self.kind = kind;
        }
        self.say(Level::Wrong, about, text, Some(advice))
    }

    // Servers' words are among them: escaped for the terminal that they go to, as JSON too.
    fn say(&self, level: Level, about: &str, text: &str, advice: Option<&str>) -> Result<()> {
        let mut line = Vec::new();
        if self.json {
            json_line(&mut line, &Line { level, about, text, advice })?;
        } else {
            let word = match level {
                Level::Ok => "ok   ",
                Level::Hint => "hint ",
                Level::Wrong => "WRONG",
            };
            writeln!(line, "{word} {}: {}", text::one_line(about), text::one_line(text))?;
            if let Some(advice) = advice {
                writeln!(line, "      -> {}", text::one_line(advice))?;
            }
        }
        let mut out = stdout().lock();
        out.write_all(&line).and_then(|()| out.flush()).context(|| "cannot write to standard output")
    }

    /// Fails if anything was wrong.
    pub fn end(self) -> Result<()> {
        match self.wrong {
            0 => Ok(()),
            1 => Err(Error::new(self.kind, "one thing is wrong")),
            count => Err(Error::new(self.kind, format!("{count} things are wrong"))),
        }
    }
}
