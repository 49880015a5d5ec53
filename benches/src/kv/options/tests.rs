use super::*;

#[test]
fn a_zipfian_choice_prefers_few_rows_and_stays_within_bounds() {
    let zipfian = Zipfian::new(1000);
    let mut random = Random::new(1);
    let mut counts = vec![0u64; 1000];
    for _ in 0..100_000 {
        counts[usize::try_from(zipfian.rank(&mut random)).unwrap()] += 1;
    }
    assert!(counts[0] > 10_000 && counts[0] > counts[1] && counts[1] > counts[10]);
    assert!((0..1000).all(|_| zipfian.scrambled(&mut random) < 1000));
}
