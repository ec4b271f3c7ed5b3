//! The mark of a round: when fetching began that read every source to its end. Old keys are destroyed only after one
//! (socialnet-protocol(7)), so that nothing still lies somewhere, sealed to them.

use super::Home;
use crate::{Error, Result, file};
use jiff::Timestamp;

/// Its name in `state/`; one line, the time.
const MARK: &str = "read-to-end";

impl Home {
    /// Notes that fetching which began at `begun` has read every source to its end, and all that it found is in
    /// `inpackets/new`.
    pub fn mark_round(&self, begun: Timestamp) -> Result<()> {
        let path = self.path.join("state").join(MARK);
        file::replace(&path, format!("{begun}\n").as_bytes(), 0o600)
    }

    /// When the last such fetching began. Who is to rely on it reads it before `inpackets/new`.
    pub fn last_round(&self) -> Result<Option<Timestamp>> {
        let path = self.path.join("state").join(MARK);
        if !path.exists() {
            return Ok(None);
        }
        let text = file::read(&path, 64)?;
        let time = std::str::from_utf8(&text).ok().and_then(|text| text.trim_end().parse().ok());
        let wrong = || Error::malformed("not a time").context(format!("'{}'", path.display()));
        time.ok_or_else(wrong).map(Some)
    }
}
