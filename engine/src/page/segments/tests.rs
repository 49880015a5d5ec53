use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::io::MemFs;

fn place() -> Place {
    let fs: Arc<dyn Fs> = Arc::new(MemFs::new());
    Place {
        fs,
        dir: Path::new("/db").into(),
        database: DatabaseId([1; 16]),
        ancestors: [].into(),
        map: Some(Advice::Normal),
    }
}

fn segment(place: &Place, id: u32) -> Arc<Segment> {
    Arc::new(Segment::new(place, SegmentId(id), 64, 0))
}

#[test]
fn segments_are_found_by_number() {
    let place = place();
    let set = SegmentSet::new(place.clone(), [7, 8, 9].map(|id| segment(&place, id)));
    assert_eq!(set.get(SegmentId(8)).unwrap().id(), SegmentId(8));
    assert_eq!(set.get(SegmentId(8)).unwrap().path(), Path::new("/db/00000008.pages"));
    assert!(set.get(SegmentId(6)).is_none());
    assert!(set.get(SegmentId(10)).is_none());
    let less = set.without(&[SegmentId(8), SegmentId(99)]);
    assert_eq!(less.table(), [(SegmentId(7), 64), (SegmentId(9), 64)]);
    assert_eq!(set.table().len(), 3, "sets never change");
    assert_eq!(set.total_bytes(), 3 * 64);
}

#[test]
fn names_of_files_are_numbers() {
    assert_eq!(Place::id_of("00000012.pages"), Some(SegmentId(12)));
    assert_eq!(Place::id_of("4294967295.pages"), Some(SegmentId(u32::MAX)));
    for name in [
        "12.pages",
        "000000012.pages",
        "+0000012.pages",
        "00000012.wal",
        "00000012",
        "4294967296.pages",
        ".pages",
    ] {
        assert_eq!(Place::id_of(name), None, "{name}");
    }
}

proptest! {
    #[test]
    fn sets_behave_like_a_map(
        ids in prop::collection::vec(prop_oneof![0u32..40, (0u32..9).prop_map(|n| n * 64), any::<u32>()], 0..60),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        others in prop::collection::vec(0u32..80, 10),
    ) {
        let place = place();
        let mut set = SegmentSet::new(place.clone(), []);
        let mut model = BTreeMap::new();
        for id in &ids {
            let segment = segment(&place, *id);
            set = set.with(segment.clone());
            model.insert(*id, segment);
        }
        if !ids.is_empty() {
            let removed: Vec<_> = removed.iter().map(|index| SegmentId(*index.get(&ids))).collect();
            set = set.without(&removed);
            model.retain(|id, _| !removed.contains(&SegmentId(*id)));
        }
        for id in ids.iter().chain(&others) {
            match (set.get(SegmentId(*id)), model.get(id)) {
                (Some(found), Some(expected)) => prop_assert!(Arc::ptr_eq(found, expected)),
                (found, expected) => prop_assert_eq!(found.is_some(), expected.is_some()),
            }
        }
        let numbers: Vec<_> = set.table().into_iter().map(|(id, _)| id.0).collect();
        prop_assert_eq!(numbers, model.into_keys().collect::<Vec<_>>());
    }

    #[test]
    fn checked_units_are_those_put_in(units in prop::collection::btree_set(0u32..20_000, 0..50)) {
        let checked = CheckedUnits::new(20_000 * u64::from(PAGE_UNIT));
        for unit in &units {
            checked.insert(*unit);
        }
        for unit in (0..25_000).chain([u32::MAX]) {
            prop_assert_eq!(checked.contains(unit), units.contains(&unit));
        }
    }

    #[test]
    fn kept_pages_are_those_put_in(lists in 1usize..20, units in prop::collection::vec(0u32..500, 0..100)) {
        let kept = KeptPages::new(lists);
        let mut model = BTreeMap::new();
        for (n, unit) in units.iter().enumerate() {
            let bytes = n.to_le_bytes();
            let expected = *model.entry(*unit).or_insert(bytes);
            prop_assert_eq!(kept.insert(*unit, bytes.into()), &expected[..]);
        }
        for unit in (0..600).chain([u32::MAX]) {
            prop_assert_eq!(kept.get(unit), model.get(&unit).map(|bytes| &bytes[..]));
        }
    }
}
