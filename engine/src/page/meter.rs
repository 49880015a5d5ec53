//! How many bytes the nodes in memory hold, those of old versions that a reader keeps included.
//!
//! Every [`Block`](super::block::Block) and every long value in memory has a [`Charge`]; what is charged is released
//! when the charge is dropped, so that the count is exact at any moment. Counting is one atomic addition.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of bytes that is shared by everything charged to it. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    held: Arc<AtomicUsize>,
}

impl Meter {
    /// A meter at zero.
    #[must_use]
    pub fn new() -> Meter {
        Meter::default()
    }

    /// How many bytes are charged.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Charges bytes, until the charge is dropped.
    #[must_use]
    pub fn charge(&self, bytes: usize) -> Charge {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Charge { meter: self.clone(), bytes }
    }
}

/// Bytes charged to a [`Meter`].
#[derive(Debug)]
pub struct Charge {
    meter: Meter,
    bytes: usize,
}

impl Charge {
    /// Changes how many bytes are charged.
    pub fn set(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.meter.held.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else if bytes < self.bytes {
            self.meter.held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }

    /// How many bytes are charged.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The meter it is charged to.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.meter
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests;
