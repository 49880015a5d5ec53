//! Randomness that repeats: [`SeededEntropy`], and the mixing function it and the simulated file system are built on.

use std::sync::atomic::{AtomicU64, Ordering};

use super::traits::Entropy;

/// The odd number closest to 2^64 divided by the golden ratio: steps by it visit every 64-bit number once.
const GOLDEN_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64: the same seed gives the same numbers, on every machine and in every version.
///
/// A counter goes up in equal steps and each of its values is mixed; that passes the usual statistical tests, needs
/// one word of state, and can be shared by threads. It hides nothing: who sees one number can compute the others.
#[derive(Debug)]
pub struct SeededEntropy {
    counter: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed, from its start.
    #[must_use]
    pub fn new(seed: u64) -> SeededEntropy {
        SeededEntropy { counter: AtomicU64::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        mix(self.counter.fetch_add(GOLDEN_STEP, Ordering::Relaxed).wrapping_add(GOLDEN_STEP))
    }
}

/// Spreads every bit of `n` over all bits of the result. One to one, and 0 stays 0.
pub(super) fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// A number that depends on both arguments and on which is which, for choices that must repeat.
pub(super) fn pick(seed: u64, n: u64) -> u64 {
    mix(mix(seed.wrapping_add(GOLDEN_STEP)) ^ n.wrapping_add(GOLDEN_STEP))
}

#[cfg(test)]
mod tests;
