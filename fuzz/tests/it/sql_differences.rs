//! Random SQL, compared with SQLite.

use duramen_fuzz::sql_answer::Class;
use duramen_fuzz::sql_case::Case;
use duramen_fuzz::sql_oracle::run;

/// Runs the cases of some seeds; gives how many statements there were.
fn compare(seeds: impl Iterator<Item = u64>) -> usize {
    let mut statements = 0;
    for seed in seeds {
        let case = Case::of(seed);
        let (ran, found) = run(seed, &case.statements).expect("both open");
        statements += ran;
        for found in found {
            let sql = &case.statements[found.at].sql;
            let difference = found.difference;
            assert!(difference.class == Class::ErrorText, "seed {seed}: {sql}\n{}", difference.text);
        }
    }
    statements
}

#[test]
fn no_expression_of_ten_thousand_is_another_tree() {
    assert!(compare((0..200).map(|case| case * 10)) >= 10_000);
}

#[test]
fn every_function_gives_the_same_to_the_last_digit() {
    assert!(compare((0..200).flat_map(|case| [case * 10 + 1, case * 10 + 2])) >= 20_000);
}

#[test]
fn tables_hold_and_give_the_same() {
    assert!(compare((0..40).filter(|seed| seed % 10 > 2)) > 1000);
}
