//! [`Snapshot`]: a moment of a database that is handed to another one.

use std::sync::Arc;

use duramen_engine::{PastView, View, WriteTxn};

use crate::bookmark::Bookmark;
use crate::error::Result;

/// The content of a database at a moment, for another database to begin with. Clones are handles to the same one; they may
/// be sent to other threads.
///
/// It keeps the history that the moment needs, and its database open; nothing of it is on disk.
#[derive(Clone, Debug)]
pub struct Snapshot {
    bookmark: Bookmark,
    view: Arc<PastView>,
}

impl Snapshot {
    pub(crate) fn new(bookmark: Bookmark, view: PastView) -> Snapshot {
        Snapshot { bookmark, view: Arc::new(view) }
    }

    /// The moment.
    #[must_use]
    pub fn bookmark(&self) -> Bookmark {
        self.bookmark
    }

    /// How many entries it has.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn entries(&self) -> Result<u64> {
        let count = |(_, tree)| self.view.len(tree);
        Ok(self.view.trees().into_iter().map(count).sum::<duramen_engine::Result<u64>>()?)
    }

    /// Makes it the content of a database, in a transaction of that.
    pub(crate) fn put_into(&self, txn: &mut WriteTxn, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        Ok(txn.adopt(&**self.view, progress)?)
    }
}
