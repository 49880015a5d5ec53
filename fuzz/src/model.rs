//! [`Model`]: what an engine should hold, as ordered maps with a version per commit.
//!
//! Simple enough to be right by looking at it: states are shared maps that are copied when they change, versions and
//! savepoints are kept states.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::engine::{Change, Entry, KeyRange, Logged, Move, Version};

/// The entries of a tree.
pub type Entries = BTreeMap<Vec<u8>, Arc<[u8]>>;

/// All trees at one moment. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    trees: BTreeMap<Vec<u8>, Arc<Entries>>,
}

impl State {
    /// The trees by name.
    pub fn trees(&self) -> impl ExactSizeIterator<Item = (&[u8], &Entries)> {
        self.trees.iter().map(|(name, entries)| (&name[..], &**entries))
    }

    /// A tree.
    #[must_use]
    pub fn tree(&self, name: &[u8]) -> Option<&Entries> {
        self.trees.get(name).map(|entries| &**entries)
    }

    fn tree_mut(&mut self, name: &[u8]) -> Option<&mut Entries> {
        self.trees.get_mut(name).map(Arc::make_mut)
    }

    /// Makes a tree; whether it was not there.
    pub fn create_tree(&mut self, name: &[u8]) -> bool {
        let absent = !self.trees.contains_key(name);
        if absent {
            self.trees.insert(name.to_vec(), Arc::default());
        }
        absent
    }

    /// Drops a tree; whether it was there.
    pub fn drop_tree(&mut self, name: &[u8]) -> bool {
        self.trees.remove(name).is_some()
    }

    /// Sets a value; whether the key existed. `None` without such a tree.
    pub fn put(&mut self, tree: &[u8], key: &[u8], value: &[u8]) -> Option<bool> {
        Some(self.tree_mut(tree)?.insert(key.to_vec(), value.into()).is_some())
    }

    /// Removes a key; whether it existed. `None` without such a tree.
    pub fn delete(&mut self, tree: &[u8], key: &[u8]) -> Option<bool> {
        Some(self.tree_mut(tree)?.remove(key).is_some())
    }

    /// Removes a range; how many keys there were. `None` without such a tree.
    pub fn delete_range(&mut self, tree: &[u8], range: KeyRange<'_>) -> Option<u64> {
        let entries = self.tree_mut(tree)?;
        let before = entries.len();
        entries.retain(|key, _| !contains(range, key));
        Some((before - entries.len()) as u64)
    }

    /// Does what a log says was done; whether it fits the state.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::CreateTree { name } => self.create_tree(name),
            Change::DropTree { name } => self.drop_tree(name),
            Change::Put { tree, key, value, existed } => {
                self.put(tree, key, value).is_some_and(|did| existed.is_none_or(|existed| existed == did))
            }
            Change::Delete { tree, key } => self.delete(tree, key) == Some(true),
            Change::DeleteRange { tree, start, end, removed } => {
                let range = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
                self.delete_range(tree, range) == Some(*removed)
            }
        }
    }

    /// All entries of all trees, for a rough idea of the size.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.trees.values().flat_map(|tree| tree.iter()).map(|(key, value)| key.len() + value.len()).sum()
    }
}

/// Whether a range contains a key. A range may be empty or upside down.
#[must_use]
pub fn contains(range: KeyRange<'_>, key: &[u8]) -> bool {
    let after_start = match range.0 {
        Bound::Included(start) => key >= start,
        Bound::Excluded(start) => key > start,
        Bound::Unbounded => true,
    };
    let before_end = match range.1 {
        Bound::Included(end) => key <= end,
        Bound::Excluded(end) => key < end,
        Bound::Unbounded => true,
    };
    after_start && before_end
}

/// Where a cursor over `entries` stands after each of some movements; the meaning of [`Move`].
#[must_use]
pub fn walk(entries: &Entries, moves: &[Move]) -> Vec<Option<Entry>> {
    // Places are counted with one in front of the first entry and one behind the last.
    let all: Vec<(&Vec<u8>, &Arc<[u8]>)> = entries.iter().collect();
    let (front, behind) = (0, all.len() + 1);
    let mut at: Option<usize> = None;
    moves
        .iter()
        .map(|step| {
            let place = match step {
                Move::First => 1,
                Move::Last => all.len(),
                Move::Next => at.map_or(1, |at| at + 1),
                Move::Prev => at.map_or(all.len(), |at| at.saturating_sub(1)),
                Move::Seek(key) => all.partition_point(|entry| entry.0 < key) + 1,
                Move::SeekForPrev(key) => all.partition_point(|entry| entry.0 <= key),
                Move::Nth(n) => usize::try_from(*n).map_or(behind, |n| n.saturating_add(1)),
            };
            let place = place.clamp(front, behind);
            at = Some(place);
            let (key, value) = all.get(place.checked_sub(1)?)?;
            Some(((*key).clone(), value.to_vec()))
        })
        .collect()
}

/// The changes of an open transaction.
#[derive(Clone, Debug)]
struct Working {
    state: State,
    changes: usize,
    savepoints: Vec<(State, usize)>,
}

/// What an engine should hold.
#[derive(Clone, Debug)]
pub struct Model {
    versions: Vec<(Version, State)>,
    working: Option<Working>,
}

impl Model {
    /// An empty engine, whose state has this position.
    #[must_use]
    pub fn new(version: Version) -> Model {
        Model { versions: vec![(version, State::default())], working: None }
    }

    /// The versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[(Version, State)] {
        &self.versions
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> &(Version, State) {
        self.versions.last().expect("the empty version is never removed")
    }

    /// The state at a version.
    #[must_use]
    pub fn at(&self, version: Version) -> Option<&State> {
        let at = self.index_of(version)?;
        Some(&self.versions[at].1)
    }

    /// The number of a version.
    #[must_use]
    pub fn index_of(&self, version: Version) -> Option<usize> {
        self.versions.binary_search_by_key(&version, |(version, _)| *version).ok()
    }

    /// What the open transaction sees, or the newest version.
    #[must_use]
    pub fn working(&self) -> &State {
        self.working.as_ref().map_or(&self.newest().1, |working| &working.state)
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.working.is_some()
    }

    /// How many changes the open transaction has made that are not rolled back.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.working.as_ref().map_or(0, |working| working.changes)
    }

    /// How many savepoints there are.
    #[must_use]
    pub fn savepoints(&self) -> usize {
        self.working.as_ref().map_or(0, |working| working.savepoints.len())
    }

    fn open(&mut self) -> &mut Working {
        let newest = &self.versions.last().expect("the empty version is never removed").1;
        self.working.get_or_insert_with(|| Working {
            state: newest.clone(),
            changes: 0,
            savepoints: Vec::new(),
        })
    }

    /// Makes a change in the transaction, which is begun where none is open. `change` says whether it changed something.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut State) -> (T, bool)) -> T {
        let working = self.open();
        let (result, changed) = change(&mut working.state);
        working.changes += usize::from(changed);
        result
    }

    /// Makes a savepoint.
    pub fn savepoint(&mut self) {
        let working = self.open();
        working.savepoints.push((working.state.clone(), working.changes));
    }

    /// Goes back to a savepoint, which stays.
    pub fn rollback_to(&mut self, savepoint: usize) {
        if let Some(working) = &mut self.working
            && let Some((state, changes)) = working.savepoints.get(savepoint).cloned()
        {
            (working.state, working.changes) = (state, changes);
            working.savepoints.truncate(savepoint + 1);
        }
    }

    /// Forgets a savepoint and newer ones.
    pub fn release(&mut self, savepoint: usize) {
        if let Some(working) = &mut self.working {
            working.savepoints.truncate(savepoint);
        }
    }

    /// Makes the transaction's state a version.
    pub fn commit(&mut self, version: Version) {
        let state = self.working().clone();
        self.working = None;
        self.push(version, state);
    }

    /// Forgets the transaction.
    pub fn abort(&mut self) {
        self.working = None;
    }

    /// Adds a version.
    pub fn push(&mut self, version: Version, state: State) {
        self.versions.push((version, state));
    }

    /// Forgets the versions after number `last`, and the transaction: a crash.
    pub fn lose_after(&mut self, last: usize) {
        self.versions.truncate(last + 1);
        self.working = None;
    }

    /// Whether what a log says about the commits after a version is what happened; else why not.
    pub fn check_log(&self, after: Version, log: &[Logged]) -> Result<(), String> {
        let first = self.versions.partition_point(|(version, _)| *version <= after);
        let expected: Vec<Version> = self.versions[first..].iter().map(|(version, _)| *version).collect();
        let found: Vec<Version> = log.iter().map(|logged| logged.version).collect();
        if expected != found {
            return Err(format!("the log after {after:?} holds {found:x?}; expected {expected:x?}"));
        }
        for (number, logged) in log.iter().enumerate() {
            let at = first + number;
            let (Some(changes), Some(before)) = (&logged.changes, at.checked_sub(1)) else { continue };
            let mut state = self.versions[before].1.clone();
            for change in changes {
                if !state.apply(change) {
                    return Err(format!("{:?} does not fit before version {:?}", change, logged.version));
                }
            }
            if state != self.versions[at].1 {
                return Err(format!("the log's changes do not lead to version {:?}", logged.version));
            }
        }
        Ok(())
    }
}
