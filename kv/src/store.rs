//! [`Kv`]: values under string keys, in one tree of a borrowed read view or write transaction.
//!
//! It begins and commits nothing: what is written belongs to the transaction, and is kept, rolled back and made durable
//! with it.
//!
//! Invariants: 1. the tree is made by the first write and never by a read; 2. a call either does all it says or, after
//! an error of this layer, nothing; after an error of the engine the transaction can no longer be committed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter::FusedIterator;
use std::ops::{Bound, Deref};

use duramen_engine::{Cursor, TreeId, View, WriteTxn};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::key::Limits;
use crate::list::{ListOptions, ListRange};
use crate::serde_de::from_bytes;
use crate::serde_ser::append_bytes;
use crate::value::Value;
use crate::wire::{Writer, encode_value};

/// Values under string keys: over `&ReadView` or `&WriteTxn` for reading, over `&mut WriteTxn` for writing too.
///
/// Keys are ordered by their UTF-8 bytes. What is written is seen at once by whoever reads through the same transaction,
/// and by others once it is committed.
///
/// ```
/// use duramen_engine::{Database, Durability, Options};
/// use duramen_kv::{Kv, ListOptions, Value};
///
/// let db = Database::in_memory(Options::default())?;
/// let mut txn = db.begin_write()?;
/// let mut kv = Kv::new(&mut txn);
/// kv.put("user/ada", &Value::from_json(r#"{"born":1815}"#)?)?;
/// kv.put_as("user/alan", &("Turing", 1912))?;
/// txn.commit(Durability::Immediate)?;
///
/// let view = db.begin_read()?;
/// let kv = Kv::new(&view);
/// assert_eq!(kv.get_as::<(&str, u32)>("user/alan")?, Some(("Turing", 1912)));
/// let users = kv.list_all(&ListOptions { prefix: Some("user/"), ..ListOptions::default() })?;
/// assert_eq!(users.len(), 2);
/// assert_eq!(users[0].0, "user/ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Every method that reads gives [`Error::Engine`] where the engine cannot read, and [`Error::Malformed`] or its
/// neighbours where the bytes of a value are not in the stored form; other keys stay readable then.
#[derive(Debug)]
pub struct Kv<T> {
    txn: T,
    name: Cow<'static, [u8]>,
    tree: Option<TreeId>,
    limits: Limits,
    /// Where values take their stored form before they are written.
    stored: Vec<u8>,
}

impl<T: Deref<Target: View>> Kv<T> {
    /// The store of the database, in the tree named `kv`, with the limits of a Durable Object backed by SQL.
    pub fn new(txn: T) -> Kv<T> {
        Kv::named(txn, &b"kv"[..])
    }

    /// A store in the tree of this name, with the limits of a Durable Object backed by SQL. A database can have any
    /// number of them.
    pub fn named(txn: T, name: impl Into<Cow<'static, [u8]>>) -> Kv<T> {
        let name = name.into();
        let tree = txn.tree(&name);
        Kv { txn, name, tree, limits: Limits::default(), stored: Vec::new() }
    }

    /// The same store with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Kv<T> {
        Kv { limits, ..self }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Result<Option<Value>> {
        self.get_stored(key)?.map(Value::from_bytes).transpose()
    }

    /// The value of a key as a type, which may borrow from the view.
    pub fn get_as<'v, D: Deserialize<'v>>(&'v self, key: &str) -> Result<Option<D>> {
        self.get_stored(key)?.map(from_bytes).transpose()
    }

    /// The value of a key in its stored form.
    pub fn get_stored(&self, key: &str) -> Result<Option<&[u8]>> {
        self.limits.check_key(key)?;
        match self.tree {
            Some(tree) => Ok(self.txn.get(tree, key.as_bytes())?),
            None => Ok(None),
        }
    }

    /// The values of those of the keys that exist.
    pub fn get_many<K: AsRef<str>>(&self, keys: &[K]) -> Result<BTreeMap<String, Value>> {
        self.limits.check_batch(keys.len())?;
        let keys: BTreeSet<&str> = keys.iter().map(AsRef::as_ref).collect();
        keys.iter().try_for_each(|key| self.limits.check_key(key))?;
        let Some(tree) = self.tree else { return Ok(BTreeMap::new()) };
        let wanted: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
        let stored = self.txn.get_many(tree, &wanted)?;
        let found = keys.iter().zip(stored).filter_map(|(key, stored)| Some((key, stored?)));
        found.map(|(key, stored)| Ok(((*key).to_owned(), Value::from_bytes(stored)?))).collect()
    }

    /// The entries that the options ask for, one by one in their order.
    pub fn list(&self, options: &ListOptions<'_>) -> Result<List<'_>> {
        let range = options.range()?;
        let cursor = match self.tree {
            Some(tree) if !range.is_empty() => Some(self.txn.cursor(tree)?),
            _ => None,
        };
        Ok(List { cursor, range, started: false })
    }

    /// The entries that the options ask for, all at once in their order.
    pub fn list_all(&self, options: &ListOptions<'_>) -> Result<Vec<(String, Value)>> {
        self.list(options)?.map(|entry| entry.and_then(Entry::into_pair)).collect()
    }

    /// How many entries the options ask for. O(log n), however many they are.
    pub fn count(&self, options: &ListOptions<'_>) -> Result<u64> {
        let range = options.range()?;
        match self.tree {
            Some(tree) if !range.is_empty() => {
                let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                Ok(self.txn.count(tree, (Bound::Included(&range.start), end))?.min(range.limit))
            }
            _ => Ok(0),
        }
    }
}

impl Kv<&mut WriteTxn> {
    /// Sets the value of a key.
    pub fn put(&mut self, key: &str, value: &Value) -> Result<()> {
        self.stored.clear();
        encode_value(&mut Writer::new(&mut self.stored), value, 0)?;
        self.write_stored(key)
    }

    /// Sets the value of a key to what a type makes; see [`to_bytes`](crate::to_bytes).
    pub fn put_as<S: Serialize + ?Sized>(&mut self, key: &str, value: &S) -> Result<()> {
        self.stored.clear();
        append_bytes(value, &mut self.stored)?;
        self.write_stored(key)
    }

    /// Sets the value of a key to one in its stored form, as [`get_stored`](Kv::get_stored), [`to_bytes`](crate::to_bytes)
    /// or a JavaScript runtime give it. It is not checked: bytes in another form are an error when they are read.
    pub fn put_stored(&mut self, key: &str, stored: &[u8]) -> Result<()> {
        self.limits.check_entry(key, stored.len())?;
        let tree = self.open_tree()?;
        self.txn.put(tree, key.as_bytes(), stored)?;
        Ok(())
    }

    /// Sets the values of keys: all of them or, after an error, none. If a key appears twice, the last value counts.
    pub fn put_many<K: AsRef<str>>(&mut self, entries: &[(K, Value)]) -> Result<()> {
        self.limits.check_batch(entries.len())?;
        self.stored.clear();
        let mut ends = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let start = self.stored.len();
            encode_value(&mut Writer::new(&mut self.stored), value, 0)?;
            self.limits.check_entry(key.as_ref(), self.stored.len() - start)?;
            ends.push(self.stored.len());
        }
        let tree = self.open_tree()?;
        let mut start = 0;
        for ((key, _), end) in entries.iter().zip(ends) {
            self.txn.put(tree, key.as_ref().as_bytes(), &self.stored[start..end])?;
            start = end;
        }
        Ok(())
    }

    /// Removes a key; whether it existed.
    pub fn delete(&mut self, key: &str) -> Result<bool> {
        self.limits.check_key(key)?;
        let tree = self.open_tree()?;
        Ok(self.txn.delete(tree, key.as_bytes())?)
    }

    /// Removes keys; how many of them existed.
    pub fn delete_many<K: AsRef<str>>(&mut self, keys: &[K]) -> Result<usize> {
        self.limits.check_batch(keys.len())?;
        keys.iter().try_for_each(|key| self.limits.check_key(key.as_ref()))?;
        let tree = self.open_tree()?;
        let mut removed = 0;
        for key in keys {
            removed += usize::from(self.txn.delete(tree, key.as_ref().as_bytes())?);
        }
        Ok(removed)
    }

    /// Writes what is in `stored`.
    fn write_stored(&mut self, key: &str) -> Result<()> {
        let stored = std::mem::take(&mut self.stored);
        let result = self.put_stored(key, &stored);
        self.stored = stored;
        result
    }

    /// The tree, made if there is none.
    fn open_tree(&mut self) -> Result<TreeId> {
        let tree = match self.tree {
            Some(tree) => tree,
            None => self.txn.create_tree(&self.name)?,
        };
        self.tree = Some(tree);
        Ok(tree)
    }
}

/// The entries of a list, read one by one as they are asked for. After an error it ends.
pub struct List<'v> {
    /// `None` at the end.
    cursor: Option<Cursor<'v>>,
    range: ListRange,
    started: bool,
}

impl<'v> List<'v> {
    fn advance(&mut self) -> Result<Option<Entry<'v>>> {
        let Some(cursor) = &mut self.cursor else { return Ok(None) };
        if self.range.limit == 0 {
            return Ok(None);
        }
        let ListRange { start, end, reverse, limit } = &mut self.range;
        let found = match (self.started, *reverse) {
            (false, false) => cursor.seek(start)?,
            (true, false) => cursor.next()?,
            (false, true) => match end {
                None => cursor.last()?,
                Some(end) => cursor.seek_for_prev(end)? && (cursor.key() != end || cursor.prev()?),
            },
            (true, true) => cursor.prev()?,
        };
        self.started = true;
        let beyond = |key: &[u8]| {
            if *reverse { key < &start[..] } else { end.as_ref().is_some_and(|end| key >= &end[..]) }
        };
        if !found || beyond(cursor.key()) {
            return Ok(None);
        }
        *limit -= 1;
        let key = String::from_utf8(cursor.key().to_vec())
            .map_err(|error| Error::KeyNotText(error.into_bytes()))?;
        Ok(Some(Entry { key, stored: cursor.value()? }))
    }
}

impl<'v> Iterator for List<'v> {
    type Item = Result<Entry<'v>>;

    fn next(&mut self) -> Option<Result<Entry<'v>>> {
        let next = self.advance().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.cursor = None;
        }
        next
    }
}

impl FusedIterator for List<'_> {}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("range", &self.range).finish_non_exhaustive()
    }
}

/// One entry of a list. Its value is decoded when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'v> {
    key: String,
    stored: &'v [u8],
}

impl<'v> Entry<'v> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value in its stored form.
    #[must_use]
    pub fn stored(&self) -> &'v [u8] {
        self.stored
    }

    /// The value.
    pub fn value(&self) -> Result<Value> {
        Value::from_bytes(self.stored)
    }

    /// The value as a type, which may borrow from the view.
    pub fn value_as<D: Deserialize<'v>>(&self) -> Result<D> {
        from_bytes(self.stored)
    }

    /// Key and value.
    pub fn into_pair(self) -> Result<(String, Value)> {
        let value = self.value()?;
        Ok((self.key, value))
    }
}
