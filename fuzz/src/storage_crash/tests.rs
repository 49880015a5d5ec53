use super::*;

#[test]
fn short_histories_survive_crashes() {
    let effort =
        Effort { images_per_moment: 3, recovery_crashed_in: 0, recovery_images_per_moment: 0, seed: 0 };
    let mut counts = Counts::default();
    for seed in 0..6 {
        crash_storage(seed, 25, &effort, &mut counts).unwrap_or_else(|found| panic!("seed {seed}: {found}"));
    }
    assert!(counts.images > 100, "{counts:?}");
}
