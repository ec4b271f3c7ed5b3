//! Which packets of the feed are asked for, and the statement that finds them.

use crate::{
    Fingerprint, Result,
    packet::Name,
    store::{
        filter::Filter,
        former::KEYS_OF_AUTHOR,
        named::{self, Named},
        words,
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, ToSql};

/// Of more that are found by their words, the newest so many are compared: a word that is in every second packet would
/// have each of them weighed.
const WEIGHED: u32 = 1000;

/// Which packets.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The newest so many.
    pub limit: Option<u32>,
    /// Rows after this one.
    pub after: Option<i64>,
    /// Rows before this one.
    pub before: Option<i64>,
    /// Received since.
    pub since: Option<Timestamp>,
    /// By this author, under whatever key.
    pub from: Option<Fingerprint>,
    /// A root and what belongs to it.
    pub thread: Option<Name>,
    /// About this packet.
    pub about: Option<Named>,
    /// With these words, the best last.
    pub sought: Option<String>,
    /// Of this type.
    pub kind: Option<String>,
    /// What is kept quietly too.
    pub quiet: bool,
    /// What is not shown; without it, what blocked and muted people have to do with.
    pub filter: Option<Filter>,
}

/// A statement under way, with the values that it names.
pub(super) struct Statement {
    pub sql: String,
    values: Vec<(&'static str, Box<dyn ToSql>)>,
}

impl Statement {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// As [`rusqlite::Params`].
    pub fn values(&self) -> Vec<(&'static str, &dyn ToSql)> {
        self.values.iter().map(|(name, value)| (*name, value.as_ref())).collect()
    }

    fn with(&mut self, name: &'static str, value: impl ToSql + 'static) {
        self.values.push((name, Box::new(value)));
    }
}

impl Query {
    /// Finds the rows, the newest or the best first.
    pub(super) fn statement(&self, db: &Connection, now: Timestamp) -> Result<Statement> {
        let sought = self.sought.as_deref().map(words::expression).transpose()?;
        let mut statement = Statement::new(match sought {
            None => "SELECT seq FROM packet WHERE true",
            Some(_) => {
                "SELECT seq FROM (SELECT seq, bm25(packet_text) AS distance
                   FROM packet_text CROSS JOIN packet ON seq = packet_text.rowid WHERE packet_text MATCH :sought"
            }
        });
        self.what_is_shown(&mut statement, now);
        self.when(&mut statement);
        self.by_whom(&mut statement, db)?;
        self.about_what(&mut statement);
        if let Some(sought) = sought {
            // By this name of the row, FTS5 itself goes back from the newest: nothing beyond the last one is weighed.
            statement.sql += " ORDER BY packet_text.rowid DESC LIMIT :weighed) ORDER BY distance, seq DESC";
            statement.with(":sought", sought);
            statement.with(":weighed", WEIGHED);
        } else {
            statement.sql += " ORDER BY seq DESC";
        }
        Ok(statement)
    }

    fn what_is_shown(&self, statement: &mut Statement, now: Timestamp) {
        statement.sql += match self.quiet {
            true => " AND state <> 'expired'",
            false => " AND state NOT IN ('quiet', 'expired')",
        };
        statement.sql += "
           AND (state NOT IN ('retracted', 'removed') OR EXISTS (
             SELECT 1 FROM packet AS answer WHERE answer.about_id = packet.id AND answer.about_author = packet.author
               AND answer.state = 'feed' AND answer.root_id IS NOT NULL))
           AND (expires IS NULL OR expires > :now)";
        statement.with(":now", now.as_second());
    }

    fn when(&self, statement: &mut Statement) {
        if let Some(after) = self.after {
            statement.sql += " AND seq > :after";
            statement.with(":after", after);
        }
        if let Some(before) = self.before {
            statement.sql += " AND seq < :before";
            statement.with(":before", before);
        }
        if let Some(since) = self.since {
            // Rows come in the order of their receipt: going back, the first one that is older ends the search.
            statement.sql += " AND seq > ifnull((SELECT seq FROM packet WHERE received < :since ORDER BY seq DESC LIMIT 1), 0)";
            statement.with(":since", since.as_second());
        }
    }

    fn by_whom(&self, statement: &mut Statement, db: &Connection) -> Result<()> {
        let Some(author) = self.from else { return Ok(()) };
        match named::keys(db, author)?.as_slice() {
            // Of one key, which most people have, an index knows the rows in their order.
            [only] => {
                statement.sql += " AND author = :author";
                statement.with(":author", *only);
            }
            _ => {
                statement.sql += &format!(" AND author IN ({KEYS_OF_AUTHOR})");
                statement.with(":author", author);
            }
        }
        Ok(())
    }

    fn about_what(&self, statement: &mut Statement) {
        if let Some(root) = self.thread {
            statement.sql += " AND (root_id = :root AND root_author = :by OR id = :root AND author = :by)";
            statement.with(":root", root.id);
            statement.with(":by", root.from);
        }
        if let Some(Named { name, root, .. }) = &self.about {
            // In its thread, or a share of it: for both there is an index.
            statement.sql += " AND (root_id = :its_root AND root_author = :its_root_by OR type = 'share')
                 AND about_id = :about AND about_author = :about_by";
            statement.with(":its_root", root.id);
            statement.with(":its_root_by", root.from);
            statement.with(":about", name.id);
            statement.with(":about_by", name.from);
        }
        if let Some(kind) = &self.kind {
            statement.sql += " AND type = :type";
            statement.with(":type", kind.clone());
        }
    }
}
