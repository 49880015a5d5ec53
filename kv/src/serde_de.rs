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

mod elements;
mod property_key;
mod scalar;
mod stored;

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use self::elements::{Elements, read_buffer, read_buffer_body, read_view};
use self::property_key::PropertyKey;
use self::scalar::{Wanted, lone_surrogate, unread, visit_bigint, visit_date, visit_number, visit_whole};
use self::stored::Stored;
use crate::error::{Error, Result};
use crate::json::visit_as_json;
use crate::serde_ser::MAX_TYPED_DEPTH;
use crate::serde_value::TOKEN;
use crate::value::{Date, JsString, Value, View, ViewKind};
use crate::wire::{
    Reader, Span, Text, decode_next, end_count, node_view, open, referred_objects, spans, tag, unknown_tag,
    walk,
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
    let mut reader = open(bytes)?;
    let mut input = Input::new(&reader);
    let value = T::deserialize(Deserializer { input: &mut input, reader: &mut reader, depth: 0 })?;
    reader.expect_end()?;
    Ok(value)
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

impl<'de> Deserializer<'_, 'de> {
    /// Shows the next value to the visitor.
    fn read<V: Visitor<'de>>(self, visitor: V, wanted: Wanted) -> Result<V::Value> {
        let tag = self.reader.peek_value_tag()?;
        if matches!(tag, tag::REG_EXP | tag::ERROR) || tag == tag::HOST_OBJECT && self.reader.is_workerd() {
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
                end_count(reader, properties)?;
                end_count(reader, len)
            }
            Members::Sparse { declared, .. } => {
                reader.take(tag::SPARSE_ARRAY_END);
                reader.varint()?;
                end_count(reader, declared)
            }
            Members::Set { count } => {
                reader.take(tag::SET_END);
                end_count(reader, count)
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
            Entries::Properties => end_count(reader, self.count),
            Entries::Values => end_count(reader, self.count.saturating_mul(2)),
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
        end_count(self.0.reader, 1)
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

#[cfg(test)]
mod tests;
