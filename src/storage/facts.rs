//! [`Fact`]: what an object keeps beside its tables and values: one tree with an entry for each.

use duramen_engine::{Result, View, WriteTxn};

/// The name of the tree.
pub(crate) const TREE: &[u8] = b"object";

/// Something that an object keeps of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// When its alarm is due.
    Alarm,
    /// That it is backed by the older key-value store.
    KeyValueBacked,
    /// How many bookmarks were given, where they are counted.
    Bookmarks,
}

impl Fact {
    fn key(self) -> &'static [u8] {
        match self {
            Fact::Alarm => b"alarm",
            Fact::KeyValueBacked => b"key-value backed",
            Fact::Bookmarks => b"bookmarks",
        }
    }

    /// Its bytes.
    pub(crate) fn read(self, view: &dyn View) -> Result<Option<&[u8]>> {
        match view.tree(TREE) {
            Some(tree) => view.get(tree, self.key()),
            None => Ok(None),
        }
    }

    /// Its bytes, if there are as many as there should be.
    pub(crate) fn read_array<const N: usize>(self, view: &dyn View) -> Result<Option<[u8; N]>> {
        Ok(self.read(view)?.and_then(|bytes| bytes.try_into().ok()))
    }

    /// Sets its bytes.
    pub(crate) fn write(self, txn: &mut WriteTxn, bytes: &[u8]) -> Result<()> {
        let tree = txn.open_tree(TREE)?;
        txn.put(tree, self.key(), bytes).map(drop)
    }

    /// Forgets it.
    pub(crate) fn remove(self, txn: &mut WriteTxn) -> Result<()> {
        match txn.tree(TREE) {
            Some(tree) => txn.delete(tree, self.key()).map(drop),
            None => Ok(()),
        }
    }
}
