//! The text behind `group_concat` and `string_agg`.
//!
//! One thing is better than in SQLite, which forgets that there are texts in a window's frame when all that is left of
//! them is empty, and from then on cuts in the wrong places.

use std::collections::VecDeque;

use crate::error::Result;
use crate::func::context::Call;
use crate::func::patience::Patience;
use crate::func::writer::text_of_parts;
use crate::value::ValueRef;

/// Texts joined in the order in which they came. Each separator stands before its text and is taken from the same row;
/// that of the first row is not used.
#[derive(Clone, Debug, Default)]
pub struct Concat {
    text: Vec<u8>,
    /// Where the text begins: what left the frame is before that.
    start: usize,
    count: usize,
    /// Lengths of the separators between the texts that are there.
    separators: VecDeque<usize>,
}

impl Concat {
    /// Takes a text in; NULL is left out.
    pub(super) fn add<'a>(&mut self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) -> Result<()> {
        let Some(text) = call.text_of(args[0]) else {
            return Ok(());
        };
        let mut patience = Patience::new(call.context);
        if self.count > 0 {
            let separator = match args.get(1) {
                None => b",",
                Some(&separator) => call.text_of(separator).unwrap_or_default(),
            };
            patience.append(&mut self.text, separator)?;
            self.separators.push_back(separator.len());
        }
        patience.append(&mut self.text, text)?;
        self.count += 1;
        call.check_len(self.text.len() - self.start)
    }

    /// Lets the oldest text go.
    pub(super) fn remove<'a>(&mut self, call: &Call<'_, 'a>, args: &[ValueRef<'a>]) {
        let Some(text) = call.text_of(args[0]) else {
            return;
        };
        self.count -= 1;
        let separator = self.separators.pop_front().unwrap_or(0);
        self.start = (self.start + text.len() + separator).min(self.text.len());
        // What is gone is dropped once it is the larger part, so that each byte is moved about once.
        if self.start > self.text.len() / 2 {
            self.text.drain(..self.start);
            self.start = 0;
        }
    }

    /// The text; NULL for nothing.
    ///
    /// # Errors
    /// If the statement is to stop.
    pub(super) fn value<'a>(&self, call: &Call<'_, 'a>) -> Result<ValueRef<'a>> {
        if self.count == 0 { Ok(ValueRef::Null) } else { text_of_parts(call, &[&self.text[self.start..]]) }
    }
}
