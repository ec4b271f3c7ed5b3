//! The database: profile, contacts, feed, deliveries. One file each; it never meets sealed bytes or keys.
//!
//! One writer at a time: a write transaction begins IMMEDIATE, so that two commands wait for each other (60 s) and
//! neither fails half way. WAL with `synchronous = FULL`: a commit that returned is on disk.

pub mod account;
mod changed;
pub mod changes;
pub mod clock;
pub mod contacts;
pub mod counters;
pub mod delivery;
pub mod due;
pub mod feed;
pub mod filter;
pub mod former;
pub mod gaps;
pub mod handles;
pub mod hashcache;
pub mod hooks;
pub mod invitations;
pub mod named;
pub mod own_searches;
pub mod packets;
pub mod requests;
#[cfg(test)]
pub(crate) mod sample;
pub mod searches;
pub mod sought;
pub mod streams;
pub mod threads;
pub mod touched;
pub mod unconfirmed;
pub mod untold;
mod words;

use crate::{Context, Error, Fingerprint, Kind, Result};
use jiff::Timestamp;
use rusqlite::{
    Connection, OpenFlags, ToSql, Transaction, TransactionBehavior,
    config::DbConfig,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};
use std::{
    ffi::OsString,
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

/// The account's database.
pub struct Store {
    connection: Connection,
    log: PathBuf,
}

const SCHEMA_VERSION: i64 = 1;

/// A longer log, in bytes, is folded into the database as a command ends: each command reads the log from its beginning.
const LONG_LOG: u64 = 2 << 20;

impl Store {
    /// Makes the database of a new account, whose owner has this fingerprint.
    pub fn create(path: &Path, owner: Fingerprint, account: &account::Account) -> Result<Self> {
        let mut store = Self::over(Connection::open(path).context(|| cannot_open(path))?, path);
        store.prepare()?;
        let transaction = store.begin()?;
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        account::set_fingerprint(&transaction, owner)?;
        account::put(&transaction, account)?;
        transaction.commit()?;
        Ok(store)
    }

    /// Opens it.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).context(|| cannot_open(path))?;
        let store = Self::over(connection, path);
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

    fn over(connection: Connection, path: &Path) -> Self {
        // Beside the file itself, where the account has a link to it.
        let mut log = connection.path().map_or_else(|| path.into(), OsString::from);
        log.push("-wal");
        Self { connection, log: log.into() }
    }

    fn prepare(&self) -> Result<()> {
        self.connection.busy_timeout(Duration::from_secs(60))?;
        // A short command must not pay two more syncs for folding the log into the database each time it ends: see
        // `drop`. A long one folds every 16 MiB on its way.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.pragma_update(None, "wal_autocheckpoint", 4096)?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        // Else SQLite prepares some statements anew for every value that is bound to them.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// Writes a copy of it, as it is at this moment, to `path`, which must not be there; and checks that copy.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let name = path.to_str().ok_or_else(|| Error::malformed("the account's path is not UTF-8"))?;
        self.connection.execute("VACUUM INTO ?1", [name]).context(|| format!("cannot write '{name}'"))?;
        let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let said: String = copy.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
        if said != "ok" {
            return Err(Error::malformed(format!("the database is damaged: {said}")));
        }
        Ok(())
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

    /// A number that is another one after somebody else has changed something.
    pub fn version(&self) -> Result<i64> {
        Ok(self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    /// Begins a write transaction; dropped without commit, nothing of it happened.
    pub fn begin(&mut self) -> Result<Write<'_>> {
        // What a savepoint may have to take back: else SQLite writes it to a file, and each page of it two times.
        self.connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(Write(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?))
    }
}

/// A transaction that writes.
pub struct Write<'a>(Transaction<'a>);

impl Write<'_> {
    /// Ends it: what it wrote is on disk.
    pub fn commit(self) -> rusqlite::Result<()> {
        words::enter(&self.0)?;
        self.0.commit()
    }
}

impl<'a> Deref for Write<'a> {
    type Target = Transaction<'a>;

    fn deref(&self) -> &Transaction<'a> {
        &self.0
    }
}

// The log starts from its beginning again only when one connection has folded all of it: a command that leaves that to
// the next, which does not know what was folded, would let it grow for ever. Who reads meanwhile is not waited for, and
// what fails here a later command makes good.
impl Drop for Store {
    fn drop(&mut self) {
        let length = fs::metadata(&self.log).map_or(0, |log| log.len());
        if length > LONG_LOG && self.connection.busy_timeout(Duration::ZERO).is_ok() {
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("socialnet.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(include_str!("schema.sql")).unwrap();
        db.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
        (home, path)
    }

    #[test]
    fn one_command_after_another_leaves_no_long_log() {
        let (_home, path) = database();
        let mut longest = 0;
        for _ in 0..20 {
            let mut store = Store::open(&path).unwrap();
            let write = store.begin().unwrap();
            write.execute_batch("CREATE TABLE IF NOT EXISTS words (word)").unwrap();
            write.execute("INSERT INTO words VALUES (zeroblob(1 << 19))", ()).unwrap();
            write.commit().unwrap();
            let log = store.log.clone();
            drop(store);
            longest = longest.max(fs::metadata(log).unwrap().len());
        }
        assert!(longest <= LONG_LOG + (1 << 20), "{longest} bytes");
        let store = Store::open(&path).unwrap();
        let words: i64 = store.read().query_row("SELECT count(*) FROM words", (), |row| row.get(0)).unwrap();
        assert_eq!(words, 20);
    }

    #[test]
    fn who_reads_is_not_waited_for() {
        let (_home, path) = database();
        let reader = Store::open(&path).unwrap();
        let mut writer = Store::open(&path).unwrap();
        writer.connection.execute_batch("CREATE TABLE words (word)").unwrap();
        let snapshot = reader.snapshot().unwrap();
        let before: i64 = snapshot.query_row("SELECT count(*) FROM words", (), |row| row.get(0)).unwrap();
        let write = writer.begin().unwrap();
        write.execute("INSERT INTO words VALUES (zeroblob(1 << 22))", ()).unwrap();
        write.commit().unwrap();
        // Half of the minute that one writer waits for another.
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            drop(writer);
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(30)).unwrap();
        let after: i64 = snapshot.query_row("SELECT count(*) FROM words", (), |row| row.get(0)).unwrap();
        assert_eq!((before, after), (0, 0));
    }
}
