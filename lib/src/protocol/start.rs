//! A new account: folder, keys, database, in that order; the database makes it one.

use crate::{
    Context, Error, Fingerprint, Kind, Result, address,
    home::{self, Home},
    identity::Keyring,
    profile, seal,
    store::{Store, account},
};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What a new owner says of themselves.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What they want to be called.
    pub name: String,
    /// A few words.
    pub about: Option<String>,
    /// Where they are reached, in order of preference.
    pub addresses: Vec<String>,
}

/// Makes an account in the folder `path`. A `file:` address is also where it fetches from, and the folder beside it
/// where it may write: people who share a folder need no more settings. `recovery` makes the recovery key, if there is to
/// be one, once nothing speaks against the account.
pub fn account(
    path: &Path,
    owner: Owner,
    recovery: impl FnOnce() -> Result<Option<Fingerprint>>,
    now: Timestamp,
) -> Result<Fingerprint> {
    profile::check_name(&owner.name).map_err(usage)?;
    for address in &owner.addresses {
        profile::address(address).map_err(usage)?;
    }
    let folders: Vec<&String> =
        owner.addresses.iter().filter(|uri| address::scheme(uri) == Some("file")).collect();
    let mut roots = Vec::new();
    for uri in &folders {
        let folder = address::local_path(uri)?;
        let root = folder.parent().map_or_else(|| folder.clone(), PathBuf::from);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    let sources: Vec<String> = folders.into_iter().cloned().collect();
    let home = Home::create(path, &home::first_config(&roots, &sources)?)?;
    let recovery = recovery()?;
    let keyring = Keyring::create(&home.identity(), now)?;
    let account = account::Account {
        name: owner.name,
        about: owner.about,
        serial: 1,
        recovery,
        stream: seal::random()?,
        addresses: owner.addresses,
    };
    let owner = keyring.identity.fingerprint;
    Store::create(&home.database(), owner, &account).context(|| "cannot make the database")?;
    Ok(owner)
}

fn usage(error: Error) -> Error {
    error.of_kind(Kind::Usage)
}
