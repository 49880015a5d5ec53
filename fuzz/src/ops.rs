//! [`Op`]: what is done to an engine under test, with generators for fuzzers ([`arbitrary`]) and for shrinking tests
//! ([`mod@proptest`]).
//!
//! Operations are plain values without references to what came before: numbers of savepoints, views and versions are
//! taken modulo how many there are, so that every sequence means something and stays meaningful when parts of it are left
//! out.

use std::fmt;
use std::ops::Bound;

use arbitrary::Arbitrary;
use duramen_engine::Durability;
use proptest::prelude::*;

use crate::engine::Stop;

/// How many different trees operations name.
pub const TREES: u8 = 4;

/// The name of a tree.
#[must_use]
pub fn tree_name(tree: u8) -> Vec<u8> {
    match tree % TREES {
        0 => b"t".to_vec(),
        1 => b"t\0".to_vec(),
        2 => vec![0xff],
        _ => b"a tree with a longer name than the others".to_vec(),
    }
}

/// A key, out of families that are each nasty in a way of their own.
#[derive(Clone, PartialEq, Eq, Arbitrary)]
pub enum Key {
    /// No bytes at all.
    Empty,
    /// Nothing but zeros, so that each is a prefix of the next.
    Zeros(u8),
    /// Big-endian integers, as rows of tables have.
    Number(u16),
    /// Short text.
    Text(u8),
    /// Sixty bytes in common, the difference behind them.
    CommonPrefix(u8),
    /// Bytes of which only the last differs, at all lengths up to 255; with many prefixes of each other.
    Stairs(u8),
    /// Hundreds to thousands of bytes.
    Long(u8),
    /// Whatever comes.
    Any([u8; 3]),
}

impl Key {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Key::Empty => Vec::new(),
            Key::Zeros(len) => vec![0; usize::from(len % 16)],
            Key::Number(n) => n.to_be_bytes().to_vec(),
            Key::Text(n) => format!("key-{n}").into_bytes(),
            Key::CommonPrefix(n) => {
                let mut key = vec![b'p'; 60];
                key.push(*n);
                key
            }
            Key::Stairs(n) => {
                let mut key = vec![0xff; usize::from(n / 2)];
                key.push(n % 2);
                key
            }
            Key::Long(n) => {
                let mut key = vec![b'l'; 200 + usize::from(n % 8) * 400];
                key.push(*n);
                key
            }
            Key::Any(bytes) => bytes.to_vec(),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Empty => f.write_str("Key::Empty"),
            Key::Zeros(n) => write!(f, "Key::Zeros({n})"),
            Key::Number(n) => write!(f, "Key::Number({n})"),
            Key::Text(n) => write!(f, "Key::Text({n})"),
            Key::CommonPrefix(n) => write!(f, "Key::CommonPrefix({n})"),
            Key::Stairs(n) => write!(f, "Key::Stairs({n})"),
            Key::Long(n) => write!(f, "Key::Long({n})"),
            Key::Any(bytes) => write!(f, "Key::Any({bytes:?})"),
        }
    }
}

/// A value: its length by class, and what it is filled with.
#[derive(Clone, Debug, PartialEq, Eq, Arbitrary)]
pub struct Value {
    /// Class of its length, from none to several pages.
    pub class: u8,
    /// What it is filled with.
    pub fill: u8,
}

/// The lengths of the classes; those of the last three take pages of their own.
const VALUE_BYTES: [usize; 8] = [0, 1, 12, 40, 100, 300, 1500, 9000];

impl Value {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let len = VALUE_BYTES[usize::from(self.class) % VALUE_BYTES.len()];
        (0..=250).flat_map(|step| [self.fill.wrapping_add(step); 7]).cycle().take(len).collect()
    }
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Eq, Arbitrary)]
pub enum End {
    /// With the key.
    Included(Key),
    /// Without the key.
    Excluded(Key),
    /// No end.
    Open,
}

impl End {
    /// The bound.
    #[must_use]
    pub fn bound(&self) -> Bound<Vec<u8>> {
        match self {
            End::Included(key) => Bound::Included(key.bytes()),
            End::Excluded(key) => Bound::Excluded(key.bytes()),
            End::Open => Bound::Unbounded,
        }
    }
}

/// How durable a commit is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Arbitrary)]
pub enum Durable {
    /// When it returns.
    Immediate,
    /// Soon.
    Deferred,
    /// With a later one.
    None,
}

impl From<Durable> for Durability {
    fn from(durable: Durable) -> Durability {
        match durable {
            Durable::Immediate => Durability::Immediate,
            Durable::Deferred => Durability::Deferred,
            Durable::None => Durability::None,
        }
    }
}

/// How an engine is stopped before it is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Arbitrary)]
pub enum Restart {
    /// In order.
    Close,
    /// The process is killed.
    Kill,
    /// The power is cut.
    PowerLoss(u16),
}

impl From<Restart> for Stop {
    fn from(restart: Restart) -> Stop {
        match restart {
            Restart::Close => Stop::Close,
            Restart::Kill => Stop::Kill,
            Restart::PowerLoss(seed) => Stop::PowerLoss { seed: seed.into() },
        }
    }
}

/// One thing done to an engine.
#[derive(Clone, Debug, PartialEq, Eq, Arbitrary)]
pub enum Op {
    /// Sets a value. The tree is made where it is not there.
    Put {
        /// The tree.
        tree: u8,
        /// The key.
        key: Key,
        /// The value.
        value: Value,
    },
    /// Sets values of rising keys: splits leaves, and with much of it spills the transaction.
    PutMany {
        /// The tree.
        tree: u8,
        /// The first key.
        first: u8,
        /// How many.
        count: u8,
        /// The distance between keys.
        step: u8,
        /// The value of each.
        value: Value,
    },
    /// Sets and removes values in one batch; with much of it the batch is sorted outside of memory.
    Batch {
        /// The tree.
        tree: u8,
        /// The first key.
        first: u8,
        /// How many changes.
        count: u8,
        /// The distance between keys, which begin anew behind 255: most ones come in no order, some several times.
        step: u8,
        /// The value of each that is set.
        value: Value,
        /// Each so many-th key is removed; none with 0.
        removed: u8,
    },
    /// Sets values in a batch that ends the transaction.
    WriteBatch {
        /// The tree.
        tree: u8,
        /// The first key.
        first: u8,
        /// How many.
        count: u8,
        /// The distance between keys, which begin anew behind 255.
        step: u8,
        /// The value of each.
        value: Value,
        /// How durable.
        durable: Durable,
    },
    /// Removes a key.
    Delete {
        /// The tree.
        tree: u8,
        /// The key.
        key: Key,
    },
    /// Removes the key at a place, which exists.
    DeleteNth {
        /// The tree.
        tree: u8,
        /// The place.
        n: u16,
    },
    /// Replaces the value at a place.
    OverwriteNth {
        /// The tree.
        tree: u8,
        /// The place.
        n: u16,
        /// The value.
        value: Value,
    },
    /// Removes a range.
    DeleteRange {
        /// The tree.
        tree: u8,
        /// Where it starts.
        start: End,
        /// Where it ends.
        end: End,
    },
    /// Removes the entries between two places.
    DeleteSpan {
        /// The tree.
        tree: u8,
        /// The first place.
        from: u16,
        /// How many.
        count: u16,
    },
    /// Removes all entries.
    Clear {
        /// The tree.
        tree: u8,
    },
    /// Makes a tree.
    CreateTree {
        /// The tree.
        tree: u8,
    },
    /// Drops a tree.
    DropTree {
        /// The tree.
        tree: u8,
    },
    /// Makes a savepoint.
    Savepoint,
    /// Goes back to a savepoint.
    RollbackTo {
        /// Which.
        savepoint: u8,
    },
    /// Forgets a savepoint.
    Release {
        /// Which.
        savepoint: u8,
    },
    /// Commits.
    Commit {
        /// How durable.
        durable: Durable,
    },
    /// Ends the transaction without its changes.
    Abort,
    /// Opens a view and keeps it.
    OpenView,
    /// Checks a view that was kept.
    CheckView {
        /// Which.
        view: u8,
    },
    /// Lets a view go.
    DropView {
        /// Which.
        view: u8,
    },
    /// Makes everything durable.
    Sync,
    /// Does a checkpoint.
    Checkpoint,
    /// Compacts.
    Compact,
    /// Checks everything on disk.
    Verify,
    /// Stops and opens again.
    Reopen {
        /// How it is stopped.
        restart: Restart,
    },
    /// Makes an earlier version the newest.
    Reset {
        /// How many versions back.
        back: u8,
    },
    /// Reads an earlier version.
    ReadAt {
        /// How many versions back.
        back: u8,
    },
    /// Reads the log.
    ReadLog {
        /// From how many versions back.
        back: u8,
    },
}

fn keys() -> impl Strategy<Value = Key> {
    prop_oneof![
        1 => Just(Key::Empty),
        2 => (0..16u8).prop_map(Key::Zeros),
        8 => (0..400u16).prop_map(Key::Number),
        4 => any::<u8>().prop_map(Key::Text),
        4 => any::<u8>().prop_map(Key::CommonPrefix),
        2 => any::<u8>().prop_map(Key::Stairs),
        1 => any::<u8>().prop_map(Key::Long),
        1 => any::<[u8; 3]>().prop_map(Key::Any),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let class = prop_oneof![2 => 0..3u8, 5 => 3..5u8, 1 => 5..7u8, 1 => Just(7u8)];
    (class, any::<u8>()).prop_map(|(class, fill)| Value { class, fill })
}

fn trees() -> impl Strategy<Value = u8> {
    prop_oneof![6 => Just(0u8), 2 => Just(1), 1 => Just(2), 1 => Just(3)]
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        4 => keys().prop_map(End::Included),
        4 => keys().prop_map(End::Excluded),
        1 => Just(End::Open),
    ]
}

fn durables() -> impl Strategy<Value = Durable> {
    prop_oneof![3 => Just(Durable::Immediate), 1 => Just(Durable::Deferred), 2 => Just(Durable::None)]
}

fn restarts() -> impl Strategy<Value = Restart> {
    prop_oneof![
        2 => Just(Restart::Close),
        1 => Just(Restart::Kill),
        2 => any::<u16>().prop_map(Restart::PowerLoss),
    ]
}

/// Operations, with the odds that reach most: mostly changes and commits.
pub fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (trees(), keys(), values()).prop_map(|(tree, key, value)| Op::Put { tree, key, value }),
        6 => (trees(), any::<u8>(), 1..60u8, 1..5u8, values())
            .prop_map(|(tree, first, count, step, value)| Op::PutMany { tree, first, count, step, value }),
        5 => (trees(), any::<u8>(), 0..60u8, 1..=255u8, values(), 0..6u8).prop_map(
            |(tree, first, count, step, value, removed)| Op::Batch { tree, first, count, step, value, removed }
        ),
        5 => (trees(), any::<u8>(), 1..30u8, 1..=255u8, values(), durables()).prop_map(
            |(tree, first, count, step, value, durable)| Op::WriteBatch { tree, first, count, step, value, durable }
        ),
        4 => (trees(), keys()).prop_map(|(tree, key)| Op::Delete { tree, key }),
        6 => (trees(), any::<u16>()).prop_map(|(tree, n)| Op::DeleteNth { tree, n }),
        6 => (trees(), any::<u16>(), values()).prop_map(|(tree, n, value)| Op::OverwriteNth { tree, n, value }),
        2 => (trees(), ends(), ends()).prop_map(|(tree, start, end)| Op::DeleteRange { tree, start, end }),
        3 => (trees(), any::<u16>(), 0..40u16).prop_map(|(tree, from, count)| Op::DeleteSpan { tree, from, count }),
        1 => trees().prop_map(|tree| Op::Clear { tree }),
        1 => (0..TREES).prop_map(|tree| Op::CreateTree { tree }),
        1 => (0..TREES).prop_map(|tree| Op::DropTree { tree }),
        3 => Just(Op::Savepoint),
        3 => any::<u8>().prop_map(|savepoint| Op::RollbackTo { savepoint }),
        1 => any::<u8>().prop_map(|savepoint| Op::Release { savepoint }),
        14 => durables().prop_map(|durable| Op::Commit { durable }),
        2 => Just(Op::Abort),
        2 => Just(Op::OpenView),
        2 => any::<u8>().prop_map(|view| Op::CheckView { view }),
        2 => any::<u8>().prop_map(|view| Op::DropView { view }),
        1 => Just(Op::Sync),
        4 => Just(Op::Checkpoint),
        1 => Just(Op::Compact),
        1 => Just(Op::Verify),
        3 => restarts().prop_map(|restart| Op::Reopen { restart }),
        1 => any::<u8>().prop_map(|back| Op::Reset { back }),
        2 => any::<u8>().prop_map(|back| Op::ReadAt { back }),
        1 => any::<u8>().prop_map(|back| Op::ReadLog { back }),
    ]
}
