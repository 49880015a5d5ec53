//! [`TreeName`] and [`Tree`]: named trees with types for keys and values.
//!
//! A [`Tree`] is a number and two types: it holds no data and no borrow, so it is copied freely and is good in every
//! view and transaction of the database that has the tree. What it reads is borrowed from the view it was read from.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;

use duramen_engine::{TreeId, View, WriteTxn};

use crate::batch::TreeBatch;
use crate::ends::Ends;
use crate::error::Result;
use crate::key::TreeKey;
use crate::range::Range;
use crate::read;
use crate::scratch::Scratch;
use crate::value::TreeValue;

/// The name of a tree, and what its keys and values are. Usually a constant:
///
/// ```
/// use duramen::TreeName;
///
/// const STOCK: TreeName<(&str, u32), u64> = TreeName::new("stock by place and article");
/// const RAW: TreeName = TreeName::new("bytes to bytes");
/// # let _ = (STOCK, RAW);
/// ```
///
/// The types are a promise of the program, not stored in the database: opening a tree with other types than it was
/// written with gives [`WrongType`](crate::Error::WrongType) where its bytes do not fit them.
pub struct TreeName<'n, K = &'static [u8], V = &'static [u8]> {
    name: &'n str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<'n, K: TreeKey, V: TreeValue> TreeName<'n, K, V> {
    /// A tree called `name`.
    #[must_use]
    pub const fn new(name: &'n str) -> TreeName<'n, K, V> {
        TreeName { name, types: PhantomData }
    }

    /// The tree, in a version that has it.
    ///
    /// # Errors
    /// [`NoSuchTree`](duramen_engine::Error::NoSuchTree) where it has not.
    pub fn open(&self, view: &dyn View) -> Result<Tree<K, V>> {
        self.find(view).ok_or_else(|| duramen_engine::Error::NoSuchTree(self.name.into()).into())
    }

    /// The tree, if this version has it.
    #[must_use]
    pub fn find(&self, view: &dyn View) -> Option<Tree<K, V>> {
        view.tree(self.name.as_bytes()).map(Tree::from_id)
    }

    /// The tree, made empty where there is none.
    ///
    /// # Errors
    /// [`InvalidArgument`](duramen_engine::Error::InvalidArgument) for a name that is empty or too long.
    pub fn create(&self, txn: &mut WriteTxn) -> Result<Tree<K, V>> {
        Ok(Tree::from_id(txn.open_tree(self.name.as_bytes())?))
    }
}

impl<K, V> Clone for TreeName<'_, K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for TreeName<'_, K, V> {}

impl<K, V> fmt::Debug for TreeName<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreeName({:?})", self.name)
    }
}

/// A tree of entries sorted by key. Without types it maps bytes to bytes.
///
/// Reading takes any [`View`]: a read view, or a write transaction, which sees its own changes.
///
/// All methods give the errors of the engine: `NoSuchTree` where the view has no such tree (any more), and `Corrupt` or
/// `Io` where a page cannot be read. Reading gives [`WrongType`](crate::Error::WrongType) where bytes are
/// not of the type.
pub struct Tree<K = &'static [u8], V = &'static [u8]> {
    id: TreeId,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: TreeKey, V: TreeValue> Tree<K, V> {
    /// The tree with this number, read as these types.
    #[must_use]
    pub const fn from_id(id: TreeId) -> Tree<K, V> {
        Tree { id, types: PhantomData }
    }

    /// The number by which the engine knows the tree.
    #[must_use]
    pub const fn id(&self) -> TreeId {
        self.id
    }

    /// The value of a key, borrowed from the view. No copy is made of bytes and strings, however long.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn get<'v>(&self, view: &'v dyn View, key: K::Given<'_>) -> Result<Option<V::Given<'v>>> {
        let mut scratch = Scratch::new();
        let key = K::bytes(&key, &mut scratch);
        view.get(self.id, key)?.map(|bytes| read::value::<V>(self.id, key, bytes)).transpose()
    }

    /// The value of a key, in a form that outlives the view: [`Bytes`](crate::Bytes) for bytes.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn get_owned(&self, view: &dyn View, key: K::Given<'_>) -> Result<Option<V::Owned>> {
        Ok(self.get(view, key)?.map(V::keep))
    }

    /// Whether the tree has a key.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn contains(&self, view: &dyn View, key: K::Given<'_>) -> Result<bool> {
        Ok(view.get(self.id, K::bytes(&key, &mut Scratch::new()))?.is_some())
    }

    /// Sets the value of a key; whether the key existed.
    ///
    /// # Errors
    /// See [`Tree`]; `KeyTooLarge` and `ValueTooLarge` above the engine's limits, which change nothing.
    pub fn put(&self, txn: &mut WriteTxn, key: K::Given<'_>, value: V::Given<'_>) -> Result<bool> {
        let (mut key_scratch, mut value_scratch) = (Scratch::new(), Scratch::new());
        let key = K::bytes(&key, &mut key_scratch);
        Ok(txn.put(self.id, key, V::bytes(&value, &mut value_scratch))?)
    }

    /// Removes a key; whether it existed.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn delete(&self, txn: &mut WriteTxn, key: K::Given<'_>) -> Result<bool> {
        Ok(txn.delete(self.id, K::bytes(&key, &mut Scratch::new()))?)
    }

    /// Makes the rest of a transaction a batch of changes in this tree: the fastest way to write, for one entry and for millions.
    ///
    /// ```
    /// use duramen::{Database, Durability, Options, TreeName};
    ///
    /// const SQUARES: TreeName<u64, u64> = TreeName::new("squares");
    /// # fn main() -> Result<(), duramen::Error> {
    /// let db = Database::in_memory(Options::default())?;
    /// let mut txn = db.begin_write()?;
    /// let squares = SQUARES.create(&mut txn)?;
    /// let mut batch = squares.batch(txn)?;
    /// for n in 0..1000 {
    ///     batch.put(n, n * n)?;
    /// }
    /// batch.commit(Durability::Immediate)?;
    /// assert_eq!(squares.get(&db.begin_read()?, 30)?, Some(900));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`Tree`]; the transaction is given up then.
    pub fn batch(&self, txn: WriteTxn) -> Result<TreeBatch<K, V>> {
        Ok(TreeBatch::new(txn.into_batch(self.id)?))
    }

    /// Removes all keys of a range; how many there were. Takes O(log n), since leaves inside the range are not read.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn delete_range<'k>(&self, txn: &mut WriteTxn, range: impl RangeBounds<K::Given<'k>>) -> Result<u64> {
        let ends = Ends::of::<K>(&range);
        Ok(txn.delete_range(self.id, ends.borrow())?)
    }

    /// Removes all entries; how many there were. The tree stays.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn clear(&self, txn: &mut WriteTxn) -> Result<u64> {
        Ok(txn.clear(self.id)?)
    }

    /// Removes the tree with all its entries, without reading them.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn drop_in(&self, txn: &mut WriteTxn) -> Result<()> {
        Ok(txn.drop_tree(self.id)?)
    }

    /// The number of entries. O(1).
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn len(&self, view: &dyn View) -> Result<u64> {
        Ok(view.len(self.id)?)
    }

    /// Whether there are no entries. O(1).
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn is_empty(&self, view: &dyn View) -> Result<bool> {
        Ok(view.is_empty(self.id)?)
    }

    /// The exact number of entries in a range. O(log n), however many they are.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn count<'k>(&self, view: &dyn View, range: impl RangeBounds<K::Given<'k>>) -> Result<u64> {
        let ends = Ends::of::<K>(&range);
        Ok(view.count(self.id, ends.borrow())?)
    }

    /// The number of entries whose key precedes `key`. O(log n).
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn rank(&self, view: &dyn View, key: K::Given<'_>) -> Result<u64> {
        Ok(view.rank(self.id, K::bytes(&key, &mut Scratch::new()))?)
    }

    /// The entry with `n` entries before it. O(log n).
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn nth<'v>(&self, view: &'v dyn View, n: u64) -> Result<Option<(K::Owned, V::Given<'v>)>> {
        let mut cursor = view.cursor(self.id)?;
        if !cursor.nth(n)? {
            return Ok(None);
        }
        let key = read::key::<K>(self.id, cursor.key())?;
        Ok(Some((key, read::value::<V>(self.id, cursor.key(), cursor.value()?)?)))
    }

    /// The first entry.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn first<'v>(&self, view: &'v dyn View) -> Result<Option<(K::Owned, V::Given<'v>)>> {
        self.iter(view)?.next().transpose()
    }

    /// The last entry.
    ///
    /// # Errors
    /// See [`Tree`].
    pub fn last<'v>(&self, view: &'v dyn View) -> Result<Option<(K::Owned, V::Given<'v>)>> {
        self.iter(view)?.next_back().transpose()
    }

    /// All entries in key order, as an iterator from both ends.
    ///
    /// # Errors
    /// See [`Tree`]; errors on the way are items of the iterator.
    pub fn iter<'v>(&self, view: &'v dyn View) -> Result<Range<'v, K, V>> {
        self.range(view, ..)
    }

    /// The entries of a range in key order, as an iterator from both ends.
    ///
    /// # Errors
    /// See [`Tree`]; errors on the way are items of the iterator.
    pub fn range<'v, 'k>(
        &self,
        view: &'v dyn View,
        range: impl RangeBounds<K::Given<'k>>,
    ) -> Result<Range<'v, K, V>> {
        Range::new(self.id, view, Ends::of::<K>(&range))
    }
}

/// Keys that are bytes, so that a prefix of them means something.
impl<'x, V: TreeValue> Tree<&'x [u8], V> {
    /// The entries whose key starts with `prefix`, as an iterator from both ends.
    ///
    /// # Errors
    /// See [`Tree`]; errors on the way are items of the iterator.
    pub fn prefix<'v>(&self, view: &'v dyn View, prefix: &[u8]) -> Result<Range<'v, &'x [u8], V>> {
        Range::new(self.id, view, Ends::of_prefix(prefix))
    }
}

impl<'x, V: TreeValue> Tree<&'x str, V> {
    /// The entries whose key starts with `prefix`, as an iterator from both ends.
    ///
    /// # Errors
    /// See [`Tree`]; errors on the way are items of the iterator.
    pub fn prefix<'v>(&self, view: &'v dyn View, prefix: &str) -> Result<Range<'v, &'x str, V>> {
        Range::new(self.id, view, Ends::of_prefix(prefix.as_bytes()))
    }
}

impl<K, V> Clone for Tree<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Tree<K, V> {}

impl<K, V> fmt::Debug for Tree<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({})", self.id.0)
    }
}

#[cfg(test)]
mod tests;
