//! [`Writer`]: what functions write a long text or blob with.

use super::context::{Call, Context, too_big};
use super::patience::{PART_BYTES, Patience};
use crate::error::Result;
use crate::value::ValueRef;

/// Bytes that must not become longer than a limit, and whose writing stops with the statement.
pub(crate) struct Writer<'c> {
    bytes: Vec<u8>,
    limit: usize,
    patience: Patience<'c>,
}

impl<'c> Writer<'c> {
    /// For the result of a function.
    pub(crate) fn new(context: &'c dyn Context) -> Writer<'c> {
        let limit = context.limits().length_bytes;
        Writer { bytes: Vec::new(), limit, patience: Patience::new(context) }
    }

    /// For what is short, or that nobody stops.
    pub(crate) fn unstoppable(limit: usize) -> Writer<'static> {
        Writer { bytes: Vec::new(), limit, patience: Patience::endless() }
    }

    /// Another one that is as long at most, for a part of what is to be written here.
    pub(crate) fn another(&self) -> Writer<'c> {
        Writer { bytes: Vec::new(), limit: self.limit, patience: self.patience.again() }
    }

    /// Makes room for about so many bytes.
    pub(crate) fn reserve(mut self, bytes: usize) -> Writer<'c> {
        self.bytes.reserve(bytes.min(self.limit));
        self
    }

    /// How much is written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What is written, as a text that is the result of a call.
    pub(crate) fn into_text<'a>(self, call: &Call<'_, 'a>) -> ValueRef<'a> {
        ValueRef::Text(call.arena.keep(self.bytes))
    }

    /// Refuses to become longer by `more` bytes if that would be too long.
    pub(crate) fn check(&self, more: u64) -> Result<()> {
        let len = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        let limit = u64::try_from(self.limit).unwrap_or(u64::MAX);
        if len.saturating_add(more) > limit { Err(too_big()) } else { Ok(()) }
    }

    /// Counts bytes that are looked at and not written.
    pub(crate) fn skip(&mut self, bytes: usize) -> Result<()> {
        self.patience.spend(bytes)
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.limit.saturating_sub(self.bytes.len()) {
            return Err(too_big());
        }
        self.patience.append(&mut self.bytes, bytes)
    }

    /// Writes parts of `bytes` as `escape` has it, which is asked for each byte, and those that it gives nothing for as they
    /// are.
    pub(crate) fn push_escaped<E: AsRef<[u8]>>(
        &mut self,
        bytes: &[u8],
        mut escape: impl FnMut(u8) -> Option<E>,
    ) -> Result<()> {
        let mut start = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            if at - start == PART_BYTES {
                self.push(&bytes[start..at])?;
                start = at;
            }
            if let Some(escaped) = escape(byte) {
                self.push(&bytes[start..at])?;
                self.push(escaped.as_ref())?;
                start = at + 1;
            }
        }
        self.push(&bytes[start..])
    }

    pub(crate) fn repeat(&mut self, byte: u8, count: u64) -> Result<()> {
        self.check(count)?;
        let mut left = usize::try_from(count).map_err(|_| too_big())?;
        while left > 0 {
            let part = left.min(PART_BYTES);
            self.patience.spend(part)?;
            self.bytes.resize(self.bytes.len() + part, byte);
            left -= part;
        }
        Ok(())
    }

    /// Has `count` blanks stand where `start` was, before everything written since.
    pub(crate) fn indent(&mut self, start: usize, count: u64) -> Result<()> {
        let written = self.bytes.len();
        self.repeat(b' ', count)?;
        if start < written {
            let blanks = self.bytes.len() - written;
            self.bytes[start..].rotate_right(blanks);
        }
        Ok(())
    }

    /// The bytes written from a place on.
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        &self.bytes[start..]
    }
}

/// The text that parts make behind one another.
///
/// # Errors
/// If it were too long, or the statement is to stop.
pub(crate) fn text_of_parts<'a>(call: &Call<'_, 'a>, parts: &[&[u8]]) -> Result<ValueRef<'a>> {
    let len = parts.iter().map(|part| part.len()).sum();
    call.check_len(len)?;
    if len <= PART_BYTES {
        return Ok(ValueRef::Text(call.arena.concat(parts)));
    }
    let mut out = Writer::new(call.context).reserve(len);
    parts.iter().try_for_each(|part| out.push(part))?;
    Ok(out.into_text(call))
}

#[cfg(test)]
mod tests;
