//! [`View`]: everything that can be read of one version, the same for a [`ReadView`] and an open write transaction.

use std::ops::Bound;

use super::cursor::Cursor;
use crate::catalog::{Catalog, TreeEntry};
use crate::error::{Error, Result};
use crate::ids::{Lsn, Timestamp, TreeId};
use crate::page::segments::SegmentSet;
use crate::scratch::Scratch;
use crate::tree::Root;
use crate::version::{Pinned, Version};

/// A range of keys by its two ends.
pub type KeyRange<'k> = (Bound<&'k [u8]>, Bound<&'k [u8]>);

/// What a view reads from. Public in name only, so that nobody else implements [`View`].
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) pages: &'a SegmentSet,
}

mod sealed {
    pub trait Sealed {
        fn source(&self) -> super::Source<'_>;
    }
}
pub(crate) use sealed::Sealed;

impl<'a> Source<'a> {
    fn entry(self, tree: TreeId) -> Result<&'a TreeEntry> {
        self.catalog.get(tree).ok_or_else(|| Error::NoSuchTree(format!("number {}", tree.0)))
    }

    pub(super) fn root(self, tree: TreeId) -> Result<&'a Root> {
        Ok(&self.entry(tree)?.root)
    }
}

/// Reading one version of the database. What is read is borrowed from the view and stays as it is for as long as the
/// view lives.
///
/// Every method that reads a tree gives [`Error::NoSuchTree`] for a tree that this version does not have, and
/// [`Error::Corrupt`] or [`Error::Io`] where a page cannot be read; other keys stay readable then.
pub trait View: Sealed {
    /// The commit whose state is read; for a write transaction, the one it started from.
    fn lsn(&self) -> Lsn;

    /// The tree of this name.
    fn tree(&self, name: &[u8]) -> Option<TreeId> {
        self.source().catalog.find(name)
    }

    /// All trees by name, in byte order.
    fn trees(&self) -> Vec<(&[u8], TreeId)> {
        self.source().catalog.names().collect()
    }

    /// The name of a tree.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn tree_name(&self, tree: TreeId) -> Result<&[u8]> {
        Ok(&self.source().entry(tree)?.name)
    }

    /// The value of a key. O(log n), and no copy however large the value is.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn get(&self, tree: TreeId, key: &[u8]) -> Result<Option<&[u8]>> {
        let source = self.source();
        source.root(tree)?.get(source.pages, key)
    }

    /// The values of keys, in the order of the keys, with nothing where there is none. No copy however large they are.
    ///
    /// Several keys are looked up at a time, so that what one waits for is fetched while the others go on. For eight keys
    /// or more all over a large tree that takes less time than as many calls of [`get`](View::get); for keys that lie near
    /// each other [`Cursor::get`] in their order takes the least.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn get_many(&self, tree: TreeId, keys: &[&[u8]]) -> Result<Vec<Option<&[u8]>>> {
        let source = self.source();
        source.root(tree)?.get_many(source.pages, keys)
    }

    /// The greatest key of a tree. O(log n).
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn last_key(&self, tree: TreeId) -> Result<Option<Vec<u8>>> {
        let source = self.source();
        source.root(tree)?.last_key(source.pages)
    }

    /// A cursor over a tree, standing nowhere yet.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn cursor(&self, tree: TreeId) -> Result<Cursor<'_>> {
        let source = self.source();
        Ok(Cursor::new(source.root(tree)?.cursor(source.pages)))
    }

    /// The number of entries of a tree. O(1).
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn len(&self, tree: TreeId) -> Result<u64> {
        Ok(self.source().root(tree)?.count())
    }

    /// Whether a tree has no entry. O(1).
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn is_empty(&self, tree: TreeId) -> Result<bool> {
        Ok(self.len(tree)? == 0)
    }

    /// The exact number of entries in a range. O(log n), however many they are.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn count(&self, tree: TreeId, range: KeyRange<'_>) -> Result<u64> {
        let source = self.source();
        source.root(tree)?.count_range(source.pages, range.0, range.1)
    }

    /// As [`View::count`], and whether there is an entry behind the range, if anything is in it. No dearer.
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn count_and_next(&self, tree: TreeId, range: KeyRange<'_>) -> Result<(u64, bool)> {
        let source = self.source();
        source.root(tree)?.count_and_next(source.pages, range.0, range.1)
    }

    /// Room outside of memory for what is read, as to sort it: a file beside those of the database.
    ///
    /// # Errors
    /// [`Error::Io`] where no file can be made.
    fn scratch(&self) -> Result<Scratch> {
        let place = self.source().pages.place();
        Scratch::new(&*place.fs, &place.dir)
    }

    /// The number of entries whose key precedes `key`. O(log n).
    ///
    /// # Errors
    /// As for all methods; see [`View`].
    fn rank(&self, tree: TreeId, key: &[u8]) -> Result<u64> {
        let source = self.source();
        source.root(tree)?.rank(source.pages, key)
    }
}

/// One version of the database, for reading. Cheap to make, waits for nobody, and never changes. It stays readable after the
/// database was closed, until that is opened for writing again.
///
/// It keeps the pages of its version in being: a view held for long keeps space from being reclaimed.
/// [`Info::oldest_reader`](crate::Info::oldest_reader) shows the oldest.
#[derive(Clone, Debug)]
pub struct ReadView {
    version: Pinned,
}

impl ReadView {
    pub(crate) fn new(version: Pinned) -> ReadView {
        ReadView { version }
    }

    /// The time of the commit whose state is read.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.version.time
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }
}

impl Sealed for ReadView {
    fn source(&self) -> Source<'_> {
        Source { catalog: &self.version.catalog, pages: &self.version.pages }
    }
}

impl View for ReadView {
    fn lsn(&self) -> Lsn {
        self.version.lsn
    }
}
