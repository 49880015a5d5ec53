//! [`Patience`]: lets a call that looks at much text notice that its statement is to stop.

use super::context::Context;
use crate::error::{Error, Result};

/// How many bytes are looked at between two looks at the interrupt: some tenths of a millisecond.
pub(crate) const PART_BYTES: usize = 256 << 10;

/// What a long call has left before it looks whether it is to stop.
pub(crate) struct Patience<'c> {
    context: Option<&'c dyn Context>,
    left: usize,
}

impl<'c> Patience<'c> {
    pub(crate) fn new(context: &'c dyn Context) -> Patience<'c> {
        Patience { context: Some(context), left: PART_BYTES }
    }

    /// For calls that nobody stops.
    pub(crate) fn endless() -> Patience<'static> {
        Patience { context: None, left: PART_BYTES }
    }

    /// As much again, for another part of the same call.
    pub(crate) fn again(&self) -> Patience<'c> {
        Patience { context: self.context, left: PART_BYTES }
    }

    /// Counts bytes that are looked at or written.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    #[inline]
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => self.look(),
        }
    }

    /// Appends bytes part by part.
    ///
    /// # Errors
    /// [`Error::Interrupted`], after which some of them were appended.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
        for part in bytes.chunks(PART_BYTES) {
            self.spend(part.len())?;
            out.extend_from_slice(part);
        }
        Ok(())
    }

    #[cold]
    fn look(&mut self) -> Result<()> {
        self.left = PART_BYTES;
        match self.context {
            Some(context) if context.is_interrupted() => Err(Error::Interrupted),
            _ => Ok(()),
        }
    }
}
