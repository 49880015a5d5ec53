//! [`Writers`]: the two stores that a statement writes.

use duramen_engine::{Batch, Savepoint, TreeId, View, WriteTxn};

use super::stores::Stores;
use crate::codec::{rowid_key, rowid_of};
use crate::error::{Error, Result};
use crate::schema::Store;

/// What a statement writes: the database, and the temporary objects of the connection if it has any.
pub struct Writers<'w> {
    /// The database.
    pub main: &'w mut WriteTxn,
    /// The temporary objects.
    pub temp: Option<&'w mut WriteTxn>,
}

/// A point in the transactions of both stores.
#[derive(Clone, Copy, Debug)]
pub struct Savepoints {
    /// In that of the database.
    pub main: Savepoint,
    /// In that of temporary objects.
    pub temp: Option<Savepoint>,
}

impl Writers<'_> {
    /// Marks the present point.
    pub fn savepoint(&mut self) -> Savepoints {
        Savepoints { main: self.main.savepoint(), temp: self.temp.as_mut().map(|temp| temp.savepoint()) }
    }

    /// The same, for reading.
    #[must_use]
    pub fn stores(&self) -> Stores<'_> {
        Stores { main: &*self.main, temp: self.temp.as_deref().map(|temp| temp as &dyn View) }
    }

    /// The transaction of a store.
    pub fn of(&mut self, store: Store) -> &mut WriteTxn {
        match (store, &mut self.temp) {
            (Store::Temp, Some(temp)) => temp,
            _ => self.main,
        }
    }

    /// Writes the row with a rowid.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn put_row(&mut self, store: Store, tree: TreeId, rowid: i64, record: &[u8]) -> Result<()> {
        self.of(store).put(tree, &rowid_key(rowid), record)?;
        Ok(())
    }

    /// Removes the row with a rowid.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn delete_row(&mut self, store: Store, tree: TreeId, rowid: i64) -> Result<()> {
        self.of(store).delete(tree, &rowid_key(rowid))?;
        Ok(())
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn put(&mut self, store: Store, tree: TreeId, key: &[u8], value: &[u8]) -> Result<()> {
        self.of(store).put(tree, key, value)?;
        Ok(())
    }

    /// Writes an entry if there is none with its key; whether there was one, which stays.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn insert(&mut self, store: Store, tree: TreeId, key: &[u8], value: &[u8]) -> Result<bool> {
        Ok(self.of(store).insert(tree, key, value)?)
    }

    /// Begins changes of many entries of one tree.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn batch(&mut self, store: Store, tree: TreeId) -> Result<Batch<'_>> {
        Ok(self.of(store).batch(tree)?)
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn delete(&mut self, store: Store, tree: TreeId, key: &[u8]) -> Result<()> {
        self.of(store).delete(tree, key)?;
        Ok(())
    }

    /// Removes all entries of a tree, and says how many there were.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn clear(&mut self, store: Store, tree: TreeId) -> Result<u64> {
        Ok(self.of(store).clear(tree)?)
    }
}

impl<'v> Stores<'v> {
    /// The row with a rowid.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn row(&self, store: Store, tree: TreeId, rowid: i64) -> Result<Option<&'v [u8]>> {
        self.get(store, tree, &rowid_key(rowid))
    }

    /// The largest rowid of a table.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn last_rowid(&self, store: Store, tree: TreeId) -> Result<Option<i64>> {
        let key = self.view(store).last_key(tree)?;
        key.map(|key| rowid_of(&key).map_err(|_| Error::Malformed)).transpose()
    }

    /// The first entry whose key starts with a prefix.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn first_with(&self, store: Store, tree: TreeId, prefix: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut cursor = self.cursor(store, tree)?;
        let found = cursor.seek(prefix)? && cursor.key().starts_with(prefix);
        Ok(found.then(|| cursor.key().to_vec()))
    }
}
