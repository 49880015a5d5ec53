//! [`Cursor`]: a position in one tree of a view.

use crate::error::Result;
use crate::page::segments::SegmentSet;
use crate::tree;

/// A position among the entries of one tree, moving both ways.
///
/// A new cursor stands nowhere: move it before reading. Every move answers whether it now stands on an entry, in
/// O(log n) for `seek`, `first` and `last` and in O(1), averaged over a scan, for `next` and `prev`. A key near where the
/// cursor was last costs less than one far away. After an error the cursor gives the same error again: it never skips
/// what it could not read.
pub struct Cursor<'a> {
    inner: tree::Cursor<'a, SegmentSet>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(inner: tree::Cursor<'a, SegmentSet>) -> Cursor<'a> {
        Cursor { inner }
    }

    /// Moves to the first entry.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::Error::Corrupt) or [`Error::Io`](crate::Error::Io) where a page cannot be read; so for
    /// every move.
    pub fn first(&mut self) -> Result<bool> {
        self.inner.first()
    }

    /// Moves to the last entry.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    pub fn last(&mut self) -> Result<bool> {
        self.inner.last()
    }

    /// Moves to the first entry whose key is `key` or follows it.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    pub fn seek(&mut self, key: &[u8]) -> Result<bool> {
        self.inner.seek(key)
    }

    /// Moves to the last entry whose key is `key` or precedes it.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    pub fn seek_for_prev(&mut self, key: &[u8]) -> Result<bool> {
        self.inner.seek_for_prev(key)
    }

    /// The value of a key, borrowed from the view. The cursor stands nowhere afterwards, but finds a key near this one at
    /// less cost than [`View::get`](crate::View::get).
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&'a [u8]>> {
        self.inner.get(key)
    }

    /// Moves to the entry with `n` entries before it.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    pub fn nth(&mut self, n: u64) -> Result<bool> {
        self.inner.nth(n)
    }

    /// Moves to the next entry; to the first one from nowhere.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "a cursor lends what it stands on, an iterator cannot")]
    pub fn next(&mut self) -> Result<bool> {
        self.inner.next()
    }

    /// Moves to the previous entry; to the last one from nowhere.
    ///
    /// # Errors
    /// As [`first`](Cursor::first).
    #[inline]
    pub fn prev(&mut self) -> Result<bool> {
        self.inner.prev()
    }

    /// Whether the cursor stands on an entry.
    #[inline]
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.inner.is_valid()
    }

    /// The key of the entry it stands on.
    ///
    /// # Panics
    /// Where it stands on none; [`is_valid`](Cursor::is_valid) tells.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.inner.key()
    }

    /// Whether the key of the entry it stands on is below `end`. Until the cursor is positioned anew that must be the same
    /// one each time: then most entries need not be compared with it.
    ///
    /// # Panics
    /// Where it stands on none; [`is_valid`](Cursor::is_valid) tells.
    #[inline]
    #[must_use]
    pub fn is_below(&mut self, end: &[u8]) -> bool {
        self.inner.is_below(end)
    }

    /// The value of the entry it stands on, borrowed from the view and not copied, however large.
    ///
    /// # Errors
    /// As [`first`](Cursor::first): a large value lies in pages of its own, read here.
    ///
    /// # Panics
    /// Where it stands on none; [`is_valid`](Cursor::is_valid) tells.
    #[inline]
    pub fn value(&self) -> Result<&'a [u8]> {
        self.inner.value()
    }
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.is_valid().then(|| self.key());
        f.debug_struct("Cursor").field("key", &key).finish()
    }
}
