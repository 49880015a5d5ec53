//! [`Place`]: a position in a tree that can be found again in another version of that tree.

use duramen_engine::{Cursor, TreeId};

use crate::error::Result;
use crate::schema::Store;
use crate::store::Stores;

/// A position among the entries of one tree. What it reads it borrows from the version.
pub struct Place<'v> {
    cursor: Cursor<'v>,
    store: Store,
    tree: TreeId,
    /// Whether the entry it stood on is gone: the cursor is then at what came behind it, or nowhere if nothing did.
    in_gap: bool,
}

impl<'v> Place<'v> {
    /// Nowhere yet.
    ///
    /// # Errors
    /// Those of the engine; so for every move.
    pub fn new(stores: Stores<'v>, store: Store, tree: TreeId) -> Result<Place<'v>> {
        Ok(Place { cursor: stores.cursor(store, tree)?, store, tree, in_gap: false })
    }

    /// Moves to the first entry.
    pub fn first(&mut self) -> Result<bool> {
        self.in_gap = false;
        Ok(self.cursor.first()?)
    }

    /// Moves to the last entry.
    pub fn last(&mut self) -> Result<bool> {
        self.in_gap = false;
        Ok(self.cursor.last()?)
    }

    /// Moves to the first entry whose key is `key` or follows it.
    pub fn seek(&mut self, key: &[u8]) -> Result<bool> {
        self.in_gap = false;
        Ok(self.cursor.seek(key)?)
    }

    /// Moves to the last entry whose key is `key` or precedes it.
    pub fn seek_for_prev(&mut self, key: &[u8]) -> Result<bool> {
        self.in_gap = false;
        Ok(self.cursor.seek_for_prev(key)?)
    }

    /// The value of a key. It is nowhere afterwards, but near.
    #[inline]
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&'v [u8]>> {
        self.in_gap = false;
        Ok(self.cursor.get(key)?)
    }

    /// Moves to the next entry.
    #[inline]
    pub fn next(&mut self) -> Result<bool> {
        if self.in_gap {
            self.in_gap = false;
            return Ok(self.cursor.is_valid());
        }
        Ok(self.cursor.next()?)
    }

    /// Moves to the entry before.
    #[inline]
    pub fn prev(&mut self) -> Result<bool> {
        self.in_gap = false;
        Ok(self.cursor.prev()?)
    }

    /// The key of the entry it is at.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.cursor.key()
    }

    /// Whether the key of the entry it is at is below `end`: the same one each time, until it is moved by a key.
    #[inline]
    #[must_use]
    pub fn is_below(&mut self, end: &[u8]) -> bool {
        self.cursor.is_below(end)
    }

    /// The value of the entry it is at.
    #[inline]
    pub fn value(&self) -> Result<&'v [u8]> {
        Ok(self.cursor.value()?)
    }

    /// The same position in another version: at the same entry, or between those that are its neighbours there.
    pub fn renewed<'w>(&self, stores: Stores<'w>) -> Result<Place<'w>> {
        let mut place = Place::new(stores, self.store, self.tree)?;
        if self.cursor.is_valid() {
            place.find(self.key())?;
            place.in_gap |= self.in_gap;
        } else {
            place.in_gap = self.in_gap;
        }
        Ok(place)
    }

    /// As if it stood on the entry of a key, in another version.
    pub fn renewed_at<'w>(&self, key: &[u8], stores: Stores<'w>) -> Result<Place<'w>> {
        let mut place = Place::new(stores, self.store, self.tree)?;
        place.find(key)?;
        Ok(place)
    }

    /// Moves to the entry of a key, or into the gap where it was.
    fn find(&mut self, key: &[u8]) -> Result<()> {
        self.in_gap = !(self.cursor.seek(key)? && self.key() == key);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
