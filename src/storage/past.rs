//! Bookmarks of an object: naming the present and the past, and asking for a moment of it at the next open.

use duramen_engine::Timestamp;
use duramen_pitr::{Bookmark, Snapshot};
use duramen_sql::RestoredTable;

use crate::storage::error::{Error, Result};
use crate::storage::facts::Fact;
use crate::storage::profile::Profile;
use crate::storage::session::Session;

impl Session {
    /// The present moment, with all that was written before, or in an open transaction the last commit.
    pub(crate) fn current_bookmark(&mut self) -> Result<String> {
        if self.profile() == Profile::WorkerdLocal {
            return self.count_bookmark();
        }
        self.commit_turn()?;
        Ok(self.pitr.current_bookmark().to_string())
    }

    /// The local runtime only counts how often it was asked.
    fn count_bookmark(&mut self) -> Result<String> {
        self.before_write()?;
        let count = self.write_facts(|txn| {
            let count = Fact::Bookmarks.read_array(txn)?.map_or(0, u32::from_le_bytes);
            Fact::Bookmarks.write(txn, &count.wrapping_add(1).to_le_bytes())?;
            Ok(count)
        })?;
        Ok(format!("00000000-{count:08x}-00000000-{:032x}", 0))
    }

    /// The moment after all commits up to a time.
    pub(crate) fn bookmark_for_time(&mut self, time: Timestamp) -> Result<String> {
        self.commit_turn()?;
        Ok(self.pitr.bookmark_for_time(time)?.bookmark.to_string())
    }

    /// Has the next session start from a bookmark; gives the one that undoes that.
    pub(crate) fn restore_at_next_open(&mut self, bookmark: &str) -> Result<String> {
        let wanted: Bookmark = bookmark.parse().map_err(duramen_pitr::Error::from)?;
        self.commit_turn()?;
        Ok(self.pitr.on_next_session_restore(&wanted)?.to_string())
    }

    /// Makes one table what it was at a bookmark, as a commit of its own; gives the bookmark that undoes it.
    pub(crate) fn restore_table(&mut self, bookmark: &str, table: &str) -> Result<(String, RestoredTable)> {
        let wanted: Bookmark = bookmark.parse().map_err(duramen_pitr::Error::from)?;
        if self.has_scopes() {
            return Err(Error::RestoreInTransaction);
        }
        self.commit_turn()?;
        let past = self.pitr.as_of(&wanted)?;
        self.before_write()?;
        let undo = self.pitr.current_bookmark();
        let restored = self.connection().restore_table(&past, table);
        let restored = restored.map_err(|error| self.failed(error))?;
        self.commit_turn()?;
        Ok((undo.to_string(), restored))
    }

    /// The content at a bookmark, or now with all that was written before.
    pub(crate) fn snapshot(&mut self, bookmark: Option<&str>) -> Result<Snapshot> {
        let bookmark = bookmark.map(str::parse::<Bookmark>).transpose().map_err(duramen_pitr::Error::from)?;
        self.commit_turn()?;
        Ok(self.pitr.snapshot(bookmark.as_ref())?)
    }

    /// Has the next session start from a snapshot, without its alarm; gives the bookmark that undoes that.
    pub(crate) fn adopt_at_next_open(&mut self, snapshot: &Snapshot) -> Result<String> {
        if self.has_scopes() {
            return Err(Error::RestoreInTransaction);
        }
        self.commit_turn()?;
        Ok(self.pitr.on_next_session_adopt(snapshot, |txn| Fact::Alarm.remove(txn))?.to_string())
    }
}

#[cfg(test)]
mod tests;
