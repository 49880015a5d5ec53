//! Any type that `serde` can serialize, to the stored form, without a [`Value`] in between.
//!
//! | Rust | value |
//! |---|---|
//! | `bool`, `f32`, `f64`, `char`, `str` | boolean, number, string |
//! | integers | a number up to ±(2^53 − 1), beyond it a bigint |
//! | bytes | ArrayBuffer |
//! | `None`, `()`, unit structs | `null` |
//! | sequences, tuples, tuple structs | array |
//! | structs, and maps whose keys are strings | object |
//! | other maps | Map |
//! | unit variants | string, its name |
//! | other variants | object with one property: its name, and what it holds |
//! | [`Value`] and its parts | itself |
//!
//! Invariant: an object gets a number where it begins, as in [`encode_value`], so that values inside may refer to
//! their own objects.

use std::fmt::Display;

use serde::ser::{self, Serialize};

use crate::error::{Error, Result};
use crate::serde_value::{TOKEN, whole_number};
use crate::value::{BigInt, JsStr, Value};
use crate::wire::{Writer, encode_value, tag};

/// The deepest nesting of collections in a Rust type that is stored and read; values may be nested deeper, to
/// [`MAX_DEPTH`](crate::MAX_DEPTH), because reading them needs no stack.
pub const MAX_TYPED_DEPTH: usize = 128;

/// Serializes `value` to the stored form, as [`Value::to_bytes`] writes it.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Visit {
///     page: String,
///     count: u64,
/// }
///
/// let visit = Visit { page: "/".to_owned(), count: 1 << 60 };
/// let bytes = duramen_kv::to_bytes(&visit)?;
/// let value = duramen_kv::Value::from_bytes(&bytes)?;
/// assert_eq!(value.to_json()?, r#"{"page":"/","count":{"$bigint":"1152921504606846976"}}"#);
/// # Ok::<(), duramen_kv::Error>(())
/// ```
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    append_bytes(value, &mut bytes)?;
    Ok(bytes)
}

/// Appends the stored form of `value`. An error leaves a part of it behind.
pub(crate) fn append_bytes<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<()> {
    let mut output = Output { writer: Writer::new(bytes), keys: Vec::new() };
    value.serialize(Serializer { output: &mut output, depth: 0, bytes_are: Bytes::Buffer })
}

/// Serializes `value` to a [`Value`].
///
/// ```
/// use duramen_kv::{Value, to_value};
///
/// assert_eq!(to_value(&("a", 1))?, Value::from(vec!["a".into(), 1.into()]));
/// # Ok::<(), duramen_kv::Error>(())
/// ```
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    Value::from_bytes(&to_bytes(value)?)
}

impl ser::Error for Error {
    fn custom<T: Display>(text: T) -> Error {
        Error::Convert(text.to_string())
    }
}

struct Output<'o> {
    writer: Writer<'o>,
    /// Where the keys of the open objects stand, the innermost object's last.
    keys: Vec<(usize, usize)>,
}

/// Writes the value that comes next, `depth` collections deep.
struct Serializer<'s, 'o> {
    output: &'s mut Output<'o>,
    depth: usize,
    bytes_are: Bytes,
}

/// What bytes stand for.
#[derive(Clone, Copy, PartialEq)]
enum Bytes {
    /// An array buffer.
    Buffer,
    /// A value in stored form, inside the newtype of the name [`TOKEN`].
    Stored,
}

impl<'s, 'o> Serializer<'s, 'o> {
    fn whole(self, value: i128) -> Result<()> {
        self.plain(&whole_number(value))
    }

    fn plain(self, value: &Value) -> Result<()> {
        encode_value(&mut self.output.writer, value, self.depth)
    }

    /// Writes the tag of a collection.
    fn begin(&mut self, tag: u8) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_TYPED_DEPTH {
            return Err(Error::TooDeep { max: MAX_TYPED_DEPTH });
        }
        self.output.writer.begin_object()?;
        self.output.writer.byte(tag);
        Ok(())
    }

    /// Writes the beginning of a variant's object, up to its only value.
    fn begin_variant(&mut self, variant: &str) -> Result<()> {
        self.begin(tag::OBJECT)?;
        self.output.writer.key(JsStr::Text(variant))
    }

    fn begin_array(mut self, len: Option<usize>, ends: Ends) -> Result<Array<'s, 'o>> {
        self.begin(tag::DENSE_ARRAY)?;
        let len = match len {
            Some(len) => {
                self.output.writer.length(len)?;
                Len::Written(len)
            }
            None => Len::Patched(self.output.writer.reserve_varint()),
        };
        Ok(Array { serializer: self, len, count: 0, ends })
    }

    fn begin_map(mut self, ends: Ends) -> Result<Map<'s, 'o>> {
        let start = self.output.writer.position();
        self.begin(tag::OBJECT)?;
        let first_key = self.output.keys.len();
        Ok(Map { serializer: self, start, first_key, count: 0, is_object: true, ends })
    }

    /// The serializer of a part of what this one began.
    fn part(&mut self) -> Serializer<'_, 'o> {
        Serializer { output: &mut *self.output, depth: self.depth, bytes_are: Bytes::Buffer }
    }
}

/// What ends with a collection.
#[derive(Clone, Copy)]
enum Ends {
    Itself,
    /// Also the object of the variant around it.
    Variant,
}

impl Ends {
    fn write(self, writer: &mut Writer<'_>) {
        if let Ends::Variant = self {
            writer.byte(tag::OBJECT_END);
            writer.varint(1);
        }
    }
}

impl<'s, 'o> ser::Serializer for Serializer<'s, 'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Array<'s, 'o>;
    type SerializeTuple = Array<'s, 'o>;
    type SerializeTupleStruct = Array<'s, 'o>;
    type SerializeTupleVariant = Array<'s, 'o>;
    type SerializeMap = Map<'s, 'o>;
    type SerializeStruct = Map<'s, 'o>;
    type SerializeStructVariant = Map<'s, 'o>;

    /// Types with two forms are stored in the one for people, which JavaScript understands too: an address or a UUID
    /// is text. Values themselves pass through in their stored form.
    fn is_human_readable(&self) -> bool {
        self.bytes_are == Bytes::Buffer
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.output.writer.byte(if value { tag::TRUE } else { tag::FALSE });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<()> {
        self.serialize_i32(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<()> {
        self.serialize_i32(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<()> {
        self.output.writer.int32(value);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        match i32::try_from(value) {
            Ok(value) => self.serialize_i32(value),
            Err(_) => self.whole(value.into()),
        }
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.whole(value)
    }

    fn serialize_u8(self, value: u8) -> Result<()> {
        self.serialize_i32(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<()> {
        self.serialize_i32(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<()> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        match i32::try_from(value) {
            Ok(value) => self.serialize_i32(value),
            Err(_) => self.whole(value.into()),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        match i128::try_from(value) {
            Ok(value) => self.whole(value),
            Err(_) => self.plain(&Value::BigInt(BigInt::from(value))),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.output.writer.number(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.output.writer.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        if self.bytes_are == Bytes::Stored {
            return self.plain(&Value::from_bytes(value)?);
        }
        self.output.writer.begin_object()?;
        self.output.writer.byte(tag::ARRAY_BUFFER);
        self.output.writer.sized(value)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.output.writer.byte(tag::NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        let bytes_are = if name == TOKEN { Bytes::Stored } else { Bytes::Buffer };
        value.serialize(Serializer { bytes_are, ..self })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.begin_variant(variant)?;
        value.serialize(self.part())?;
        Ends::Variant.write(&mut self.output.writer);
        Ok(())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Array<'s, 'o>> {
        self.begin_array(len, Ends::Itself)
    }

    fn serialize_tuple(self, len: usize) -> Result<Array<'s, 'o>> {
        self.begin_array(Some(len), Ends::Itself)
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Array<'s, 'o>> {
        self.begin_array(Some(len), Ends::Itself)
    }

    fn serialize_tuple_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Array<'s, 'o>> {
        self.begin_variant(variant)?;
        self.begin_array(Some(len), Ends::Variant)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Map<'s, 'o>> {
        self.begin_map(Ends::Itself)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Map<'s, 'o>> {
        self.begin_map(Ends::Itself)
    }

    fn serialize_struct_variant(
        mut self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Map<'s, 'o>> {
        self.begin_variant(variant)?;
        self.begin_map(Ends::Variant)
    }
}

/// An array that is being written.
struct Array<'s, 'o> {
    serializer: Serializer<'s, 'o>,
    len: Len,
    count: usize,
    ends: Ends,
}

/// The length at the beginning of an array.
enum Len {
    Written(usize),
    /// To be written here when it is known.
    Patched(usize),
}

impl Array<'_, '_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.count += 1;
        value.serialize(self.serializer.part())
    }

    fn finish(self) -> Result<()> {
        let writer = &mut self.serializer.output.writer;
        match self.len {
            Len::Written(len) if len == self.count => {}
            Len::Written(len) => {
                return Err(Error::Convert(format!("a sequence of {len} elements gave {}", self.count)));
            }
            Len::Patched(position) => writer.fill_varint(position, self.count)?,
        }
        writer.byte(tag::DENSE_ARRAY_END);
        writer.varint(0);
        writer.length(self.count)?;
        self.ends.write(writer);
        Ok(())
    }
}

impl ser::SerializeSeq for Array<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTuple for Array<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Array<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for Array<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

/// An object or map that is being written. It begins as an object, and becomes a map when a key is no string.
struct Map<'s, 'o> {
    serializer: Serializer<'s, 'o>,
    /// Where its tag stands.
    start: usize,
    /// The place of its first key in [`Output::keys`].
    first_key: usize,
    count: usize,
    is_object: bool,
    ends: Ends,
}

impl Map<'_, '_> {
    fn add_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.count += 1;
        let start = self.serializer.output.writer.position();
        key.serialize(self.serializer.part())?;
        let Output { writer, keys } = &mut *self.serializer.output;
        if self.is_object {
            let written = writer.written(start..writer.position());
            let padding = written.iter().take_while(|&&byte| byte == tag::PADDING).count();
            self.is_object =
                matches!(written.get(padding), Some(&(tag::ONE_BYTE_STRING | tag::TWO_BYTE_STRING)));
            keys.push((start + padding, writer.position()));
        }
        Ok(())
    }

    fn add_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(self.serializer.part())
    }

    fn finish(self) -> Result<()> {
        let Output { writer, keys } = self.serializer.output;
        if self.is_object {
            check_distinct(writer, &mut keys[self.first_key..])?;
            writer.byte(tag::OBJECT_END);
            writer.length(self.count)?;
        } else {
            writer.replace(self.start, &[tag::MAP]);
            writer.byte(tag::MAP_END);
            writer.length(self.count.saturating_mul(2))?;
        }
        keys.truncate(self.first_key);
        self.ends.write(writer);
        Ok(())
    }
}

/// Makes sure that no key is written twice; JavaScript would refuse to read the object.
fn check_distinct(writer: &Writer<'_>, keys: &mut [(usize, usize)]) -> Result<()> {
    const FEW: usize = 8;
    let key = |&(start, end): &(usize, usize)| writer.written(start..end);
    let twice = if keys.len() <= FEW {
        keys.iter()
            .enumerate()
            .find(|(place, later)| keys[..*place].iter().any(|earlier| key(earlier) == key(later)))
            .map(|(_, key)| *key)
    } else {
        keys.sort_unstable_by(|left, right| key(left).cmp(key(right)));
        keys.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])).map(|pair| pair[0])
    };
    match twice {
        None => Ok(()),
        Some(twice) => {
            let value = Value::from_bytes(&[&Writer::HEADER, key(&twice)].concat())?;
            Err(Error::DuplicateKey(value.as_str().unwrap_or_default().to_owned()))
        }
    }
}

impl ser::SerializeMap for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.add_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add_value(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeStruct for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        self.add_key(key)?;
        self.add_value(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Map<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
        self.add_key(key)?;
        self.add_value(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

#[cfg(test)]
mod tests;
