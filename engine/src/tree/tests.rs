use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use std::ops::RangeBounds;

use super::*;
use crate::format::inner::{ChildPages, DeltaPages, LeafPages};
use crate::format::node::{MAX_DELTA_ENTRIES, MAX_ENTRIES};
use crate::format::page::{PAGE_HEADER_BYTES, PageHeader, PageKind, PageSeal};
use crate::ids::{DatabaseId, SegmentId, to_u32, to_u64, to_usize};
use crate::page::block::{Block, NewValue};
use crate::page::memory::MemoryPages;
use crate::page::meter::Meter;

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Parameters so small that a handful of entries reaches every split.
fn tiny() -> impl Strategy<Value = TreeParams> {
    (120usize..400, 4usize..8, 1usize..8).prop_map(|(leaf_bytes, inner_fanout, delta_entries)| TreeParams {
        leaf_bytes,
        inner_fanout,
        delta_entries,
        inline_value_bytes: leaf_bytes / 4,
        filter_entries: 0,
        ..TreeParams::default()
    })
}

/// Parameters with which leaves live on pages, and have deltas, for a while.
fn roomy() -> impl Strategy<Value = TreeParams> {
    (400usize..1500, 4usize..32).prop_map(|(leaf_bytes, delta_entries)| TreeParams {
        inner_fanout: 8,
        delta_entries,
        filter_entries: 0,
        ..TreeParams::for_leaves(leaf_bytes, Meter::new())
    })
}

pub(super) fn problems(root: &Root, pages: &MemoryPages, params: &TreeParams) -> Vec<Error> {
    let mut problems = Vec::new();
    root.check(pages, params, &mut HashSet::new(), &mut problems, &mut |_| {});
    problems
}

/// New pages beside those that are read meanwhile.
struct NewPages {
    before: usize,
    pages: Vec<(PageKind, Vec<u8>)>,
}

impl NewPages {
    fn beside(pages: &MemoryPages) -> NewPages {
        NewPages { before: pages.len(), pages: Vec::new() }
    }

    fn append_to(self, pages: &mut MemoryPages) {
        for (kind, page) in self.pages {
            pages.append(kind, page).unwrap();
        }
    }
}

impl PageWrite for NewPages {
    fn append(&mut self, kind: PageKind, page: Vec<u8>) -> Result<PageAddr> {
        let segment = SegmentId(1);
        let unit = to_u32(self.before + self.pages.len());
        let mut addr = PageAddr { segment, unit, len: to_u32(page.len()), crc: 0 };
        let mut sealed = page.clone();
        addr.crc = PageSeal::new(DatabaseId::default(), segment).seal(&mut sealed, addr.offset());
        self.pages.push((kind, page));
        Ok(addr)
    }

    fn append_extent(&mut self, value: &[u8]) -> Result<PageAddr> {
        let header = PageHeader::of_extent(value.len()).encode();
        self.append(PageKind::Extent, [&header, value].concat())
    }
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
    /// Puts at a key that is there: the n-th.
    PutNth(u16, Vec<u8>),
    /// Puts, and deletes it again.
    PutAndDelete(Vec<u8>, Vec<u8>),
    /// Puts where there is nothing.
    Insert(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    DeleteKnown(Vec<u8>),
    /// Deletes a key that is there: the n-th.
    DeleteNth(u16),
    /// Deletes some keys in order from the n-th on.
    DeleteRun(u16, u8),
    DeleteRange(Bound<Vec<u8>>, Bound<Vec<u8>>),
    /// Puts a run of ascending or descending keys.
    PutRun(u16, i8),
    /// Puts and deletes many keys at once.
    Many(BTreeMap<Vec<u8>, Option<Vec<u8>>>),
    /// Makes a filter for absent keys.
    Filter,
    /// Keeps the version.
    Keep,
    /// Goes back to a kept version.
    Back(u8),
    /// Forgets a kept version.
    Forget(u8),
    /// Writes the version, as a checkpoint does; whether pages are moved.
    Write(bool),
    /// The checkpoint ends well.
    Publish,
    /// The checkpoint fails.
    Fail,
    /// Removes all pages that are not marked.
    Sweep,
    /// Writes the version packed.
    Pack,
    /// Looks at everything.
    Look(Vec<u8>),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (key(), value()).prop_map(|(key, value)| Op::Put(key, value)),
        6 => (key(), value()).prop_map(|(key, value)| Op::PutKnown(key, value)),
        6 => (key(), value()).prop_map(|(key, value)| Op::Insert(key, value)),
        4 => key().prop_map(Op::Delete),
        4 => key().prop_map(Op::DeleteKnown),
        8 => any::<u16>().prop_map(Op::DeleteNth),
        2 => (any::<u16>(), any::<u8>()).prop_map(|(at, n)| Op::DeleteRun(at, n)),
        2 => (bound(), bound()).prop_map(|(low, high)| Op::DeleteRange(low, high)),
        3 => (any::<u16>(), any::<i8>()).prop_map(|(from, n)| Op::PutRun(from, n)),
        5 => btree_map(key(), option::of(value()), 0..60).prop_map(Op::Many),
        3 => Just(Op::Filter),
        5 => Just(Op::Keep),
        2 => any::<u8>().prop_map(Op::Back),
        3 => any::<u8>().prop_map(Op::Forget),
        4 => any::<bool>().prop_map(Op::Write),
        6 => Just(Op::Publish),
        1 => Just(Op::Fail),
        2 => Just(Op::Sweep),
        1 => Just(Op::Pack),
        3 => key().prop_map(Op::Look),
    ]
}

/// Few changes between one checkpoint and the next.
fn op_beside_checkpoints() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (any::<u16>(), value()).prop_map(|(n, value)| Op::PutNth(n, value)),
        6 => (key(), value()).prop_map(|(key, value)| Op::Put(key, value)),
        6 => (key(), value()).prop_map(|(key, value)| Op::PutKnown(key, value)),
        4 => (key(), value()).prop_map(|(key, value)| Op::PutAndDelete(key, value)),
        10 => any::<u16>().prop_map(Op::DeleteNth),
        3 => (any::<u16>(), any::<u8>()).prop_map(|(at, n)| Op::DeleteRun(at, n)),
        2 => (bound(), bound()).prop_map(|(low, high)| Op::DeleteRange(low, high)),
        12 => btree_map(key(), option::of(value()), 0..12).prop_map(Op::Many),
        2 => Just(Op::Keep),
        1 => any::<u8>().prop_map(Op::Back),
        2 => any::<u8>().prop_map(Op::Forget),
        14 => (0u8..4).prop_map(|n| Op::Write(n == 0)),
        14 => Just(Op::Publish),
        1 => Just(Op::Fail),
        1 => Just(Op::Sweep),
        2 => key().prop_map(Op::Look),
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
    checkpoint: Option<Checkpoint>,
    /// Pages that were moved, as long as the newest version may still refer to where they lay, and where its swap goes on.
    swapping: Option<(Moved, Option<Vec<u8>>)>,
}

/// A checkpoint that has written its pages.
struct Checkpoint {
    /// What is on disk.
    version: Version,
    moved: Moved,
    written: Written,
}

impl Model {
    fn new(params: TreeParams) -> Model {
        let now = Version { root: Root::empty(), map: Map::new() };
        Model { params, pages: MemoryPages::new(), now, kept: Vec::new(), checkpoint: None, swapping: None }
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

    fn change_many(&mut self, changes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
        let Version { root, map } = &mut self.now;
        // As in a batch, a replay, or anything between the two.
        let existence = |n: usize, key: &Vec<u8>| match changes.len() % 3 {
            0 => Existence::Look,
            1 if n.is_multiple_of(3) => Existence::Look,
            _ => Existence::Known(map.contains_key(key)),
        };
        let mut made: Vec<KeyChange<'_>> = changes
            .iter()
            .enumerate()
            .map(|(n, (key, value))| KeyChange { key, value: value.as_deref(), existence: existence(n, key) })
            .collect();
        root.change_many(&self.pages, &self.params, &mut made).unwrap();
        for change in &made {
            assert_eq!(change.existence, Existence::Known(map.contains_key(change.key)));
        }
        for (key, value) in changes {
            match value {
                Some(value) => drop(map.insert(key.clone(), value.clone())),
                None => drop(map.remove(key)),
            }
        }
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
            Op::Keep | Op::Back(_) | Op::Sweep | Op::Pack => {
                while self.swapping.is_some() {
                    self.swap_part(1);
                }
            }
            _ => self.swap_part(3),
        }
        match op {
            Op::Put(key, value) => self.put(key, value, Existence::Look),
            Op::PutKnown(key, value) => self.put(key.clone(), value, self.existence(&key)),
            Op::PutNth(n, value) => {
                if let Some(key) = self.nth_key(n) {
                    self.put(key, value, Existence::Look);
                }
            }
            Op::PutAndDelete(key, value) => {
                self.put(key.clone(), value, Existence::Look);
                self.delete(&key, Existence::Look);
            }
            Op::Insert(key, value) => {
                let existed = self.now.root.insert(&self.pages, &self.params, &key, &value).unwrap();
                assert_eq!(existed, self.now.map.contains_key(&key));
                self.now.map.entry(key).or_insert(value);
            }
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
            Op::Many(changes) => self.change_many(&changes),
            Op::Filter => {
                self.now.root.begin_filter(&self.params.meter);
                self.now.root.fill_filter(&self.pages).unwrap();
            }
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
            Op::Write(moves) if self.checkpoint.is_none() => self.write(moves),
            Op::Write(_) => {}
            Op::Publish => self.publish(),
            Op::Fail => self.checkpoint = None,
            Op::Sweep if self.checkpoint.is_none() => self.sweep(),
            Op::Sweep => {}
            Op::Pack => self.pack(),
            Op::Look(key) => self.look(&self.now, &key),
        }
    }

    fn write(&mut self, moves: bool) {
        let choose = |addr: &PageAddr| !addr.unit.is_multiple_of(3);
        let relocate: Option<&dyn Fn(&PageAddr) -> bool> = if moves { Some(&choose) } else { None };
        if moves {
            // Older versions may reach moved pages through pages that this one does not have.
            self.kept.clear();
        }
        self.params.era.begin_next();
        let (mut moved, mut written) = (Moved::new(), Written::default());
        let mut new = NewPages::beside(&self.pages);
        let root = &self.now.root;
        let child = root
            .write_dirty(&self.pages, &mut new, relocate, &mut moved, &mut written, &self.params)
            .unwrap();
        new.append_to(&mut self.pages);
        let version = Version { root: Root::from_child(child), map: self.now.map.clone() };
        assert!(version.root.is_clean());
        self.checkpoint = Some(Checkpoint { version, moved, written });
    }

    fn publish(&mut self) {
        let Some(Checkpoint { version, moved, written }) = self.checkpoint.take() else { return };
        written.publish();
        for version in &mut self.kept {
            version.root.swap_written(&moved);
        }
        // The swap of the checkpoint before may have got nowhere.
        let (mut all_moved, _) = self.swapping.take().unwrap_or_default();
        all_moved.extend(moved);
        self.swapping = Some((all_moved, None));
        self.look(&version, &[0]);
        self.kept.push(version);
    }

    /// Goes on with the swap of the newest version, which other operations come between.
    fn swap_part(&mut self, mut room: usize) {
        let Some((moved, from)) = self.swapping.take() else { return };
        match self.now.root.swap_part(&moved, from.as_deref(), &mut room) {
            Some(next) => self.swapping = Some((moved, Some(next))),
            None => self.clear_moved(&moved),
        }
    }

    /// Removes pages that were moved, but for those that a leaf still has which changed while it was written as one page, and
    /// those that a checkpoint found which began before the swap had come to them.
    fn clear_moved(&mut self, moved: &Moved) {
        let mut seen = HashSet::new();
        let on_disk = self.checkpoint.iter().map(|checkpoint| &checkpoint.version);
        let versions = self.kept.iter().chain([&self.now]).chain(on_disk);
        versions.for_each(|version| version.root.mark(&self.pages, &mut seen, &mut |_| {}).unwrap());
        moved.keys().filter(|old| !seen.contains(old)).for_each(|old| self.pages.page_mut(old).clear());
    }

    fn sweep(&mut self) {
        self.kept.clear();
        let mut seen = HashSet::new();
        let mut units = HashSet::new();
        let mut visit = |addr: &PageAddr| assert!(units.insert(addr.unit));
        self.now.root.mark(&self.pages, &mut seen, &mut visit).unwrap();
        for unit in (0..to_u32(self.pages.len())).filter(|unit| !units.contains(unit)) {
            self.pages.page_mut(&PageAddr { segment: SegmentId(1), unit, len: 0, crc: 0 }).clear();
        }
    }

    fn pack(&mut self) {
        let mut builder = BulkBuilder::new(self.params.clone());
        for (key, value) in &self.now.map {
            builder.push(&mut self.pages, key, value).unwrap();
        }
        let root = Root::from_child(builder.finish(&mut self.pages).unwrap());
        let version = Version { root, map: self.now.map.clone() };
        self.look(&version, &[1]);
        if self.kept.len().is_multiple_of(2) && self.checkpoint.is_none() {
            self.now = version;
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
        let last = map.keys().next_back();
        assert_eq!(root.last_key(pages).unwrap().as_ref(), last);
        for (key, value) in map.iter().rev() {
            assert!(cursor.prev().unwrap());
            assert_eq!((cursor.key(), cursor.value().unwrap()), (key.as_slice(), value.as_slice()));
        }
        assert!(!cursor.prev().unwrap());
        self.many(version, key);
        self.wander(version, key);
        self.hop(version, key);
    }

    /// Looks up many keys at once, in no order, some of them twice and some not there.
    fn many(&self, Version { root, map }: &Version, key: &[u8]) {
        let absent: Vec<Vec<u8>> = map.keys().map(|key| [key, &[0][..]].concat()).collect();
        let mut keys: Vec<&[u8]> = map.keys().chain(&absent).map(Vec::as_slice).collect();
        keys.extend([key, &[], key]);
        keys.sort_by_key(|key| key.iter().rev().copied().collect::<Vec<u8>>());
        let values: Vec<_> = keys.iter().map(|key| map.get(*key).map(Vec::as_slice)).collect();
        assert_eq!(root.get_many(&self.pages, &keys).unwrap(), values);
        let one = key.len() % keys.len();
        assert_eq!(root.get_many(&self.pages, &keys[one..=one]).unwrap(), values[one..=one]);
    }

    /// Positions one cursor again and again, near where it was and far away, by keys that are there and some that are not.
    fn hop(&self, Version { root, map }: &Version, key: &[u8]) {
        let mut cursor = root.cursor(&self.pages);
        let keys: Vec<&[u8]> = map.keys().map(Vec::as_slice).chain([key]).collect();
        for step in 0..60usize {
            let near = if step % 5 == 4 { step * 37 } else { step };
            let wanted = keys[near % keys.len()];
            let absent = [wanted, &[0]].concat();
            for key in [wanted, &absent] {
                assert_eq!(cursor.get(key).unwrap(), map.get(key).map(Vec::as_slice));
                assert!(!cursor.is_valid());
            }
            let mut rest =
                map.range::<[u8], _>((Bound::Excluded(wanted), Bound::Unbounded)).map(|(key, _)| key);
            let mut found = cursor.seek(&absent).unwrap();
            for _ in 0..step % 4 {
                let expected = rest.next();
                assert_eq!(found.then(|| cursor.key()), expected.map(Vec::as_slice));
                assert!(
                    !found || cursor.is_below(key) == expected.is_some_and(|other| other.as_slice() < key)
                );
                found = cursor.next().unwrap();
            }
            let before = map.range::<[u8], _>((Bound::Unbounded, Bound::Included(wanted))).next_back();
            assert_eq!(cursor.seek_for_prev(wanted).unwrap(), before.is_some());
            assert_eq!(cursor.is_valid().then(|| cursor.key()), before.map(|(key, _)| key.as_slice()));
        }
    }

    /// Goes to and fro from a key.
    fn wander(&self, Version { root, map }: &Version, key: &[u8]) {
        let pages = &self.pages;
        let mut cursor = root.cursor(pages);
        let next = map.range::<[u8], _>((Bound::Included(key), Bound::Unbounded)).next();
        assert_eq!(cursor.seek(key).unwrap(), next.is_some());
        assert_eq!(cursor.is_valid().then(|| cursor.key()), next.map(|(key, _)| key.as_slice()));
        let before = map.range::<[u8], _>((Bound::Unbounded, Bound::Included(key))).next_back();
        assert_eq!(cursor.seek_for_prev(key).unwrap(), before.is_some());
        assert_eq!(cursor.is_valid().then(|| cursor.key()), before.map(|(key, _)| key.as_slice()));
        let keys: Vec<&[u8]> = map.keys().map(Vec::as_slice).collect();
        // One more than the number of the entry, so that both ends have numbers too.
        let mut at = keys.partition_point(|other| *other <= key);
        for step in 0..40usize {
            let forward = step * step % 7 < 4;
            at = if forward { (at + 1).min(keys.len() + 1) } else { at.saturating_sub(1) };
            let found = if forward { cursor.next() } else { cursor.prev() };
            let expected = at.checked_sub(1).and_then(|at| keys.get(at));
            assert_eq!(found.unwrap(), expected.is_some());
            assert_eq!(cursor.is_valid().then(|| cursor.key()).as_ref(), expected);
        }
        for n in 0..=keys.len() {
            assert_eq!(cursor.nth(u64::try_from(n).unwrap()).unwrap(), n < keys.len());
            assert_eq!(cursor.is_valid().then(|| cursor.key()).as_ref(), keys.get(n));
        }
        let middle = keys.get(keys.len() / 2).copied().unwrap_or(key);
        let bounds = [key, middle].map(|key| [Bound::Unbounded, Bound::Included(key), Bound::Excluded(key)]);
        for &low in bounds.as_flattened() {
            for &high in bounds.as_flattened() {
                let inside = keys.iter().filter(|key| RangeBounds::<[u8]>::contains(&(low, high), **key));
                let expected = u64::try_from(inside.count()).unwrap();
                assert_eq!(root.count_range(pages, low, high).unwrap(), expected);
                let last = keys.last().copied();
                let follows =
                    last.is_some_and(|last| !RangeBounds::<[u8]>::contains(&(Bound::Unbounded, high), last));
                let (count, is_more) = root.count_and_next(pages, low, high).unwrap();
                assert_eq!(count, expected);
                assert!(count == 0 || is_more == follows, "{low:?} to {high:?}");
            }
        }
    }

    /// Compares two versions with each other.
    fn compare(&self, before: &Version, after: &Version) {
        let keys: BTreeSet<_> = before.map.keys().chain(after.map.keys()).collect();
        let values = |key: &Vec<u8>| [before, after].map(|version| version.map.get(key).map(Vec::as_slice));
        let mut expected = keys.into_iter().filter(|key| values(key)[0] != values(key)[1]);
        let mut diff = before.root.diff(&self.pages, &after.root, &self.pages);
        while let Some(Change { key, before, after }) = diff.next().unwrap() {
            assert_eq!(
                expected.next().map(|key| (key.as_slice(), values(key))),
                Some((key, [before, after]))
            );
        }
        assert_eq!(expected.next(), None);
    }

    fn finish(self) {
        self.look(&self.now, b"user/00000100");
        self.kept.iter().for_each(|version| self.look(version, &[1, 1]));
        for version in &self.kept {
            self.compare(version, &self.now);
            self.compare(&self.now, version);
        }
        let Model { params, now, kept, checkpoint, .. } = self;
        drop((now, kept, checkpoint));
        assert_eq!(params.meter.held_bytes(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn does_what_a_map_does(params in tiny(), ops in vec(op(), 1..120)) {
        let mut model = Model::new(params);
        ops.into_iter().for_each(|op| model.apply(op));
        model.finish();
    }

    #[test]
    fn does_what_a_map_does_over_pages(
        params in roomy(),
        step in 1usize..4,
        ops in vec(op_beside_checkpoints(), 1..150),
    ) {
        let mut model = Model::new(params);
        let keys = (0u16..400).step_by(step).map(|n| n.to_be_bytes().to_vec());
        model.now.map = keys.map(|key| (key, vec![3; 20])).collect();
        model.pack();
        ops.into_iter().for_each(|op| model.apply(op));
        model.finish();
    }
}

/// Pages that count how often one is looked at.
struct Counting<'p> {
    pages: &'p MemoryPages,
    read: std::cell::Cell<u64>,
}

impl PageRead for Counting<'_> {
    fn page(&self, addr: &PageAddr) -> Result<&[u8]> {
        self.read.set(self.read.get() + 1);
        self.pages.page(addr)
    }
}

#[test]
fn a_replay_reads_no_leaf_and_no_delta() {
    let params = TreeParams { inner_fanout: 8, ..TreeParams::for_leaves(4096, Meter::new()) };
    let mut pages = MemoryPages::new();
    let mut builder = BulkBuilder::new(params.clone());
    for i in 0..20_000u32 {
        builder.push(&mut pages, &i.to_be_bytes(), &[7; 10]).unwrap();
    }
    let mut root = Root::from_child(builder.finish(&mut pages).unwrap());
    let change_all = |root: &mut Root, pages: &dyn PageRead, step: usize, value: &[u8]| {
        let keys: Vec<_> = (0..20_000u32).step_by(step).map(u32::to_be_bytes).collect();
        let of = |key| KeyChange { key, value: Some(value), existence: Existence::Known(true) };
        let mut changes: Vec<_> = keys.iter().map(|key| of(&key[..])).collect();
        root.change_many(pages, &params, &mut changes).unwrap();
    };
    change_all(&mut root, &pages, 100, &[8; 10]);
    let (mut moved, mut written) = (Moved::new(), Written::default());
    let mut new = NewPages::beside(&pages);
    let child = root.write_dirty(&pages, &mut new, None, &mut moved, &mut written, &params).unwrap();
    new.append_to(&mut pages);
    let mut root = Root::from_child(child);
    let leaves = 20_000 * 20 / 4096;
    let counting = Counting { pages: &pages, read: std::cell::Cell::new(0) };
    change_all(&mut root, &counting, 70, &[9; 10]);
    assert!(counting.read.get() < leaves / 2, "{} pages, {leaves} leaves", counting.read.get());
    for i in 0..20_000u32 {
        let expected = if i % 70 == 0 {
            9
        } else if i % 100 == 0 {
            8
        } else {
            7
        };
        assert_eq!(root.get(&pages, &i.to_be_bytes()).unwrap(), Some(&[expected; 10][..]));
    }
}

#[test]
fn long_values_of_a_batch_are_put_on_one_way_down() {
    let params = TreeParams { inner_fanout: 8, ..TreeParams::for_leaves(4096, Meter::new()) };
    let mut pages = MemoryPages::new();
    let mut builder = BulkBuilder::new(params.clone());
    for i in 0..20_000u32 {
        builder.push(&mut pages, &i.to_be_bytes(), &[7; 10]).unwrap();
    }
    let mut root = Root::from_child(builder.finish(&mut pages).unwrap());
    let long = vec![8; params.inline_value_bytes + 1];
    let keys: Vec<_> = (0..20_000u32).step_by(100).map(u32::to_be_bytes).collect();
    let change = |key| KeyChange { key, value: Some(&long), existence: Existence::Look };
    let mut changes: Vec<_> = keys.iter().map(|key| change(&key[..])).collect();
    let counting = Counting { pages: &pages, read: std::cell::Cell::new(0) };
    root.change_many(&counting, &params, &mut changes).unwrap();
    assert!(counting.read.get() < to_u64(keys.len()) * 3 / 2, "{} pages", counting.read.get());
    assert!(changes.iter().all(KeyChange::existed));
    let (mut moved, mut written) = (Moved::new(), Written::default());
    let mut new = NewPages::beside(&pages);
    let child = root.write_dirty(&pages, &mut new, None, &mut moved, &mut written, &params).unwrap();
    new.append_to(&mut pages);
    let (root, mut extents) = (Root::from_child(child), 0);
    assert!(problems(&root, &pages, &params).is_empty());
    let extent_bytes = PAGE_HEADER_BYTES + long.len();
    let mut visit = |addr: &PageAddr| extents += usize::from(to_usize(addr.len) == extent_bytes);
    root.mark(&pages, &mut MarkedPages::default(), &mut visit).unwrap();
    assert_eq!(extents, keys.len(), "all are reached");
    for i in 0..20_000u32 {
        let expected = if i % 100 == 0 { &long[..] } else { &[7; 10] };
        assert_eq!(root.get(&pages, &i.to_be_bytes()).unwrap(), Some(expected));
    }
}

#[test]
fn a_diff_does_not_look_into_what_is_shared() {
    let params = TreeParams { inner_fanout: 8, ..TreeParams::for_leaves(512, Meter::new()) };
    let mut pages = MemoryPages::new();
    let mut builder = BulkBuilder::new(params.clone());
    for i in 0..20_000u32 {
        builder.push(&mut pages, &i.to_be_bytes(), &[7; 10]).unwrap();
    }
    let before = Root::from_child(builder.finish(&mut pages).unwrap());
    let mut after = before.clone();
    for i in [0, 9_999, 10_000, 19_999u32] {
        after.put(&pages, &params, &i.to_be_bytes(), &[8; 10][..], Existence::Look).unwrap();
    }
    let pages = Counting { pages: &pages, read: std::cell::Cell::new(0) };
    let mut diff = before.diff(&pages, &after, &pages);
    let mut found = Vec::new();
    while let Some(change) = diff.next().unwrap() {
        found.push(u32::from_be_bytes(change.key.try_into().unwrap()));
    }
    assert_eq!(found, [0, 9_999, 10_000, 19_999]);
    assert!(pages.read.get() < 60, "{} pages", pages.read.get());
}

/// A page of so many entries, whose keys are `first` and every third number after that.
fn page_of_many(pages: &mut MemoryPages, kind: PageKind, first: usize, entries: usize) -> PageAddr {
    let mut block = Block::with_room(kind, b"", entries, 8 * entries, &Meter::new());
    for n in 0..entries {
        block.push(&to_u32(first + 3 * n).to_be_bytes(), NewValue::Inline(b""));
    }
    pages.append(kind, write::page_of(&block).unwrap()).unwrap()
}

#[test]
fn pages_of_as_many_entries_as_they_can_have_are_merged() {
    let params = TreeParams::default();
    let mut pages = MemoryPages::new();
    let base = page_of_many(&mut pages, PageKind::Leaf, 0, MAX_ENTRIES);
    let delta = page_of_many(&mut pages, PageKind::Delta, 1, MAX_DELTA_ENTRIES);
    let top = page_of_many(&mut pages, PageKind::Delta, 2, MAX_DELTA_ENTRIES);
    let count = u64::try_from(MAX_ENTRIES + 2 * MAX_DELTA_ENTRIES).unwrap();
    let leaf = ChildPages::Leaf(LeafPages { base, deltas: DeltaPages::Two(delta, top) });
    let mut root = Root::from_child(ChildRef { count, has_extents: false, pages: leaf });
    assert!(problems(&root, &pages, &params).is_empty());
    let mut at_once = root.clone();
    root.put(&pages, &params, b"new", &b"value"[..], Existence::Look).unwrap();
    assert_eq!(root.count(), count + 1);
    assert!(problems(&root, &pages, &params).is_empty());
    let keys: Vec<_> = (0..300u32).map(|n| [&n.to_be_bytes()[..], b"new"].concat()).collect();
    let change = |key| KeyChange { key, value: Some(b""), existence: Existence::Known(false) };
    let mut changes: Vec<_> = keys.iter().map(|key| change(&key[..])).collect();
    at_once.change_many(&pages, &params, &mut changes).unwrap();
    assert_eq!(at_once.count(), count + 300);
    assert!(problems(&at_once, &pages, &params).is_empty());
}

#[test]
fn a_delta_that_got_too_many_entries_unseen_is_not_written() {
    let params = TreeParams::default();
    let mut pages = MemoryPages::new();
    let mut base = Block::new(PageKind::Leaf, b"", &Meter::new());
    base.push(b"long", NewValue::Inline(&[7; 1_000_000]));
    let base = pages.append(PageKind::Leaf, write::page_of(&base).unwrap()).unwrap();
    let delta = page_of_many(&mut pages, PageKind::Delta, 1, MAX_DELTA_ENTRIES);
    let count = u64::try_from(MAX_DELTA_ENTRIES).unwrap() + 1;
    let leaf = ChildPages::Leaf(LeafPages { base, deltas: DeltaPages::One(delta) });
    let mut root = Root::from_child(ChildRef { count, has_extents: false, pages: leaf });
    let existence = Existence::Known(false);
    let keys = [b"b", b"c"];
    let mut changes = keys.map(|key| KeyChange { key, value: Some(b"value"), existence });
    root.change_many(&pages, &params, &mut changes).unwrap();
    assert_eq!(root.get(&pages, b"b").unwrap(), Some(&b"value"[..]));
    let (mut moved, mut written) = (Moved::new(), Written::default());
    let mut new = NewPages::beside(&pages);
    let child = root.write_dirty(&pages, &mut new, None, &mut moved, &mut written, &params);
    assert!(matches!(child, Err(Error::Corrupt { .. })));
}

#[test]
fn a_checkpoint_joins_no_deltas_to_one_of_more_entries_than_it_can_have() {
    let params = TreeParams { delta_entries: usize::MAX, ..TreeParams::default() };
    let mut pages = MemoryPages::new();
    let delta = page_of_many(&mut pages, PageKind::Delta, 1, MAX_DELTA_ENTRIES);
    let delta_bytes = usize::try_from(delta.len).unwrap();
    let mut base = Block::new(PageKind::Leaf, b"", &Meter::new());
    base.push(b"long", NewValue::Inline(&vec![7; 7 * delta_bytes]));
    let base = pages.append(PageKind::Leaf, write::page_of(&base).unwrap()).unwrap();
    let count = u64::try_from(MAX_DELTA_ENTRIES).unwrap() + 1;
    let leaf = ChildPages::Leaf(LeafPages { base, deltas: DeltaPages::One(delta) });
    let mut root = Root::from_child(ChildRef { count, has_extents: false, pages: leaf });
    for n in 0..to_u32(delta_bytes * 12 / 5 / 2000) {
        let existence = Existence::Known(false);
        root.put(&pages, &params, &(3 * n).to_be_bytes(), &[8; 2000][..], existence).unwrap();
    }
    // The second delta is so long that it would be joined with the first.
    let (mut moved, mut written) = (Moved::new(), Written::default());
    let mut new = NewPages::beside(&pages);
    let child = root.write_dirty(&pages, &mut new, None, &mut moved, &mut written, &params).unwrap();
    new.append_to(&mut pages);
    assert!(problems(&Root::from_child(child), &pages, &params).is_empty());
}

#[test]
fn counts_that_no_tree_has_are_damage() {
    let params = TreeParams::default();
    let mut pages = MemoryPages::new();
    let leaf = |pages: &mut MemoryPages, key: &[u8]| {
        let mut block = Block::new(PageKind::Leaf, b"", &Meter::new());
        block.push(key, NewValue::Inline(b""));
        ChildPages::Leaf(pages.append(PageKind::Leaf, write::page_of(&block).unwrap()).unwrap().into())
    };
    let mut inner = write::InnerPage::new(b"");
    let children = [leaf(&mut pages, b"a"), leaf(&mut pages, b"n")];
    for (separator, count, child) in [(&b""[..], 1, children[0]), (b"m", u64::MAX - 1, children[1])] {
        inner.push(separator, &ChildRef { count, has_extents: false, pages: child });
    }
    let inner = pages.append(PageKind::Inner, inner.finish().unwrap()).unwrap();
    let root = ChildRef { count: u64::MAX, has_extents: false, pages: ChildPages::Inner(inner) };
    let root = Root::from_child(root);
    let is_damage = |error: Error| matches!(error, Error::Corrupt { .. });
    for key in [&b"b"[..], b"o"] {
        let put = root.clone().put(&pages, &params, key, &b"value"[..], Existence::Look);
        assert!(put.is_err_and(is_damage));
        let change = KeyChange { key, value: Some(b"value"), existence: Existence::Known(false) };
        assert!(root.clone().change_many(&pages, &params, &mut [change]).is_err_and(is_damage));
    }
    let behind = (Bound::Excluded(&b"a"[..]), Bound::Included(&b"z"[..]));
    assert!(root.count_range(&pages, behind.0, behind.1).is_err_and(is_damage));
    assert!(root.rank(&pages, b"z").is_err_and(is_damage));
}
