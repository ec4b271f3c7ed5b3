//! The account folder and its settings. socialnet-home(5) is the authority.

use crate::{Result, mailbox::Mailbox};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// One account's folder, open.
pub struct Home {
    path: PathBuf,
    /// What config.toml says.
    pub config: Config,
}

/// config.toml.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// `[send.SCHEME]`: drivers that may be run, with their settings.
    pub send: BTreeMap<String, Table>,
    /// `[[receive]]`: places to fetch from, each with `source = 'URI'`.
    pub receive: Vec<Table>,
    /// `[retry]`.
    pub retry: Retry,
    /// `[relay]` and the like come with their issues.
    #[serde(default)]
    pub due: Due,
}

/// Settings of one driver: they reach it as `SN_CONF_*`.
pub type Table = BTreeMap<String, toml::Value>;

/// When a delivery that failed for now is tried again.
#[derive(Clone, Debug, Deserialize)]
pub struct Retry {
    /// After the first failure.
    pub first: Duration,
    /// The wait doubles up to this.
    pub longest: Duration,
    /// After this it has failed.
    pub give_up: Duration,
}

/// How long what the node owes may wait for company.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Due {
    /// Relays of comments.
    pub relay: Duration,
    /// Confirmations.
    pub confirm: Duration,
}

impl Home {
    /// `$SN_HOME`, else `${XDG_DATA_HOME:-~/.local/share}/socialnet`.
    pub fn locate() -> Result<PathBuf> {
        todo!()
    }

    /// Makes the folders and a first config.toml. Refuses a folder that holds an account already.
    pub fn create(_path: &Path, _config: &str) -> Result<Self> {
        todo!()
    }

    /// Opens the account at [`Home::locate`]; refuses one that others may read or write (77).
    pub fn open() -> Result<Self> {
        todo!()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `identity/`.
    pub fn identity(&self) -> PathBuf {
        self.path.join("identity")
    }

    /// `socialnet.db`.
    pub fn database(&self) -> PathBuf {
        self.path.join("socialnet.db")
    }

    /// `blobs/`.
    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// `inpackets/`.
    pub fn inpackets(&self) -> Result<Mailbox> {
        Mailbox::open(&self.path.join("inpackets"))
    }

    /// `outpackets/`.
    pub fn outpackets(&self) -> Result<Mailbox> {
        Mailbox::open(&self.path.join("outpackets"))
    }

    /// Takes the account's lock called `what` (a file in `state/`) or says who must wait: [`crate::Kind::Again`].
    pub fn lock(&self, _what: &str) -> Result<Lock> {
        todo!()
    }
}

/// A lock; released when dropped, or when the process ends however it ends.
pub struct Lock {
    _file: std::fs::File,
}
