//! [`Diff`]: the entries of one tree that differ between two versions.

use super::view::View;
use crate::error::{Error, Result};
use crate::ids::TreeId;
use crate::page::segments::SegmentSet;
use crate::tree::{self, Change, Root};

static NO_ENTRIES: Root = Root::empty();

/// The entries of one tree that differ between an earlier and a later version of a database, in key order.
///
/// Subtrees that both versions share are not looked into: d differences cost O(d log n), wherever they are. Pages that
/// compaction or the reclaiming of space moved in between are shared no more and are compared entry by entry.
///
/// ```
/// use duramen_engine::{Change, Database, Diff, Durability, Options, View};
///
/// let db = Database::in_memory(Options::default())?;
/// let mut txn = db.begin_write()?;
/// let tree = txn.create_tree(b"t")?;
/// txn.put(tree, b"a", b"1")?;
/// txn.commit(Durability::Immediate)?;
/// let before = db.begin_read()?;
///
/// let mut txn = db.begin_write()?;
/// txn.put(tree, b"a", b"2")?;
/// txn.commit(Durability::Immediate)?;
/// let after = db.begin_read()?;
///
/// let mut diff = Diff::new(&before, &after, tree)?;
/// let change = Change { key: b"a", before: Some(b"1"), after: Some(b"2") };
/// assert_eq!(diff.next()?, Some(change));
/// assert_eq!(diff.next()?, None);
/// # Ok::<(), duramen_engine::Error>(())
/// ```
pub struct Diff<'a> {
    inner: tree::Diff<'a, SegmentSet>,
}

impl<'a> Diff<'a> {
    /// Compares a tree in two views. In a view that does not have it, it counts as empty.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where the views are of two databases; [`Error::NoSuchTree`] where neither has the tree.
    pub fn new(before: &'a impl View, after: &'a impl View, tree: TreeId) -> Result<Diff<'a>> {
        let (before, after) = (before.source(), after.source());
        if before.pages.database() != after.pages.database() {
            return Err(Error::InvalidArgument("the two views are of different databases".into()));
        }
        let roots = (before.root(tree), after.root(tree));
        let (earlier, later) = match roots {
            (Err(error), Err(_)) => return Err(error),
            (earlier, later) => (earlier.unwrap_or(&NO_ENTRIES), later.unwrap_or(&NO_ENTRIES)),
        };
        Ok(Diff { inner: earlier.diff(before.pages, later, after.pages) })
    }

    /// The next difference; `None` behind the last one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Io`] where a page cannot be read; begin anew then.
    #[expect(clippy::should_implement_trait, reason = "it lends the key, which an iterator cannot")]
    pub fn next(&mut self) -> Result<Option<Change<'_>>> {
        self.inner.next()
    }
}

impl std::fmt::Debug for Diff<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diff").finish_non_exhaustive()
    }
}
