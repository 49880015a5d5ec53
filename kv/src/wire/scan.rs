//! [`walk`]: goes over a value without making anything of it.
//!
//! It serves to skip a value nobody asked for, and to find out, before decoding, which objects are referred to more
//! than once, where they stand, and which of two readings fits bytes that have two.

use super::reader::Reader;
use super::tag;
use crate::error::{Error, Result};
use crate::value::{ErrorKind, MAX_DEPTH};

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
    /// Properties up to this end tag; so many were passed. An array's length follows their number.
    Properties { end: u8, count: u32, len: Option<u32> },
    /// So many more elements of a dense array of this length, then its properties.
    Elements { left: u32, len: u32 },
    /// Keys and values of a map, or members of a set, up to this end tag; so many were passed.
    Members { end: u8, count: u32 },
    /// An error whose cause may come next.
    Error,
    /// So many more values, and no end tag.
    Values(u32),
}

/// Stands where the value in `bytes` begins, reading what has two readings in the one that fits all the bytes.
///
/// Two forms are ambiguous: version 13 with and without flags of views, of which some builds of V8 wrote the former, and
/// host objects, which Node and workerd number differently.
pub(crate) fn open(bytes: &[u8]) -> Result<Reader<'_>> {
    let (reader, version) = Reader::open(bytes)?;
    let mut others = Vec::new();
    if version == 13 {
        others.push(reader.clone().with_view_flags());
    }
    if reader.may_hold_workerd_error() {
        others.push(reader.clone().with_workerd());
    }
    let fits = |reader: &Reader<'_>| {
        let mut reader = reader.clone();
        walk(&mut reader, |_| {}).and_then(|()| reader.expect_end()).is_ok()
    };
    if others.is_empty() || fits(&reader) {
        return Ok(reader);
    }
    Ok(others.into_iter().find(fits).unwrap_or(reader))
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
        tag::OBJECT => Open::Properties { end: tag::OBJECT_END, count: 0, len: None },
        tag::SPARSE_ARRAY => {
            Open::Properties { end: tag::SPARSE_ARRAY_END, count: 0, len: Some(reader.varint()?) }
        }
        tag::DENSE_ARRAY => {
            let len = reader.count()?;
            Open::Elements { left: len, len }
        }
        tag::MAP => Open::Members { end: tag::MAP_END, count: 0 },
        tag::SET => Open::Members { end: tag::SET_END, count: 0 },
        tag::ERROR => Open::Error,
        tag::HOST_OBJECT if reader.is_workerd() => match workerd_error(reader)? {
            Some(_) => Open::Values(2),
            None => Open::Values(3),
        },
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
    if let Open::Elements { left, len } = open {
        while *left > 0 && reader.take(tag::HOLE) {
            *left -= 1;
        }
        if *left > 0 {
            *left -= 1;
            return Ok(true);
        }
        *open = Open::Properties { end: tag::DENSE_ARRAY_END, count: 0, len: Some(*len) };
    }
    match open {
        Open::Properties { end, count, len } => {
            if reader.take(*end) {
                end_count(reader, *count)?;
                if let Some(len) = len {
                    end_count(reader, *len)?;
                }
                return Ok(false);
            }
            skip_key(reader)?;
            *count = count.saturating_add(1);
        }
        Open::Members { end, count } => {
            if reader.take(*end) {
                end_count(reader, *count)?;
                return Ok(false);
            }
            *count = count.saturating_add(1);
        }
        Open::Values(0) => return Ok(false),
        Open::Values(left) => *left -= 1,
        Open::Error => return next_cause_begins(reader),
        Open::Elements { .. } => unreachable!("became properties above"),
    }
    Ok(true)
}

/// Reads a count at the end of a collection.
pub(crate) fn end_count(reader: &mut Reader<'_>, count: u32) -> Result<()> {
    if reader.varint()? == count {
        Ok(())
    } else {
        Err(reader.malformed("the count at the end of a collection is wrong"))
    }
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

/// Reads the beginning of an error as workerd stores it: what kind it is, or `None` if its name follows. Its message
/// and an object with its own properties come next.
pub(crate) fn workerd_error(reader: &mut Reader<'_>) -> Result<Option<ErrorKind>> {
    let offset = reader.position();
    if reader.varint()? != u32::from(tag::WORKERD_ERROR) {
        return Err(Error::UnsupportedObject { offset, what: "an object of the host" });
    }
    tag::workerd_error_kind(reader.varint()?).ok_or_else(|| reader.malformed("unknown kind of error"))
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

fn skip_key(reader: &mut Reader<'_>) -> Result<()> {
    match reader.value_tag()? {
        tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => reader.sized().map(drop),
        tag @ (tag::INT32 | tag::UINT32 | tag::DOUBLE) => reader.number(tag).map(drop),
        _ => Err(reader.malformed("a key is neither string nor number")),
    }
}

fn skip_string(reader: &mut Reader<'_>) -> Result<()> {
    match reader.value_tag()? {
        tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => reader.sized().map(drop),
        _ => Err(reader.malformed("a string is expected here")),
    }
}

#[cfg(test)]
mod tests;
