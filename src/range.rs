//! [`Range`]: the entries of a range, from both ends.
//!
//! 1. Each end has a cursor of its own, made when it is first used.
//! 2. What one end has handed out the other does not: each stops where the other stands.
//! 3. After an error, or the last entry, both ends have nothing more.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

use duramen_engine::{Cursor, TreeId, View};

use crate::ends::Ends;
use crate::error::Result;
use crate::key::TreeKey;
use crate::read;
use crate::value::TreeValue;

/// Entries of a tree in key order; `rev()` turns the order.
///
/// As an iterator it hands out keys in their owned form and values borrowed from the view.
/// [`advance`](Range::advance) and [`advance_back`](Range::advance_back) lend the entry instead, for scans that need
/// not keep the keys: they allocate nothing.
pub struct Range<'v, K, V> {
    tree: TreeId,
    view: &'v dyn View,
    ends: Ends,
    front: Option<Cursor<'v>>,
    back: Option<Cursor<'v>>,
    finished: bool,
    types: PhantomData<fn() -> (K, V)>,
}

/// An entry lent by a [`Range`].
pub struct Entry<'e, 'v, K, V> {
    tree: TreeId,
    cursor: &'e Cursor<'v>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<'v, K: TreeKey, V: TreeValue> Range<'v, K, V> {
    pub(crate) fn new(tree: TreeId, view: &'v dyn View, ends: Ends) -> Result<Range<'v, K, V>> {
        // So that a missing tree is an error here and not on the way.
        view.len(tree)?;
        Ok(Range { tree, view, ends, front: None, back: None, finished: false, types: PhantomData })
    }

    /// Moves the front on, and lends the entry it then stands on.
    ///
    /// # Errors
    /// As all reading of a [`Tree`](crate::Tree).
    pub fn advance(&mut self) -> Result<Option<Entry<'_, 'v, K, V>>> {
        let moved = self.move_front();
        if !self.settle(moved)? {
            return Ok(None);
        }
        Ok(self.front.as_ref().map(|cursor| Entry { tree: self.tree, cursor, types: PhantomData }))
    }

    /// Moves the back on, and lends the entry it then stands on.
    ///
    /// # Errors
    /// As all reading of a [`Tree`](crate::Tree).
    pub fn advance_back(&mut self) -> Result<Option<Entry<'_, 'v, K, V>>> {
        let moved = self.move_back();
        if !self.settle(moved)? {
            return Ok(None);
        }
        Ok(self.back.as_ref().map(|cursor| Entry { tree: self.tree, cursor, types: PhantomData }))
    }

    /// Remembers that there is nothing more where a move says so.
    fn settle(&mut self, moved: Result<bool>) -> Result<bool> {
        self.finished |= !matches!(moved, Ok(true));
        moved
    }

    fn move_front(&mut self) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        let found = match &mut self.front {
            Some(cursor) => cursor.next()?,
            none => {
                let cursor = none.insert(self.view.cursor(self.tree)?);
                match &self.ends.start {
                    Bound::Unbounded => cursor.first()?,
                    Bound::Included(key) => cursor.seek(key)?,
                    Bound::Excluded(key) => {
                        cursor.seek(key)? && (cursor.key() != key.as_slice() || cursor.next()?)
                    }
                }
            }
        };
        let Some(cursor) = self.front.as_ref().filter(|_| found) else { return Ok(false) };
        let below_back = self.back.as_ref().is_none_or(|back| cursor.key() < back.key());
        Ok(below_back && is_below(cursor.key(), &self.ends.end))
    }

    fn move_back(&mut self) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        let found = match &mut self.back {
            Some(cursor) => cursor.prev()?,
            none => {
                let cursor = none.insert(self.view.cursor(self.tree)?);
                match &self.ends.end {
                    Bound::Unbounded => cursor.last()?,
                    Bound::Included(key) => cursor.seek_for_prev(key)?,
                    Bound::Excluded(key) => {
                        cursor.seek_for_prev(key)? && (cursor.key() != key.as_slice() || cursor.prev()?)
                    }
                }
            }
        };
        let Some(cursor) = self.back.as_ref().filter(|_| found) else { return Ok(false) };
        let above_front = self.front.as_ref().is_none_or(|front| cursor.key() > front.key());
        Ok(above_front && is_above(cursor.key(), &self.ends.start))
    }
}

fn is_below(key: &[u8], end: &Bound<Vec<u8>>) -> bool {
    match end {
        Bound::Unbounded => true,
        Bound::Included(end) => key <= end.as_slice(),
        Bound::Excluded(end) => key < end.as_slice(),
    }
}

fn is_above(key: &[u8], start: &Bound<Vec<u8>>) -> bool {
    match start {
        Bound::Unbounded => true,
        Bound::Included(start) => key >= start.as_slice(),
        Bound::Excluded(start) => key > start.as_slice(),
    }
}

impl<'v, K: TreeKey, V: TreeValue> Entry<'_, 'v, K, V> {
    /// The key.
    ///
    /// # Errors
    /// [`WrongType`](crate::Error::WrongType).
    pub fn key(&self) -> Result<K::Owned> {
        read::key::<K>(self.tree, self.cursor.key())
    }

    /// The bytes of the key.
    #[must_use]
    pub fn key_bytes(&self) -> &[u8] {
        self.cursor.key()
    }

    /// The value, borrowed from the view.
    ///
    /// # Errors
    /// As all reading of a [`Tree`](crate::Tree): a large value is read here.
    pub fn value(&self) -> Result<V::Given<'v>> {
        read::value::<V>(self.tree, self.cursor.key(), self.cursor.value()?)
    }

    fn hand_out(&self) -> Result<(K::Owned, V::Given<'v>)> {
        Ok((self.key()?, self.value()?))
    }
}

impl<'v, K: TreeKey, V: TreeValue> Iterator for Range<'v, K, V> {
    type Item = Result<(K::Owned, V::Given<'v>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.advance().transpose()?.and_then(|entry| entry.hand_out());
        self.finished |= item.is_err();
        Some(item)
    }
}

impl<K: TreeKey, V: TreeValue> DoubleEndedIterator for Range<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let item = self.advance_back().transpose()?.and_then(|entry| entry.hand_out());
        self.finished |= item.is_err();
        Some(item)
    }
}

impl<K: TreeKey, V: TreeValue> std::iter::FusedIterator for Range<'_, K, V> {}

impl<K, V> fmt::Debug for Range<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Range")
            .field("tree", &self.tree)
            .field("ends", &self.ends)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

impl<K, V> fmt::Debug for Entry<'_, '_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("tree", &self.tree).field("cursor", &self.cursor).finish()
    }
}
