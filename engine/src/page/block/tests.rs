use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ids::SegmentId;

fn addr(n: u32) -> PageAddr {
    PageAddr { segment: SegmentId(n), unit: n, len: n, crc: n }
}

/// A value of the model.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Inline(Vec<u8>),
    Extent(u32),
    Memory(Vec<u8>),
    Tombstone,
}

impl Value {
    fn with_new<T>(&self, meter: &Meter, f: impl FnOnce(NewValue<'_>) -> T) -> T {
        match self {
            Value::Inline(bytes) => f(NewValue::Inline(bytes)),
            Value::Extent(n) => f(NewValue::Extent(addr(*n))),
            Value::Tombstone => f(NewValue::Tombstone),
            Value::Memory(bytes) => {
                f(NewValue::Memory(&LongValue::new(Bytes::copy_from_slice(bytes), meter)))
            }
        }
    }

    fn of(source: Source<'_>, i: usize) -> Value {
        match source.value(i) {
            NewValue::Inline(bytes) => Value::Inline(bytes.to_vec()),
            NewValue::Extent(addr) => Value::Extent(addr.crc),
            NewValue::Memory(value) => Value::Memory(value.to_vec()),
            NewValue::Tombstone => Value::Tombstone,
        }
    }
}

type Model = BTreeMap<Vec<u8>, Value>;

fn contents(source: Source<'_>) -> Model {
    (0..source.view.len()).map(|i| (source.view.key(i), Value::of(source, i))).collect()
}

/// Compares a block with the model, and the page it makes with both.
fn check(block: &Block, model: &Model) {
    let source = block.source();
    assert_eq!(contents(source), *model);
    assert_eq!(block.len(), model.len());
    let live: usize = (0..block.len()).map(|i| source.view.heap_entry(i).len()).sum();
    assert_eq!(block.live_heap_bytes(), live);
    let held = model.values().filter(|value| matches!(value, Value::Memory(_))).count();
    assert_eq!(block.memory.len(), held);

    let mut written = Vec::new();
    let page = block
        .to_page_bytes(|bytes| {
            written.push(bytes.to_vec());
            Ok(addr(1_000_000 + u32::try_from(written.len()).unwrap()))
        })
        .unwrap();
    assert_eq!(NodeView::validate(&page), Ok(()));
    assert!(page.len() <= block.size_on_disk());
    if held == 0 {
        assert_eq!(page.len(), block.size_on_disk());
    }
    let mut extents = 0;
    for (key, value) in contents(NodeView::new(&page).into()) {
        match &model[&key] {
            Value::Memory(bytes) => {
                assert_eq!(written[extents], *bytes);
                extents += 1;
                assert_eq!(value, Value::Extent(1_000_000 + u32::try_from(extents).unwrap()));
            }
            other => assert_eq!(value, *other),
        }
    }
    assert_eq!(extents, written.len());
}

#[test]
fn edits_keep_order() {
    let meter = Meter::new();
    let mut block = Block::new(PageKind::Leaf, b"k", &meter);
    for key in [&b"kb"[..], b"ka", b"k", b"kab", b"kzzzzzz"] {
        let at = block.view().search(key).unwrap_err();
        block.insert(at, key, NewValue::Inline(key));
    }
    let keys: Vec<_> = (0..block.len()).map(|i| block.view().key(i)).collect();
    assert_eq!(keys, [&b"k"[..], b"ka", b"kab", b"kb", b"kzzzzzz"]);
    block.remove(1);
    block.replace(1, NewValue::Inline(b"other"));
    assert_eq!(block.view().search(b"ka"), Err(1));
    assert_eq!(block.view().value(1), ValueRef::Inline(b"other"));
    assert_eq!(block.view().value(2), ValueRef::Inline(b"kb"));
}

#[test]
fn all_that_is_held_is_metered() {
    let meter = Meter::new();
    let mut block = Block::new(PageKind::Leaf, b"", &meter);
    let empty = meter.held_bytes();
    block.push(b"a", NewValue::Inline(&[1; 1000]));
    assert!(meter.held_bytes() >= empty + 1000);
    let before = meter.held_bytes();
    let long = LongValue::new(Bytes::from(vec![2; 1 << 20]), &meter);
    block.push(b"b", NewValue::Memory(&long));
    drop(long);
    let copy = block.copy_for_edit(1, 10);
    let held = meter.held_bytes() - before;
    assert!(held > 1 << 20 && held < (1 << 20) + 5000, "one long value, two blocks: {held}");
    drop(block);
    assert_eq!(copy.memory(0).len(), 1 << 20);
    assert!(meter.held_bytes() > 1 << 20);
    drop(copy);
    assert_eq!(meter.held_bytes(), 0);
}

#[test]
fn long_values_move_to_extents() {
    let meter = Meter::new();
    let mut block = Block::new(PageKind::Delta, b"k", &meter);
    let mut model = Model::new();
    for n in 0..200u32 {
        let value = match n % 4 {
            0 => Value::Inline(vec![1; 10]),
            1 => Value::Tombstone,
            2 => Value::Extent(n),
            _ => Value::Memory(vec![3; 100]),
        };
        let key = [b"k", &n.to_be_bytes()[..]].concat();
        value.with_new(&meter, |new| block.push(&key, new));
        model.insert(key, value);
    }
    let changes = block.changes;
    let places: Vec<_> = (0..200).filter(|n| n % 4 == 3 || n % 8 == 2).map(|n| (n, addr(1000))).collect();
    let moved = block.moved_to_extents(&places);
    for (i, value) in model.values_mut().enumerate() {
        if places.iter().any(|(at, _)| *at == i) {
            *value = Value::Extent(1000);
        }
    }
    check(&moved, &model);
    assert_eq!(moved.changes, changes, "the content is the same");
    drop(block);
    assert!(meter.held_bytes() < 200 * 100, "nobody holds the long values any more");
}

#[test]
fn changes_forget_where_it_was_written() {
    let mut block = Block::new(PageKind::Leaf, b"", &Meter::new());
    block.push(b"a", NewValue::Inline(b"1"));
    let changes: [fn(&mut Block); 4] = [
        |block| block.push(b"b", NewValue::Inline(b"2")),
        |block| block.replace(0, NewValue::Inline(b"3")),
        |block| block.replace(0, NewValue::Inline(b"longer")),
        |block| block.remove(0),
    ];
    for change in changes {
        block.set_on_disk(OnDisk::Page(addr(1)));
        assert_eq!(block.written(), Some(addr(1)));
        assert_eq!(block.copy_for_edit(1, 0).written(), None);
        change(&mut block);
        assert_eq!(block.written(), None);
    }
}

#[test]
fn replacing_again_and_again_stays_small() {
    let meter = Meter::new();
    let mut block = Block::new(PageKind::Leaf, b"", &meter);
    for key in [b"a", b"b", b"c", b"d"] {
        block.push(key, NewValue::Inline(&[0; 100]));
    }
    for n in 0..10_000 {
        block.replace(n % 4, NewValue::Inline(&[1; 200][..n % 200]));
    }
    assert!(meter.held_bytes() < 5000, "{}", meter.held_bytes());
}

#[test]
fn a_block_outgrows_narrow_slots() {
    let meter = Meter::new();
    let mut block = Block::new(PageKind::Leaf, b"", &meter);
    let mut model = Model::new();
    for n in 0..300u32 {
        let key = n.to_be_bytes();
        let value = vec![0; 1000];
        block.push(&key, NewValue::Inline(&value));
        model.insert(key.to_vec(), Value::Inline(value));
    }
    check(&block, &model);
    let copy = block.copy_for_edit(1, 1);
    check(&copy, &model);
    for n in (0..290u32).rev() {
        block.remove(usize::try_from(n).unwrap());
        model.remove(&n.to_be_bytes()[..]);
    }
    check(&block, &model);
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(0u8..2, 0..8),
        prop::collection::vec(any::<u8>(), 0..6),
        (0u8..20).prop_map(|n| [&b"long common start"[..], &[n]].concat()),
        (0u8..20, 0u8..3).prop_map(|(a, b)| vec![7, 7, 7, 7, a, 0, b]),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Inline),
        1 => prop::collection::vec(any::<u8>(), 0..3000).prop_map(Value::Inline),
        1 => any::<u32>().prop_map(Value::Extent),
        1 => prop::collection::vec(any::<u8>(), 0..100).prop_map(Value::Memory),
        1 => Just(Value::Tombstone),
    ]
}

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, Value),
    Remove(Vec<u8>),
    CopyForEdit(usize),
    Split(prop::sample::Index),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (key(), value()).prop_map(|(key, value)| Op::Put(key, value)),
        4 => key().prop_map(Op::Remove),
        1 => (0usize..500).prop_map(Op::CopyForEdit),
        1 => any::<prop::sample::Index>().prop_map(Op::Split),
    ]
}

proptest! {
    #[test]
    fn behaves_like_a_map(
        prefix in prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 1..10)],
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let meter = Meter::new();
        let mut block = Block::new(PageKind::Delta, &prefix, &meter);
        let mut model = Model::new();
        for op in ops {
            match op {
                Op::Put(key, value) => {
                    let key = [&prefix[..], &key].concat();
                    let at = block.view().search(&key);
                    prop_assert_eq!(at.is_ok(), model.contains_key(&key));
                    value.with_new(&meter, |new| match at {
                        Ok(i) => block.replace(i, new),
                        Err(i) => block.insert(i, &key, new),
                    });
                    model.insert(key, value);
                }
                Op::Remove(key) => {
                    let key = [&prefix[..], &key].concat();
                    if let Ok(i) = block.view().search(&key) {
                        block.remove(i);
                    }
                    model.remove(&key);
                }
                Op::CopyForEdit(room) => block = block.copy_for_edit(1, room),
                Op::Split(at) => {
                    let at = at.index(block.len() + 1);
                    let source = block.source();
                    let left = Block::from_source(PageKind::Delta, &prefix, source, 0..at, &meter);
                    let mut joined = Block::new(PageKind::Delta, &prefix[..prefix.len() / 2], &meter);
                    joined.extend(left.source(), 0..at);
                    joined.extend(source, at..block.len());
                    check(&joined, &model);
                    let all = 0..joined.len();
                    block = Block::from_source(PageKind::Delta, &prefix, joined.source(), all, &meter);
                }
            }
        }
        check(&block, &model);
        drop(block);
        prop_assert_eq!(meter.held_bytes(), 0);
    }
}

#[test]
fn the_smallest_entry_takes_eight_bytes() {
    let mut block = Block::new(PageKind::Leaf, b"", &Meter::new());
    for key in 0..=u8::MAX {
        block.push(&[key], NewValue::Inline(b""));
    }
    let empty = Block::new(PageKind::Leaf, b"", &Meter::new());
    assert_eq!(block.size_on_disk() - empty.size_on_disk(), 256 * 8);
}

#[test]
fn what_came_since_over_what_was_written_is_all() {
    let meter = Meter::new();
    let put = |block: &mut Block, key: &[u8], value: NewValue<'_>| match block.view().search(key) {
        Ok(at) => block.replace(at, value),
        Err(at) => block.insert(at, key, value),
    };
    let mut older = Block::new(PageKind::Delta, b"", &meter).in_era(1);
    for key in [b"a", b"c", b"e", b"g"] {
        put(&mut older, key, NewValue::Inline(b"old"));
    }
    put(&mut older, b"i", NewValue::Tombstone);
    let older = Arc::new(older);
    assert!(older.copy_in_era(1, 1, 10).origin().is_none(), "no checkpoint has begun");
    let mut newer = older.copy_in_era(2, 4, 100);
    put(&mut newer, b"b", NewValue::Inline(b"new"));
    put(&mut newer, b"c", NewValue::Inline(b"new"));
    put(&mut newer, b"e", NewValue::Tombstone);
    newer.remove(newer.view().search(b"g").unwrap());
    put(&mut newer, b"i", NewValue::Inline(b"new"));
    let since = newer.since(newer.origin().expect("a checkpoint may be writing it"));
    let keys: Vec<_> = (0..since.len()).map(|i| (since.view().key(i), since.view().value(i))).collect();
    let new = ValueRef::Inline(b"new");
    let gone = ValueRef::Tombstone;
    let expected = [(b"b", new), (b"c", new), (b"e", gone), (b"g", gone), (b"i", new)]
        .map(|(key, value)| (key.to_vec(), value));
    assert_eq!(keys, expected);
    let again = Arc::new(newer).copy_in_era(3, 0, 0);
    assert!(again.origin().is_none(), "copies of copies do not keep them all");
}
