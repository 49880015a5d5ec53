use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;

use std::ops::RangeBounds;

use super::*;
use crate::page::memory::MemoryPages;
use crate::page::meter::Meter;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Parameters so small that a handful of entries reaches every split.
pub(super) fn tiny() -> TreeParams {
    TreeParams {
        leaf_bytes: 160,
        inner_fanout: 4,
        delta_entries: 3,
        inline_value_bytes: 40,
        meter: Meter::new(),
    }
}

struct Problems(Vec<Problem>);

impl CheckObserver for Problems {
    fn problem(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    fn progress(&mut self, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

pub(super) fn problems(root: &Root, pages: &MemoryPages, params: &TreeParams) -> Vec<Problem> {
    let mut problems = Problems(Vec::new());
    let _ = root.check(pages, params.inner_fanout, &mut problems);
    problems.0
}

/// Keys that go wrong first: empty, zeros, prefixes of each other, long ones, long ones alike at the start.
pub(super) fn key() -> impl Strategy<Value = Vec<u8>> {
    let few = prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(0xff)];
    prop_oneof![
        4 => vec(few.clone(), 0..6),
        6 => (0u16..400).prop_map(|n| n.to_be_bytes().to_vec()),
        4 => (0u16..200).prop_map(|n| format!("user/0000{n:04}").into_bytes()),
        1 => (vec(few.clone(), 0..3), 0usize..300).prop_map(|(end, n)| [vec![7; n], end].concat()),
        1 => (0u8..20).prop_map(|n| [vec![b'z'; 250], vec![n]].concat()),
    ]
}

pub(super) fn value() -> impl Strategy<Value = Vec<u8>> {
    (any::<u8>(), prop_oneof![8 => 0usize..30, 1 => 30usize..60, 1 => 60usize..500])
        .prop_map(|(byte, len)| vec![byte; len])
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        1 => Just(Bound::Unbounded),
        4 => key().prop_map(Bound::Included),
        4 => key().prop_map(Bound::Excluded),
    ]
}

pub(super) fn borrowed(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, Vec<u8>),
    /// As replay does: existence is known.
    PutKnown(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    DeleteKnown(Vec<u8>),
    /// Deletes a key that is there: the n-th.
    DeleteNth(u16),
    /// Deletes some keys in order from the n-th on.
    DeleteRun(u16, u8),
    DeleteRange(Bound<Vec<u8>>, Bound<Vec<u8>>),
    /// Puts a run of ascending or descending keys.
    PutRun(u16, i8),
    /// Keeps the version.
    Keep,
    /// Goes back to a kept version.
    Back(u8),
    /// Forgets a kept version.
    Forget(u8),
    /// Looks at everything.
    Look(Vec<u8>),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (key(), value()).prop_map(|(key, value)| Op::Put(key, value)),
        6 => (key(), value()).prop_map(|(key, value)| Op::PutKnown(key, value)),
        4 => key().prop_map(Op::Delete),
        4 => key().prop_map(Op::DeleteKnown),
        8 => any::<u16>().prop_map(Op::DeleteNth),
        2 => (any::<u16>(), any::<u8>()).prop_map(|(at, n)| Op::DeleteRun(at, n)),
        2 => (bound(), bound()).prop_map(|(low, high)| Op::DeleteRange(low, high)),
        3 => (any::<u16>(), any::<i8>()).prop_map(|(from, n)| Op::PutRun(from, n)),
        5 => Just(Op::Keep),
        2 => any::<u8>().prop_map(Op::Back),
        3 => any::<u8>().prop_map(Op::Forget),
        3 => key().prop_map(Op::Look),
    ]
}

/// A tree beside the map that it must be.
#[derive(Clone)]
struct Version {
    root: Root,
    map: Map,
}

struct Model {
    params: TreeParams,
    pages: MemoryPages,
    now: Version,
    kept: Vec<Version>,
}

impl Model {
    fn new() -> Model {
        let now = Version { root: Root::EMPTY, map: Map::new() };
        Model { params: tiny(), pages: MemoryPages::new(), now, kept: Vec::new() }
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>, existence: Existence) {
        let existed =
            self.now.root.put(&self.pages, &self.params, &key, value.as_slice(), existence).unwrap();
        assert_eq!(existed, self.now.map.insert(key, value).is_some());
    }

    fn delete(&mut self, key: &[u8], existence: Existence) {
        let existed = self.now.root.delete(&self.pages, &self.params, key, existence).unwrap();
        assert_eq!(existed, self.now.map.remove(key).is_some());
    }

    fn existence(&self, key: &[u8]) -> Existence {
        Existence::Known(self.now.map.contains_key(key))
    }

    fn nth_key(&self, n: u16) -> Option<Vec<u8>> {
        let keys = self.now.map.keys();
        keys.clone().nth(usize::from(n) % keys.len().max(1)).cloned()
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Put(key, value) => self.put(key, value, Existence::Look),
            Op::PutKnown(key, value) => self.put(key.clone(), value, self.existence(&key)),
            Op::Delete(key) => self.delete(&key, Existence::Look),
            Op::DeleteKnown(key) => self.delete(&key, self.existence(&key)),
            Op::DeleteNth(n) => {
                if let Some(key) = self.nth_key(n) {
                    let existence = if n % 2 == 0 { Existence::Look } else { Existence::Known(true) };
                    self.delete(&key, existence);
                }
            }
            Op::DeleteRun(at, n) => (0..n / 8).for_each(|_| {
                if let Some(key) = self.nth_key(at) {
                    self.delete(&key, Existence::Look);
                }
            }),
            Op::DeleteRange(low, high) => {
                let (low, high) = (borrowed(&low), borrowed(&high));
                let deleted = self.now.root.delete_range(&self.pages, &self.params, low, high).unwrap();
                let before = self.now.map.len();
                let range = (low, high);
                self.now.map.retain(|key, _| !RangeBounds::<[u8]>::contains(&range, key.as_slice()));
                assert_eq!(deleted, u64::try_from(before - self.now.map.len()).unwrap());
            }
            Op::PutRun(from, n) => (0..i16::from(n).unsigned_abs()).for_each(|i| {
                let at = if n < 0 { from.wrapping_sub(i) } else { from.wrapping_add(i) };
                self.put(at.to_be_bytes().to_vec(), vec![0; usize::from(at % 20)], Existence::Look);
            }),
            Op::Keep => self.kept.push(self.now.clone()),
            Op::Back(n) => {
                if !self.kept.is_empty() {
                    self.now = self.kept[usize::from(n) % self.kept.len()].clone();
                }
            }
            Op::Forget(n) => {
                if !self.kept.is_empty() {
                    self.kept.swap_remove(usize::from(n) % self.kept.len());
                }
            }
            Op::Look(key) => self.look(&self.now, &key),
        }
    }

    /// Compares a version with its map in every way there is.
    fn look(&self, version: &Version, key: &[u8]) {
        let Version { root, map } = version;
        let pages = &self.pages;
        let problems = problems(root, pages, &self.params);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(root.count(), u64::try_from(map.len()).unwrap());
        assert_eq!(root.get(pages, key).unwrap(), map.get(key).map(Vec::as_slice));
        let mut cursor = root.cursor(pages);
        for (n, (key, value)) in map.iter().enumerate() {
            assert!(cursor.next().unwrap());
            assert_eq!((cursor.key(), cursor.value().unwrap()), (key.as_slice(), value.as_slice()));
            assert_eq!(root.get(pages, key).unwrap(), Some(value.as_slice()));
            assert_eq!(root.rank(pages, key).unwrap(), u64::try_from(n).unwrap());
        }
        assert!(!cursor.next().unwrap());
        for (key, value) in map.iter().rev() {
            assert!(cursor.prev().unwrap());
            assert_eq!((cursor.key(), cursor.value().unwrap()), (key.as_slice(), value.as_slice()));
        }
        assert!(!cursor.prev().unwrap());
        self.wander(version, key);
    }

    /// Goes to and fro from a key.
    fn wander(&self, Version { root, map }: &Version, key: &[u8]) {
        let pages = &self.pages;
        let mut cursor = root.cursor(pages);
        let next = map.range::<[u8], _>((Bound::Included(key), Bound::Unbounded)).next();
        assert_eq!(cursor.seek(key).unwrap(), next.is_some());
        assert_eq!(cursor.is_at_entry().then(|| cursor.key()), next.map(|(key, _)| key.as_slice()));
        let before = map.range::<[u8], _>((Bound::Unbounded, Bound::Included(key))).next_back();
        assert_eq!(cursor.seek_for_prev(key).unwrap(), before.is_some());
        assert_eq!(cursor.is_at_entry().then(|| cursor.key()), before.map(|(key, _)| key.as_slice()));
        let keys: Vec<&[u8]> = map.keys().map(Vec::as_slice).collect();
        // One more than the number of the entry, so that both ends have numbers too.
        let mut at = keys.partition_point(|other| *other <= key);
        for step in 0..40usize {
            let forward = step * step % 7 < 4;
            at = if forward { (at + 1).min(keys.len() + 1) } else { at.saturating_sub(1) };
            let found = if forward { cursor.next() } else { cursor.prev() };
            let expected = at.checked_sub(1).and_then(|at| keys.get(at));
            assert_eq!(found.unwrap(), expected.is_some());
            assert_eq!(cursor.is_at_entry().then(|| cursor.key()).as_ref(), expected);
        }
        for n in 0..=keys.len() {
            assert_eq!(cursor.seek_nth(u64::try_from(n).unwrap()).unwrap(), n < keys.len());
            assert_eq!(cursor.is_at_entry().then(|| cursor.key()).as_ref(), keys.get(n));
        }
        let bounds = [Bound::Unbounded, Bound::Included(key), Bound::Excluded(key)];
        for low in bounds {
            for high in bounds {
                let inside = keys.iter().filter(|key| RangeBounds::<[u8]>::contains(&(low, high), **key));
                let expected = u64::try_from(inside.count()).unwrap();
                assert_eq!(root.count_range(pages, low, high).unwrap(), expected);
            }
        }
    }

    fn finish(self) {
        self.look(&self.now, b"user/00000100");
        self.kept.iter().for_each(|version| self.look(version, &[1, 1]));
        let Model { params, now, kept, .. } = self;
        drop((now, kept));
        assert_eq!(params.meter.held_bytes(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn does_what_a_map_does(ops in vec(op(), 1..120)) {
        let mut model = Model::new();
        ops.into_iter().for_each(|op| model.apply(op));
        model.finish();
    }
}
