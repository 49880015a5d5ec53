//! [`Value`] to bytes.
//!
//! As in decoding the open collections are on a stack of their own: here iterators over what of them is still to
//! be written.

use std::collections::HashMap;
use std::slice;

use super::reader::array_index;
use super::tag;
use super::writer::Writer;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::value::{
    ArrayBuffer, ErrorObject, JsString, MAX_DEPTH, Primitive, RegExp, SparseArray, Value, View, ViewBuffer,
};

impl Value {
    /// The value in the wire format of structured clone, as [`Value::from_bytes`] and `v8.deserialize` of Node read
    /// it.
    ///
    /// Refused are only values that this crate could not read back: nested more than [`MAX_DEPTH`] deep, with labels
    /// or views that lead nowhere, or with parts longer than 32 bits can say.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        encode_value(&mut Writer::new(&mut bytes), self, 0)?;
        Ok(bytes)
    }
}

/// Writes a value that stands `depth` collections deep.
pub(crate) fn encode_value(writer: &mut Writer<'_>, value: &Value, depth: usize) -> Result<()> {
    let mut encoder = Encoder { writer, anchors: HashMap::new() };
    let mut open = Vec::new();
    let mut next = Some(value);
    loop {
        if let Some(value) = next {
            open.extend(encoder.begin_value(value)?);
            if depth + open.len() > MAX_DEPTH {
                return Err(Error::TooDeep { max: MAX_DEPTH });
            }
        }
        let Some(innermost) = open.last_mut() else { return Ok(()) };
        next = innermost.next(encoder.writer)?;
        if next.is_none() {
            open.pop();
        }
    }
}

struct Encoder<'w, 'o> {
    writer: &'w mut Writer<'o>,
    anchors: HashMap<Label, Anchored>,
}

/// What a label stands for.
#[derive(Clone, Copy)]
struct Anchored {
    number: u32,
    buffer: Option<BufferShape>,
}

/// What a view must know of its buffer.
#[derive(Clone, Copy)]
struct BufferShape {
    len: u32,
    resizable: bool,
}

/// A collection that is not written to its end yet.
struct Open<'a> {
    rest: Rest<'a>,
    end: u8,
    /// The counts after the end tag.
    counts: [Option<u32>; 2],
}

/// What is still to be written of a collection.
enum Rest<'a> {
    Members(slice::Iter<'a, Value>),
    Properties(slice::Iter<'a, (JsString, Value)>),
    Entries {
        entries: slice::Iter<'a, (Value, Value)>,
        value: Option<&'a Value>,
    },
    Sparse {
        elements: Box<dyn Iterator<Item = (u32, &'a Value)> + 'a>,
        properties: slice::Iter<'a, (JsString, Value)>,
    },
}

impl<'a> Open<'a> {
    /// The value to be written next, after its key was; `None` after the end was.
    fn next(&mut self, writer: &mut Writer<'_>) -> Result<Option<&'a Value>> {
        let next = match &mut self.rest {
            Rest::Members(members) => members.next(),
            Rest::Properties(properties) => next_property(properties, writer)?,
            Rest::Entries { entries, value } => value.take().or_else(|| {
                let (key, after) = entries.next()?;
                *value = Some(after);
                Some(key)
            }),
            Rest::Sparse { elements, properties } => match elements.next() {
                Some((index, element)) => {
                    writer.number(f64::from(index));
                    Some(element)
                }
                None => next_property(properties, writer)?,
            },
        };
        if next.is_none() {
            writer.byte(self.end);
            self.counts.into_iter().flatten().for_each(|count| writer.varint(count));
        }
        Ok(next)
    }
}

fn next_property<'a>(
    properties: &mut slice::Iter<'a, (JsString, Value)>,
    writer: &mut Writer<'_>,
) -> Result<Option<&'a Value>> {
    let Some((key, value)) = properties.next() else { return Ok(None) };
    writer.key(key.borrow())?;
    Ok(Some(value))
}

impl Encoder<'_, '_> {
    /// Writes a value, or the beginning of a collection, which is answered.
    fn begin_value<'a>(&mut self, value: &'a Value) -> Result<Option<Open<'a>>> {
        match value {
            Value::Undefined => self.writer.byte(tag::UNDEFINED),
            Value::Null => self.writer.byte(tag::NULL),
            Value::Bool(true) => self.writer.byte(tag::TRUE),
            Value::Bool(false) => self.writer.byte(tag::FALSE),
            Value::Number(number) => self.writer.number(*number),
            Value::BigInt(big) => {
                self.writer.byte(tag::BIGINT);
                self.writer.bigint(big)?;
            }
            Value::String(string) => self.writer.string(string.borrow())?,
            Value::Ref(label) => {
                let anchored = self.anchored(*label)?;
                self.reference(anchored);
            }
            Value::Anchor(label, inner) => return self.begin_object(inner, Some(*label)),
            object => return self.begin_object(object, None),
        }
        Ok(None)
    }

    /// Writes an object, or its beginning, under a label if it has one.
    fn begin_object<'a>(&mut self, value: &'a Value, label: Option<Label>) -> Result<Option<Open<'a>>> {
        match value {
            Value::View(view) => return self.view(view, label).map(|()| None),
            Value::ArrayBuffer(buffer) => return self.buffer(buffer, label).map(|_| None),
            _ => {}
        }
        self.number_object(label, None)?;
        match value {
            Value::Date(date) => {
                self.writer.byte(tag::DATE);
                self.writer.double(date.time_value());
            }
            Value::RegExp(reg_exp) => self.reg_exp(reg_exp)?,
            Value::Boxed(primitive) => self.boxed(primitive)?,
            Value::Array(elements) => return self.begin_array(elements).map(Some),
            Value::SparseArray(array) => return self.begin_sparse_array(array).map(Some),
            Value::Object(object) => {
                self.writer.byte(tag::OBJECT);
                let counts = [Some(count(object.len())?), None];
                return Ok(Some(Open {
                    rest: Rest::Properties(object.iter()),
                    end: tag::OBJECT_END,
                    counts,
                }));
            }
            Value::Map(entries) => {
                self.writer.byte(tag::MAP);
                let counts = [Some(count(entries.len().saturating_mul(2))?), None];
                let rest = Rest::Entries { entries: entries.iter(), value: None };
                return Ok(Some(Open { rest, end: tag::MAP_END, counts }));
            }
            Value::Set(members) => {
                self.writer.byte(tag::SET);
                let counts = [Some(count(members.len())?), None];
                return Ok(Some(Open { rest: Rest::Members(members.iter()), end: tag::SET_END, counts }));
            }
            Value::Error(error) => return self.begin_error(error).map(Some),
            _ => {
                let label = label.expect("values without identity come here only out of an anchor");
                return Err(Error::AnchorOnPrimitive(label));
            }
        }
        Ok(None)
    }

    /// Numbers the object that begins here and notes its label.
    fn number_object(&mut self, label: Option<Label>, buffer: Option<BufferShape>) -> Result<()> {
        let number = self.writer.begin_object()?;
        if let Some(label) = label
            && self.anchors.insert(label, Anchored { number, buffer }).is_some()
        {
            return Err(Error::DuplicateLabel(label));
        }
        Ok(())
    }

    fn anchored(&self, label: Label) -> Result<Anchored> {
        self.anchors.get(&label).copied().ok_or(Error::UnknownLabel(label))
    }

    fn reference(&mut self, anchored: Anchored) {
        self.writer.byte(tag::REFERENCE);
        self.writer.varint(anchored.number);
    }

    fn begin_array<'a>(&mut self, elements: &'a [Value]) -> Result<Open<'a>> {
        let len = count(elements.len())?;
        self.writer.byte(tag::DENSE_ARRAY);
        self.writer.varint(len);
        Ok(Open {
            rest: Rest::Members(elements.iter()),
            end: tag::DENSE_ARRAY_END,
            counts: [Some(0), Some(len)],
        })
    }

    fn begin_sparse_array<'a>(&mut self, array: &'a SparseArray) -> Result<Open<'a>> {
        for key in array.properties.keys().filter_map(JsString::as_str) {
            if array_index(key).is_some_and(|index| array.get(index).is_some()) {
                return Err(Error::DuplicateKey(key.to_owned()));
            }
        }
        self.writer.byte(tag::SPARSE_ARRAY);
        self.writer.varint(array.len());
        let keyed = count(array.elements().len() + array.properties.len())?;
        let rest = Rest::Sparse { elements: Box::new(array.elements()), properties: array.properties.iter() };
        Ok(Open { rest, end: tag::SPARSE_ARRAY_END, counts: [Some(keyed), Some(array.len())] })
    }

    fn begin_error<'a>(&mut self, error: &'a ErrorObject) -> Result<Open<'a>> {
        self.writer.byte(tag::ERROR);
        if let Some(mark) = tag::error_mark(error.kind) {
            self.writer.byte(mark);
        }
        if let Some(message) = &error.message {
            self.writer.byte(tag::ERROR_MESSAGE);
            self.writer.string(message.borrow())?;
        }
        if let Some(stack) = &error.stack {
            self.writer.byte(tag::ERROR_STACK);
            self.writer.string(stack.borrow())?;
        }
        // The cause comes last, so that it may refer to the error.
        if error.cause.is_some() {
            self.writer.byte(tag::ERROR_CAUSE);
        }
        let rest = Rest::Members(error.cause.as_slice().iter());
        Ok(Open { rest, end: tag::ERROR_END, counts: [None, None] })
    }

    fn reg_exp(&mut self, reg_exp: &RegExp) -> Result<()> {
        self.writer.byte(tag::REG_EXP);
        self.writer.string(reg_exp.source.borrow())?;
        self.writer.varint(reg_exp.flags.bits());
        Ok(())
    }

    fn boxed(&mut self, primitive: &Primitive) -> Result<()> {
        match primitive {
            Primitive::Bool(true) => self.writer.byte(tag::BOXED_TRUE),
            Primitive::Bool(false) => self.writer.byte(tag::BOXED_FALSE),
            Primitive::Number(number) => {
                self.writer.byte(tag::BOXED_NUMBER);
                self.writer.double(*number);
            }
            Primitive::BigInt(big) => {
                self.writer.byte(tag::BOXED_BIGINT);
                self.writer.bigint(big)?;
            }
            Primitive::String(string) => {
                self.writer.byte(tag::BOXED_STRING);
                self.writer.string(string.borrow())?;
            }
        }
        Ok(())
    }

    fn buffer(&mut self, buffer: &ArrayBuffer, label: Option<Label>) -> Result<BufferShape> {
        let shape = BufferShape { len: count(buffer.bytes.len())?, resizable: buffer.max_len.is_some() };
        self.number_object(label, Some(shape))?;
        match buffer.max_len {
            None => self.writer.byte(tag::ARRAY_BUFFER),
            Some(_) => self.writer.byte(tag::RESIZABLE_ARRAY_BUFFER),
        }
        self.writer.varint(shape.len);
        if let Some(max_len) = buffer.max_len {
            if max_len < shape.len {
                return Err(Error::InvalidBuffer("a buffer is longer than it may grow"));
            }
            self.writer.varint(max_len);
        }
        self.writer.raw(&buffer.bytes);
        Ok(shape)
    }

    fn view(&mut self, view: &View, label: Option<Label>) -> Result<()> {
        let shape = match &view.buffer {
            ViewBuffer::Own(buffer) => self.buffer(buffer, None)?,
            ViewBuffer::Anchored(anchor, buffer) => self.buffer(buffer, Some(*anchor))?,
            ViewBuffer::Ref(anchor) => {
                let anchored = self.anchored(*anchor)?;
                self.reference(anchored);
                anchored.buffer.ok_or(Error::InvalidBuffer("the label of a view is not that of a buffer"))?
            }
        };
        self.number_object(label, None)?;
        if view.byte_length.is_none() && !shape.resizable {
            return Err(Error::InvalidBuffer("a view follows the length of a buffer that is not resizable"));
        }
        let (start, end) = view.range(shape.len)?;
        self.writer.byte(tag::VIEW);
        self.writer.byte(tag::view_byte(view.kind));
        self.writer.varint(view.byte_offset);
        self.writer.length(end - start)?;
        let follows = if view.byte_length.is_none() { tag::VIEW_FOLLOWS_LENGTH } else { 0 };
        let of_resizable = if shape.resizable { tag::VIEW_OF_RESIZABLE } else { 0 };
        self.writer.varint(follows | of_resizable);
        Ok(())
    }
}

fn count(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::TooLong)
}

#[cfg(test)]
mod tests;
