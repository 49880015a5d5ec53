//! [`Engine`] and [`Read`]: what a storage engine must offer to be tested by this crate.
//!
//! An engine holds named trees of byte keys and byte values. It has one write transaction at a time, begun by the first
//! change after a commit or an abort, and any number of views. What an engine cannot do answers
//! [`FailureKind::Unsupported`], and is then left out of the comparison.
//!
//! All results are copied, so that engines with all kinds of lifetimes fit; this seam is for testing, not for measuring.

use std::fmt;
use std::ops::Bound;

use duramen_engine::Durability;

/// The position of a commit. Later commits are greater; what else it means is the engine's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u128);

/// Why an engine did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the caller can conclude.
    pub kind: FailureKind,
    /// What the engine said.
    pub text: String,
}

/// What a failure means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The engine has nothing of the kind.
    Unsupported,
    /// The call was wrong: no such tree, a tree that exists, no such savepoint.
    Refused,
    /// The history asked for is not kept.
    Unavailable,
    /// A write transaction is in the way.
    Busy,
    /// No space. Nothing has changed, and the engine goes on.
    Full,
    /// The disk failed. Nothing has changed.
    Disk,
    /// An earlier failure; the engine must be opened again.
    MustReopen,
    /// Bytes are not what was written.
    Corrupt,
}

impl Failure {
    /// That the engine has nothing of the kind.
    #[must_use]
    pub fn unsupported() -> Failure {
        Failure { kind: FailureKind::Unsupported, text: "not supported".into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

/// The outcome of a call.
pub type Outcome<T> = Result<T, Failure>;

/// A range of keys by its two ends.
pub type KeyRange<'k> = (Bound<&'k [u8]>, Bound<&'k [u8]>);

/// An entry, copied.
pub type Entry = (Vec<u8>, Vec<u8>);

/// A movement of a cursor.
///
/// A cursor is on an entry, or in front of the first one, or behind the last one; where it was never moved, both. Running
/// off an end leaves it there, from where a step the other way comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// To the first entry.
    First,
    /// To the last entry.
    Last,
    /// One entry on.
    Next,
    /// One entry back.
    Prev,
    /// To the first entry at or after a key; where there is none, behind the last one.
    Seek(Vec<u8>),
    /// To the last entry at or before a key; where there is none, in front of the first one.
    SeekForPrev(Vec<u8>),
    /// To the entry with so many before it; where there is none, behind the last one.
    Nth(u64),
}

/// Which way entries are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// By rising keys.
    Forward,
    /// By falling keys.
    Backward,
}

/// Receives the entries of a scan; says whether to go on.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> bool;

/// One version, for reading.
pub trait Read {
    /// The names of all trees, sorted.
    fn trees(&self) -> Outcome<Vec<Vec<u8>>>;

    /// The value of a key.
    fn get(&self, tree: &[u8], key: &[u8]) -> Outcome<Option<Vec<u8>>>;

    /// The values of keys, in their order.
    fn get_many(&self, tree: &[u8], keys: &[&[u8]]) -> Outcome<Vec<Option<Vec<u8>>>> {
        keys.iter().map(|key| self.get(tree, key)).collect()
    }

    /// The number of entries of a tree.
    fn len(&self, tree: &[u8]) -> Outcome<u64>;

    /// The number of entries in a range.
    fn count(&self, tree: &[u8], range: KeyRange<'_>) -> Outcome<u64>;

    /// The number of entries before a key.
    fn rank(&self, tree: &[u8], key: &[u8]) -> Outcome<u64>;

    /// All entries of a tree in order.
    fn scan(&self, tree: &[u8], direction: Direction, visit: Visit<'_>) -> Outcome<()>;

    /// Where one cursor stands after each of some movements.
    fn walk(&self, tree: &[u8], moves: &[Move]) -> Outcome<Vec<Option<Entry>>>;
}

/// One commit as the engine's log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its position.
    pub version: Version,
    /// Its changes in order, where the log holds them.
    pub changes: Option<Vec<Change>>,
}

/// One change in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A tree was made.
    CreateTree {
        /// Its name.
        name: Vec<u8>,
    },
    /// A tree was dropped.
    DropTree {
        /// Its name.
        name: Vec<u8>,
    },
    /// A value was set.
    Put {
        /// The tree's name.
        tree: Vec<u8>,
        /// The key.
        key: Vec<u8>,
        /// The value.
        value: Vec<u8>,
        /// Whether the key existed, where that was written down.
        existed: Option<bool>,
    },
    /// A key that existed was removed.
    Delete {
        /// The tree's name.
        tree: Vec<u8>,
        /// The key.
        key: Vec<u8>,
    },
    /// All keys of a range were removed.
    DeleteRange {
        /// The tree's name.
        tree: Vec<u8>,
        /// Where the range starts.
        start: Bound<Vec<u8>>,
        /// Where it ends.
        end: Bound<Vec<u8>>,
        /// How many keys there were.
        removed: u64,
    },
}

/// How an engine is stopped before it is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Closed in order.
    Close,
    /// The process is killed; the operating system keeps what was written.
    Kill,
    /// The power is cut: any state that is allowed then, chosen by the seed.
    PowerLoss {
        /// Decides what is lost.
        seed: u64,
    },
}

/// A key, and what it is to hold; nothing where it is to be removed.
pub type KeyChange = (Vec<u8>, Option<Vec<u8>>);

/// A storage engine under test.
pub trait Engine {
    /// Sets a value; whether the key existed.
    fn put(&mut self, tree: &[u8], key: &[u8], value: &[u8]) -> Outcome<bool>;

    /// Removes a key; whether it existed.
    fn delete(&mut self, tree: &[u8], key: &[u8]) -> Outcome<bool>;

    /// Sets the values of some keys and removes others, in this order.
    fn batch(&mut self, tree: &[u8], changes: &[KeyChange]) -> Outcome<()> {
        for (key, value) in changes {
            match value {
                Some(value) => self.put(tree, key, value)?,
                None => self.delete(tree, key)?,
            };
        }
        Ok(())
    }

    /// Removes all keys of a range; how many there were, where the engine knows.
    fn delete_range(&mut self, tree: &[u8], range: KeyRange<'_>) -> Outcome<Option<u64>>;

    /// Makes a tree.
    fn create_tree(&mut self, name: &[u8]) -> Outcome<()>;

    /// Drops a tree.
    fn drop_tree(&mut self, name: &[u8]) -> Outcome<()>;

    /// Makes a savepoint above those there are. Savepoints are counted from 0, the oldest.
    fn savepoint(&mut self) -> Outcome<()> {
        Err(Failure::unsupported())
    }

    /// Goes back to a savepoint, which stays; newer ones are gone.
    fn rollback_to(&mut self, savepoint: usize) -> Outcome<()> {
        let _ = savepoint;
        Err(Failure::unsupported())
    }

    /// Forgets a savepoint and newer ones.
    fn release(&mut self, savepoint: usize) -> Outcome<()> {
        let _ = savepoint;
        Err(Failure::unsupported())
    }

    /// Ends the transaction, if one is open, and keeps its changes. The newest version then.
    fn commit(&mut self, durability: Durability) -> Outcome<Version>;

    /// Sets the values of some keys in this order, ends the transaction with that and keeps its changes. The newest version then.
    fn commit_puts(&mut self, tree: &[u8], puts: &[KeyChange], durability: Durability) -> Outcome<Version> {
        self.batch(tree, puts)?;
        self.commit(durability)
    }

    /// Ends the transaction, if one is open, without its changes.
    fn abort(&mut self);

    /// What the open transaction sees, or the newest version where none is open.
    fn working(&self) -> Outcome<Box<dyn Read + '_>>;

    /// The newest committed version, which stays as it is.
    fn view(&self) -> Outcome<Box<dyn Read>>;

    /// The newest version's position.
    fn version(&self) -> Version;

    /// The newest version that cannot be lost any more.
    fn durable_version(&self) -> Version;

    /// Makes all commits durable.
    fn sync(&mut self) -> Outcome<()> {
        Err(Failure::unsupported())
    }

    /// Writes what recovery would have to redo.
    fn checkpoint(&mut self) -> Outcome<()> {
        Err(Failure::unsupported())
    }

    /// Gives back space.
    fn compact(&mut self) -> Outcome<()> {
        Err(Failure::unsupported())
    }

    /// Checks everything on disk; what is wrong with it.
    fn verify(&mut self) -> Outcome<Vec<String>> {
        Err(Failure::unsupported())
    }

    /// The version right after an earlier commit.
    fn read_at(&self, version: Version) -> Outcome<Box<dyn Read>> {
        let _ = version;
        Err(Failure::unsupported())
    }

    /// Makes an earlier version the newest one, by a commit of its own, which is durable.
    fn reset_to(&mut self, version: Version) -> Outcome<Version> {
        let _ = version;
        Err(Failure::unsupported())
    }

    /// The commits after one, oldest first.
    fn log_after(&self, version: Version) -> Outcome<Vec<Logged>> {
        let _ = version;
        Err(Failure::unsupported())
    }

    /// Memory that changes hold, and the budget for it, in bytes.
    fn dirty_bytes(&self) -> Outcome<(u64, u64)> {
        Err(Failure::unsupported())
    }

    /// Stops the engine and opens it again. An open transaction is lost.
    fn reopen(&mut self, stop: Stop) -> Outcome<()>;
}
