//! [`Random`]: choices that repeat.

use duramen_engine::io::{Entropy, SeededEntropy};

/// A sequence of random numbers from a seed.
#[derive(Debug)]
pub struct Random(SeededEntropy);

impl Random {
    /// The sequence of this seed, from its start.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(SeededEntropy::new(seed))
    }

    /// The sequence of this seed for one of several purposes.
    #[must_use]
    pub fn for_purpose(seed: u64, purpose: u64) -> Random {
        Random::new(Random::new(seed).next().wrapping_add(purpose))
    }

    /// Sixty-four random bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// One of several things, if there are any.
    pub fn choose<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        let n = u64::try_from(things.len()).ok().filter(|n| *n > 0)?;
        things.get(usize::try_from(self.below(n)).ok()?)
    }

    /// As many random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(len);
        bytes
    }
}
