use super::*;

#[test]
fn short_histories_survive_crashes() {
    let effort =
        Effort { images_per_moment: 3, recovery_crashed_in: 0, recovery_images_per_moment: 0, seed: 0 };
    let mut counts = Counts::default();
    for seed in 0..6 {
        let history = StorageHistory { seed, steps: 25, only: Vec::new() };
        history.crash(&effort, &mut counts).unwrap_or_else(|found| panic!("{history}: {found}"));
    }
    assert!(counts.images > 100, "{counts:?}");
}

#[test]
fn steps_are_kept_by_their_numbers() {
    let all = steps(3, 40);
    let numbers: std::collections::BTreeSet<usize> = (0..count(&all)).collect();
    assert_eq!(keep(&all, &numbers), all);
    assert!(count(&all) > 40, "some have others inside");
    let first = keep(&all, &[0].into());
    assert_eq!(first.len(), 1);
    let history = StorageHistory { seed: 3, steps: 40, only: vec![0, 2] };
    assert!(history.to_string().starts_with("--storage 3 --statements 40 --only 0,2\n"), "{history}");
    assert!(history.steps().len() <= 2);
}
