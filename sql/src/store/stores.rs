//! [`Stores`]: the two stores that a statement reads, each in one version.

use std::ops::Bound;
use std::sync::LazyLock;

use duramen_engine::{Cursor, Database, Durability, Options, ReadView, TreeId, View};

use crate::error::Result;
use crate::schema::Store;

/// The tree of the rows of `sqlite_schema`.
pub(super) const SCHEMA_TREE: &[u8] = b"sql/schema";

/// What is read where there are no temporary objects, or no schema at all: one with nothing in it.
static EMPTY: LazyLock<ReadView> = LazyLock::new(|| {
    let made = || -> duramen_engine::Result<ReadView> {
        let database = Database::in_memory(Options::default())?;
        let mut txn = database.begin_write()?;
        txn.create_tree(SCHEMA_TREE)?;
        txn.commit(Durability::Immediate)?;
        database.begin_read()
    };
    made().expect("one empty tree fits into memory")
});

/// A version with a schema that has nothing in it.
pub fn empty_schema() -> &'static ReadView {
    &EMPTY
}

/// What a statement reads: the database, and the temporary objects of the connection if it has any.
#[derive(Clone, Copy)]
pub struct Stores<'v> {
    /// The database.
    pub main: &'v dyn View,
    /// The temporary objects.
    pub temp: Option<&'v dyn View>,
}

impl<'v> Stores<'v> {
    /// What is read of a store.
    #[must_use]
    pub fn view(&self, store: Store) -> &'v dyn View {
        match store {
            Store::Main => self.main,
            Store::Temp => self.temp.unwrap_or_else(|| &*EMPTY),
        }
    }

    /// A cursor over a tree.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn cursor(&self, store: Store, tree: TreeId) -> Result<Cursor<'v>> {
        Ok(self.view(store).cursor(tree)?)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn get(&self, store: Store, tree: TreeId, key: &[u8]) -> Result<Option<&'v [u8]>> {
        Ok(self.view(store).get(tree, key)?)
    }

    /// How many entries a tree has.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn len(&self, store: Store, tree: TreeId) -> Result<u64> {
        Ok(self.view(store).len(tree)?)
    }

    /// How many entries a range of a tree has.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn count(&self, store: Store, tree: TreeId, range: (Bound<&[u8]>, Bound<&[u8]>)) -> Result<u64> {
        Ok(self.view(store).count(tree, range)?)
    }

    /// The same, and whether there is an entry behind the range, if anything is in it.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn count_and_next(
        &self,
        store: Store,
        tree: TreeId,
        range: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> Result<(u64, bool)> {
        Ok(self.view(store).count_and_next(tree, range)?)
    }
}
