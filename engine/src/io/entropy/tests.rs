use super::{Entropy, SeededEntropy};

#[test]
fn the_sequence_of_a_seed_is_the_published_one() {
    let entropy = SeededEntropy::new(1_234_567);
    let numbers: Vec<u64> = (0..5).map(|_| entropy.next_u64()).collect();
    assert_eq!(
        numbers,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821
        ]
    );
}

#[test]
fn seeds_differ() {
    assert_ne!(SeededEntropy::new(1).next_u64(), SeededEntropy::new(2).next_u64());
}
