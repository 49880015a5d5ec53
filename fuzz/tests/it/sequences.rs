//! Random sequences against the model, and that a seed always does the same.

use duramen_fuzz::sequences::run_seed;

#[test]
fn the_engine_does_what_the_model_does() {
    for seed in 0..60 {
        if let Err(failed) = run_seed(seed, 100) {
            panic!("{failed}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_calls_into_the_file_system() {
    for seed in 100..110 {
        let first = run_seed(seed, 80).unwrap_or_else(|failed| panic!("{failed}"));
        let second = run_seed(seed, 80).unwrap_or_else(|failed| panic!("{failed}"));
        assert_eq!(first, second, "seed {seed}");
        assert!(first.trace_hash != 0 && first.ops > 0);
    }
}
