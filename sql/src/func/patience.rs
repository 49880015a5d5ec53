//! [`Patience`]: lets a call that looks at much text notice that its statement is to stop.

use super::context::Context;
use crate::error::{Error, Result};

/// How many bytes are looked at between two looks at the interrupt: some tenths of a millisecond.
pub(crate) const PART_BYTES: usize = 256 << 10;

/// What a long call has left before it looks whether it is to stop.
pub(crate) struct Patience<'c> {
    context: &'c dyn Context,
    left: usize,
}

impl<'c> Patience<'c> {
    pub(crate) fn new(context: &'c dyn Context) -> Patience<'c> {
        Patience { context, left: PART_BYTES }
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

    #[cold]
    fn look(&mut self) -> Result<()> {
        self.left = PART_BYTES;
        if self.context.is_interrupted() { Err(Error::Interrupted) } else { Ok(()) }
    }
}
