//! [`Pitr`]: naming, reading and restoring the past of an open database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use duramen_engine::{
    Database, Durability, ForkReport, History, KeyRange, Lsn, PastView, Timestamp, TreeId, View, WriteTxn,
};

use crate::bookmark::Bookmark;
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::partial;
use crate::reach::{Pin, Reach};
use crate::snapshot::Snapshot;
use crate::timeline::Timeline;

/// The past of an open database. Clones are handles to the same one.
///
/// How far the past reaches is a matter of the database's [`Retention`](duramen_engine::Retention).
#[derive(Clone, Debug)]
pub struct Pitr {
    database: Database,
    timeline: Arc<Mutex<Timeline>>,
}

/// A moment found by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub bookmark: Bookmark,
    /// The time of its commit.
    pub time: Timestamp,
    /// The time of the commit after it. While there is none, later commits may still belong to the time asked for;
    /// once there is one, the same question has the same answer for ever.
    pub next: Option<Timestamp>,
}

impl Pitr {
    /// The past of a database.
    #[must_use]
    pub fn new(database: Database) -> Pitr {
        Pitr { database, timeline: Arc::default() }
    }

    fn bookmark(&self, lsn: Lsn) -> Bookmark {
        Bookmark::new(self.database.id(), lsn)
    }

    /// The moment right after the newest commit. No I/O.
    #[must_use]
    pub fn current_bookmark(&self) -> Bookmark {
        self.bookmark(self.database.last_lsn())
    }

    /// The oldest moment that can be read and restored.
    #[must_use]
    pub fn oldest_bookmark(&self) -> Bookmark {
        self.bookmark(self.database.history().oldest())
    }

    /// The moment after all commits with a time up to and including this one.
    ///
    /// Cost: a file of the log, or what is between two kept roots, is read once; afterwards some hundred records.
    ///
    /// # Errors
    /// [`Error::TooEarly`]; those of the engine.
    pub fn bookmark_for_time(&self, time: Timestamp) -> Result<Moment> {
        let history = self.database.history();
        let found = {
            let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
            timeline.find(&history, time)?
        };
        let found = found.ok_or_else(|| Error::TooEarly { time, oldest: self.oldest_bookmark() })?;
        Ok(Moment { bookmark: self.bookmark(found.lsn), time: found.time, next: found.next })
    }

    /// The moment after all commits up to a time, and the database as it was then: what was found cannot expire before it is
    /// read.
    ///
    /// # Errors
    /// [`Error::TooEarly`]; those of the engine.
    pub fn as_of_time(&self, time: Timestamp) -> Result<(Moment, PastView)> {
        let history = self.database.history();
        let _stays = history.hold(history.oldest())?;
        let moment = self.bookmark_for_time(time)?;
        Ok((moment, self.as_of(&moment.bookmark)?))
    }

    /// The database as it was at a moment, for reading, beside whatever is written meanwhile.
    ///
    /// Cost: nothing at a kept root; between two of them the log from the one before is replayed in memory.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine.
    pub fn as_of(&self, bookmark: &Bookmark) -> Result<PastView> {
        let lsn = self.check(bookmark)?;
        self.database.history().read_at(lsn).map_err(|error| self.named(bookmark, error))
    }

    /// The database as it was at a moment, as a database: read-only, for SQL and whatever else works on one. Costs as much
    /// as [`as_of`](Pitr::as_of).
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine.
    pub fn database_at(&self, bookmark: &Bookmark) -> Result<Database> {
        let lsn = self.check(bookmark)?;
        self.database.as_of(lsn).map_err(|error| self.named(bookmark, error))
    }

    /// Makes the content of the database what it was at a moment, as a new commit that is durable when this returns.
    /// Gives the moment before, to which a restore undoes this one. Nothing of the history is lost.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine. After each the database is as it was.
    pub fn restore(&self, bookmark: &Bookmark) -> Result<Bookmark> {
        let lsn = self.check(bookmark)?;
        let mut txn = self.database.begin_write()?;
        let undo = self.bookmark(txn.lsn());
        txn.reset_to(lsn, &[]).map_err(|error| self.named(bookmark, error))?;
        txn.commit(Durability::Immediate)?;
        Ok(undo)
    }

    /// As [`restore`](Pitr::restore), as a part of a transaction; the trees in `keep` stay as they are. The bookmark that
    /// it gives is of the commit that the transaction started from.
    ///
    /// # Errors
    /// As [`restore`](Pitr::restore); the transaction is as before.
    pub fn restore_within(
        &self,
        txn: &mut WriteTxn,
        bookmark: &Bookmark,
        keep: &[TreeId],
    ) -> Result<Bookmark> {
        let lsn = self.check(bookmark)?;
        txn.reset_to(lsn, keep).map_err(|error| self.named(bookmark, error))?;
        Ok(self.bookmark(txn.lsn()))
    }

    /// Makes the entries of one tree, in a range of its keys, what they were at a moment, as a new commit that is durable
    /// when this returns; the rest stays. Gives the moment before, to which a restore undoes this one, and how many
    /// entries changed.
    ///
    /// Cost: a view of the moment, and the differences; subtrees that are the same are not read.
    ///
    /// # Errors
    /// As [`restore`](Pitr::restore).
    pub fn restore_range(
        &self,
        bookmark: &Bookmark,
        tree: &[u8],
        range: KeyRange<'_>,
    ) -> Result<(Bookmark, u64)> {
        let past = self.as_of(bookmark)?;
        let mut txn = self.database.begin_write()?;
        let undo = self.bookmark(txn.lsn());
        let changed = partial::restore(&mut txn, &past, tree, range)?;
        txn.commit(Durability::Immediate)?;
        Ok((undo, changed))
    }

    /// Makes a database of its own in a directory, whose content is that of a moment. `progress` is told the bytes shared or
    /// copied and their total. Page files are shared, as far as the file system can; the two are independent from then on.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine, such as for a directory that holds
    /// something. What was made is removed then, as far as the disk lets it; what is left can be forked over, or is the whole
    /// database.
    pub fn fork(
        &self,
        bookmark: &Bookmark,
        dir: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ForkReport> {
        let lsn = self.check(bookmark)?;
        self.database.history().fork(lsn, dir, progress).map_err(|error| self.named(bookmark, error))
    }

    /// What each commit after a moment changed, by key, up to the newest one. To follow the database, begin the next feed
    /// after the last bookmark of this one: it stays good over restarts for as long as the history is kept.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine.
    pub fn changes_since(&self, bookmark: &Bookmark) -> Result<Feed> {
        let lsn = self.check(bookmark)?;
        Feed::new(self.database.history(), self.bookmark(lsn))
    }

    /// Has the next session restore a moment: the next time the database is opened for writing, its content is what it was
    /// then, before anything else is done. On disk when this returns. Calling it again replaces the wish, and
    /// [`cancel_restore`](Pitr::cancel_restore) takes it back. Should damage get in the way until then, the open fails with
    /// [`PendingRestore`](duramen_engine::Error::PendingRestore), which says how to open the database without it.
    ///
    /// Gives the moment right before the restore, whatever is committed until then, to which a restore undoes this one.
    /// That moment is not there yet; asked for before, it is the newest one.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`], before anything was put down; those of the engine, after which
    /// the wish is as before.
    pub fn on_next_session_restore(&self, bookmark: &Bookmark) -> Result<Bookmark> {
        let lsn = self.check(bookmark)?;
        let history = self.database.history();
        history.wish_reset(Some(lsn)).map_err(|error| self.named(bookmark, error))?;
        // One that a crash cannot take: from it the restore is looked for.
        Ok(Bookmark::before_restore(self.database.id(), self.database.durable_lsn()))
    }

    /// The content of the database at a moment, or now, for another database to begin with. It costs as much as
    /// [`as_of`](Pitr::as_of), however large the database is.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine.
    pub fn snapshot(&self, bookmark: Option<&Bookmark>) -> Result<Snapshot> {
        let bookmark = bookmark.copied().unwrap_or_else(|| self.current_bookmark());
        Ok(Snapshot::new(bookmark, self.as_of(&bookmark)?))
    }

    /// Makes the content of the database that of a snapshot, which may be of another one, as a new commit that is durable when
    /// this returns. Gives the moment before, to which a restore undoes this.
    ///
    /// Cost: all entries are written. `progress` is told how many were, and their total.
    ///
    /// # Errors
    /// Those of the engine, after which the database is as it was.
    pub fn adopt(&self, snapshot: &Snapshot, progress: &mut dyn FnMut(u64, u64)) -> Result<Bookmark> {
        let mut txn = self.database.begin_write()?;
        let undo = self.bookmark(txn.lsn());
        snapshot.put_into(&mut txn, progress)?;
        txn.commit(Durability::Immediate)?;
        Ok(undo)
    }

    /// Has the next session begin with the content of a snapshot, which may be of another database: as
    /// [`on_next_session_restore`](Pitr::on_next_session_restore), which it replaces and which replaces it. Before it returns
    /// `change` may change that content. The snapshot is not needed any more then.
    ///
    /// Cost: all entries are written now, as a version of the history that nobody sees; the next session goes back to that
    /// one. A crash meanwhile leaves all as it was, or begins the next session early.
    ///
    /// # Errors
    /// Those of the engine and of `change`, after which all is as before; [`Error::Engine`] with
    /// [`Poisoned`](duramen_engine::Error::Poisoned) where the disk fails at the end of it.
    pub fn on_next_session_adopt(
        &self,
        snapshot: &Snapshot,
        change: impl FnOnce(&mut WriteTxn) -> duramen_engine::Result<()>,
    ) -> Result<Bookmark> {
        let mut txn = self.database.begin_write()?;
        snapshot.put_into(&mut txn, &mut |_, _| {})?;
        change(&mut txn)?;
        let aside = txn.commit_aside()?;
        self.on_next_session_restore(&self.bookmark(aside))
    }

    /// The moment that the next session begins with, if one was asked for.
    #[must_use]
    pub fn pending_restore(&self) -> Option<Bookmark> {
        self.database.history().wished_reset().map(|lsn| self.bookmark(lsn))
    }

    /// Has the next session go on where this one ends, whatever was asked for. Where the restore stands in the way of opening
    /// the database, open it with [`PendingRestore::Leave`](duramen_engine::PendingRestore::Leave) and call this.
    ///
    /// # Errors
    /// Those of the engine, after which the wish is as before.
    pub fn cancel_restore(&self) -> Result<()> {
        Ok(self.database.history().wish_reset(None)?)
    }

    /// Keeps a moment and everything since reachable under a name, beyond retention and in later sessions too, until
    /// [`unpin`](Pitr::unpin). A pin of that name moves.
    ///
    /// # Errors
    /// [`Error::ForeignBookmark`], [`Error::Unavailable`]; those of the engine, also for a name that is empty or over 255
    /// bytes, and where there are a thousand pins.
    pub fn pin(&self, name: &str, bookmark: &Bookmark) -> Result<()> {
        let lsn = self.check(bookmark)?;
        self.database.history().pin(name, lsn).map_err(|error| self.named(bookmark, error))
    }

    /// Lets a pin go; whether there was one of that name.
    ///
    /// # Errors
    /// Those of the engine, after which the pin is as before.
    pub fn unpin(&self, name: &str) -> Result<bool> {
        Ok(self.database.history().unpin(name)?)
    }

    /// How far back the database can go, what keeps it so, and what that costs.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn reach(&self) -> Result<Reach> {
        let history = self.database.history();
        let pin = |(name, lsn)| Pin { name, bookmark: self.bookmark(lsn) };
        let pins = history.pins().into_iter().map(pin).collect();
        Reach::new(&history, pins, &|lsn| self.bookmark(lsn))
    }

    /// The history of the database in the engine's words.
    #[must_use]
    pub fn history(&self) -> History {
        self.database.history()
    }

    /// The commit of a bookmark of this database that is in reach.
    fn check(&self, bookmark: &Bookmark) -> Result<Lsn> {
        if !bookmark.is_of(self.database.id()) {
            return Err(Error::ForeignBookmark(*bookmark));
        }
        let (oldest, newest) = (self.oldest_bookmark(), self.current_bookmark());
        if bookmark.lsn() < oldest.lsn() || bookmark.lsn() > newest.lsn() {
            return Err(Error::Unavailable { bookmark: *bookmark, oldest, newest });
        }
        if bookmark.is_before_restore() {
            return Ok(self.database.history().before_wished_reset(bookmark.lsn())?);
        }
        Ok(bookmark.lsn())
    }

    /// An error of the engine about a bookmark.
    fn named(&self, bookmark: &Bookmark, error: duramen_engine::Error) -> Error {
        match error {
            duramen_engine::Error::HistoryUnavailable { oldest, newest, .. } => {
                let (oldest, newest) = (self.bookmark(oldest), self.bookmark(newest));
                Error::Unavailable { bookmark: *bookmark, oldest, newest }
            }
            error => Error::Engine(error),
        }
    }
}
