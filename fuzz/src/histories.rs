//! Short histories, all of them: every sequence of a few steps on a database of some size.

use std::fmt;
use std::str::FromStr;

use crate::ops::{Durable, End, Key, Op, Restart, Value};

/// What is there before the first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// No file at all.
    Empty,
    /// One commit, in the log only.
    Small,
    /// Pages of several levels under a checkpoint, deltas that another one wrote, and commits after it.
    Grown,
}

/// One step of a history. Those that change something commit it, except for [`Step::Abort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Adds a key.
    Put,
    /// Adds a key with a commit that asks for no flush.
    PutUnsynced,
    /// Replaces a value.
    Overwrite,
    /// Removes a key.
    Delete,
    /// Removes a range.
    DeleteRange,
    /// Adds a value of several pages.
    PutBig,
    /// Fills the log segment, so that the next commit begins another.
    Roll,
    /// Changes something and rolls back.
    Abort,
    /// Changes something, goes back to a savepoint in the middle and commits the rest.
    Savepoint,
    /// Makes a tree with an entry.
    CreateTree,
    /// Drops a tree.
    DropTree,
    /// A transaction that does not fit into memory.
    Spill,
    /// Batches that do not fit into memory: keys in no order in one tree, ascending ones in a new tree.
    Batch,
    /// Batches of a few puts, of one put, and of puts and something before.
    WriteBatch,
    /// Flushes the log.
    Sync,
    /// Does a checkpoint.
    Checkpoint,
    /// Compacts.
    Compact,
    /// Goes back to the version before.
    Reset,
    /// Closes and opens again.
    Close,
    /// Is killed and opens again.
    Kill,
}

/// All bases with their names.
pub const BASES: [(Base, &str); 3] = [(Base::Empty, "empty"), (Base::Small, "small"), (Base::Grown, "grown")];

/// All steps with their names.
pub const STEPS: [(Step, &str); 20] = [
    (Step::Put, "put"),
    (Step::PutUnsynced, "put-unsynced"),
    (Step::Overwrite, "overwrite"),
    (Step::Delete, "delete"),
    (Step::DeleteRange, "delete-range"),
    (Step::PutBig, "put-big"),
    (Step::Roll, "roll"),
    (Step::Abort, "abort"),
    (Step::Savepoint, "savepoint"),
    (Step::CreateTree, "create-tree"),
    (Step::DropTree, "drop-tree"),
    (Step::Spill, "spill"),
    (Step::Batch, "batch"),
    (Step::WriteBatch, "write-batch"),
    (Step::Sync, "sync"),
    (Step::Checkpoint, "checkpoint"),
    (Step::Compact, "compact"),
    (Step::Reset, "reset"),
    (Step::Close, "close"),
    (Step::Kill, "kill"),
];

/// A base and the steps after it. Its text names it: `small:put,checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct History {
    /// What is there before.
    pub base: Base,
    /// What is done.
    pub steps: Vec<Step>,
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&BASES, &self.base))?;
        for (number, step) in self.steps.iter().enumerate() {
            write!(f, "{}{}", if number == 0 { ':' } else { ',' }, name_of(&STEPS, step))?;
        }
        Ok(())
    }
}

impl FromStr for History {
    type Err = String;

    fn from_str(text: &str) -> Result<History, String> {
        let (base, steps) = text.split_once(':').unwrap_or((text, ""));
        let steps = steps.split(',').filter(|step| !step.is_empty());
        Ok(History {
            base: named(&BASES, base)?,
            steps: steps.map(|step| named(&STEPS, step)).collect::<Result<_, _>>()?,
        })
    }
}

fn name_of<T: PartialEq>(names: &[(T, &'static str)], thing: &T) -> &'static str {
    names.iter().find(|(other, _)| other == thing).expect("everything has a name").1
}

fn named<T: Copy>(names: &[(T, &'static str)], name: &str) -> Result<T, String> {
    let all = || names.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    let found = names.iter().find(|(_, other)| *other == name);
    found.map(|(thing, _)| *thing).ok_or_else(|| format!("there is no {name:?}; there are: {}", all()))
}

/// How many histories of `len` steps there are.
#[must_use]
pub fn histories(len: usize) -> u64 {
    let one = STEPS.len() as u64;
    BASES.len() as u64 * (0..len).fold(1, |all, _| all * one)
}

/// History number `number` of those with `len` steps.
#[must_use]
pub fn history(len: usize, mut number: u64) -> History {
    let mut choose = |n: usize| {
        let choice = usize::try_from(number % n as u64).expect("less than a length in memory");
        number /= n as u64;
        choice
    };
    let base = BASES[choose(BASES.len())].0;
    let mut steps: Vec<Step> = (0..len).map(|_| STEPS[choose(STEPS.len())].0).collect();
    steps.reverse();
    History { base, steps }
}

const COMMIT: Op = Op::Commit { durable: Durable::Immediate };

fn put(key: u16, class: u8, fill: u8) -> Op {
    Op::Put { tree: 0, key: Key::Number(key), value: Value { class, fill } }
}

impl Base {
    /// The operations that make it.
    #[must_use]
    pub fn ops(self) -> Vec<Op> {
        match self {
            Base::Empty => Vec::new(),
            Base::Small => vec![put(1, 2, 1), put(2, 2, 2), COMMIT],
            Base::Grown => {
                let value = Value { class: 3, fill: 7 };
                vec![
                    Op::PutMany { tree: 0, first: 0, count: 30, step: 4, value },
                    Op::Put { tree: 0, key: Key::CommonPrefix(1), value: Value { class: 6, fill: 3 } },
                    Op::Put { tree: 1, key: Key::Text(1), value: Value { class: 2, fill: 4 } },
                    COMMIT,
                    Op::Checkpoint,
                    put(5, 1, 5),
                    put(65, 1, 5),
                    Op::DeleteNth { tree: 0, n: 12 },
                    COMMIT,
                    Op::Checkpoint,
                    put(6, 1, 6),
                    put(50, 4, 6),
                    COMMIT,
                ]
            }
        }
    }
}

impl Step {
    /// The operations of this step at a place in its history.
    #[must_use]
    pub fn ops(self, place: usize) -> Vec<Op> {
        let fill = u8::try_from(place).unwrap_or(u8::MAX);
        let key = 1000 + u16::from(fill);
        match self {
            Step::Put => vec![put(key, 3, fill), COMMIT],
            Step::PutUnsynced => vec![put(key, 3, fill), Op::Commit { durable: Durable::None }],
            Step::Overwrite => {
                vec![Op::OverwriteNth { tree: 0, n: 0, value: Value { class: 4, fill } }, COMMIT]
            }
            Step::Delete => vec![Op::DeleteNth { tree: 0, n: 1 }, COMMIT],
            Step::DeleteRange => {
                let (start, end) = (End::Included(Key::Number(2)), End::Excluded(Key::Number(90)));
                vec![Op::DeleteRange { tree: 0, start, end }, COMMIT]
            }
            Step::PutBig => vec![put(key, 7, fill), COMMIT],
            Step::Roll => {
                vec![
                    put(key, 6, fill),
                    Op::Commit { durable: Durable::None },
                    put(key + 100, 6, fill),
                    COMMIT,
                ]
            }
            Step::Abort => vec![put(key, 3, fill), Op::DeleteNth { tree: 0, n: 0 }, Op::Abort],
            Step::Savepoint => vec![
                put(key, 3, fill),
                Op::Savepoint,
                Op::Clear { tree: 0 },
                Op::RollbackTo { savepoint: 0 },
                put(key + 100, 2, fill),
                COMMIT,
            ],
            Step::CreateTree => {
                let tree = 2 + fill % 2;
                vec![Op::Put { tree, key: Key::Empty, value: Value { class: 1, fill } }, COMMIT]
            }
            Step::DropTree => vec![Op::DropTree { tree: 0 }, COMMIT],
            Step::Spill => {
                let value = Value { class: 6, fill };
                vec![Op::PutMany { tree: 0, first: fill, count: 24, step: 3, value }, COMMIT]
            }
            Step::Batch => {
                let batch = |tree, first, step, removed| {
                    let value = Value { class: 6, fill };
                    Op::Batch { tree, first, count: 24, step, value, removed }
                };
                vec![batch(0, fill, 77, 5), batch(2 + fill % 2, 0, 3, 0), COMMIT]
            }
            Step::WriteBatch => {
                let batch = |first, count, class| {
                    let value = Value { class, fill };
                    Op::WriteBatch { tree: 0, first, count, step: 90, value, durable: Durable::Immediate }
                };
                vec![batch(fill, 1, 4), batch(fill, 4, 3), put(key + 200, 2, fill), batch(fill, 2, 2)]
            }
            Step::Sync => vec![Op::Sync],
            Step::Checkpoint => vec![Op::Checkpoint],
            Step::Compact => vec![Op::Compact],
            Step::Reset => vec![Op::Reset { back: 1 }],
            Step::Close => vec![Op::Reopen { restart: Restart::Close }],
            Step::Kill => vec![Op::Reopen { restart: Restart::Kill }],
        }
    }
}
