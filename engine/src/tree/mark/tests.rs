use super::*;

#[test]
fn each_place_is_new_once() {
    let mut marked = MarkedPages::default();
    let mut expected = HashSet::new();
    let units = [0, 1, 63, 64, 4095, 4096, 1 << 20, u32::MAX];
    for (segment, unit) in [1, 2, u32::MAX].into_iter().flat_map(|segment| units.map(|unit| (segment, unit)))
    {
        let addr = PageAddr { segment: SegmentId(segment), unit, len: 100, crc: 7 };
        assert!(PageSet::insert(&mut marked, &addr));
        assert!(PageSet::insert(&mut expected, &addr));
    }
    assert!(expected.iter().all(|addr| !PageSet::insert(&mut marked, addr)));
    assert_eq!(marked.pieces.len(), 3 * 4, "pieces only where pages are");
}
