//! The stored form to any type that `serde` can deserialize, without a [`Value`] in between.
//!
//! What [`serde_ser`](crate::serde_ser) writes is read back, and what JavaScript writes is read where a type can
//! hold it: `undefined` as `null`, sets and typed arrays as sequences, views as bytes, whole numbers of any form as
//! integers, dates as milliseconds or ISO 8601 text. A type that takes anything gets what has no counterpart in
//! `serde` in the mapping of [`Value::to_json`].
//!
//! An object that is referred to again is read again where the reference stands. Invariants: 1. a reference is never
//! followed into an object that contains it; 2. what is read again is limited in proportion to the input, so that a
//! few references cannot multiply without end.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};
use crate::json::visit_as_json;
use crate::serde_ser::MAX_TYPED_DEPTH;
use crate::serde_value::TOKEN;
use crate::value::{BigInt, Date, JsString, Value, View, ViewKind, exact_i64};
use crate::wire::{
    Key, Reader, Span, Text, decode_next, node_view, referred_objects, spans, tag, unknown_tag, walk,
};

/// Deserializes from the stored form, as [`to_bytes`](crate::to_bytes), [`Value::to_bytes`] and JavaScript write it.
/// Strings of ASCII characters and bytes can be borrowed.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Visit<'a> {
///     page: &'a str,
///     count: u64,
/// }
///
/// let bytes = duramen_kv::Value::from_json(r#"{"page":"/","count":3}"#)?.to_bytes()?;
/// let visit: Visit = duramen_kv::from_bytes(&bytes)?;
/// assert_eq!((visit.page, visit.count), ("/", 3));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let (reader, version) = Reader::open(bytes)?;
    match from_reader(reader.clone()) {
        Err(Error::Malformed { .. }) if version == 13 => from_reader(reader.with_view_flags()),
        result => result,
    }
}

/// Deserializes from a [`Value`].
///
/// ```
/// use duramen_kv::{Value, from_value};
///
/// let pair: (String, Option<u8>) = from_value(&Value::from(vec!["a".into(), Value::Undefined]))?;
/// assert_eq!(pair, ("a".to_owned(), None));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T> {
    from_bytes(&value.to_bytes()?)
}

fn from_reader<'de, T: Deserialize<'de>>(mut reader: Reader<'de>) -> Result<T> {
    let mut input = Input::new(&reader);
    let value = T::deserialize(Deserializer { input: &mut input, reader: &mut reader, depth: 0 })?;
    reader.expect_end()?;
    Ok(value)
}

impl de::Error for Error {
    fn custom<T: Display>(text: T) -> Error {
        Error::Convert(text.to_string())
    }
}

/// What stays the same while a value is read.
struct Input<'de> {
    /// Stands where the whole value begins.
    whole: Reader<'de>,
    may_refer: bool,
    /// Where the objects stand, found out when the first reference is met.
    spans: Option<Vec<Span>>,
    /// How many more bytes may be read again, and holes be filled.
    allowance: usize,
}

impl<'de> Input<'de> {
    fn new(whole: &Reader<'de>) -> Input<'de> {
        let allowance = whole.remaining().saturating_mul(16).saturating_add(1 << 16);
        Input { whole: whole.clone(), may_refer: whole.may_refer(), spans: None, allowance }
    }

    fn spans(&mut self) -> Result<&[Span]> {
        if self.spans.is_none() {
            self.spans = Some(spans(&mut self.whole.clone())?);
        }
        Ok(self.spans.as_deref().unwrap_or_default())
    }

    /// Takes from the allowance.
    fn charge(&mut self, amount: usize) -> Result<()> {
        self.allowance = self.allowance.checked_sub(amount).ok_or(Error::Expansion)?;
        Ok(())
    }

    /// A reader of the object of this number, to which a reference at `position` refers.
    fn referred(&mut self, number: u32, position: usize) -> Result<Reader<'de>> {
        let span = usize::try_from(number).ok().and_then(|number| self.spans().ok()?.get(number).copied());
        let span = match span {
            Some(span) if span.start < position => span,
            _ => return Err(Error::malformed(position, "a reference to an object that has not begun")),
        };
        if position < span.end {
            return Err(Error::Cyclic { offset: position });
        }
        self.charge(span.end - span.start)?;
        Ok(self.whole.part(span.start, span.end))
    }
}

/// Reads the value that comes next, `depth` collections deep.
struct Deserializer<'d, 'de> {
    input: &'d mut Input<'de>,
    reader: &'d mut Reader<'de>,
    depth: usize,
}

/// What the type would like to see, where a value can be seen in more than one way.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Anything,
    Integer,
    Float,
    Text,
    Sequence,
}

impl<'de> Deserializer<'_, 'de> {
    /// Shows the next value to the visitor.
    fn read<V: Visitor<'de>>(self, visitor: V, wanted: Wanted) -> Result<V::Value> {
        let tag = self.reader.peek_value_tag()?;
        if matches!(tag, tag::REG_EXP | tag::ERROR) {
            let value = Value::from_bytes(&self.stored()?)?;
            return visit_as_json(&value, visitor);
        }
        let position = self.reader.position();
        self.reader.value_tag()?;
        match tag {
            tag::REFERENCE => {
                let number = self.reader.varint()?;
                let mut object = self.input.referred(number, position)?;
                if self.reader.take(tag::VIEW) {
                    let buffer = read_buffer(&mut object)?;
                    return read_view(self.reader, buffer)?.show(visitor, wanted);
                }
                Deserializer { input: self.input, reader: &mut object, depth: deeper(self.depth)? }
                    .read(visitor, wanted)
            }
            tag::UNDEFINED | tag::NULL => visitor.visit_unit(),
            tag::TRUE | tag::BOXED_TRUE => visitor.visit_bool(true),
            tag::FALSE | tag::BOXED_FALSE => visitor.visit_bool(false),
            tag::INT32 => visit_whole(self.reader.zigzag()?.into(), visitor),
            tag::UINT32 => visit_whole(self.reader.varint()?.into(), visitor),
            tag::DOUBLE | tag::BOXED_NUMBER => visit_number(self.reader.double()?, visitor, wanted),
            tag::BIGINT | tag::BOXED_BIGINT => visit_bigint(self.reader.bigint()?, visitor, wanted),
            tag::BOXED_STRING => {
                let tag = self.reader.value_tag()?;
                self.read_text(tag, visitor, wanted)
            }
            tag::DATE => visit_date(Date::from_ms(self.reader.double()?), visitor, wanted),
            tag::OBJECT => self.read_entries(Entries::Properties, visitor),
            tag::MAP => self.read_entries(Entries::Values, visitor),
            tag::DENSE_ARRAY => {
                let len = self.reader.count()?;
                self.read_members(Members::Dense { len, left: len }, visitor)
            }
            tag::SPARSE_ARRAY => {
                let len = self.reader.varint()?;
                self.read_members(Members::Sparse { declared: len, len, next: 0, given: None }, visitor)
            }
            tag::SET => self.read_members(Members::Set { count: 0 }, visitor),
            tag::ARRAY_BUFFER | tag::RESIZABLE_ARRAY_BUFFER => {
                let bytes = read_buffer_body(self.reader, tag)?;
                let view = if self.reader.take(tag::VIEW) {
                    read_view(self.reader, bytes)?
                } else {
                    Elements { kind: ViewKind::Uint8Array, bytes }
                };
                view.show(visitor, wanted)
            }
            tag::HOST_OBJECT => {
                let (kind, bytes) = node_view(self.reader)?;
                Elements { kind, bytes }.show(visitor, wanted)
            }
            _ => self.read_text(tag, visitor, wanted),
        }
    }

    /// Shows the rest of a string whose tag was read.
    fn read_text<V: Visitor<'de>>(self, tag: u8, visitor: V, wanted: Wanted) -> Result<V::Value> {
        match self.reader.text(tag)? {
            Some(Text::Utf8(Cow::Borrowed(text))) => visitor.visit_borrowed_str(text),
            Some(Text::Utf8(Cow::Owned(text))) => visitor.visit_string(text),
            Some(Text::Units(_)) if wanted == Wanted::Text => Err(lone_surrogate()),
            Some(Text::Units(units)) => visit_as_json(&JsString::from_utf16(&units).into(), visitor),
            None => Err(unknown_tag(self.reader, tag)),
        }
    }

    fn read_members<V: Visitor<'de>>(self, members: Members, visitor: V) -> Result<V::Value> {
        let depth = deeper(self.depth)?;
        let mut access = MembersAccess { inside: Deserializer { depth, ..self }, members };
        let value = visitor.visit_seq(&mut access)?;
        access.finish()?;
        Ok(value)
    }

    fn read_entries<V: Visitor<'de>>(self, entries: Entries, visitor: V) -> Result<V::Value> {
        let depth = deeper(self.depth)?;
        let mut access = EntriesAccess { inside: Deserializer { depth, ..self }, entries, count: 0 };
        let value = visitor.visit_map(&mut access)?;
        access.finish()?;
        Ok(value)
    }

    /// The next value in the stored form of a value on its own.
    fn stored(self) -> Result<Vec<u8>> {
        let tag = self.reader.peek_value_tag()?;
        let start = self.reader.clone();
        if tag == tag::REFERENCE {
            self.reader.value_tag()?;
            let number = self.reader.varint()?;
            let mut object = self.input.referred(number, start.position())?;
            if self.reader.take(tag::VIEW) {
                let buffer = read_buffer(&mut object)?;
                let Elements { kind, bytes } = read_view(self.reader, buffer)?;
                return Value::from(View::new(kind, bytes)).to_bytes();
            }
            return Deserializer { reader: &mut object, ..self }.stored();
        }
        let referred = if self.input.may_refer { referred_objects(&start)? } else { Vec::new() };
        if referred.is_empty() {
            walk(self.reader, |_| {})?;
            return Ok(start.to_stored(self.reader.position()));
        }
        let before = self.input.spans()?.partition_point(|span| span.start < start.position());
        let before = u32::try_from(before).map_err(|_| Error::TooLong)?;
        decode_next(self.reader, referred, before)?.to_bytes()
    }

    /// The deserializer of a part of what this one began.
    fn part(&mut self) -> Deserializer<'_, 'de> {
        Deserializer { input: self.input, reader: self.reader, depth: self.depth }
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Anything)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Integer)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Float)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Float)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Text)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Text)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let tag::UNDEFINED | tag::NULL = self.reader.peek_value_tag()? {
            self.reader.value_tag()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if name == TOKEN {
            return visitor.visit_newtype_struct(Stored(self.stored()?));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Sequence)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.read(visitor, Wanted::Sequence)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.read(visitor, Wanted::Sequence)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let tag = self.reader.peek_value_tag()?;
        let position = self.reader.position();
        match tag {
            tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING | tag::UTF8_STRING => {
                let key = self.reader.key()?;
                PropertyKey(key).deserialize_enum(name, variants, visitor)
            }
            tag::OBJECT => {
                self.reader.value_tag()?;
                let variant = VariantAccess(Deserializer { depth: deeper(self.depth)?, ..self });
                visitor.visit_enum(variant)
            }
            tag::REFERENCE => {
                self.reader.value_tag()?;
                let number = self.reader.varint()?;
                let mut object = self.input.referred(number, position)?;
                Deserializer { input: self.input, reader: &mut object, depth: deeper(self.depth)? }
                    .deserialize_enum(name, variants, visitor)
            }
            _ => self.read(visitor, Wanted::Anything),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        walk(self.reader, |_| {})?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bool bytes byte_buf unit unit_struct map struct }
}

/// One collection deeper, if that is not too deep.
fn deeper(depth: usize) -> Result<usize> {
    if depth < MAX_TYPED_DEPTH { Ok(depth + 1) } else { Err(Error::TooDeep { max: MAX_TYPED_DEPTH }) }
}

fn lone_surrogate() -> Error {
    Error::Convert("a string holds a lone surrogate, which text cannot; read it as a JsString".to_owned())
}

fn visit_whole<'de, V: Visitor<'de>>(value: i64, visitor: V) -> Result<V::Value> {
    match u64::try_from(value) {
        Ok(value) => visitor.visit_u64(value),
        Err(_) => visitor.visit_i64(value),
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: f64, visitor: V, wanted: Wanted) -> Result<V::Value> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    let minus_zero = number == 0.0 && number.is_sign_negative();
    let whole = number.trunc() == number;
    match wanted {
        Wanted::Integer if whole && (-TWO_TO_63..TWO_TO_63).contains(&number) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in the range of i64")]
            visit_whole(number as i64, visitor)
        }
        Wanted::Integer if whole && (TWO_TO_63..2.0 * TWO_TO_63).contains(&number) =>
        {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in the range of u64"
            )]
            visitor.visit_u64(number as u64)
        }
        Wanted::Float => visitor.visit_f64(number),
        _ => match exact_i64(number) {
            Some(whole) if !minus_zero => visit_whole(whole, visitor),
            _ => visitor.visit_f64(number),
        },
    }
}

fn visit_bigint<'de, V: Visitor<'de>>(big: BigInt, visitor: V, wanted: Wanted) -> Result<V::Value> {
    if let Some(value) = big.to_i64() {
        return visit_whole(value, visitor);
    }
    if let Some(value) = big.to_u64() {
        return visitor.visit_u64(value);
    }
    match (wanted, big.to_i128(), big.to_u128()) {
        (Wanted::Integer, Some(value), _) => visitor.visit_i128(value),
        (Wanted::Integer, _, Some(value)) => visitor.visit_u128(value),
        _ => visit_as_json(&big.into(), visitor),
    }
}

fn visit_date<'de, V: Visitor<'de>>(date: Date, visitor: V, wanted: Wanted) -> Result<V::Value> {
    match wanted {
        Wanted::Integer | Wanted::Float => visit_number(date.time_value(), visitor, wanted),
        Wanted::Text => visitor.visit_string(date.to_string()),
        Wanted::Anything | Wanted::Sequence => visit_as_json(&date.into(), visitor),
    }
}

/// Reads a buffer, tag included.
fn read_buffer<'de>(reader: &mut Reader<'de>) -> Result<&'de [u8]> {
    let tag = reader.value_tag()?;
    read_buffer_body(reader, tag)
}

fn read_buffer_body<'de>(reader: &mut Reader<'de>, tag: u8) -> Result<&'de [u8]> {
    match tag {
        tag::ARRAY_BUFFER => reader.sized(),
        tag::RESIZABLE_ARRAY_BUFFER => {
            let len = reader.length()?;
            reader.varint()?;
            reader.raw(len)
        }
        _ => Err(reader.malformed("a view of something that is no buffer")),
    }
}

/// Reads the rest of a view of these bytes.
fn read_view<'de>(reader: &mut Reader<'de>, buffer: &'de [u8]) -> Result<Elements<'de>> {
    let kind = tag::view_kind(reader.varint()?).ok_or_else(|| reader.malformed("unknown kind of view"))?;
    let offset = usize::try_from(reader.varint()?).map_err(|_| Error::TooLong)?;
    let len = usize::try_from(reader.varint()?).map_err(|_| Error::TooLong)?;
    if reader.view_flags() {
        reader.varint()?;
    }
    let bytes = buffer.get(offset..).and_then(|rest| rest.get(..len));
    let bytes = bytes.ok_or_else(|| reader.malformed("a view does not fit its buffer"))?;
    Ok(Elements { kind, bytes })
}

/// The bytes of a buffer or view, and the elements they are.
struct Elements<'de> {
    kind: ViewKind,
    bytes: &'de [u8],
}

impl<'de> Elements<'de> {
    fn show<V: Visitor<'de>>(self, visitor: V, wanted: Wanted) -> Result<V::Value> {
        if wanted != Wanted::Sequence {
            return visitor.visit_borrowed_bytes(self.bytes);
        }
        let mut elements = self;
        let value = visitor.visit_seq(&mut elements)?;
        if elements.bytes.is_empty() { Ok(value) } else { Err(unread()) }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (element, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*element)
    }
}

impl<'de> de::SeqAccess<'de> for &mut Elements<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        /// Gives the next element to the seed.
        macro_rules! next {
            ($number:ty) => {
                match self.take() {
                    Some(bytes) => {
                        seed.deserialize(<$number>::from_le_bytes(bytes).into_deserializer()).map(Some)
                    }
                    None => Ok(None),
                }
            };
        }
        match self.kind {
            ViewKind::Int8Array => next!(i8),
            ViewKind::Uint8Array | ViewKind::Uint8ClampedArray | ViewKind::DataView => next!(u8),
            ViewKind::Int16Array => next!(i16),
            ViewKind::Uint16Array => next!(u16),
            ViewKind::Int32Array => next!(i32),
            ViewKind::Uint32Array => next!(u32),
            ViewKind::Float32Array => next!(f32),
            ViewKind::Float64Array => next!(f64),
            ViewKind::BigInt64Array => next!(i64),
            ViewKind::BigUint64Array => next!(u64),
            ViewKind::Float16Array => match self.take() {
                Some(bytes) => {
                    seed.deserialize(half(u16::from_le_bytes(bytes)).into_deserializer()).map(Some)
                }
                None => Ok(None),
            },
        }
    }
}

/// The number that 16 bits of IEEE 754 stand for.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        0 => {
            let magnitude = f32::from(bits & 0x3ff) / 16_777_216.0;
            f32::from_bits(magnitude.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

fn unread() -> Error {
    Error::Convert("the value has more members than the type takes".to_owned())
}

/// Reads the count at the end of a collection.
fn end_of(reader: &mut Reader<'_>, count: u32) -> Result<()> {
    if reader.varint()? == count {
        Ok(())
    } else {
        Err(reader.malformed("the count at the end of a collection is wrong"))
    }
}

/// What is still to be read of an array or set.
enum Members {
    Dense {
        len: u32,
        left: u32,
    },
    /// Elements with their indexes, and properties, which are passed over.
    Sparse {
        /// The length as it stands at the beginning.
        declared: u32,
        len: u32,
        /// The index of the element to be given next.
        next: u32,
        /// The index of the element to be read next, if it was read.
        given: Option<u32>,
    },
    Set {
        count: u32,
    },
}

struct MembersAccess<'d, 'de> {
    inside: Deserializer<'d, 'de>,
    members: Members,
}

/// What comes next in an array or set.
enum Member {
    Value,
    Hole,
    End,
}

impl MembersAccess<'_, '_> {
    fn next_member(&mut self) -> Result<Member> {
        let reader = &mut *self.inside.reader;
        match &mut self.members {
            Members::Dense { left: 0, .. } => Ok(Member::End),
            Members::Dense { left, .. } => {
                *left -= 1;
                Ok(if reader.take(tag::HOLE) { Member::Hole } else { Member::Value })
            }
            Members::Sparse { len, next, given, .. } => {
                while given.is_none() && reader.peek() != Some(tag::SPARSE_ARRAY_END) {
                    match reader.key()?.array_index() {
                        Some(index) if index < *next => {
                            return Err(reader.malformed("the elements of an array are out of order"));
                        }
                        Some(index) => {
                            *given = Some(index);
                            *len = index.saturating_add(1).max(*len);
                        }
                        None => walk(reader, |_| {})?,
                    }
                }
                if *next >= *len {
                    return Ok(Member::End);
                }
                *next += 1;
                if *given == Some(*next - 1) {
                    *given = None;
                    return Ok(Member::Value);
                }
                self.inside.input.charge(1)?;
                Ok(Member::Hole)
            }
            Members::Set { .. } if reader.peek() == Some(tag::SET_END) => Ok(Member::End),
            Members::Set { count } => {
                *count = count.saturating_add(1);
                Ok(Member::Value)
            }
        }
    }

    /// Reads the end.
    fn finish(mut self) -> Result<()> {
        if !matches!(self.next_member()?, Member::End) {
            return Err(unread());
        }
        let reader = &mut *self.inside.reader;
        match self.members {
            Members::Dense { len, .. } => {
                let mut properties = 0;
                while !reader.take(tag::DENSE_ARRAY_END) {
                    reader.key()?;
                    walk(reader, |_| {})?;
                    properties += 1;
                }
                end_of(reader, properties)?;
                end_of(reader, len)
            }
            Members::Sparse { declared, .. } => {
                reader.take(tag::SPARSE_ARRAY_END);
                reader.varint()?;
                end_of(reader, declared)
            }
            Members::Set { count } => {
                reader.take(tag::SET_END);
                end_of(reader, count)
            }
        }
    }
}

impl<'de> de::SeqAccess<'de> for &mut MembersAccess<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        match self.next_member()? {
            Member::Value => seed.deserialize(self.inside.part()).map(Some),
            Member::Hole => seed.deserialize(().into_deserializer()).map(Some),
            Member::End => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        match self.members {
            Members::Dense { left, .. } => usize::try_from(left).ok(),
            Members::Sparse { .. } | Members::Set { .. } => None,
        }
    }
}

/// Which kind of entries are read.
#[derive(Clone, Copy, PartialEq)]
enum Entries {
    /// Those of an object.
    Properties,
    /// Those of a map.
    Values,
}

impl Entries {
    fn end(self) -> u8 {
        match self {
            Entries::Properties => tag::OBJECT_END,
            Entries::Values => tag::MAP_END,
        }
    }
}

struct EntriesAccess<'d, 'de> {
    inside: Deserializer<'d, 'de>,
    entries: Entries,
    count: u32,
}

impl EntriesAccess<'_, '_> {
    /// Reads the end.
    fn finish(self) -> Result<()> {
        let reader = self.inside.reader;
        if !reader.take(self.entries.end()) {
            return Err(unread());
        }
        match self.entries {
            Entries::Properties => end_of(reader, self.count),
            Entries::Values => end_of(reader, self.count.saturating_mul(2)),
        }
    }
}

impl<'de> de::MapAccess<'de> for &mut EntriesAccess<'_, 'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.inside.reader.peek() == Some(self.entries.end()) {
            return Ok(None);
        }
        self.count = self.count.saturating_add(1);
        match self.entries {
            Entries::Properties => seed.deserialize(PropertyKey(self.inside.reader.key()?)).map(Some),
            Entries::Values => seed.deserialize(self.inside.part()).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.inside.part())
    }
}

/// The key of a property: text, also for types whose keys are numbers, booleans or variants.
struct PropertyKey<'de>(Key<'de>);

impl<'de> PropertyKey<'de> {
    fn text(self) -> Result<Cow<'de, str>> {
        match self.0 {
            Key::Text(Text::Utf8(text)) => Ok(text),
            Key::Text(Text::Units(_)) => Err(lone_surrogate()),
            Key::Integer(number) => Ok(Cow::Owned(number.to_string())),
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Key::Integer(number) = self.0 {
            return visit_whole(number, visitor);
        }
        let text = self.text()?;
        match text.parse::<BigInt>() {
            Ok(number) => visit_bigint(number, visitor, Wanted::Integer),
            Err(_) => visitor.visit_str(&text),
        }
    }
}

impl<'de> de::Deserializer<'de> for PropertyKey<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &*self.text()? {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            text => visitor.visit_str(text),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        if name == TOKEN {
            return visitor.visit_newtype_struct(Stored(Value::String(self.0.into()).to_bytes()?));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The object of a variant: its name is the only key.
struct VariantAccess<'d, 'de>(Deserializer<'d, 'de>);

impl VariantAccess<'_, '_> {
    /// Reads the end of the object.
    fn finish(self) -> Result<()> {
        if !self.0.reader.take(tag::OBJECT_END) {
            return Err(Error::Convert(
                "an object that stands for a variant has more than one key".to_owned(),
            ));
        }
        end_of(self.0.reader, 1)
    }
}

impl<'de> de::EnumAccess<'de> for VariantAccess<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        if self.0.reader.peek() == Some(tag::OBJECT_END) {
            return Err(Error::Convert("an object that stands for a variant has no key".to_owned()));
        }
        let variant = seed.deserialize(PropertyKey(self.0.reader.key()?))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for VariantAccess<'_, 'de> {
    type Error = Error;

    fn unit_variant(mut self) -> Result<()> {
        <()>::deserialize(self.0.part())?;
        self.finish()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value> {
        let value = seed.deserialize(self.0.part())?;
        self.finish()?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _len: usize, visitor: V) -> Result<V::Value> {
        let value = self.0.part().read(visitor, Wanted::Sequence)?;
        self.finish()?;
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let value = self.0.part().read(visitor, Wanted::Anything)?;
        self.finish()?;
        Ok(value)
    }
}

/// A value in stored form, inside the newtype of the name [`TOKEN`].
struct Stored(Vec<u8>);

impl<'de> de::Deserializer<'de> for Stored {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_byte_buf(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests;
