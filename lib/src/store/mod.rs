//! The database: profile, contacts, feed, deliveries. One file each; it never meets sealed bytes or keys.
//!
//! One writer at a time: a write transaction begins IMMEDIATE, so that two commands wait for each other (60 s) and
//! neither fails half way. WAL with `synchronous = FULL`: a commit that returned is on disk.

pub mod account;
pub mod changes;
pub mod contacts;
pub mod counters;
pub mod delivery;
pub mod due;
pub mod feed;
pub mod gaps;
pub mod invitations;
pub mod named;
pub mod packets;
#[cfg(test)]
pub(crate) mod sample;
pub mod unconfirmed;

use crate::{Context, Error, Fingerprint, Kind, Result};
use jiff::Timestamp;
use rusqlite::{
    Connection, OpenFlags, ToSql, Transaction, TransactionBehavior,
    config::DbConfig,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};
use std::{path::Path, time::Duration};

/// The account's database.
pub struct Store {
    connection: Connection,
}

const SCHEMA_VERSION: i64 = 1;

impl Store {
    /// Makes the database of a new account.
    pub fn create(path: &Path, account: &account::Account) -> Result<Self> {
        let mut store = Self { connection: Connection::open(path).context(|| cannot_open(path))? };
        store.prepare()?;
        let transaction = store.begin()?;
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        account::put(&transaction, account)?;
        transaction.commit()?;
        Ok(store)
    }

    /// Opens it.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).context(|| cannot_open(path))?;
        let store = Self { connection };
        store.prepare()?;
        let version: i64 = store.connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != SCHEMA_VERSION {
            return Err(Error::new(
                Kind::Config,
                format!("'{}' has version {version}, not {SCHEMA_VERSION}", path.display()),
            )
            .hint("it was made by another version of SocialNet"));
        }
        Ok(store)
    }

    fn prepare(&self) -> Result<()> {
        self.connection.busy_timeout(Duration::from_secs(60))?;
        // A short command must not pay two more syncs for folding the log into the database as it ends. SQLite does that
        // by itself, here every MiB: the next command reads the log from its beginning.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "wal_autocheckpoint", 256)?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        // Else SQLite prepares some statements anew for every value that is bound to them.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// Before many large transactions: lets the log grow to 16 MiB before it is folded into the database.
    pub fn expect_many(&self) -> Result<()> {
        Ok(self.connection.pragma_update(None, "wal_autocheckpoint", 4096)?)
    }

    /// After them: folds the log into the database. With readers in the way, some of it is left to a later one.
    pub fn fold(&self) -> Result<()> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?)
    }

    /// For reading.
    pub fn read(&self) -> &Connection {
        &self.connection
    }

    /// For reading the same state in many statements, which is also faster: between transactions SQLite forgets what it
    /// has read.
    pub fn snapshot(&self) -> Result<Transaction<'_>> {
        Ok(self.connection.unchecked_transaction()?)
    }

    /// Begins a write transaction; dropped without commit, nothing of it happened.
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

fn cannot_open(path: &Path) -> String {
    format!("cannot open '{}'", path.display())
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Again,
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => Kind::NotAllowed,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Kind::Malformed,
            _ => Kind::Io,
        };
        Self::new(kind, format!("database: {error}"))
    }
}

impl ToSql for Fingerprint {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_bytes().to_sql()
    }
}

impl FromSql for Fingerprint {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = <[u8; 32]>::column_result(value)?;
        Ok(Self::from_bytes(bytes))
    }
}

/// A time column.
fn time(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(seconds).map_err(|_| Error::malformed("database: a time out of range"))
}
