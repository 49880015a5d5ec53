//! [`Scratch`]: where a key or value is put together before it goes into a tree. Short ones need no allocation.

/// A buffer that encoders append to.
#[derive(Debug)]
pub struct Scratch {
    short: [u8; SHORT],
    /// How much of `short` is used; everything moves to `long` once it does not fit.
    len: usize,
    long: Vec<u8>,
}

/// The longest content that needs no allocation, in bytes.
const SHORT: usize = 48;

impl Scratch {
    /// An empty buffer.
    #[must_use]
    pub const fn new() -> Scratch {
        Scratch { short: [0; SHORT], len: 0, long: Vec::new() }
    }

    /// Appends one byte.
    pub fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    /// Appends bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if !self.long.is_empty() {
            self.long.extend_from_slice(bytes);
        } else if end <= SHORT {
            self.short[self.len..end].copy_from_slice(bytes);
            self.len = end;
        } else {
            self.long.reserve(end);
            self.long.extend_from_slice(&self.short[..self.len]);
            self.long.extend_from_slice(bytes);
        }
    }

    /// What was appended so far.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        if self.long.is_empty() { &self.short[..self.len] } else { &self.long }
    }
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}

#[cfg(test)]
mod tests;
