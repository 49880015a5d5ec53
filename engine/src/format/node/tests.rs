use proptest::prelude::*;

use super::*;
use crate::page::block::{Block, NewValue};
use crate::page::meter::Meter;

fn addr(n: u32) -> PageAddr {
    PageAddr { segment: SegmentId(3), unit: 300, len: n, crc: 0x0403_0201 }
}

fn page(kind: PageKind, prefix: &[u8], entries: &[(&[u8], NewValue<'_>)]) -> Vec<u8> {
    let mut block = Block::new(kind, prefix, &Meter::new());
    for (key, value) in entries {
        block.push(key, *value);
    }
    block.to_page_bytes(|_| unreachable!("no long values in memory")).unwrap()
}

/// Keys that are hard on an order by heads: short ones, zeros, long equal starts. In order.
fn nasty_keys() -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = [
        &b""[..],
        b"\0",
        b"\0\0",
        b"\0\0\0",
        b"\0\0\0\0",
        b"\0\0\0\0\0",
        b"\0\0\0\x01",
        b"a",
        b"a\0",
        b"a\0\0",
        b"a\0\0\0",
        b"a\0\0\0\0",
        b"a\0\0\0b",
        b"a\0\0\x01",
        b"a\0b",
        b"ab",
        b"abc",
        b"abcd",
        b"abcd\0",
        b"abcde",
        b"abcdef",
        b"abce",
        b"\xff",
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\0",
        b"\xff\xff\xff\xff\xff",
    ]
    .iter()
    .map(|key| key.to_vec())
    .collect();
    keys.extend((0..100).map(|n: u8| [&b"samesamesame"[..], &[n]].concat()));
    keys.sort();
    keys
}

#[test]
fn leaf_has_known_bytes() {
    let bytes = page(
        PageKind::Delta,
        b"p/",
        &[
            (b"p/a", NewValue::Inline(b"xyz")),
            (b"p/abcdef", NewValue::Tombstone),
            (b"p/b\0", NewValue::Extent(addr(5))),
        ],
    );
    #[rustfmt::skip]
    let expected = [
        // crc, length, kind, flags, count, capacity, reserved, length of the prefix
        0, 0, 0, 0,  59, 0, 0, 0,  2, 0,  3, 0,  3, 0,  0, 0,  2, 0, 0, 0,
        // heads
        0, 0, 0, b'a',  b'd', b'c', b'b', b'a',  0, 0, 0, b'b',
        // slots
        40, 0,  45, 0,  49, 0,
        // prefix
        b'p', b'/',
        // "a": suffix of 1, 3 bytes inline
        1, 3 << 2, b'x', b'y', b'z',
        // "abcdef": suffix of 6, deleted
        6, 2, b'e', b'f',
        // "b\0": suffix of 2, 8 bytes of address: segment 3, unit 300, length 5, checksum
        2, 8 << 2 | 1, 3, 0xac, 0x02, 5, 1, 2, 3, 4,
    ];
    assert_eq!(bytes, expected);
    assert_eq!(NodeView::validate(&bytes), Ok(()));
    let view = NodeView::new(&bytes);
    assert_eq!((view.kind(), view.len(), view.prefix()), (PageKind::Delta, 3, &b"p/"[..]));
    assert_eq!(view.value(0), ValueRef::Inline(b"xyz"));
    assert_eq!(view.value(1), ValueRef::Tombstone);
    assert_eq!(view.value(2), ValueRef::Extent(addr(5)));
    assert_eq!(view.key(1), b"p/abcdef");
}

#[test]
fn finds_nasty_keys_and_the_gaps_between_them() {
    let keys = nasty_keys();
    for prefix in [&b""[..], b"\0", b"long common start"] {
        let full = |key: &Vec<u8>| [prefix, key].concat();
        for (start, step) in [(0, 1), (0, 2), (1, 2), (0, 7), (3, 50)] {
            let present: Vec<Vec<u8>> = keys.iter().skip(start).step_by(step).map(full).collect();
            let entries: Vec<_> = present.iter().map(|key| (&key[..], NewValue::Inline(b"v"))).collect();
            let bytes = page(PageKind::Leaf, prefix, &entries);
            let view = NodeView::new(&bytes);
            assert_eq!(NodeView::validate(&bytes), Ok(()));
            for key in keys.iter().map(full) {
                assert_eq!(view.search(&key), present.binary_search(&key), "{key:?}");
                let value = present.binary_search(&key).is_ok().then_some(ValueRef::Inline(b"v"));
                assert_eq!(view.find(&key), value, "{key:?}");
            }
            for (i, key) in present.iter().enumerate() {
                assert_eq!(view.key(i), *key);
                assert_eq!(view.key_len(i), key.len());
                for other in &present {
                    assert_eq!(view.compare_key(i, other), key.cmp(other));
                }
                for (j, other) in present.iter().enumerate() {
                    assert_eq!(view.compare_entry(i, &view, j), key.cmp(other));
                }
            }
        }
    }
}

#[test]
fn heads_are_counted_right_at_every_number_of_them() {
    for count in 0..100u32 {
        // Two of each, the largest number among them, and gaps.
        let numbers: Vec<u32> = (0..count).map(|n| u32::MAX - 3 * ((count - 1 - n) / 2)).collect();
        let heads: Vec<_> = numbers.iter().map(|number| number.to_le_bytes()).collect();
        for target in (0..200).map(|back| u32::MAX - back).chain([0]) {
            let smaller = numbers.iter().filter(|number| **number < target).count();
            assert_eq!(lower_bound(&heads, target), smaller, "{count} heads, {target}");
        }
    }
}

#[test]
fn keys_outside_the_prefix_are_not_found() {
    let bytes = page(PageKind::Leaf, b"prefix", &[(b"prefixa", NewValue::Inline(b""))]);
    let view = NodeView::new(&bytes);
    assert!(view.search(b"pre").is_err());
    assert!(view.search(b"").is_err());
}

#[test]
fn nodes_without_entries_are_fine() {
    for prefix in [&b""[..], b"p"] {
        let bytes = page(PageKind::Leaf, prefix, &[]);
        assert_eq!(NodeView::validate(&bytes), Ok(()));
        assert_eq!(NodeView::new(&bytes).search(b"p"), Err(0));
        assert!(NodeView::new(&bytes).is_empty());
    }
}

#[test]
fn long_keys_make_wide_slots() {
    let long = vec![7; 200_000];
    let keys = [&b"a"[..], b"b", &long];
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let entries: Vec<_> = keys.iter().map(|key| (*key, NewValue::Inline(b"v"))).collect();
    let bytes = page(PageKind::Leaf, b"", &entries);
    assert_eq!(PageHeader::decode(&bytes).unwrap().slots, SlotWidth::Wide);
    assert_eq!(NodeView::validate(&bytes), Ok(()));
    let view = NodeView::new(&bytes);
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(view.search(key), Ok(i));
    }
}

#[test]
fn a_page_has_so_many_entries_and_no_more() {
    for kind in [PageKind::Leaf, PageKind::Delta] {
        let most = u16::try_from(max_entries(kind)).unwrap();
        let mut block = Block::new(kind, b"", &Meter::new());
        for n in 0..u32::from(most) {
            block.push(&n.to_be_bytes(), NewValue::Inline(b""));
        }
        let mut bytes = block.to_page_bytes(|_| unreachable!("no long values in memory")).unwrap();
        assert_eq!(NodeView::validate(&bytes), Ok(()));
        assert_eq!(NodeView::new(&bytes).search(&8_000u32.to_be_bytes()), Ok(8_000));
        let more = (most + 1).to_le_bytes();
        bytes[10..12].copy_from_slice(&more);
        bytes[12..14].copy_from_slice(&more);
        let found = NodeView::validate(&bytes).map_err(|flaw| flaw.what);
        assert_eq!(found, Err("more entries than a page can have"));
    }
}

#[test]
fn validation_names_each_flaw() {
    let good =
        page(PageKind::Leaf, b"p", &[(b"pa", NewValue::Inline(b"1")), (b"pb", NewValue::Inline(b"2"))]);
    #[rustfmt::skip]
    let flaws: [(usize, u8, &str); 15] = [
        (4, 0, "length in the header differs"),
        (8, 0, "unknown page kind"),
        (8, 4, "an extent where a node was expected"),
        (9, 1, "slots of the wrong width"),
        (9, 4, "unknown flags"),
        (10, 1, "room for more entries than there are"),
        (14, 1, "reserved bytes not zero"),
        (16, 200, "heads, slots and prefix longer than the page"),
        (28, 0, "entry not where its slot says"),
        (31, 1, "entry not where its slot says"),
        (33, 0, "head longer than its key"),
        (33, 200, "entry cut off"),
        (34, 1 << 2 | 2, "malformed value"),
        (34, 1 << 2 | 1, "malformed value"),
        (37, 0, "bytes after the last entry"),
    ];
    for (at, byte, what) in flaws {
        let mut bytes = good.clone();
        bytes[at] = byte;
        assert_eq!(NodeView::validate(&bytes).map_err(|flaw| flaw.what), Err(what), "byte {at}");
    }
    let mut swapped = good.clone();
    swapped[20..28].rotate_left(4);
    assert_eq!(NodeView::validate(&swapped).map_err(|flaw| flaw.what), Err("keys out of order"));
    // The suffix's length in two bytes, and one byte less of the value, so that everything else fits.
    let mut long_number = good.clone();
    long_number[33..37].copy_from_slice(&[0x81, 0, 0, b'1']);
    assert_eq!(
        NodeView::validate(&long_number).map_err(|flaw| flaw.what),
        Err("numbers longer than they need be")
    );
    let mut doubled = good;
    doubled.copy_within(20..24, 24);
    assert_eq!(NodeView::validate(&doubled).map_err(|flaw| flaw.what), Err("keys out of order"));
}

#[test]
fn each_kind_of_page_allows_its_kinds_of_value() {
    let values = [NewValue::Inline(b"v"), NewValue::Extent(addr(5)), NewValue::Tombstone];
    for (kind, allowed) in [(PageKind::Leaf, 2), (PageKind::Delta, 3), (PageKind::Inner, 1)] {
        for (n, value) in values.into_iter().enumerate() {
            let mut bytes = page(PageKind::Delta, b"", &[(b"k", value)]);
            bytes[8] = kind as u8;
            assert_eq!(NodeView::validate(&bytes).is_ok(), n < allowed, "{kind:?} {value:?}");
        }
    }
}

/// Calls everything there is on a view that was validated.
fn use_all(bytes: &[u8], key: &[u8]) {
    let view = NodeView::new(bytes);
    let mut keys = Vec::new();
    for i in 0..view.len() {
        let key = view.key(i);
        assert_eq!(key.len(), view.key_len(i));
        assert_eq!(view.search(&key), Ok(i));
        assert_eq!(view.compare_key(i, &key), Ordering::Equal);
        assert_eq!(view.find(&key), Some(view.value(i)));
        keys.push(key);
    }
    assert!(keys.is_sorted());
    let _ = (view.search(key), view.find(key));
}

proptest! {
    #[test]
    fn damage_never_panics(
        kind in prop_oneof![Just(PageKind::Leaf), Just(PageKind::Delta), Just(PageKind::Inner)],
        keys in prop::collection::btree_set(prop::collection::vec(0u8..3, 0..9), 0..20),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0usize..3,
        key: Vec<u8>,
    ) {
        let entries: Vec<_> = keys.iter().map(|key| (&key[..], NewValue::Inline(&key[..]))).collect();
        let mut bytes = page(kind, b"", &entries);
        use_all(&bytes, &key);
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut);
        if NodeView::validate(&bytes).is_ok() {
            use_all(&bytes, &key);
        }
    }

    #[test]
    fn noise_never_panics(mut bytes in prop::collection::vec(0u8..50, 20..80), prefix in 0u8..3) {
        let len = crate::ids::to_u32(bytes.len());
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        bytes[8] = bytes[8] % 3 + 1;
        bytes[9] = 0;
        bytes[11] = 0;
        bytes[10] %= 4;
        bytes.copy_within(10..12, 12);
        bytes[14..].first_chunk_mut::<6>().unwrap().copy_from_slice(&[0, 0, prefix, 0, 0, 0]);
        if NodeView::validate(&bytes).is_ok() {
            use_all(&bytes, b"key");
        }
    }
}
