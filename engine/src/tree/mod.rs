//! The tree: an ordered map of byte keys to byte values, copied on write.
//!
//! A [`Root`] is one version of a tree; a clone of it is another holder of the same version and costs nothing. An edit
//! copies what others hold and edits the rest in place, so a read view, a savepoint or a running checkpoint is a kept
//! root and nothing more.
//!
//! - [`node`]: nodes in memory. [`read`]: nodes wherever they lie. [`split`]: cutting what does not fit.
//! - [`edit`], [`tidy`], [`range`]: put, delete, delete a range.
//! - [`merge`], [`cursor`], [`count`]: entries in order, and how many there are.
//! - [`check`]: verification of all of it.

use std::ops::{Bound, ControlFlow};

use crate::error::Result;
use crate::format::inner::ChildRef;
use crate::page::access::PageRead;

pub(crate) mod check;
pub(crate) mod count;
pub(crate) mod cursor;
pub(crate) mod edit;
pub(crate) mod merge;
pub(crate) mod node;
pub(crate) mod params;
pub(crate) mod range;
pub(crate) mod read;
pub(crate) mod split;
pub(crate) mod tidy;

pub use check::{CheckObserver, Problem};
pub use cursor::Cursor;
pub use edit::{Existence, PutValue};
pub use params::TreeParams;

use count::Side;
use edit::Editor;
use node::Child;
use range::KeyRange;
use read::ChildView;

/// One version of a tree. A clone holds the same version; edits of one are not seen by the other.
#[derive(Clone)]
pub struct Root {
    child: Child,
}

impl Root {
    /// A tree without entries.
    pub const EMPTY: Root = Root { child: Child::EMPTY };

    /// Number of entries.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.child.count
    }

    /// The value at `key`, read in place.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn get<'a>(&'a self, pages: &'a (impl PageRead + ?Sized), key: &[u8]) -> Result<Option<&'a [u8]>> {
        let Some(leaf) = read::leaf_of(self.view(), pages, key)? else { return Ok(None) };
        leaf.find(key).map(|value| read::value_bytes(value, pages)).transpose()
    }

    /// Whether there is an entry at `key`.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn contains(&self, pages: &(impl PageRead + ?Sized), key: &[u8]) -> Result<bool> {
        read::contains(self.view(), pages, key)
    }

    /// A cursor over the entries of this version.
    #[must_use]
    pub fn cursor<'a, P: PageRead + ?Sized>(&'a self, pages: &'a P) -> Cursor<'a, P> {
        Cursor::new(self.view(), pages)
    }

    /// How many entries have a key below `key`.
    ///
    /// # Errors
    /// Where a page on the way cannot be read.
    pub fn rank(&self, pages: &(impl PageRead + ?Sized), key: &[u8]) -> Result<u64> {
        count::rank(self.view(), pages, key, Side::Before)
    }

    /// How many entries have a key between two bounds.
    ///
    /// # Errors
    /// Where a page on the way to one of them cannot be read.
    pub fn count_range(
        &self,
        pages: &(impl PageRead + ?Sized),
        low: Bound<&[u8]>,
        high: Bound<&[u8]>,
    ) -> Result<u64> {
        count::count_range(self.view(), pages, low, high)
    }

    /// Puts a value at a key; whether there was one before. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way, or one to merge with, cannot be read.
    pub fn put<'v>(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        key: &[u8],
        value: impl Into<PutValue<'v>>,
        existence: Existence,
    ) -> Result<bool> {
        Editor { pages, params }.put(&mut self.child, key, value.into(), existence)
    }

    /// Deletes the entry at a key; whether there was one. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way, or one to merge with, cannot be read.
    pub fn delete(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        key: &[u8],
        existence: Existence,
    ) -> Result<bool> {
        Editor { pages, params }.delete(&mut self.child, key, existence)
    }

    /// Deletes all entries between two bounds; how many there were. After an error the content is as it was.
    ///
    /// # Errors
    /// Where a page on the way to one of the bounds cannot be read.
    pub fn delete_range(
        &mut self,
        pages: &(impl PageRead + ?Sized),
        params: &TreeParams,
        low: Bound<&[u8]>,
        high: Bound<&[u8]>,
    ) -> Result<u64> {
        Editor { pages, params }.delete_range(&mut self.child, KeyRange { low, high })
    }

    /// Checks the whole structure; what is wrong goes to the observer. `fanout` is the most children an inner node may
    /// have. Ends early where the observer says so.
    pub fn check(
        &self,
        pages: &(impl PageRead + ?Sized),
        fanout: usize,
        observer: &mut dyn CheckObserver,
    ) -> ControlFlow<()> {
        check::check(self.view(), pages, fanout, observer)
    }

    fn view(&self) -> ChildView<'_> {
        ChildView::Own(&self.child)
    }
}

impl From<ChildRef> for Root {
    /// The version that a checkpoint wrote.
    fn from(child: ChildRef) -> Root {
        Root { child: child.into() }
    }
}

#[cfg(test)]
mod tests;
