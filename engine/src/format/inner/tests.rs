use proptest::prelude::*;

use super::*;

fn addr(segment: u32, unit: u32, len: u32, crc: u32) -> PageAddr {
    PageAddr { segment: SegmentId(segment), unit, len, crc }
}

fn encoded(child: &ChildRef) -> Vec<u8> {
    let mut out = Vec::new();
    child.encode(&mut out);
    out
}

#[test]
fn golden_bytes() {
    assert_eq!(encoded(&ChildRef::EMPTY), [1, 0, 0]);
    let base = addr(1, 300, 8128, 0xddcc_bbaa);
    let page = [1, 0, 0, 0, 44, 1, 0, 0, 0xc0, 0x1f, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd];
    let inner = ChildRef { count: 1000, has_extents: true, pages: ChildPages::Inner(base) };
    assert_eq!(encoded(&inner), [&[2, 1], &page[..], &[0xe8, 7]].concat());
    let leaf = ChildRef { count: 31, has_extents: false, pages: ChildPages::Leaf(base.into()) };
    assert_eq!(encoded(&leaf), [&[3, 0], &page[..], &[31]].concat());
    let below = addr(2, 0, 200, 1);
    let pages = ChildPages::Leaf(LeafPages { base, deltas: DeltaPages::One(below) });
    let both = ChildRef { count: 31, has_extents: false, pages };
    let delta = [2, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(encoded(&both), [&[4, 0], &page[..], &delta, &[31]].concat());
    let deltas = DeltaPages::Two(below, addr(4, 3, 100, 2));
    let all = ChildRef { pages: ChildPages::Leaf(LeafPages { base, deltas }), ..both };
    let top = [4, 0, 0, 0, 3, 0, 0, 0, 100, 0, 0, 0, 2, 0, 0, 0];
    assert_eq!(encoded(&all), [&[5, 0], &page[..], &delta, &top, &[31]].concat());
}

#[test]
fn refuses_what_is_never_written() {
    let refused = |bytes: &[u8]| ChildRef::decode(&mut Reader::new(bytes)).is_err();
    assert!(refused(&[]));
    assert!(refused(&[0, 0, 0]), "tag 0");
    assert!(refused(&[6, 0, 0]), "unknown tag");
    assert!(refused(&[1, 2, 0]), "reserved flag");
    assert!(refused(&[1, 1, 0]), "an empty child has no extents");
    assert!(refused(&[1, 0, 1]), "an empty child has no entries");
    assert!(refused(&[&[3, 0], &[1; 16][..], &[0]].concat()), "a leaf without entries");
    assert!(refused(&[&[3, 0], &[0; 16][..], &[1]].concat()), "segment 0");
    assert!(!refused(&[&[3, 0], &[1; 16][..], &[1]].concat()), "a leaf");
    let count = |kind: u8, addresses: usize, count: u64| {
        let mut bytes = [&[kind, 0][..], &vec![1; 16 * addresses]].concat();
        bytes.put_varint(count);
        refused(&bytes)
    };
    assert!(!count(2, 1, (1 << 56) - 1) && count(2, 1, 1 << 56), "more than can be added up");
    for (kind, addresses, most) in [(3, 1, 32_767), (4, 2, 40_958), (5, 3, 49_149)] {
        assert!(
            !count(kind, addresses, most) && count(kind, addresses, most + 1),
            "more than the pages can have"
        );
    }
}

proptest! {
    #[test]
    fn round_trip(
        count: u64,
        has_extents: bool,
        kind in 0..4,
        (segment, unit, len, crc) in (1..=u32::MAX, any::<u32>(), any::<u32>(), any::<u32>()),
        cut in 0usize..56,
    ) {
        let page = addr(segment, unit, len, crc);
        let delta = addr(segment / 2 + 1, len, unit, crc ^ 1);
        let pages = match kind {
            0 => ChildPages::Inner(page),
            1 => ChildPages::Leaf(page.into()),
            2 => ChildPages::Leaf(LeafPages { base: page, deltas: DeltaPages::One(delta) }),
            _ => ChildPages::Leaf(LeafPages { base: page, deltas: DeltaPages::Two(delta, page) }),
        };
        let count = count % pages.max_count() + 1;
        let child = ChildRef { count, has_extents, pages };
        prop_assert_eq!(ChildPages::decode(&encoded(&child)), Some(pages));
        let bytes = encoded(&child);
        let mut from = Reader::new(&bytes);
        prop_assert_eq!(ChildRef::decode(&mut from), Ok(child));
        prop_assert!(from.is_empty());
        if cut < bytes.len() {
            prop_assert_eq!(ChildRef::decode(&mut Reader::new(&bytes[..cut])), Err(Short));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = ChildRef::decode(&mut Reader::new(&bytes));
    }
}
