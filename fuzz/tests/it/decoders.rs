//! Hostile bytes for every decoder, for a moment.

use duramen_fuzz::decoders::{DECODERS, input, samples};
use duramen_fuzz::random::Random;

#[test]
fn no_decoder_panics() {
    let samples = samples().expect("files in memory do not fail");
    assert!(samples.len() > 20, "there are pages among the samples");
    for seed in 0..3000 {
        let bytes = input(&samples, &mut Random::for_purpose(seed, 3));
        DECODERS.iter().for_each(|decoder| (decoder.run)(&bytes));
    }
}
