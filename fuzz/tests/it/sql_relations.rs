//! Related queries give related answers.

use duramen_fuzz::sql_metamorphic::run_seed;

#[test]
fn related_queries_give_related_answers() {
    for seed in 1..=6 {
        if let Err(broken) = run_seed(seed) {
            panic!("{broken}");
        }
    }
}
