//! Keys and values of the workloads, from a seed.

/// A small generator of well-mixed numbers (`SplitMix64`: Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number of the sequence.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next_u64() % limit
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How keys are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape {
    /// 24 bytes without a pattern.
    Random,
    /// 24 bytes of which the first 16 are the same in all keys, as in a table of rows numbered at random.
    CommonPrefix,
    /// 24 bytes in ascending order.
    Ascending,
}

/// The key with number `i`.
#[must_use]
pub fn key(shape: KeyShape, i: u64) -> [u8; 24] {
    let mut key = [0; 24];
    match shape {
        KeyShape::Random => {
            for (part, chunk) in key.chunks_exact_mut(8).enumerate() {
                let salt = u64::try_from(part).unwrap_or(0) << 56;
                chunk.copy_from_slice(&mix(mix(i) ^ salt).to_be_bytes());
            }
        }
        KeyShape::CommonPrefix => {
            key[..16].copy_from_slice(b"table/0000000042");
            key[16..].copy_from_slice(&(mix(i) >> 24).to_be_bytes());
        }
        KeyShape::Ascending => {
            key[..16].copy_from_slice(b"table/0000000042");
            key[16..].copy_from_slice(&i.to_be_bytes());
        }
    }
    key
}

/// The value of the entry with number `i` in round `round`: 150 bytes that do not compress.
#[must_use]
pub fn value(i: u64, round: u64) -> [u8; 150] {
    let mut value = [0; 150];
    fill(&mut value, i, round);
    value
}

/// The same with as many bytes as wanted.
#[must_use]
pub fn value_of(i: u64, round: u64, bytes: usize) -> Vec<u8> {
    let mut value = vec![0; bytes];
    fill(&mut value, i, round);
    value
}

fn fill(value: &mut [u8], i: u64, round: u64) {
    let mut random = Random::new(mix(i) ^ round);
    for chunk in value.chunks_mut(8) {
        chunk.copy_from_slice(&random.next_u64().to_le_bytes()[..chunk.len()]);
    }
}
