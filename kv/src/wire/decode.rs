//! Bytes to [`Value`].
//!
//! The open collections are kept on a stack of their own, so that depth costs memory in proportion and never the
//! thread's stack. Which objects are referred to again, and so need an anchor, is found by [`walk`] beforehand; only
//! bytes that contain the tag of a reference are walked.
//!
//! Invariant: label *k* stands for the *k*-th of the objects that are referred to, in the order in which they begin.

use super::reader::Reader;
use super::scan::{Event, end_count, open, unknown_tag, walk, workerd_error};
use super::tag;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::value::{
    ArrayBuffer, Date, ErrorKind, ErrorObject, JsString, MAX_DEPTH, Object, Primitive, RegExp, RegExpFlags,
    SparseArray, Value, View, ViewBuffer, ViewKind,
};

impl Value {
    /// Reads a value from the wire format of structured clone, as [`Value::to_bytes`] and `v8.serialize` of Node
    /// write it; [`Error::Malformed`] and the variants after it say what can be wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Value> {
        decode(bytes)
    }
}

/// Reads one value that ends with the bytes.
fn decode(bytes: &[u8]) -> Result<Value> {
    let mut reader = open(bytes)?;
    let referred = if reader.may_refer() { referred_objects(&reader)? } else { Vec::new() };
    let value = decode_next(&mut reader, referred, 0)?;
    reader.expect_end()?;
    Ok(value)
}

/// The numbers of the objects to which the next value refers, ascending.
pub(crate) fn referred_objects(reader: &Reader<'_>) -> Result<Vec<u32>> {
    let mut numbers = Vec::new();
    walk(&mut reader.clone(), |event| {
        if let Event::Reference { number, .. } = event {
            numbers.push(number);
        }
    })?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// Reads the next value, given its [`referred_objects`] and the number of objects that begin before it.
pub(crate) fn decode_next(reader: &mut Reader<'_>, referred: Vec<u32>, objects: u32) -> Result<Value> {
    if referred.first().is_some_and(|&number| number < objects) {
        return Err(Error::Convert(
            "a part of the value refers to an object outside of that part, and cannot be read on its own"
                .to_owned(),
        ));
    }
    let refers = !referred.is_empty();
    let value = Decoder { reader: &mut *reader, objects, referred, buffers: Vec::new() }.run()?;
    // Of workerd's errors not all properties are kept, and one of them may have held what is referred to elsewhere.
    if reader.is_workerd() && refers && matches!(value.to_bytes(), Err(Error::UnknownLabel(_))) {
        let what = "an object that also is a property of an error";
        return Err(Error::UnsupportedObject { offset: reader.position(), what });
    }
    Ok(value)
}

struct Decoder<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// How many objects have begun.
    objects: u32,
    /// The numbers of the objects that are referred to, ascending; the place of each is its label.
    referred: Vec<u32>,
    /// The buffers among them in the order of their labels, with length and whether they are resizable.
    buffers: Vec<(Label, u32, bool)>,
}

/// A collection whose end was not reached yet.
struct Open {
    /// The number of the object.
    number: u32,
    content: Content,
}

enum Content {
    Object {
        entries: Vec<(JsString, Value)>,
        key: Option<JsString>,
    },
    /// An array without holes and properties so far.
    Elements {
        len: u32,
        elements: Vec<Value>,
    },
    Array(Box<OpenArray>),
    Map {
        entries: Vec<(Value, Value)>,
        key: Option<Value>,
    },
    Set(Vec<Value>),
    Error(Box<ErrorObject>),
    WorkerdError {
        kind: Option<ErrorKind>,
        parts: Vec<Value>,
    },
}

/// An array with holes or properties.
struct OpenArray {
    array: SparseArray,
    /// The length at the beginning, which the end repeats.
    len: u32,
    /// The end tag.
    end: u8,
    /// The index of the next element, of those that come without a key.
    next: u32,
    /// How many elements come without a key.
    keyless: u32,
    /// How many come with one, elements and properties.
    keyed: u32,
    key: Option<Slot>,
}

/// Where a value with a key goes in an array.
enum Slot {
    Element(u32),
    Property(JsString),
}

/// What comes next in a collection.
enum Next {
    Value,
    End,
}

impl<'a> Decoder<'_, 'a> {
    fn run(&mut self) -> Result<Value> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut complete = self.begin_value(&mut open)?;
            if open.len() > MAX_DEPTH {
                return Err(Error::TooDeep { max: MAX_DEPTH });
            }
            // A complete value goes into the innermost open collection, which may complete that one, and so on.
            loop {
                let Some(innermost) = open.last_mut() else {
                    return complete.ok_or_else(|| self.reader.malformed("no value"));
                };
                if let Some(value) = complete.take() {
                    innermost.content.add(value).map_err(|reason| self.reader.malformed(reason))?;
                }
                match self.advance(&mut innermost.content)? {
                    Next::Value => break,
                    Next::End => {
                        let Open { number, content } =
                            open.pop().expect("the innermost one was just looked at");
                        let value = content.close().map_err(|reason| self.reader.malformed(reason))?;
                        complete = Some(self.anchor(number, value));
                    }
                }
            }
        }
    }

    /// Reads a value that is no collection; puts a collection on `open`.
    fn begin_value(&mut self, open: &mut Vec<Open>) -> Result<Option<Value>> {
        let tag = self.reader.value_tag()?;
        let content = match tag {
            tag::UNDEFINED => return Ok(Some(Value::Undefined)),
            tag::NULL => return Ok(Some(Value::Null)),
            tag::TRUE => return Ok(Some(Value::Bool(true))),
            tag::FALSE => return Ok(Some(Value::Bool(false))),
            tag::BIGINT => return Ok(Some(Value::BigInt(self.reader.bigint()?))),
            tag::REFERENCE => return self.reference().map(Some),
            tag::OBJECT => Content::Object { entries: Vec::new(), key: None },
            tag::DENSE_ARRAY => Content::Elements { len: self.reader.count()?, elements: Vec::new() },
            tag::SPARSE_ARRAY => Content::Array(Box::new(OpenArray::sparse(self.reader.varint()?))),
            tag::MAP => Content::Map { entries: Vec::new(), key: None },
            tag::SET => Content::Set(Vec::new()),
            tag::ERROR => Content::Error(Box::default()),
            tag::HOST_OBJECT if self.reader.is_workerd() => {
                Content::WorkerdError { kind: workerd_error(self.reader)?, parts: Vec::new() }
            }
            _ => {
                if let Some(number) = self.reader.number(tag)? {
                    return Ok(Some(Value::Number(number)));
                }
                if let Some(text) = self.reader.text(tag)? {
                    return Ok(Some(Value::String(text.into())));
                }
                return self.leaf_object(tag).map(Some);
            }
        };
        let number = self.next_number()?;
        open.push(Open { number, content });
        Ok(None)
    }

    /// Reads on in a collection: keys, holes, the parts of an error, or the end.
    fn advance(&mut self, content: &mut Content) -> Result<Next> {
        let reader = &mut *self.reader;
        match content {
            Content::Object { entries, key } => {
                if reader.take(tag::OBJECT_END) {
                    return end_of(reader, entries.len());
                }
                *key = Some(reader.key()?.into());
            }
            Content::Elements { len, elements } => {
                if u32::try_from(elements.len()).is_ok_and(|count| count < *len) {
                    if reader.peek() != Some(tag::HOLE) {
                        return Ok(Next::Value);
                    }
                } else if reader.take(tag::DENSE_ARRAY_END) {
                    end_of(reader, 0)?;
                    return end_of(reader, *len);
                }
                *content = Content::Array(Box::new(OpenArray::dense(*len, std::mem::take(elements))));
                return self.advance(content);
            }
            Content::Array(array) => {
                while array.next < array.keyless && reader.take(tag::HOLE) {
                    array.next += 1;
                }
                if array.next < array.keyless {
                    return Ok(Next::Value);
                }
                if reader.take(array.end) {
                    end_of(reader, array.keyed)?;
                    return end_of(reader, array.len);
                }
                let key = reader.key()?;
                array.key = Some(match key.array_index() {
                    Some(index) => Slot::Element(index),
                    None => Slot::Property(key.into()),
                });
            }
            Content::Map { entries, key } => {
                if key.is_none() && reader.take(tag::MAP_END) {
                    return end_of(reader, 2 * entries.len());
                }
            }
            Content::Set(members) => {
                if reader.take(tag::SET_END) {
                    return end_of(reader, members.len());
                }
            }
            Content::Error(error) => return advance_error(reader, error),
            Content::WorkerdError { kind, parts } => {
                let wanted = if kind.is_some() { 2 } else { 3 };
                return Ok(if parts.len() < wanted { Next::Value } else { Next::End });
            }
        }
        Ok(Next::Value)
    }

    fn reference(&mut self) -> Result<Value> {
        let number = self.reader.varint()?;
        if number >= self.objects {
            return Err(self.reader.malformed("a reference to an object that has not begun"));
        }
        let label = self.label_of(number).expect("the walk has noted every reference");
        if let Ok(place) = self.buffers.binary_search_by_key(&label, |(buffer, ..)| *buffer)
            && self.reader.take(tag::VIEW)
        {
            let (_, len, resizable) = self.buffers[place];
            return self.view(ViewBuffer::Ref(label), len, resizable);
        }
        Ok(Value::Ref(label))
    }

    /// Reads an object that holds no others.
    fn leaf_object(&mut self, tag: u8) -> Result<Value> {
        let number = self.next_number()?;
        let value = match tag {
            tag::DATE => Value::Date(Date::from_ms(self.reader.double()?)),
            tag::BOXED_TRUE => Primitive::Bool(true).into(),
            tag::BOXED_FALSE => Primitive::Bool(false).into(),
            tag::BOXED_NUMBER => Primitive::Number(self.reader.double()?).into(),
            tag::BOXED_BIGINT => Primitive::BigInt(self.reader.bigint()?).into(),
            tag::BOXED_STRING => Primitive::String(self.reader.string()?).into(),
            tag::REG_EXP => {
                let source = self.reader.string()?;
                let bits = self.reader.varint()?;
                let flags = RegExpFlags::from_bits(bits)
                    .ok_or_else(|| self.reader.malformed("a regular expression has invalid flags"))?;
                RegExp { source, flags }.into()
            }
            tag::ARRAY_BUFFER => {
                let buffer = ArrayBuffer::from(self.reader.sized()?);
                return self.buffer(number, buffer);
            }
            tag::RESIZABLE_ARRAY_BUFFER => {
                let len = self.reader.length()?;
                let max_len = self.reader.varint()?;
                if usize::try_from(max_len).is_ok_and(|max_len| max_len < len) {
                    return Err(self.reader.malformed("a buffer is longer than it may grow"));
                }
                let buffer = ArrayBuffer { bytes: self.reader.raw(len)?.into(), max_len: Some(max_len) };
                return self.buffer(number, buffer);
            }
            tag::HOST_OBJECT => {
                let (kind, bytes) = node_view(self.reader)?;
                View::new(kind, bytes).into()
            }
            _ => return Err(unknown_tag(self.reader, tag)),
        };
        Ok(self.anchor(number, value))
    }

    /// Finishes a buffer, or the view for which it stands here.
    fn buffer(&mut self, number: u32, buffer: ArrayBuffer) -> Result<Value> {
        let len = u32::try_from(buffer.bytes.len()).map_err(|_| Error::TooLong)?;
        let resizable = buffer.max_len.is_some();
        let label = self.label_of(number);
        if let Some(label) = label {
            self.buffers.push((label, len, resizable));
        }
        if self.reader.take(tag::VIEW) {
            let buffer = match label {
                Some(label) => ViewBuffer::Anchored(label, buffer),
                None => ViewBuffer::Own(buffer),
            };
            return self.view(buffer, len, resizable);
        }
        Ok(self.anchor(number, Value::ArrayBuffer(buffer)))
    }

    /// Reads a view of a buffer of this length.
    fn view(&mut self, buffer: ViewBuffer, buffer_len: u32, resizable: bool) -> Result<Value> {
        let number = self.next_number()?;
        let reader = &mut *self.reader;
        let kind =
            tag::view_kind(reader.varint()?).ok_or_else(|| reader.malformed("unknown kind of view"))?;
        let byte_offset = reader.varint()?;
        let byte_length = reader.varint()?;
        let flags = if reader.view_flags() { reader.varint()? } else { 0 };
        let follows = flags & tag::VIEW_FOLLOWS_LENGTH != 0;
        if (flags & tag::VIEW_OF_RESIZABLE != 0) != resizable || follows && !resizable {
            return Err(reader.malformed("the flags of a view do not fit its buffer"));
        }
        let view = View { kind, buffer, byte_offset, byte_length: (!follows).then_some(byte_length) };
        view.range(buffer_len).map_err(|_| reader.malformed("a view does not fit its buffer"))?;
        Ok(self.anchor(number, view.into()))
    }

    /// The number of the object that begins here.
    fn next_number(&mut self) -> Result<u32> {
        let number = self.objects;
        self.objects = number.checked_add(1).ok_or(Error::TooLong)?;
        Ok(number)
    }

    fn label_of(&self, number: u32) -> Option<Label> {
        let place = self.referred.binary_search(&number).ok()?;
        Some(Label(u32::try_from(place).expect("at most as many as there are numbers of 32 bits")))
    }

    /// Puts an anchor around a value if it is referred to.
    fn anchor(&self, number: u32, value: Value) -> Value {
        match self.label_of(number) {
            Some(label) => Value::Anchor(label, Box::new(value)),
            None => value,
        }
    }
}

/// Reads on in an error: up to its cause, or to its end.
fn advance_error(reader: &mut Reader<'_>, error: &mut ErrorObject) -> Result<Next> {
    loop {
        match reader.byte()? {
            tag::ERROR_END => return Ok(Next::End),
            tag::ERROR_CAUSE => return Ok(Next::Value),
            tag::ERROR_MESSAGE => error.message = Some(reader.string()?),
            tag::ERROR_STACK => error.stack = Some(reader.string()?),
            mark => {
                error.kind = tag::error_kind(mark)
                    .ok_or_else(|| Error::malformed(reader.position() - 1, "an error has an unknown mark"))?;
            }
        }
    }
}

/// Reads the count at the end of a collection, which is over then.
fn end_of(reader: &mut Reader<'_>, count: impl TryInto<u32>) -> Result<Next> {
    // What was read has fewer than 2^32 members, or its count could not be right.
    end_count(reader, count.try_into().unwrap_or(u32::MAX))?;
    Ok(Next::End)
}

/// Reads the body of a view as Node's `v8.serialize` writes it: kind and bytes, without a buffer of its own.
pub(crate) fn node_view<'a>(reader: &mut Reader<'a>) -> Result<(ViewKind, &'a [u8])> {
    let offset = reader.position();
    let kind = tag::node_view_kind(reader.varint()?)
        .ok_or(Error::UnsupportedObject { offset, what: "an object of the host" })?;
    let len = reader.count()?;
    if !len.is_multiple_of(kind.element_size()) {
        return Err(reader.malformed("a view does not fit its buffer"));
    }
    Ok((kind, reader.raw(usize::try_from(len).map_err(|_| Error::TooLong)?)?))
}

/// Why a value cannot go into the collection that asked for it.
type Refused = &'static str;

const KEY_TWICE: Refused = "an object has one key twice";

impl Content {
    /// Adds the value that was asked for.
    fn add(&mut self, value: Value) -> Result<(), Refused> {
        match self {
            Content::Object { entries, key } => {
                entries.push((key.take().expect("a value is read after its key"), value));
            }
            Content::Elements { elements, .. } => elements.push(value),
            Content::Array(array) => array.add(value)?,
            Content::Map { entries, key } => match key.take() {
                None => *key = Some(value),
                Some(key) => entries.push((key, value)),
            },
            Content::Set(members) => members.push(value),
            Content::Error(error) => error.cause = Some(value),
            Content::WorkerdError { parts, .. } => parts.push(value),
        }
        Ok(())
    }

    fn close(self) -> Result<Value, Refused> {
        Ok(match self {
            Content::Object { entries, .. } => {
                Value::Object(Object::from_entries(entries).map_err(|_| KEY_TWICE)?)
            }
            Content::Elements { elements, .. } => Value::Array(elements),
            Content::Array(array) if array.array.is_plain() => Value::Array(array.array.into_elements()),
            Content::Array(array) => array.array.into(),
            Content::Map { entries, .. } => Value::Map(entries),
            Content::Set(members) => Value::Set(members),
            Content::Error(error) => Value::Error(error),
            Content::WorkerdError { kind, parts } => close_workerd_error(kind, parts)?.into(),
        })
    }
}

/// Makes an error of the values with which workerd stores it: its name if it is of no known kind, its message, and an
/// object with its own properties. Of these only the stack and the cause are kept, as everywhere.
fn close_workerd_error(kind: Option<ErrorKind>, mut parts: Vec<Value>) -> Result<ErrorObject, Refused> {
    let (Some(Value::Object(mut properties)), Some(Value::String(message))) = (parts.pop(), parts.pop())
    else {
        return Err("an error has no message or no properties");
    };
    let named = || parts.first().and_then(Value::as_str).and_then(ErrorKind::from_name);
    let stack = match properties.remove("stack") {
        Some(Value::String(stack)) => Some(stack),
        _ => None,
    };
    Ok(ErrorObject {
        kind: kind.or_else(named).unwrap_or_default(),
        message: Some(message),
        stack,
        cause: properties.remove("cause"),
    })
}

impl OpenArray {
    /// An array whose elements all come with their keys.
    fn sparse(len: u32) -> OpenArray {
        OpenArray {
            array: SparseArray::new(len),
            len,
            end: tag::SPARSE_ARRAY_END,
            next: 0,
            keyless: 0,
            keyed: 0,
            key: None,
        }
    }

    /// An array of elements without keys, after the first ones; then come a hole or properties.
    fn dense(len: u32, first: Vec<Value>) -> OpenArray {
        let mut open = OpenArray { end: tag::DENSE_ARRAY_END, keyless: len, ..OpenArray::sparse(len) };
        for element in first {
            open.array.set(open.next, element);
            open.next += 1;
        }
        open
    }

    fn add(&mut self, value: Value) -> Result<(), Refused> {
        let former = match self.key.take() {
            None => {
                self.next += 1;
                self.array.set(self.next - 1, value)
            }
            Some(slot) => {
                self.keyed += 1;
                match slot {
                    Slot::Element(index) => self.array.set(index, value),
                    Slot::Property(key) => self.array.properties.insert(key, value),
                }
            }
        };
        if former.is_some() { Err(KEY_TWICE) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
