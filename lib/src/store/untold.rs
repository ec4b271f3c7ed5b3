//! Changes of mind that somebody was not told of while they were no friend.

use super::former::KEYS_OF_AUTHOR;
use crate::{Fingerprint, Result, packet::Name};
use rusqlite::{Connection, named_params};

/// Edits and retractions of what was sealed for somebody, or of what a share carries that was, as far as they have not said to
/// have them; by whoever else. Each with its row.
pub fn changes(db: &Connection, reader: Fingerprint) -> Result<Vec<(Name, i64)>> {
    let mut query = db.prepare(&format!(
        "WITH own (reader) AS ({KEYS_OF_AUTHOR})
         SELECT change.author, change.id, change.seq FROM packet AS change
           JOIN packet AS target ON target.author = change.about_author AND target.id = change.about_id
         WHERE change.type IN ('edit', 'retract') AND length(change.signed) > 0 AND change.author NOT IN own
           AND EXISTS (SELECT 1 FROM audience JOIN own USING (reader) WHERE packet = target.seq
             UNION ALL SELECT 1 FROM packet AS share JOIN audience ON audience.packet = share.seq JOIN own USING (reader)
             WHERE share.type = 'share' AND share.about_id = target.id AND share.about_author = target.author)
           AND NOT EXISTS (SELECT 1 FROM sealed_packet JOIN sealed USING (envelope) JOIN own USING (reader)
             WHERE sealed_packet.packet = change.seq AND confirmed IS NOT NULL)
         ORDER BY change.seq"
    ))?;
    let rows = query.query_map(named_params! { ":author": reader }, |row| {
        Ok((Name { from: row.get(0)?, id: row.get(1)? }, row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
