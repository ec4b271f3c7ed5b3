//! An account that goes on in another place begins to count anew, so that no counter is ever given twice: by hand when its
//! folder was moved, and always when it was restored from a backup.

use crate::{
    Result, seal,
    store::{Store, clock, streams},
};
use jiff::Timestamp;

/// `sn-init --moved`: a new stream. What the account believed about the time is learnt anew, too.
pub fn here(store: &mut Store, now: Timestamp) -> Result<()> {
    let db = store.begin()?;
    streams::begin(&db, &seal::random()?, now)?;
    clock::forget(&db)?;
    Ok(db.commit()?)
}
