//! [`walk`]: goes over a value without making anything of it.
//!
//! It serves to skip a value nobody asked for, and to find out, before decoding, which objects are referred to more
//! than once and where they stand.

use super::reader::Reader;
use super::tag;
use crate::error::{Error, Result};
use crate::value::MAX_DEPTH;

/// What [`walk`] passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An object begins at this position. Their order is that of the numbers by which `^` refers to them.
    Begin { position: usize },
    /// The object that began last, of those still open, ends before this position.
    End { position: usize },
    /// A reference to an object by its number.
    Reference { number: u32, position: usize },
}

/// A collection whose end was not reached yet.
enum Open {
    /// Keys and values, or members, up to this end tag with this many counts after it.
    Until { end: u8, counts: u8 },
    /// This many elements, then keys and values up to the end of a dense array.
    Elements(u32),
    /// An error whose cause comes next.
    Error,
}

/// Reads one value to its end and tells what it passes.
pub(crate) fn walk(reader: &mut Reader<'_>, mut on: impl FnMut(Event)) -> Result<()> {
    let mut open = Vec::new();
    loop {
        begin_value(reader, &mut open, &mut on)?;
        if open.len() > MAX_DEPTH {
            return Err(Error::TooDeep { max: MAX_DEPTH });
        }
        while let Some(last) = open.last_mut() {
            if next_value_begins(reader, last)? {
                break;
            }
            open.pop();
            on(Event::End { position: reader.position() });
        }
        if open.is_empty() {
            return Ok(());
        }
    }
}

/// Where an object stands in the bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Reads one value to its end and answers where each of its objects stands, by their numbers.
pub(crate) fn spans(reader: &mut Reader<'_>) -> Result<Vec<Span>> {
    let mut spans = Vec::new();
    let mut open = Vec::new();
    walk(reader, |event| match event {
        Event::Begin { position } => {
            open.push(spans.len());
            spans.push(Span { start: position, end: usize::MAX });
        }
        Event::End { position } => {
            let number: usize = open.pop().expect("an object ends after it began");
            spans[number].end = position;
        }
        Event::Reference { .. } => {}
    })?;
    Ok(spans)
}

/// Reads a value, or the beginning of a collection, which is then put on `open`.
fn begin_value(reader: &mut Reader<'_>, open: &mut Vec<Open>, on: &mut impl FnMut(Event)) -> Result<()> {
    let tag = reader.peek_value_tag()?;
    let position = reader.position();
    reader.value_tag()?;
    let collection = match tag {
        tag::UNDEFINED | tag::NULL | tag::TRUE | tag::FALSE => return Ok(()),
        tag::INT32 | tag::UINT32 | tag::DOUBLE => return reader.number(tag).map(drop),
        tag::BIGINT => return skip_bigint(reader),
        tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => return reader.sized().map(drop),
        tag::REFERENCE => {
            let number = reader.varint()?;
            on(Event::Reference { number, position });
            if reader.take(tag::VIEW) {
                view(reader, position, on)?;
            }
            return Ok(());
        }
        tag::OBJECT => Open::Until { end: tag::OBJECT_END, counts: 1 },
        tag::SPARSE_ARRAY => {
            reader.varint()?;
            Open::Until { end: tag::SPARSE_ARRAY_END, counts: 2 }
        }
        tag::DENSE_ARRAY => Open::Elements(reader.count()?),
        tag::MAP => Open::Until { end: tag::MAP_END, counts: 1 },
        tag::SET => Open::Until { end: tag::SET_END, counts: 1 },
        tag::ERROR => Open::Error,
        _ => {
            on(Event::Begin { position });
            leaf_object(reader, tag)?;
            on(Event::End { position: reader.position() });
            if matches!(tag, tag::ARRAY_BUFFER | tag::RESIZABLE_ARRAY_BUFFER) && reader.take(tag::VIEW) {
                view(reader, position, on)?;
            }
            return Ok(());
        }
    };
    on(Event::Begin { position });
    open.push(collection);
    Ok(())
}

/// Reads on in a collection up to the beginning of its next value; `false` if it ended instead.
fn next_value_begins(reader: &mut Reader<'_>, open: &mut Open) -> Result<bool> {
    match open {
        Open::Elements(left) => {
            while *left > 0 && reader.take(tag::HOLE) {
                *left -= 1;
            }
            if *left > 0 {
                *left -= 1;
                return Ok(true);
            }
            *open = Open::Until { end: tag::DENSE_ARRAY_END, counts: 2 };
        }
        Open::Error => return next_cause_begins(reader),
        Open::Until { .. } => {}
    }
    let &mut Open::Until { end, counts } = open else {
        unreachable!("the other forms returned or became this one")
    };
    if !reader.take(end) {
        return Ok(true);
    }
    for _ in 0..counts {
        reader.varint()?;
    }
    Ok(false)
}

/// Reads on in an error up to its cause; `false` if it ended instead.
fn next_cause_begins(reader: &mut Reader<'_>) -> Result<bool> {
    loop {
        match reader.byte()? {
            tag::ERROR_END => return Ok(false),
            tag::ERROR_CAUSE => return Ok(true),
            tag::ERROR_MESSAGE | tag::ERROR_STACK => skip_string(reader)?,
            mark if tag::error_kind(mark).is_some() => {}
            _ => return Err(reader.malformed("an error has an unknown mark")),
        }
    }
}

/// Reads the body of an object that holds no other object.
fn leaf_object(reader: &mut Reader<'_>, tag: u8) -> Result<()> {
    match tag {
        tag::DATE | tag::BOXED_NUMBER => reader.double().map(drop),
        tag::BOXED_TRUE | tag::BOXED_FALSE => Ok(()),
        tag::BOXED_BIGINT => skip_bigint(reader),
        tag::BOXED_STRING => skip_string(reader),
        tag::REG_EXP => {
            skip_string(reader)?;
            reader.varint().map(drop)
        }
        tag::ARRAY_BUFFER => reader.sized().map(drop),
        tag::RESIZABLE_ARRAY_BUFFER => {
            let len = reader.length()?;
            reader.varint()?;
            reader.raw(len).map(drop)
        }
        tag::HOST_OBJECT => {
            reader.varint()?;
            reader.sized().map(drop)
        }
        _ => Err(unknown_tag(reader, tag)),
    }
}

/// The error about a tag, just consumed, that starts no value.
pub(crate) fn unknown_tag(reader: &Reader<'_>, tag: u8) -> Error {
    let offset = reader.position() - 1;
    match tag::unsupported(tag) {
        Some(what) => Error::UnsupportedObject { offset, what },
        None => Error::malformed(offset, "unknown tag"),
    }
}

/// Reads the rest of a view whose buffer, or the reference to it, began at `position`.
fn view(reader: &mut Reader<'_>, position: usize, on: &mut impl FnMut(Event)) -> Result<()> {
    on(Event::Begin { position });
    let fields = if reader.view_flags() { 4 } else { 3 };
    for _ in 0..fields {
        reader.varint()?;
    }
    on(Event::End { position: reader.position() });
    Ok(())
}

fn skip_bigint(reader: &mut Reader<'_>) -> Result<()> {
    let bits = reader.varint()?;
    let len = usize::try_from(bits >> 1).map_err(|_| reader.malformed("a bigint is too long"))?;
    reader.raw(len).map(drop)
}

fn skip_string(reader: &mut Reader<'_>) -> Result<()> {
    match reader.value_tag()? {
        tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => reader.sized().map(drop),
        _ => Err(reader.malformed("a string is expected here")),
    }
}

#[cfg(test)]
mod tests;
